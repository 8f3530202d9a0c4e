/* SPDX-License-Identifier: MIT */
/* hb.h - happens-before in the language's sense, which data races are told by: see hb.c */
#ifndef SIM_ENGINE_HB_H
#define SIM_ENGINE_HB_H

static inline bool order_releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}
static inline bool order_acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

void hb_reset(struct engine *e);
void hb_access(struct engine *e, size_t off, unsigned size, unsigned kind);
void hb_acquire(struct engine *e, uint32_t loc);
void hb_release(struct engine *e, uint32_t loc, bool keep); /* keep: join with what was there */
/* For data races alone, where a load that may be early is told in another way. */
void hb_release_accesses(struct engine *e, uint32_t loc, bool keep);
void hb_atomic(struct engine *e, uint32_t loc, bool load, bool store, int order);
void hb_fence(struct engine *e, int order);

static inline void vclock_join(struct vclock *a, const struct vclock *b, int n)
{
	for (int i = 0; i < n; i++)
		if (a->c[i] < b->c[i])
			a->c[i] = b->c[i];
}

#endif
