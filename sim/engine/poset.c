/* SPDX-License-Identifier: MIT */
/* poset.c - see poset.h */
#include "engine/poset.h"

int poset_create(const struct engine *e, struct poset *p)
{
	memset(p, 0, sizeof(*p));
	p->head = calloc(e->nr_locs, sizeof(*p->head));
	return p->head ? 0 : -1;
}

bool poset_refuses(const struct engine *e, const struct engine_options *o, const char *strategy, bool sc_only,
		   char *err, size_t n)
{
	if (o->preemptions >= 0)
		snprintf(err, n, "a preemption bound needs --strategy dfs: %s covers all schedules",
			 strategy);
	else if (sc_only && e->prog.memory != ENGINE_SC)
		snprintf(err, n, "strategy %s is for memory sc, not %s: use dpor", strategy,
			 engine_memory_name(e->prog.memory));
	else
		return false;
	return true;
}

void poset_destroy(struct poset *p)
{
	free(p->head);
	free(p->ev);
	free(p->race);
	memset(p, 0, sizeof(*p));
}

size_t poset_bytes(const struct engine *e, const struct poset *p)
{
	return p->cap * sizeof(*p->ev) + e->nr_locs * sizeof(*p->head) + p->cap_races * sizeof(*p->race);
}

void poset_reserve(struct poset *p)
{
	if (p->nr < p->cap)
		return;
	p->cap = p->cap ? p->cap * 2 : 256;
	p->ev = realloc(p->ev, p->cap * sizeof(*p->ev));
	if (!p->ev)
		engine_panic("no memory for an execution of %u steps", p->cap);
}

static void race_add(struct poset *p, uint32_t at)
{
	if (p->nr_races == p->cap_races) {
		p->cap_races = p->cap_races ? p->cap_races * 2 : 64;
		p->race = realloc(p->race, p->cap_races * sizeof(*p->race));
		if (!p->race)
			engine_panic("no memory for %u races", p->cap_races);
	}
	p->race[p->nr_races++] = at;
}

static void join(clk_t *a, const clk_t *b, int n)
{
	for (int i = 0; i < n; i++)
		a[i] = a[i] < b[i] ? b[i] : a[i];
}

uint32_t poset_additions(const struct poset *p, uint32_t previous, const struct op *op, uint32_t at,
			 uint32_t add[POSET_MAX_ADDITIONS], uint32_t *fixed)
{
	const struct event *before = previous ? &p->ev[previous - 1] : NULL;
	uint32_t n = 0;

	*fixed = 0;
	for (uint32_t j = p->head[op->loc]; j > at + 1; j = p->ev[j - 1].chain) {
		const struct event *k = &p->ev[j - 1];

		if (k->op.mode != OP_ADD || k->op.addr != op->addr || event_before(&p->ev[at], k))
			continue;
		if (n == POSET_MAX_ADDITIONS)
			engine_panic(
				"more than %d additions to a word that is waited for: raise POSET_MAX_ADDITIONS",
				POSET_MAX_ADDITIONS);
		if (before && event_before(k, before))
			*fixed |= 1u << n;
		add[n++] = j - 1;
	}
	return n;
}

bool poset_enabled(const struct poset *p, uint32_t previous, const struct op *op, uint32_t at, uint32_t but,
		   bool with)
{
	const struct event *earlier = &p->ev[at];
	uint64_t value = with ? earlier->new_ : earlier->old;
	uint32_t add[POSET_MAX_ADDITIONS], fixed, n;

	if ((op->mode != OP_AWAIT && op->mode != OP_CONSUME) || earlier->op.addr != op->addr ||
	    (op->mode == OP_AWAIT && earlier->op.size != 4))
		return true;
	n = earlier->op.mode == OP_ADD ? poset_additions(p, previous, op, at, add, &fixed) : 0;
	for (uint32_t i = 0; i < n; i++)
		if (!(but & (1u << i)))
			value += p->ev[add[i]].new_ - p->ev[add[i]].old;
	if (op->mode == OP_AWAIT)
		return (value & op->want_mask) == op->want;
	return earlier->op.mode != OP_WRITE || value > 0;
}

/* Could the waiting operation `later` have run before event `at` changed its word? */
static bool enabled_before(const struct poset *p, uint32_t at, uint32_t previous, const struct op *later)
{
	uint32_t add[POSET_MAX_ADDITIONS], fixed, n;

	if (later->mode != OP_AWAIT && later->mode != OP_CONSUME)
		return true;
	fixed = 0;
	n = p->ev[at].op.mode == OP_ADD && p->ev[at].op.addr == later->addr ?
		    poset_additions(p, previous, later, at, add, &fixed) :
		    0;
	for (uint32_t but = 0; but < 1u << n; but++)
		if (!(but & fixed) && poset_enabled(p, previous, later, at, but, false))
			return true;
	return false;
}

