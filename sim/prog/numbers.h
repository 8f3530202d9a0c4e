/* SPDX-License-Identifier: MIT */
/*
 * numbers.h - the numbers that random programs are made of: xoshiro256**, seeded by splitmix64
 *
 * No library's generator, no floating point: the same on every machine.
 */
#ifndef SIM_PROG_NUMBERS_H
#define SIM_PROG_NUMBERS_H

#include <stdint.h>

/* => the next number of a sequence that x stands for; x moves on */
static inline uint64_t numbers_splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* => state: that of the number'th sequence of a seed */
static inline void numbers_seed(uint64_t state[4], uint64_t seed, uint64_t number)
{
	uint64_t y = numbers_splitmix(&seed) + number;

	for (int i = 0; i < 4; i++)
		state[i] = numbers_splitmix(&y);
}

static inline uint64_t numbers_rotate(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

/* => the next number */
static inline uint64_t numbers_next(uint64_t s[4])
{
	uint64_t result = numbers_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = numbers_rotate(s[3], 45);
	return result;
}

#endif
