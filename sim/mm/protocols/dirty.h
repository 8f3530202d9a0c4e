/* SPDX-License-Identifier: MIT */
/*
 * dirty.h - the axis `dirty`: how the kernel learns that a shared file mapping was written
 *
 * Up to 2.6.18 only from the pte's dirty bit, when the page is unmapped or synced; since 2.6.19 the first store to a
 * clean page faults, so that dirty pages are counted and file systems are told (page_mkwrite).
 */
#ifndef SIM_MM_PROTOCOLS_DIRTY_H
#define SIM_MM_PROTOCOLS_DIRTY_H

#include <faultline/protocol.h>

#include "mm/mm.h"

struct dirty_protocol {
	/* Clean pages of shared mappings of files that account dirty pages are mapped read-only. */
	bool writenotify;
};

#endif
