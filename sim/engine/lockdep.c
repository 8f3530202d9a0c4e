/* SPDX-License-Identifier: MIT */
/*
 * lockdep.c - locks taken in orders that can deadlock, found without a deadlock
 *
 * held.h looks at each acquisition; what it has not seen before comes here. A new edge is looked at for a cycle through
 * it. A cycle is no deadlock if some class on it is both waited for and held in the way that lets others in (read_lock
 * on both sides), so a path never passes from a shared arrival to a shared departure.
 *
 * Reports stand beside the verdict, as data races do. The order of executions is that of the strategy, so what is found
 * is the same each time. Units of an exploration begin with what the set-up left and keep a log of what was new to them;
 * the logs, gone through in the units' order, give what one graph for all executions would have (lockdep_log.c).
 */
#include "engine/lockdep_log.h"
#include "engine/identity.h"
#include "engine/lockdep_report.h"

/* ---- classes -------------------------------------------------------------------------------------- */

static uint32_t class_new(struct engine *e, const char *name)
{
	struct lockdep *d = e->locks;

	if (d->nr_classes == MAX_LOCK_CLASSES)
		engine_panic("more than %d classes of locks, the last '%s': raise MAX_LOCK_CLASSES",
			     MAX_LOCK_CLASSES - 1, name);
	memset(&d->class[d->nr_classes], 0, sizeof(d->class[0]));
	d->class[d->nr_classes].name = name;
	d->class[d->nr_classes].base = (uint8_t)d->nr_classes;
	d->class[d->nr_classes].rank = lockdep_rank_of(e, name);
	return (uint32_t)d->nr_classes++;
}

/* By what it says: an inline function's place has a key in each object file. */
uint32_t lockdep_class(struct engine *e, const struct sync_lock_key *key)
{
	const char *name = key->name[0] == '&' ? key->name + 1 : key->name;
	uint32_t id;

	if (!e->locks)
		return 0;
	for (int i = 1; i < e->locks->nr_classes; i++) {
		const struct lock_class *c = &e->locks->class[i];

		if (c->line == key->line && !c->subclass && c->file && !strcmp(c->name, name) &&
		    !strcmp(c->file, key->file))
			return (uint32_t)i;
	}
	id = class_new(e, name);
	e->locks->class[id].file = key->file;
	e->locks->class[id].line = key->line;
	return id;
}

uint32_t lockdep_bit_class(struct engine *e, const char *name)
{
	struct lockdep *d = e->locks;
	unsigned slot = ((uintptr_t)name * 0x9e3779b1u >> 8) & (BIT_NAME_SLOTS - 1);
	int i = 1;

	if (likely(d->bit_name[slot].name == name))
		return d->bit_name[slot].class;
	while (i < d->nr_classes &&
	       (d->class[i].file || d->class[i].subclass || strcmp(d->class[i].name, name) != 0))
		i++;
	if (i == d->nr_classes)
		class_new(e, name);
	d->bit_name[slot].name = name;
	d->bit_name[slot].class = (uint8_t)i;
	return (uint32_t)i;
}

uint32_t lockdep_subclass(struct engine *e, uint32_t class, unsigned subclass)
{
	struct lockdep *d = e->locks;
	uint32_t id;

	if (!class)
		return 0;
	for (int i = 1; i < d->nr_classes; i++)
		if (d->class[i].base == class && d->class[i].subclass == subclass)
			return (uint32_t)i;
	id = class_new(e, d->class[class].name);
	d->class[id].file = d->class[class].file;
	d->class[id].line = d->class[class].line;
	d->class[id].base = (uint8_t) class;
	d->class[id].subclass = (uint8_t)subclass;
	return id;
}

/* ---- its life -------------------------------------------------------------------------------------- */

int lockdep_create(struct engine *e)
{
	struct lock_graph *g;

	e->locks = calloc(1, sizeof(*e->locks));
	if (!e->locks)
		return -1;
	e->mapped += sizeof(*e->locks);
	e->locks->nr_classes = 1;
	/* Class 0 takes no part: as if all about it had been seen. */
	g = &e->locks->now;
	g->usage[0] = 0xff;
	memset(g->seen, 0xff, 2 * sizeof(g->seen[0]));
	for (int i = 0; i < LOCK_NODES; i++)
		g->seen[i][0] |= 3;
	g = &e->locks->setup;
	*g = e->locks->now;
	return 0;
}

void lockdep_destroy(struct engine *e)
{
	if (e->locks) {
		free(e->locks->edge);
		free(e->locks->log.event);
	}
	free(e->locks);
}

void lockdep_setup_over(struct engine *e)
{
	e->locks->setup = e->locks->now;
	e->locks->log.nr = 0;
}

void lockdep_restart(struct engine *e)
{
	struct lockdep *d = e->locks;

	d->now = d->setup;
	d->log.nr = 0;
	/* An edge of the set-up that was reported later as part of a cycle is as good as before. */
	for (int i = 0; i < d->now.nr_edges; i++)
		d->edge[i].cyclic = false;
}

