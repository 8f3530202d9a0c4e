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
};

struct record {
	uint64_t done, stopped, complete, from, to, has_bytes, nr_bytes;
};

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
	memcpy(at, p, n);
	return at + n;
}

size_t checkpoint_write(const struct explorer *x, uint8_t **bytes)
{
	struct header h = { .magic = CHECKPOINT_MAGIC, .executions = atomic_load(&x->executions) };
	size_t n = sizeof(h);
	uint8_t *at;

	for (const struct unit *u = x->first; u; u = u->next) {
		h.units++;
		n += sizeof(struct record) + (u->state == UNIT_DONE ? sizeof(*u->r) : u->nr_bytes);
	}
	*bytes = malloc(n);
	if (!*bytes)
		engine_panic("no memory to save %zu bytes", n);
	at = put(*bytes, &h, sizeof(h));
	for (const struct unit *u = x->first; u; u = u->next) {
		struct record c = { .done = u->state == UNIT_DONE,
				    .stopped = u->stopped,
				    .complete = u->complete,
				    .from = u->from,
				    .to = u->to,
				    .has_bytes = u->bytes != NULL,
				    .nr_bytes = u->nr_bytes };

		at = put(at, &c, sizeof(c));
		if (c.done) {
			result_relocate(u->r, true);
			at = put(at, u->r, sizeof(*u->r));
			result_relocate(u->r, false);
		} else {
			at = put(at, u->bytes, u->nr_bytes);
		}
	}
	return n;
}

/* => false: there are not so many left */
static bool get(const uint8_t **at, size_t *left, void *p, size_t n)
{
	if (*left < n)
		return false;
	memcpy(p, *at, n);
	*at += n;
	*left -= n;
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
		return true;
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
	for (uint64_t i = 0; i < h.units; i++) {
		last = unit_new(x, last);
		if (!read_unit(last, &bytes, &n)) {
			snprintf(err, errlen, "what was saved ends early, in part %llu of %llu",
				 (unsigned long long)i + 1, (unsigned long long)h.units);
			return -1;
		}
	}
	return 0;
}