/* Goes through what happened on a location before event n, latest first. */
static void visit(struct engine *e, struct poset *p, struct event *n, uint32_t loc, clk_t *race)
{
	for (uint32_t j = p->head[loc]; j; j = p->ev[j - 1].chain) {
		struct event *b = &p->ev[j - 1];
		enum op_relation rel;

		if (b->task == n->task)
			continue;
		rel = op_relation(&b->op, &n->op);
		if (rel == REL_NONE)
			continue;
		if (rel == REL_RACE && !enabled_before(p, j - 1, n->previous, &n->op))
			rel = REL_EDGE;
		if (rel == REL_RACE) {
			if (race[b->task] < b->tidx)
				race_add(p, j - 1);
			join(race, b->vc, e->nr_all);
		}
		join(n->vc, b->vc, e->nr_all);
		/* All that could matter before an exclusive one happens before it. */
		if (rel == REL_RACE && (b->op.mode == OP_WRITE || b->op.mode == OP_ACQUIRE) &&
		    !(n->op.mask & ~b->op.mask))
			break;
	}
}

void poset_join_drained(const struct engine *e, const struct poset *p, const struct op *op, clk_t *vc,
			uint32_t end)
{
	for (uint32_t m = op->drained_cpus; m; m &= m - 1)
		for (int l = 0; l < e->drain_lines; l++) {
			uint32_t k = p->last[e->drain_base + __builtin_ctz(m) * e->drain_lines + l];

			while (k && (k > end || p->ev[k - 1].op.after >= op->drained_before))
				k = p->ev[k - 1].previous;
			if (k)
				join(vc, p->ev[k - 1].vc, e->nr_all);
		}
}

/* Fills in event nr, whose task and operation are set, and looks what it races with. */
static void relate(struct engine *e, struct poset *p)
{
	struct event *n = &p->ev[p->nr];
	clk_t race[ENGINE_MAX_TASKS];
	size_t size = sizeof(clk_t) * (size_t)e->nr_all;

	n->previous = p->last[n->task];
	if (n->previous)
		memcpy(n->vc, p->ev[n->previous - 1].vc, size);
	else
		memset(n->vc, 0, size);
	n->tidx = n->vc[n->task] + 1;
	if (n->op.after)
		join(n->vc, p->ev[n->op.after - 1].vc, e->nr_all);
	if (n->op.drained_cpus)
		poset_join_drained(e, p, &n->op, n->vc, p->nr);
	memcpy(race, n->vc, size);
	if (n->op.after_gate)
		join(n->vc, p->ev[n->op.after_gate - 1].vc, e->nr_all);
	p->nr_races = 0;
	if (n->op.loc)
		for (uint32_t loc = n->op.loc; loc < n->op.loc + (n->op.span ? n->op.span : 1u); loc++)
			visit(e, p, n, loc, race);
	n->vc[n->task] = n->tidx;
}

void poset_add(struct engine *e, struct poset *p)
{
	struct event *n;

	poset_reserve(p);
	n = &p->ev[p->nr];
	n->order = e->order[p->nr] & (order_t) ~(ORDER_PREEMPTED | ORDER_SWITCH);
	n->task = n->order & ORDER_TASK;
	n->op = e->step_op;
	n->old = e->step_old;
	n->new_ = e->step_new;
	n->chain = 0;
	relate(e, p);
	p->nr++;
	/* A free is in no chain: what comes after it at the same place has the allocator between, or is a violation. */
	if (n->op.loc && !n->op.span) {
		n->chain = p->head[n->op.loc];
		p->head[n->op.loc] = p->nr;
	}
	p->last[n->task] = p->nr;
}

void poset_waiting(struct engine *e, struct poset *p, int task)
{
	poset_reserve(p);
	p->ev[p->nr].order = (order_t)task;
	p->ev[p->nr].task = (uint8_t)task;
	p->ev[p->nr].op = e->task[task].op;
	relate(e, p);
}

void poset_cut(struct poset *p, uint32_t down_to)
{
	while (p->nr > down_to) {
		struct event *n = &p->ev[--p->nr];

		if (n->op.loc && !n->op.span)
			p->head[n->op.loc] = n->chain;
		p->last[n->task] = n->previous;
	}
}

uint64_t poset_class(const struct engine *e, const struct poset *p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->nr; i++) {
		const struct event *n = &p->ev[i];
		uint64_t s = n->order;

		for (int t = 0; t < e->nr_all; t++) {
			s ^= n->vc[t];
			s = rng_next(&s);
		}
		sum += s;
	}
	return sum;
}
