/* SPDX-License-Identifier: MIT */
/* munmap.h - the axis `munmap`: how munmap(2) holds mmap_sem while ptes and page tables go */
#ifndef SIM_MM_PROTOCOLS_MUNMAP_H
#define SIM_MM_PROTOCOLS_MUNMAP_H

#include <faultline/protocol.h>

#include "sync.h"

struct munmap_protocol {
	bool downgrade; /* for read, once the vmas are out of the tree */
};

#endif
