/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.c - an exploration as bytes: what its units came to, and what is left of them
 *
 * Good for the same build only, whose caller has to see to that: results are written as they lie in memory, but for
 * addresses of code, which become offsets.
 */
#include "engine/unit.h"

#define CHECKPOINT_MAGIC 0x31766e6566616c66ull

struct header {
	uint64_t magic;
	uint64_t units;
	uint64_t executions;
	double wall_seconds;
};

struct record {
	uint64_t done, stopped, complete, from, to, has_bytes, nr_bytes, nr_locks;
};

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
	if (n)
		memcpy(at, p, n);
	return at + n;
}

static size_t unit_size(const struct unit *u)
{
	if (u->state != UNIT_DONE)
		return sizeof(struct record) + u->nr_bytes;
	return sizeof(struct record) + sizeof(*u->r) + (size_t)u->locks.nr * sizeof(*u->locks.event);
}

static uint8_t *put_unit(uint8_t *at, const struct unit *u)
{
	struct record c = { .done = u->state == UNIT_DONE,
			    .stopped = u->stopped,
			    .complete = u->complete,
			    .from = u->from,
			    .to = u->to,
			    .has_bytes = u->bytes != NULL,
			    .nr_bytes = u->nr_bytes,
			    .nr_locks = (uint64_t)u->locks.nr };

	at = put(at, &c, sizeof(c));
	if (!c.done)
		return put(at, u->bytes, u->nr_bytes);
	result_relocate(u->r, true);
	at = put(at, u->r, sizeof(*u->r));
	result_relocate(u->r, false);
	for (int i = 0; i < u->locks.nr; i++) {
		struct lock_event v = u->locks.event[i];

		locks_relocate(&v, true);
		at = put(at, &v, sizeof(v));
	}
	return at;
}

size_t checkpoint_write(const struct explorer *x, uint8_t **bytes)
{
	struct header h = { .magic = CHECKPOINT_MAGIC,
			    .executions = atomic_load(&x->executions),
			    .wall_seconds = x->wall_before + unit_clock(CLOCK_MONOTONIC) - x->start };
	size_t n = sizeof(h);
	uint8_t *at;

	for (const struct unit *u = x->first; u; u = u->next) {
		h.units++;
		n += unit_size(u);
	}
	*bytes = malloc(n);
	if (!*bytes)
		engine_panic("no memory to save %zu bytes", n);
	at = put(*bytes, &h, sizeof(h));
	for (const struct unit *u = x->first; u; u = u->next)
		at = put_unit(at, u);
	return n;
}

/* => false: there are not so many left */
static bool get(const uint8_t **at, size_t *left, void *p, size_t n)
{
	if (*left < n)
		return false;
	if (n)
		memcpy(p, *at, n);
	*at += n;
	*left -= n;
	return true;
}

static bool read_locks(struct unit *u, uint64_t nr, const uint8_t **at, size_t *left)
{
	if (nr > *left / sizeof(*u->locks.event))
		return false;
	u->locks.event = calloc(nr ? nr : 1, sizeof(*u->locks.event));
	if (!u->locks.event)
		engine_panic("no memory for %llu lock orders", (unsigned long long)nr);
	u->locks.nr = u->locks.cap = (int)nr;
	if (!get(at, left, u->locks.event, nr * sizeof(*u->locks.event)))
		return false;
	for (int i = 0; i < u->locks.nr; i++)
		locks_relocate(&u->locks.event[i], false);
	return true;
}

static bool read_unit(struct unit *u, const uint8_t **at, size_t *left)
{
	struct record c;

	if (!get(at, left, &c, sizeof(c)))
		return false;
	u->state = c.done ? UNIT_DONE : UNIT_WAITING;
	u->stopped = c.stopped;
	u->complete = c.complete;
	u->from = c.from;
	u->to = c.to;
	if (c.done) {
		if (!get(at, left, u->r, sizeof(*u->r)))
			return false;
		result_relocate(u->r, false);
		return read_locks(u, c.nr_locks, at, left);
	}
	u->nr_bytes = c.nr_bytes;
	if (!c.has_bytes)
		return true;
	if (c.nr_bytes > *left)
		return false;
	u->bytes = malloc(c.nr_bytes ? c.nr_bytes : 1);
	if (!u->bytes)
		engine_panic("no memory for %llu bytes of saved work", (unsigned long long)c.nr_bytes);
	return get(at, left, u->bytes, c.nr_bytes);
}

int checkpoint_read(struct explorer *x, const uint8_t *bytes, size_t n, char *err, size_t errlen)
{
	struct unit *last = NULL;
	struct header h;

	if (!get(&bytes, &n, &h, sizeof(h)) || h.magic != CHECKPOINT_MAGIC) {
		snprintf(err, errlen, "what was saved is no exploration");
		return -1;
	}
	atomic_store(&x->executions, h.executions);
	x->resumed = h.executions;
	x->wall_before = h.wall_seconds;
	for (uint64_t i = 0; i < h.units; i++) {
		last = unit_new(x, last);
		if (!read_unit(last, &bytes, &n)) {
			snprintf(err, errlen, "what was saved ends early, in part %llu of %llu",
				 (unsigned long long)i + 1, (unsigned long long)h.units);
			return -1;
		}
	}
	if (n || !x->first) {
		snprintf(err, errlen, "what was saved goes on after its end");
		return -1;
	}
	return 0;
}
