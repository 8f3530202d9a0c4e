/* SPDX-License-Identifier: MIT */
/*
 * state.c - hashes of whole states, and the set of those visited
 *
 * Two executions that stand at a scheduling point in equal states continue alike. A state is what the arena holds,
 * what the engine keeps besides, and where each task is in its code with what is in its registers and on its stack.
 * That last part is not looked at: tasks are deterministic, so it follows from how many steps a task took and what
 * it learned from outside: the values it read, what a trylock or a choice returned. Each running task has a hash of
 * that history; one that has returned, or RCU's between callbacks, has none. A handler keeps nothing when it is
 * over: what it did is in the arena.
 *
 * The arena's hash is the sum of one hash for each line that differs from the snapshot. Only lines written since the
 * last look are hashed again: a look leaves a line as if unwritten (its `dirty` is 0), so that the next write comes
 * through arena_mark_slow() to state_touched().
 *
 * States are told apart by 112 bits of hash, which is taken for certainty.
 */
#include "engine/internal.h"

#define FIRST_CAP 4096u
#define USED_MASK 0xffffull /* of a key: preemptions used + 1; 0: the slot is empty */

struct hash {
	uint64_t a, b;
};

struct line_hash {
	struct hash h;
	uint32_t gen; /* execution that touched it */
};

struct state_set {
	struct hash history[ENGINE_MAX_TASKS];
	struct hash arena;
	struct line_hash *line;
	uint32_t *touched; /* lines written since the last look */
	uint32_t nr_touched;
	struct hash *slot;
	uint64_t nr, cap;
	size_t limit, peak; /* bytes of slots */
	bool full;
};

static inline void mix(struct hash *h, uint64_t v)
{
	h->a = (h->a ^ v) * 0x9e3779b97f4a7c15ull;
	h->a ^= h->a >> 32;
	h->b = (h->b + (v << 32 | v >> 32)) * 0xd6e8feb86659fd93ull;
	h->b ^= h->b >> 29;
}

static inline struct hash finish(struct hash h)
{
	uint64_t a = h.a, b = h.b;

	mix(&h, b);
	mix(&h, a);
	mix(&h, h.a ^ h.b);
	return h;
}

int state_create(struct engine *e, size_t limit)
{
	size_t lines = e->arena_size >> LINE_SHIFT;
	struct state_set *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	e->states = s;
	s->limit = limit ? limit : ENGINE_DEFAULT_STATE_BYTES;
	s->cap = FIRST_CAP;
	s->line = calloc(lines, sizeof(*s->line));
	s->touched = malloc(lines * sizeof(*s->touched));
	s->slot = calloc(s->cap, sizeof(*s->slot));
	s->peak = s->cap * sizeof(*s->slot);
	if (s->line && s->touched && s->slot)
		return 0;
	state_destroy(e);
	return -1;
}

void state_destroy(struct engine *e)
{
	struct state_set *s = e->states;

	if (!s)
		return;
	free(s->line);
	free(s->touched);
	free(s->slot);
	free(s);
	e->states = NULL;
}

void state_stats(const struct engine *e, struct engine_stats *stats)
{
	const struct state_set *s = e->states;

	if (!s)
		return;
	stats->states = s->nr;
	stats->states_full = s->full;
	stats->peak_bytes +=
		s->peak + (e->arena_size >> LINE_SHIFT) * (sizeof(*s->line) + sizeof(*s->touched));
}

void state_begin(struct engine *e)
{
	struct state_set *s = e->states;

	memset(s->history, 0, sizeof(s->history[0]) * (size_t)e->nr_all);
	s->arena = (struct hash){ 0 };
	s->nr_touched = 0;
}

/* ---- what changes a state ------------------------------------------------------------------------------ */

bool state_touched(struct engine *e, size_t line)
{
	struct state_set *s = e->states;
	struct line_hash *l = &s->line[line];
	bool first = l->gen != e->gen;

	s->touched[s->nr_touched++] = (uint32_t)line;
	if (first)
		*l = (struct line_hash){ .gen = e->gen };
	return first;
}

