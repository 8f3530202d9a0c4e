/* SPDX-License-Identifier: MIT */
#include "mm/protocols/dirty.h"

static const struct dirty_protocol pte = { .writenotify = false };
PROTOCOL(dirty_pte, AXIS_DIRTY, "pte", &pte,
	 "to 2.6.18: the pte's dirty bit tells, when the page is unmapped or synced");