void lockdep_result(const struct engine *e, struct engine_result *r)
{
	r->nr_lock_reports = e->locks->now.nr_reports;
	memcpy(r->lock_reports, e->locks->report, sizeof(r->lock_reports));
}

/* ---- cycles ------------------------------------------------------------------------------------------- */

struct search {
	int16_t via[LOCK_NODES];    /* the edge that led to a node first, -1: none did */
	uint8_t parent[LOCK_NODES]; /* where that edge was left from */
	uint8_t queue[LOCK_NODES];
	int last;    /* the edge that closes the circle */
	unsigned at; /* the node that it leaves from */
};

/* From where edge `first` leads back to the class where it begins, along the fewest edges. => whether there is a way */
static bool way_back(const struct lockdep *d, int first, struct search *s)
{
	const struct lock_edge *f = &d->edge[first];
	int head = 0, tail = 0;

	memset(s->via, -1, sizeof(s->via));
	s->via[f->to] = (int16_t)first;
	s->queue[tail++] = f->to;
	while (head < tail) {
		s->at = s->queue[head++];
		for (s->last = 0; s->last < d->now.nr_edges; s->last++) {
			const struct lock_edge *g = &d->edge[s->last];

			if (g->cyclic || g->from >> 1 != s->at >> 1 || (g->from & s->at & 1))
				continue;
			if (g->to >> 1 == f->from >> 1 && !(g->to & f->from & 1))
				return true;
			if (s->via[g->to] >= 0)
				continue;
			s->via[g->to] = (int16_t)s->last;
			s->parent[g->to] = (uint8_t)s->at;
			s->queue[tail++] = g->to;
		}
	}
	return false;
}

static void report_cycle(struct engine *e, uint64_t execution, int first, const struct search *s)
{
	struct lockdep *d = e->locks;
	struct engine_lock_report *r;
	int way[LOCK_NODES + 1], n = 0;
	char text[sizeof(r->message)];
	size_t len;

	d->edge[first].cyclic = true;
	way[n++] = s->last;
	for (unsigned at = s->at; s->via[at] != first; at = s->parent[at])
		way[n++] = s->via[at];
	r = lockdep_report_new(e, execution);
	if (!r)
		return;
	lockdep_report_link(e, r, &d->edge[first]);
	while (n)
		lockdep_report_link(e, r, &d->edge[way[--n]]);
	len = (size_t)snprintf(text, sizeof(text), "taken in a circle:");
	for (int i = 0; i < r->nr && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s takes %s while it holds %s",
					i ? ";" : "", r->link[i].task, r->link[i].taken, r->link[i].held);
	memcpy(r->message, text, sizeof(text));
	lockdep_report_done(e, r);
}

static void edge_add(struct engine *e, const struct lock_event *v)
{
	struct lockdep *d = e->locks;
	struct search s;

	if (d->now.nr_edges == d->cap_edges) {
		d->cap_edges = d->cap_edges ? 2 * d->cap_edges : 64;
		d->edge = realloc(d->edge, (size_t)d->cap_edges * sizeof(*d->edge));
		if (!d->edge || d->cap_edges > INT16_MAX)
			engine_panic("no memory for %d lock orders", d->cap_edges);
	}
	d->edge[d->now.nr_edges++] = lockdep_edge_of(e, v);
	lockdep_check_rank(e, v);
	if (way_back(d, d->now.nr_edges - 1, &s))
		report_cycle(e, v->execution, d->now.nr_edges - 1, &s);
}

/* => false: nothing new */
static bool apply_edge(struct engine *e, const struct lock_event *v)
{
	struct lock_graph *g = &e->locks->now;
	bool seen = g->seen[v->from][v->to >> 6] >> (v->to & 63) & 1;
	bool both_let_in = v->from & v->to & 1;
	unsigned class = v->to >> 1;

	g->seen[v->from][v->to >> 6] |= 1ull << (v->to & 63);
	if (v->same_lock) {
		/* A bit lock may be somebody else's to release by now; readers let each other in where they pass writers. */
		if (v->bit || both_let_in || !class || g->recursed[class])
			return !seen;
		g->recursed[class] = true;
		lockdep_report_same(e, v);
	} else if (seen || !class) {
		return false;
	} else if (v->from >> 1 == class) {
		if (!v->bit && !both_let_in)
			lockdep_report_same(e, v);
	} else {
		edge_add(e, v);
	}
	return true;
}

/* `h` is held, `taken` is waited for, and either is news or is the same lock. */
void lockdep_edge(struct engine *e, const struct held *h, const struct held *taken)
{
	struct lock_event v = { .from = h->node,
				.to = taken->node,
				.from_op = h->op,
				.to_op = taken->op,
				.held_pc = h->pc,
				.task = e->current,
				.same_lock = h->id == taken->id,
				.bit = h->kind == SYNC_BIT,
				.from_shared = h->shared,
				.to_shared = taken->shared };

	if (v.same_lock && (e->locks->now.seen[v.from][v.to >> 6] >> (v.to & 63) & 1) &&
	    (v.bit || (v.from & v.to & 1) || !(v.to >> 1) || e->locks->now.recursed[v.to >> 1]))
		return;
	v.depth = trace_stack(e, v.pc, ENGINE_STACK_DEPTH, __builtin_frame_address(0));
	lockdep_event(e, &v);
}

