// SPDX-License-Identifier: MIT
/* outcomes.c - see outcomes.h */
#include <stdlib.h>
#include <string.h>

#include "prog/outcomes.h"

void outcomes_init(struct vm_outcomes *o, const struct vm_prog *p)
{
	memset(o, 0, sizeof(*o));
	o->prog = p;
	pthread_mutex_init(&o->lock, NULL);
}

void outcomes_free(struct vm_outcomes *o)
{
	for (int i = 0; i < o->nr; i++)
		free(o->kept[i].result);
	pthread_mutex_destroy(&o->lock);
	o->nr = 0;
}

bool vm_result_same(const struct vm_result *a, const struct vm_result *b)
{
	return a->outcome == b->outcome && a->value == b->value && a->page == b->page &&
	       a->offset == b->offset;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint64_t hash_of(const struct vm_prog *p, const struct vm_result *r)
{
	uint64_t h = 1;

	for (int i = 0; i < p->nr_ops; i++) {
		h = mix(h, (uint64_t)r[i].outcome << 32 | (uint32_t)r[i].value);
		h = mix(h, (uint64_t)(uint32_t)r[i].page << 16 | r[i].offset);
	}
	return h;
}

static const struct vm_outcome_kept *find(const struct vm_outcomes *o, uint64_t hash)
{
	for (int i = 0; i < o->nr; i++)
		if (o->kept[i].hash == hash)
			return &o->kept[i];
	return NULL;
}

static void keep(struct vm_outcomes *o, uint64_t hash, const struct vm_result *result)
{
	size_t n = o->prog->nr_ops * sizeof(*result);
	struct vm_outcome_kept *k = &o->kept[o->nr];

	k->hash = hash;
	k->result = malloc(n ? n : 1);
	if (!k->result)
		return;
	memcpy(k->result, result, n);
	o->nr++;
}

void outcomes_note(struct vm_outcomes *o, const struct vm_result *result, char *text)
{
	uint64_t hash = hash_of(o->prog, result);
	uint32_t held = 0;

	for (int i = 0; i < o->prog->nr_claims; i++)
		held |= (uint32_t)prog_claim_holds(&o->prog->claim[i], result) << i;
	pthread_mutex_lock(&o->lock);
	o->held |= held;
	if (!find(o, hash) && o->nr < MAX_OUTCOMES)
		keep(o, hash, result);
	pthread_mutex_unlock(&o->lock);
	snprintf(text, 17, "%016llx", (unsigned long long)hash);
}

const struct vm_result *outcomes_find(const struct vm_outcomes *o, const char *text)
{
	const struct vm_outcome_kept *k = find(o, strtoull(text, NULL, 16));

	return k ? k->result : NULL;
}

bool outcomes_vary(const struct vm_outcomes *o, int op)
{
	for (int i = 1; i < o->nr; i++)
		if (!vm_result_same(&o->kept[0].result[op], &o->kept[i].result[op]))
			return true;
	return false;
}

void outcome_print(FILE *f, const struct vm_outcomes *o, const struct vm_result *result)
{
	bool any = false;

	for (int pass = 0; pass < 2 && !any; pass++)
		for (int i = 0; i < o->prog->nr_ops; i++) {
			if (pass ? !o->prog->op[i].block : !outcomes_vary(o, i))
				continue;
			fprintf(f, "%s%d:", any ? " " : "", i);
			vm_outcome_print(f, &result[i]);
			any = true;
		}
}
