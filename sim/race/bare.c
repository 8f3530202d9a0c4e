/* SPDX-License-Identifier: MIT */
/* bare.c - races that run without the simulated kernel, and what the code of every race may call of its ground */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "race/run.h"
#include "sync.h"

/* The bit of a lock's word that says it is taken. */
#define LOCK_BIT 0

_Static_assert(RACE_SC == (int)ENGINE_SC && RACE_TSO == (int)ENGINE_TSO && RACE_PSO == (int)ENGINE_PSO &&
		       RACE_WEAK_LOCKS == (int)ENGINE_WEAK_LOCKS && NR_RACE_MODELS == (int)NR_ENGINE_MEMORIES,
	       "race.h numbers memory models as the engine does");

const char *race_model_name(enum race_model m)
{
	static const char *const names[NR_RACE_MODELS] = { "sc", "tso", "pso", "weak-locks" };

	return names[m];
}

void *race_memory(void)
{
	return sync_machine();
}

int race_actor(void)
{
	return smp_processor_id();
}

void race_label(const char *name)
{
	SYNC_LABEL(name);
}

void race_outcome(const char *fmt, ...)
{
	char text[ENGINE_OUTCOME_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= (int)sizeof(text))
		sync_violation("assertion", "race_outcome(): '%s' goes on past %zu characters", text,
			       sizeof(text) - 1);
	else
		sync_outcome(text);
}

void race_lock(struct race_lock *lock)
{
	bit_lock(LOCK_BIT, &lock->word, "lock");
}

void race_unlock(struct race_lock *lock)
{
	bit_unlock(LOCK_BIT, &lock->word);
}

void race_add(_Atomic(int) *counter, int i)
{
	atomic_add(i, (atomic_t *)counter);
}

/* ---- the program -------------------------------------------------------------------------------------------- */

static void setup(void *arg)
{
	const struct race *r = arg;

	r->setup();
}

static void actor(void *arg)
{
	const struct race_actor *a = arg;

	a->run();
}

static void check(void *arg)
{
	const struct race *r = arg;

	r->check();
}

/* Memory has no names of its own: words are told apart by where they lie. */
static bool describe(const void *addr, size_t size, char *buf, size_t n)
{
	(void)size;
	snprintf(buf, n, "memory+%zu", (size_t)((const char *)addr - (const char *)race_memory()));
	return true;
}

static bool describe_change(const void *addr, size_t size, uint64_t old, uint64_t new_, char *buf, size_t n)
{
	describe(addr, size, buf, n);
	if (old == new_)
		return false;
	n -= strlen(buf);
	snprintf(buf + strlen(buf), n, " %llu->%llu", (unsigned long long)old, (unsigned long long)new_);
	return true;
}

void race_bare_program(const struct race *r, struct engine_program *p)
{
	p->arena_size = r->memory;
	p->setup = r->setup ? setup : NULL;
	p->check = r->check ? check : NULL;
	p->arg = (void *)(uintptr_t)r;
	p->describe = describe;
	p->describe_change = describe_change;
	for (int i = 0; i < race_actor_count(r); i++)
		p->tasks[p->nr_tasks++] = (struct engine_task){ .name = r->actors[i].name,
								.run = actor,
								.arg = (void *)(uintptr_t)&r->actors[i],
								.kind = ENGINE_ACTOR };
}
