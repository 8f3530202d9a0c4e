/* SPDX-License-Identifier: MIT */
/*
 * pte - the dirty bit of a pte says that a shared file mapping was written
 *
 * Idea: a writable shared mapping is mapped writable at once; the kernel learns of stores when the page is unmapped or
 * synced, from the dirty bit.
 *
 * Fails to cover: counting dirty pages, telling file systems of the first store, the modification time.
 *
 * Kernels: to 2.6.18.
 */
#include "mm/protocols/dirty.h"

static const struct dirty_protocol pte = { .writenotify = false };
PROTOCOL(dirty_pte, AXIS_DIRTY, "pte", &pte,
	 "to 2.6.18: the pte's dirty bit tells, when the page is unmapped or synced");
