/* SPDX-License-Identifier: MIT */
/* probe.h - the memory and the functions that probe.c fires hooks with */
#ifndef SIM_ENGINE_PROBE_H
#define SIM_ENGINE_PROBE_H

#include <stdint.h>

struct probe {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	uint64_t from[64], to[64];
	struct probe_big {
		uint64_t word[40];
	} a, b;
};

#define PROBE_POINTS 40 /* scheduling points in probe_code() */
void probe_code(struct probe *p);
void probe_reads(struct probe *p);
void probe_writes(struct probe *p);
void probe_memset(struct probe *p);
void probe_memcpy(struct probe *p);
void probe_assign(struct probe *p);

#endif
