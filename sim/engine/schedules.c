/* SPDX-License-Identifier: MIT */
/* schedules.c - see schedules.h */
#include "engine/schedules.h"

/* One schedule: this, nr_steps order_t up to a multiple of 8 bytes, nr_deviations struct deviation, this again. */
struct pending {
	uint32_t nr_steps, nr_deviations;
};

static size_t steps_size(const struct pending *h)
{
	return (h->nr_steps * sizeof(order_t) + 7) & ~(size_t)7;
}

static size_t pending_size(const struct pending *h)
{
	return 2 * sizeof(*h) + steps_size(h) + h->nr_deviations * sizeof(struct deviation);
}

void *schedules_grow(void *p, size_t *cap, size_t need, const char *what)
{
	if (need <= *cap)
		return p;
	while (*cap < need)
		*cap = *cap ? *cap * 2 : 4096;
	p = realloc(p, *cap);
	if (!p)
		engine_panic("no memory for %zu bytes of %s", *cap, what);
	return p;
}

void schedules_free(struct schedules *s)
{
	free(s->stack);
	free(s->plan);
	free(s->dev);
}

size_t schedules_bytes(const struct schedules *s)
{
	return s->cap + s->cap_plan + s->cap_dev;
}

void schedules_push(struct schedules *s, const order_t *before, const order_t *steps, uint32_t n,
		    struct deviation d)
{
	struct pending h = { .nr_steps = d.at + n };
	uint8_t *to;

	while (h.nr_deviations < s->nr_dev && s->dev[h.nr_deviations].at <= d.at)
		h.nr_deviations++;
	d.b = h.nr_steps - 1;
	h.nr_deviations++;
	s->stack = schedules_grow(s->stack, &s->cap, s->top + pending_size(&h), "schedules to run");
	to = s->stack + s->top;
	s->top += pending_size(&h);
	memcpy(to, &h, sizeof(h));
	to += sizeof(h);
	memcpy(to, before, d.at * sizeof(*before));
	memcpy((order_t *)to + d.at, steps, n * sizeof(*steps));
	to += steps_size(&h);
	if (h.nr_deviations > 1)
		memcpy(to, s->dev, (h.nr_deviations - 1) * sizeof(d));
	to += (h.nr_deviations - 1) * sizeof(d);
	memcpy(to, &d, sizeof(d));
	memcpy(to + sizeof(d), &h, sizeof(h));
}

bool schedules_pop(struct schedules *s)
{
	struct pending h;
	const uint8_t *from;

	if (s->top == s->bottom) {
		s->top = s->bottom = 0;
		return false;
	}
	memcpy(&h, s->stack + s->top - sizeof(h), sizeof(h));
	s->top -= pending_size(&h);
	from = s->stack + s->top + sizeof(h);
	s->plan = schedules_grow(s->plan, &s->cap_plan, h.nr_steps * sizeof(*s->plan), "a schedule");
	s->dev = schedules_grow(s->dev, &s->cap_dev, h.nr_deviations * sizeof(*s->dev), "deviations");
	s->nr_plan = h.nr_steps;
	s->nr_dev = h.nr_deviations;
	memcpy(s->plan, from, h.nr_steps * sizeof(*s->plan));
	memcpy(s->dev, from + steps_size(&h), h.nr_deviations * sizeof(*s->dev));
	return true;
}

static size_t copy(const struct schedules *s, size_t from, size_t to, uint8_t **bytes)
{
	*bytes = malloc(to > from ? to - from : 1);
	if (!*bytes)
		engine_panic("no memory for %zu bytes of schedules", to - from);
	if (to > from)
		memcpy(*bytes, s->stack + from, to - from);
	return to - from;
}

static uint64_t kind_of(const order_t *steps, uint32_t n, const struct deviation *d, uint32_t nr)
{
	int task = steps[n - 1] & ORDER_TASK;
	uint64_t mine = 0, theirs = 0;

	for (uint32_t i = 0; i < n; i++) {
		mine += (steps[i] & ORDER_TASK) == task;
		theirs += (steps[i] & ORDER_TASK) == d->task;
	}
	return (uint64_t)d->at << 52 ^ (uint64_t)n << 40 ^ mine << 30 ^ theirs << 20 ^ (uint64_t)task << 14 ^
	       (uint64_t)d->task << 8 ^ nr;
}

size_t schedules_take(struct schedules *s, uint8_t **bytes, uint64_t *kind)
{
	struct deviation last;
	struct pending h;
	size_t n;

	if (s->top == s->bottom)
		return 0;
	memcpy(&h, s->stack + s->top - sizeof(h), sizeof(h));
	memcpy(&last, s->stack + s->top - sizeof(h) - sizeof(last), sizeof(last));
	n = copy(s, s->top - pending_size(&h), s->top, bytes);
	*kind = kind_of((const order_t *)(*bytes + sizeof(h)), h.nr_steps, &last, h.nr_deviations);
	s->top -= n;
	return n;
}

size_t schedules_save(const struct schedules *s, uint8_t **bytes)
{
	return copy(s, s->bottom, s->top, bytes);
}

size_t schedules_split(struct schedules *s, uint8_t **bytes)
{
	size_t from = s->bottom, nr = 0;

	for (size_t at = from; at < s->top; nr++)
		at += pending_size((const struct pending *)(s->stack + at));
	if (nr < 2)
		return 0;
	for (size_t half = nr / 2; half; half--)
		s->bottom += pending_size((const struct pending *)(s->stack + s->bottom));
	return copy(s, from, s->bottom, bytes);
}

void schedules_load(struct schedules *s, const uint8_t *bytes, size_t n)
{
	s->stack = schedules_grow(s->stack, &s->cap, n, "schedules to run");
	if (n)
		memcpy(s->stack, bytes, n);
	s->bottom = 0;
	s->top = n;
}
