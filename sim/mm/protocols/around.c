/* SPDX-License-Identifier: MIT */
/*
 * around.c - fault-around, none and as it is since 3.15 (Kirill Shutemov)
 *
 * Idea: a read fault on a file maps its neighbours too, if they are in the pagecache and need no waiting.
 *
 * Fails to cover: nothing; it maps pages that nobody touched, which truncation and reclaim must find like any other.
 */
#include "mm/protocols/around.h"

static const struct around_protocol none = { .pages = 1 };
PROTOCOL(around_none, AXIS_AROUND, "none", &none, "to 3.14: a fault maps one page");

static const struct around_protocol sixteen = { .pages = 16 };
PROTOCOL(around_64k, AXIS_AROUND, "64k", &sixteen,
	 "3.15 on: a read fault maps cached pages of 64 KiB around it");