/* ---- interrupts --------------------------------------------------------------------------------------------- */

static void report_usage(struct engine *e, unsigned node, uint64_t execution)
{
	const struct lock_class *c = &e->locks->class[node >> 1];
	struct engine_lock_report *r = lockdep_report_new(e, execution);
	char name[ENGINE_NAME_MAX];

	if (!r)
		return;
	lockdep_class_name(e, node, name, sizeof(name));
	for (int i = 0; i < 2; i++) {
		snprintf(r->link[i].task, sizeof(r->link[i].task), "%s", c->site[i].task);
		lockdep_class_name(e, node, r->link[i].taken, sizeof(r->link[i].taken));
		r->link[i].execution = c->site[i].execution;
		r->link[i].depth = c->site[i].depth;
		memcpy(r->link[i].pc, c->site[i].pc, sizeof(c->site[i].pc));
	}
	r->nr = 2;
	snprintf(r->message, sizeof(r->message),
		 "%s is taken in an interrupt of %s, and by %s with interrupts on: an interrupt that comes "
		 "while it is held waits for its own CPU",
		 name, c->site[0].task, c->site[1].task);
	lockdep_report_done(e, r);
}

/* Two readers do not keep each other out. */
static bool usage_clashes(unsigned u)
{
	return (u & 3) && (u & 12) && ((u & USED_IN_IRQ(0)) || (u & USED_IRQS_ON(0)));
}

/* => false: nothing new */
static bool apply_usage(struct engine *e, const struct lock_event *v)
{
	unsigned shared = v->to & 1, class = v->to >> 1, before = e->locks->now.usage[class];
	unsigned all = before | (v->in_irq ? USED_IN_IRQ(shared) : USED_IRQS_ON(shared));
	struct lock_class *c = &e->locks->class[class];
	int k = !v->in_irq;

	e->locks->now.usage[class] = (uint8_t)all;
	if (!(before & (v->in_irq ? 3 : 12))) {
		c->site[k].task = e->task[v->task].name;
		c->site[k].execution = v->execution;
		c->site[k].depth = v->depth;
		memcpy(c->site[k].pc, v->pc, sizeof(v->pc));
	}
	if (usage_clashes(all) && !usage_clashes(before)) /* once said is enough */
		report_usage(e, v->to, v->execution);
	return all != before;
}

void lockdep_usage(struct engine *e, unsigned node, bool in_irq)
{
	struct lock_event v = { .usage = true, .to = (uint8_t)node, .task = e->me, .in_irq = in_irq };

	v.depth = trace_stack(e, v.pc, ENGINE_STACK_DEPTH, __builtin_frame_address(0));
	lockdep_event(e, &v);
}

bool lockdep_apply(struct engine *e, const struct lock_event *v)
{
	return v->usage ? apply_usage(e, v) : apply_edge(e, v);
}

/* ---- sleeping, returning ---------------------------------------------------------------------------------------- */

static size_t list_held(struct engine *e, const struct task *t, bool spins, char *buf, size_t n)
{
	char name[ENGINE_NAME_MAX];
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < t->nr_held && len < n; i++) {
		const struct held *h = &t->held[i];

		if (spins ? h->kind != SYNC_SPIN : h->kind == SYNC_BIT)
			continue;
		lockdep_class_name(e, h->node, name, sizeof(name));
		len += (size_t)snprintf(buf + len, n - len, "%s%s (%s)", len ? ", " : "",
					h->node >> 1 ? name : "a lock", h->op);
	}
	return len;
}

void lockdep_atomic(struct engine *e, const char *op, const char *name)
{
	const struct task *t = &e->task[e->me];
	char held[256] = "";
	const char *why;

	if (e->irq_cpu >= 0)
		why = "in an interrupt's handler";
	else if (t->nr_spins && list_held(e, t, true, held, sizeof(held)))
		why = "which holds ";
	else if (t->irq_depth)
		why = "with interrupts off";
	else if (t->rcu_depth)
		why = "inside an RCU read side";
	else
		why = "inside an RCU callback";
	violate(e, "sleep-in-atomic", "%s(%s) by %s, %s%s, may sleep", op, name ? name : "", t->name, why,
		held);
}

void lockdep_exit(struct engine *e)
{
	const struct task *t = task_current(e);
	char held[256];

	/* A bit lock may be released by whoever ends what it was taken for. */
	if (list_held(e, t, false, held, sizeof(held)))
		violate(e, "lock-held-at-exit", "%s returned and holds %s", t->name, held);
}