/* Stamps of executions long ago must not look new. */
void state_forget_lines(struct engine *e)
{
	memset(e->states->line, 0, (e->arena_size >> LINE_SHIFT) * sizeof(*e->states->line));
}

static struct hash *learner(struct engine *e)
{
	if (e->mode != MODE_RUN || e->current < 0 || e->irq_cpu >= 0)
		return NULL;
	return &e->states->history[e->current];
}

void state_learn(struct engine *e, uint64_t value)
{
	struct hash *h = learner(e);

	if (h)
		mix(h, value);
}

void state_learn_bytes(struct engine *e, const void *p, size_t n)
{
	struct hash *h = learner(e);
	const unsigned char *c = p;
	uint64_t v;

	if (!h)
		return;
	for (; n >= 8; n -= 8, c += 8) {
		__builtin_memcpy(&v, c, 8);
		mix(h, v);
	}
	for (v = 0; n; n--)
		v = v << 8 | *c++;
	mix(h, v);
}

void state_step(struct engine *e, int task)
{
	mix(&e->states->history[task], 1);
}

/* The current task's past no longer matters to what it does next. */
void state_forget(struct engine *e)
{
	if (e->states)
		e->states->history[e->current] = (struct hash){ 0 };
}

/* ---- the hash ---------------------------------------------------------------------------------------------- */

static struct hash hash_line(const struct engine *e, size_t line)
{
	const uint64_t *now = (const uint64_t *)(e->base + (line << LINE_SHIFT));
	const uint64_t *was = (const uint64_t *)((uintptr_t)e->image + (line << LINE_SHIFT));
	const struct line *l = &e->line[line];
	struct hash h = { line, l->poison };
	uint64_t differs = l->poison ^ l->poison_snapshot;

	for (int i = 0; i < 8; i++) {
		differs |= now[i] ^ was[i];
		mix(&h, now[i]);
	}
	return differs ? finish(h) : (struct hash){ 0 };
}

/* From nothing: what the sum must be. */
static void check_arena(const struct engine *e)
{
	struct hash sum = { 0 };

	for (uint32_t i = 0; i < e->nr_dirty; i++) {
		struct hash h = hash_line(e, e->dirty[i]);

		sum.a += h.a;
		sum.b += h.b;
	}
	if (sum.a != e->states->arena.a || sum.b != e->states->arena.b)
		engine_panic("execution %llu changed the arena behind its hash, before step %u",
			     (unsigned long long)e->nr_execution, e->step);
}

static void hash_arena(struct engine *e)
{
	struct state_set *s = e->states;

	for (uint32_t i = 0; i < s->nr_touched; i++) {
		struct line_hash *l = &s->line[s->touched[i]];
		struct hash h = hash_line(e, s->touched[i]);

		s->arena.a += h.a - l->h.a;
		s->arena.b += h.b - l->h.b;
		l->h = h;
		e->line[s->touched[i]].dirty = 0;
	}
	s->nr_touched = 0;
	if (unlikely(e->opt->paranoid))
		check_arena(e);
}

/* Whether it will wait when it yields next, or wait on, which a write of an equal value decides as well. */
static void mix_spin(struct hash *h, const struct spin *s)
{
	mix(h, s->state);
	mix(h, (uint64_t)s->nr << 1 | !!s->written);
	for (int i = 0; i < s->nr; i++) {
		mix(h, (uint64_t)(uintptr_t)s->read[i].addr);
		mix(h, s->read[i].size);
	}
}

