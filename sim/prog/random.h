/* SPDX-License-Identifier: MIT */
/*
 * random.h - numbers that depend on a seed and a number alone: xoshiro256**, seeded by splitmix64
 */
#ifndef SIM_PROG_RANDOM_H
#define SIM_PROG_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[4];
};

static inline uint64_t random_splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline void random_seed(struct random *r, uint64_t seed, uint64_t number)
{
	uint64_t x = seed, y;

	y = random_splitmix(&x) + number;
	for (int i = 0; i < 4; i++)
		r->state[i] = random_splitmix(&y);
}

static inline uint64_t random_rotate(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static inline uint64_t random_next(struct random *r)
{
	uint64_t *s = r->state, result = random_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = random_rotate(s[3], 45);
	return result;
}

/* => 0 to n - 1 */
static inline int random_below(struct random *r, int n)
{
	return (int)((random_next(r) >> 32) * (uint64_t)n >> 32);
}

#endif
