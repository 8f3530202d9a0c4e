/* SPDX-License-Identifier: MIT */
/*
 * writenotify - the first store to a clean page of a shared file mapping faults
 *
 * Idea: Peter Zijlstra, 2006: clean pages of files that account for dirty ones are mapped read-only, and cleaning a page
 * for writing it back write-protects its ptes (page_mkclean), so that a page that may be written is marked dirty.
 *
 * Ordering: the page is cleaned, then its ptes, under the page lock; a fault sets the pte, then marks the page.
 *
 * Fails to cover: stores through get_user_pages() after the page was cleaned.
 *
 * Kernels: 2.6.19 on.
 */
#include "mm/protocols/dirty.h"

static const struct dirty_protocol writenotify = { .writenotify = true };
PROTOCOL(dirty_writenotify, AXIS_DIRTY, "writenotify", &writenotify,
	 "2.6.19 on: clean pages of shared mappings are read-only, so that the first store is noticed");
