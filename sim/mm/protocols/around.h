/* SPDX-License-Identifier: MIT */
/* around.h - the axis `fault-around`: how many pages of a file a read fault maps, if they are in memory */
#ifndef SIM_MM_PROTOCOLS_AROUND_H
#define SIM_MM_PROTOCOLS_AROUND_H

#include <faultline/protocol.h>

struct around_protocol {
	unsigned pages; /* a power of two; 1: only its own */
};

#endif