static void mix_task(const struct engine *e, struct hash *h, int i)
{
	const struct task *t = &e->task[i];

	mix(h, (uint64_t)t->state);
	if (t->state != TASK_RUNNING)
		return;
	mix(h, e->states->history[i].a);
	mix(h, e->states->history[i].b);
	mix(h, t->op.loc | (uint64_t)t->op.mode << 32 | (uint64_t)t->op.span << 48);
	mix(h, t->op.mask);
	mix(h, (uint64_t)(uintptr_t)t->op.name);
	mix(h, t->op.want | (uint64_t)t->op.want_mask << 32);
	mix(h, (uint64_t)(uintptr_t)t->data);
	mix(h, (uint64_t)t->irq_depth << 32 | (uint64_t)t->rcu_depth << 1 | t->asleep);
	if (e->noting & TASK_BIT(i))
		mix_spin(h, &t->spin);
}

static void mix_cpu(const struct engine *e, struct hash *h, const struct cpu *c)
{
	taskmask handled = 0;

	for (int i = 0; i < e->nr_tasks; i++)
		handled |= c->handled[i] ? TASK_BIT(i) : 0;
	mix(h, handled);
	mix(h, (uint64_t)c->nr_queued << 1 | c->gate_shut);
	for (int i = 0; i < c->nr_queued; i++) {
		mix(h, (uint64_t)(uintptr_t)c->queue[i].fn);
		mix(h, (uint64_t)(uintptr_t)c->queue[i].info);
		mix(h, (uint64_t)c->queue[i].sender);
	}
}

static struct hash hash_state(struct engine *e, uint64_t extra)
{
	struct hash h = { extra, e->step };

	hash_arena(e);
	mix(&h, e->states->arena.a);
	mix(&h, e->states->arena.b);
	mix(&h, e->ready);
	mix(&h, e->noting);
	for (int i = 0; i < e->nr_choices;
	     i++) /* what the bounds leave; who has returned is not asked what he chose */
		mix(&h, (uint64_t)e->choice[i].used);
	for (int i = 0; i < e->nr_all; i++)
		mix_task(e, &h, i);
	for (int i = 0; i < e->nr_lines; i++)
		mix_cpu(e, &h, &e->cpu[i]);
	mix(&h, (uint64_t)(uintptr_t)e->rcu_pending);
	mix(&h, e->rcu_readers);
	for (int i = 0; i < e->nr_all; i++)
		mix(&h, e->gp_readers[i]);
	return finish(h);
}

/* ---- the set ------------------------------------------------------------------------------------------------- */

/* The slot of this key, or the empty one where it belongs. */
static struct hash *find(struct hash *slot, uint64_t cap, struct hash key)
{
	uint64_t i = key.a & (cap - 1);

	while ((slot[i].b & USED_MASK) && (slot[i].a != key.a || ((slot[i].b ^ key.b) & ~USED_MASK)))
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

/* => false: as large as it may be, or there is no memory */
static bool grow(struct state_set *s)
{
	size_t bytes = s->cap * 2 * sizeof(*s->slot);
	struct hash *slot = bytes <= s->limit ? calloc(s->cap * 2, sizeof(*slot)) : NULL;

	if (!slot)
		return false;
	for (uint64_t i = 0; i < s->cap; i++)
		if (s->slot[i].b & USED_MASK)
			*find(slot, s->cap * 2, s->slot[i]) = s->slot[i];
	s->peak = bytes + s->cap * sizeof(*s->slot);
	free(s->slot);
	s->slot = slot;
	s->cap *= 2;
	return true;
}

bool state_visit(struct engine *e, uint64_t extra, uint32_t used)
{
	struct state_set *s = e->states;
	struct hash key = hash_state(e, extra), *slot;

	key.b = (key.b & ~USED_MASK) | (used + 1);
	slot = find(s->slot, s->cap, key);
	if (slot->b & USED_MASK) {
		bool seen = (slot->b & USED_MASK) <= used + 1;

		if (!seen)
			*slot = key;
		return seen;
	}
	if (s->nr >= s->cap / 4 * 3) {
		if (s->full || !grow(s)) {
			s->full = true;
			return false;
		}
		slot = find(s->slot, s->cap, key);
	}
	*slot = key;
	s->nr++;
	return false;
}
