/* SPDX-License-Identifier: MIT */
/*
 * result.h - what one call of a VM program came to
 *
 * Plain data, so that two of them are compared without printing them. All bytes are zero that a result does not use.
 */
#ifndef SIM_PROG_RESULT_H
#define SIM_PROG_RESULT_H

#include <stdbool.h>
#include <stdint.h>

enum vm_outcome {
	OUTCOME_VALUE,	/* value: what it returned */
	OUTCOME_ERROR,	/* value: a Linux error number, positive */
	OUTCOME_BYTE,	/* value: the byte that was read */
	OUTCOME_SIGNAL, /* value: enum vm_signal; at page, offset */
	OUTCOME_DEAD,	/* not done: the actor does not live */
	OUTCOME_SKIP,	/* not done: the target does not live, or the actor to be forked does */
	NR_OUTCOMES,
};

enum vm_signal { SIGNAL_SEGV_MAPERR, SIGNAL_SEGV_ACCERR, SIGNAL_BUS_ADRERR, NR_SIGNALS };

/* What a store did with the frame behind it. */
enum vm_frame_change { FRAME_UNKNOWN, FRAME_NEW, FRAME_SAME, FRAME_COPY, NR_FRAME_CHANGES };

struct vm_result {
	uint8_t outcome; /* enum vm_outcome */
	uint8_t change;	 /* of a store that succeeded: enum vm_frame_change */
	uint8_t nr_bits; /* of mincore that succeeded */
	uint8_t mtime;	 /* a bit a file: its modification time changed */
	bool has_faults; /* `faults` counts */
	int32_t value;
	int32_t page; /* of a signal's address, relative to the window */
	uint16_t offset;
	uint32_t faults; /* minor and major, of the actor during the call */
	uint64_t bits;	 /* of mincore, bit 0 the first page */
};

#endif
