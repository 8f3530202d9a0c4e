// SPDX-License-Identifier: MIT
/*
 * generate.c - a random program, call by call
 *
 * What is drawn from the numbers stands in the order of the calls, and every draw is made whether or not its value is
 * used where that keeps programs alike; no library's generator, no floating point: the same program everywhere.
 */
#include <string.h>

#include "prog/generate.h"
#include "prog/random.h"

struct gen {
	const struct gen_options *o;
	struct vm_prog *p;
	struct shadow shadow;
	struct random random;
	bool in_block; /* where nobody exits: P4 */
};

/* => 0 to n - 1 */
static int below(struct gen *g, int n)
{
	return random_below(&g->random, n);
}

/* => true once in n times */
static bool one_in(struct gen *g, int n)
{
	return !below(g, n);
}

/* ---- choosing pages and ranges --------------------------------------------------------------------------- */

static const struct shadow_page *pages_of(const struct gen *g, int actor)
{
	return g->shadow.page[actor];
}

static int at_most(int v, int most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

/* A page that is mapped, by chance; any page when there is none. */
static int mapped_page(struct gen *g, int actor)
{
	const struct shadow_page *s = pages_of(g, actor);
	int start = below(g, g->p->pages);

	for (int i = 0; i < g->p->pages; i++)
		if (s[(start + i) % g->p->pages].area)
			return (start + i) % g->p->pages;
	return start;
}

/* The page behind which a mapped file ends, in the mapping that page lies in; or page itself. */
static int eof_page(const struct gen *g, int actor, int page)
{
	const struct shadow_page *s = &pages_of(g, actor)[page];
	int first, end, eof;

	if (!s->area || s->src == SRC_ANON || s->src > g->p->files)
		return page;
	shadow_area(&g->shadow, actor, page, &first, &end);
	eof = page + g->shadow.length[s->src - SRC_F0] / PROG_PAGE - s->file_page;
	return eof >= first && eof < end ? eof : page;
}

/* Where something is: inside of mappings mostly, at their edges often, now and then at the window's. */
static int aim(struct gen *g, int actor)
{
	int page = mapped_page(g, actor), first, end, how = below(g, 16);

	shadow_area(&g->shadow, actor, page, &first, &end);
	switch (how) {
	case 0:
		return first;
	case 1:
		return end - 1;
	case 2: /* the neighbours of a mapping */
		return at_most(first - 1, g->p->pages - 1);
	case 3:
		return at_most(end, g->p->pages - 1);
	case 4:
	case 5:
		return eof_page(g, actor, page);
	case 6:
		return one_in(g, 2) ? 0 : g->p->pages - 1;
	case 7:
		return below(g, g->p->pages);
	default:
		return page;
	}
}

/* How many pages from `page` on: one, a few, to the mapping's end, over it; 0 and too many now and then. */
static int count_from(struct gen *g, int actor, int page)
{
	int first, end, how = below(g, 24), few = 1 + below(g, 4);

	if (page >= g->p->pages)
		return few;
	shadow_area(&g->shadow, actor, page, &first, &end);
	switch (how) {
	case 0:
		return 0;
	case 1:
		return at_most(g->p->pages - page + 1, PROG_MAX_PAGES);
	case 2:
	case 3:
		return at_most(end - page + few, PROG_MAX_PAGES);
	case 4:
	case 5:
	case 6:
	case 7:
		return end - page;
	case 8:
	case 9:
	case 10:
	case 11:
	case 12:
		return 1;
	default:
		return few;
	}
}

/* Mapped if anything is, mostly. */
static int target(struct gen *g, int actor)
{
	int any = aim(g, actor), mapped = mapped_page(g, actor);

	return one_in(g, 3) ? any : mapped;
}

/* Half of the ranges keep inside of what is mapped without a hole. */
static void range(struct gen *g, struct vm_op *op)
{
	const struct shadow_page *s = pages_of(g, op->actor);
	int page = target(g, op->actor), count = count_from(g, op->actor, page), room = 0;

	while (page + room < g->p->pages && s[page + room].area)
		room++;
	op->arg[RANGE_PAGE] = page;
	op->arg[RANGE_COUNT] = one_in(g, 2) && room ? at_most(count, room) : count;
}

static int any_file(struct gen *g)
{
	return below(g, g->p->files);
}

/* Of a file: around its end often. */
static int file_page(struct gen *g, int file)
{
	int pages = g->shadow.length[file] / PROG_PAGE;

	return one_in(g, 3) ? at_most(pages - 1 + below(g, 3), g->p->file_pages + 2) :
			      below(g, g->p->file_pages + 1);
}

static int length(struct gen *g)
{
	static const int lengths[] = { 1, 100, 4095, 4096, 4097, 8192, 0, 10000 };

	return lengths[below(g, (int)(sizeof(lengths) / sizeof(lengths[0])))];
}

/* ---- arguments, call by call ------------------------------------------------------------------------------- */

static void args_mmap(struct gen *g, struct vm_op *op)
{
	int32_t *a = op->arg;
	int how = below(g, 10), prot = below(g, 12), src = below(g, 8);

	a[MMAP_PAGE] = one_in(g, 3) ? aim(g, op->actor) : below(g, g->p->pages);
	a[MMAP_COUNT] = one_in(g, 40) ? 0 : 1 + below(g, one_in(g, 3) ? g->p->pages : 6);
	a[MMAP_COUNT] = at_most(a[MMAP_COUNT], g->p->pages - a[MMAP_PAGE]);
	a[MMAP_PROT] = prot < 8 ? PROT_WORD_RW : prot < 10 ? PROT_WORD_R : prot - 10;
	if (prot == 11)
		a[MMAP_PROT] = PROT_WORD_W;
	a[MMAP_SHARE] = below(g, NR_SHARES);
	a[MMAP_SRC] = src < 4 || !g->p->files ? SRC_ANON : SRC_F0 + src % g->p->files;
	if (a[MMAP_SRC] != SRC_ANON)
		a[MMAP_FILE_PAGE] = one_in(g, 2) ? 0 : file_page(g, a[MMAP_SRC] - SRC_F0);
	a[MMAP_HOW] = how < 7 ? MAP_HOW_FIXED : how < 9 ? MAP_HOW_POPULATE : MAP_HOW_NOREPLACE;
}

/* Where a move goes: not over itself, mostly. */
static int elsewhere(struct gen *g, const int32_t *a)
{
	int before = a[MREMAP_PAGE] - a[MREMAP_NEW_COUNT], after = a[MREMAP_PAGE] + a[MREMAP_COUNT];
	int room = g->p->pages - a[MREMAP_NEW_COUNT] - after;
	int low = below(g, before < 0 ? 1 : before + 1), high = after + below(g, room < 0 ? 1 : room + 1);
	int any = below(g, g->p->pages);
	bool go_low = before >= 0 && (room < 0 || one_in(g, 2));

	return one_in(g, 5) || (before < 0 && room < 0) ? any : go_low ? low : high;
}

static void args_mremap(struct gen *g, struct vm_op *op)
{
	int32_t *a = op->arg;
	int how = below(g, 8), room;

	a[MREMAP_PAGE] = target(g, op->actor);
	a[MREMAP_COUNT] = count_from(g, op->actor, a[MREMAP_PAGE]);
	a[MREMAP_HOW] = how < 3 ? MOVE_INPLACE : how < 6 ? MOVE_FIXED : MOVE_DONTUNMAP;
	a[MREMAP_NEW_COUNT] = one_in(g, a[MREMAP_HOW] == MOVE_DONTUNMAP ? 12 : 3) ?
				      at_most(a[MREMAP_COUNT] - 1 + below(g, 3), PROG_MAX_PAGES) :
				      a[MREMAP_COUNT];
	a[MREMAP_DST] = a[MREMAP_HOW] == MOVE_INPLACE ? 0 : elsewhere(g, a);
	room = g->p->pages - (a[MREMAP_HOW] == MOVE_INPLACE ? a[MREMAP_PAGE] : a[MREMAP_DST]);
	a[MREMAP_NEW_COUNT] = at_most(a[MREMAP_NEW_COUNT], room);
}

static void args_madvise(struct gen *g, struct vm_op *op)
{
	range(g, op);
	op->arg[RANGE_WORD] = one_in(g, 3) ? ADVICE_DONTNEED : below(g, ADVICE_PAGEOUT);
	if (g->o->pageout && one_in(g, 2))
		op->arg[RANGE_WORD] = ADVICE_PAGEOUT;
}

/* Most accesses look for a page that allows them. */
static int access_page(struct gen *g, const struct vm_op *op)
{
	int page = aim(g, op->actor);
	bool look = !one_in(g, 4);

	for (int i = 0; look && i < 6; i++) {
		const struct shadow_page *s = &pages_of(g, op->actor)[page];

		if (s->area && (s->prot == PROT_WORD_RW || (s->prot == PROT_WORD_R && op->call == CALL_RD)))
			break;
		page = mapped_page(g, op->actor);
	}
	return page;
}

static void args_access(struct gen *g, struct vm_op *op)
{
	static const int offsets[] = { 0, 0, 0, 1, 100, 2048, 4095 };

	op->arg[ACCESS_PAGE] = access_page(g, op);
	op->arg[ACCESS_OFFSET] = offsets[below(g, (int)(sizeof(offsets) / sizeof(offsets[0])))];
	if (op->call == CALL_WR)
		op->arg[ACCESS_BYTE] = below(g, 256);
}

static void args_io(struct gen *g, struct vm_op *op)
{
	int32_t *a = op->arg;

	a[IO_FILE] = any_file(g);
	a[IO_FILE_PAGE] = file_page(g, a[IO_FILE]);
	a[IO_PAGE] = target(g, op->actor);
	a[IO_LENGTH] = length(g);
	if (a[IO_FILE_PAGE] * PROG_PAGE + a[IO_LENGTH] > PROG_MAX_FILE_PAGES * PROG_PAGE)
		a[IO_FILE_PAGE] = 0;
}

static void args_ftrunc(struct gen *g, struct vm_op *op)
{
	static const int extra[] = { 0, 0, 0, 1, 50, 101, 2048, 4095 };
	int max = PROG_MAX_FILE_PAGES * PROG_PAGE;

	op->arg[FTRUNC_FILE] = any_file(g);
	op->arg[FTRUNC_LENGTH] = at_most(file_page(g, op->arg[FTRUNC_FILE]) * PROG_PAGE +
						 extra[below(g, (int)(sizeof(extra) / sizeof(extra[0])))],
					 max);
}

static void args_punch(struct gen *g, struct vm_op *op)
{
	op->arg[PUNCH_FILE] = any_file(g);
	op->arg[PUNCH_PAGE] = file_page(g, op->arg[PUNCH_FILE]);
	op->arg[PUNCH_COUNT] = one_in(g, 20) ? 0 : 1 + below(g, 3);
}

static void args_other(struct gen *g, struct vm_op *op)
{
	int other = below(g, PROG_MAX_ACTORS);

	/* another that lives, if there is one */
	for (int i = 0; i < PROG_MAX_ACTORS && !g->shadow.alive[other]; i++)
		other = (other + 1) % PROG_MAX_ACTORS;
	op->arg[OTHER_ACTOR] = other;
	op->arg[OTHER_PAGE] = target(g, other);
	if (op->call != CALL_PVR)
		op->arg[OTHER_BYTE] = below(g, 256);
}

static void args_fork(struct gen *g, struct vm_op *op)
{
	int q = below(g, PROG_MAX_ACTORS);

	for (int i = 0; i < PROG_MAX_ACTORS && g->shadow.alive[q]; i++)
		q = (q + 1) % PROG_MAX_ACTORS;
	op->arg[OTHER_ACTOR] = q;
}

static void args(struct gen *g, struct vm_op *op)
{
	switch ((enum prog_call)op->call) {
	case CALL_MMAP:
		args_mmap(g, op);
		break;
	case CALL_MREMAP:
		args_mremap(g, op);
		break;
	case CALL_MADVISE:
		args_madvise(g, op);
		break;
	case CALL_MPROTECT:
		range(g, op);
		op->arg[RANGE_WORD] = below(g, NR_PROT_WORDS);
		break;
	case CALL_RD:
	case CALL_WR:
		args_access(g, op);
		break;
	case CALL_PREAD:
	case CALL_PWRITE:
		args_io(g, op);
		break;
	case CALL_FTRUNC:
		args_ftrunc(g, op);
		break;
	case CALL_PUNCH:
		args_punch(g, op);
		break;
	case CALL_FORK:
		args_fork(g, op);
		break;
	case CALL_PVR:
	case CALL_PVW:
	case CALL_POKE:
		args_other(g, op);
		break;
	case CALL_VMS:
	case CALL_DIO:
		op->arg[0] = target(g, op->actor);
		break;
	case CALL_PIN:
		op->arg[PIN_HANDLE] = below(g, PROG_MAX_PINS);
		op->arg[PIN_PAGE] = aim(g, op->actor);
		op->arg[PIN_COUNT] = 1 + below(g, 2);
		break;
	case CALL_UNPIN:
		op->arg[PIN_HANDLE] = below(g, PROG_MAX_PINS);
		break;
	case CALL_EXIT:
	case CALL_PIP:
	case NR_CALLS:
		break;
	default:
		range(g, op);
		break;
	}
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static const uint8_t weight[NR_CALLS] = {
	[CALL_MMAP] = 14,   [CALL_MUNMAP] = 4,	[CALL_MPROTECT] = 5, [CALL_MSYNC] = 1,	  [CALL_MLOCK] = 3,
	[CALL_MUNLOCK] = 1, [CALL_MINCORE] = 2, [CALL_MREMAP] = 7,   [CALL_MADVISE] = 10, [CALL_RD] = 14,
	[CALL_WR] = 18,	    [CALL_PREAD] = 3,	[CALL_PWRITE] = 3,   [CALL_FTRUNC] = 3,	  [CALL_PUNCH] = 3,
	[CALL_FORK] = 5,    [CALL_EXIT] = 1,	[CALL_PVR] = 2,	     [CALL_PVW] = 2,	  [CALL_POKE] = 2,
	[CALL_VMS] = 2,	    [CALL_PIP] = 2,	[CALL_GUARD] = 2,    [CALL_UNGUARD] = 1,  [CALL_PIN] = 2,
	[CALL_UNPIN] = 1,   [CALL_DIO] = 2,
};

static bool may(const struct gen *g, int call)
{
	bool files = call == CALL_PREAD || call == CALL_PWRITE || call == CALL_FTRUNC || call == CALL_PUNCH;

	return g->o->allowed >> call & 1 && !(files && !g->p->files) && !(call == CALL_EXIT && g->in_block);
}

static enum prog_call weighted_call(struct gen *g)
{
	int all = 0, at;

	for (int i = 0; i < NR_CALLS; i++)
		all += may(g, i) ? weight[i] : 0;
	at = below(g, all ? all : 1);
	for (int i = 0; i < NR_CALLS; i++) {
		at -= may(g, i) ? weight[i] : 0;
		if (at < 0)
			return (enum prog_call)i;
	}
	return CALL_RD;
}

/* The last process seldom ends, an empty pipe is seldom read. */
static enum prog_call any_call(struct gen *g)
{
	enum prog_call call = weighted_call(g);
	int alive = 0;

	for (int i = 0; i < PROG_MAX_ACTORS; i++)
		alive += g->shadow.alive[i];
	if (call == CALL_EXIT && alive == 1 && !one_in(g, 8))
		return may(g, CALL_FORK) ? CALL_FORK : CALL_RD;
	if (call == CALL_PIP && !g->shadow.pipe && !one_in(g, 8))
		return may(g, CALL_VMS) ? CALL_VMS : CALL_RD;
	return call;
}

static int any_actor(struct gen *g)
{
	int actor = below(g, PROG_MAX_ACTORS);

	/* one that lives, but for a dead one now and then */
	for (int i = 0; i < PROG_MAX_ACTORS && !g->shadow.alive[actor] && !one_in(g, 40); i++)
		actor = (actor + 1) % PROG_MAX_ACTORS;
	return actor;
}

/* Programs begin with something to work on. */
static enum prog_call call_at(struct gen *g, int i)
{
	bool begin = i < 2 || (i < 4 && one_in(g, 2));

	return begin && may(g, CALL_MMAP) ? CALL_MMAP : any_call(g);
}

static void thread_of(struct gen *g, struct vm_op *op, int i)
{
	int first = g->o->calls / 2;

	op->thread = -1;
	if (!g->o->threads || i < first)
		return;
	g->in_block = true;
	op->block = 1;
	/* every thread has a call, the first ones in order */
	op->thread = (int8_t)(i - first < g->o->threads ? i - first : below(g, g->o->threads));
}

static void head(struct gen *g)
{
	static const uint8_t sizes[] = { 4, 8, 8, 16, 16, 16, 16, 24, 32, 64 };
	static const uint8_t file_sizes[] = { 1, 2, 4, 4, 8, 8, 16, 20 };
	struct vm_prog *p = g->p;

	memset(p, 0, sizeof(*p));
	snprintf(p->id, sizeof(p->id), "s%llu-%llu", (unsigned long long)g->o->seed,
		 (unsigned long long)g->o->number);
	p->pages = sizes[below(g, (int)sizeof(sizes))];
	p->files = one_in(g, 10) ? 1 : PROG_MAX_FILES;
	p->file_pages = file_sizes[below(g, (int)sizeof(file_sizes))];
	if (!(g->o->allowed >> CALL_FTRUNC & 1)) /* who cannot change files has none */
		p->files = p->file_pages = 0;
}

/* Loads of all that can be read, at the end: what memory holds by then shows in results. */
static void read_back(struct gen *g)
{
	struct vm_prog *p = g->p;

	for (int actor = 0; actor < PROG_MAX_ACTORS; actor++)
		for (int i = 0; g->shadow.alive[actor] && i < p->pages; i++) {
			const struct shadow_page *s = &pages_of(g, actor)[i];

			if (!s->area || s->prot == PROT_WORD_NONE || p->nr_ops == PROG_MAX_CALLS)
				continue;
			p->op[p->nr_ops] =
				(struct vm_op){ .call = CALL_RD, .actor = (uint8_t)actor, .thread = -1 };
			p->op[p->nr_ops++].arg[ACCESS_PAGE] = i;
		}
}

void prog_generate(const struct gen_options *o, struct vm_prog *p)
{
	struct gen g = { .o = o, .p = p };

	random_seed(&g.random, o->seed, o->number);
	head(&g);
	shadow_init(&g.shadow, p);
	for (int i = 0; i < o->calls; i++) {
		struct vm_op *op = &p->op[p->nr_ops++];

		thread_of(&g, op, i);
		op->call = (uint8_t)call_at(&g, i);
		op->actor = (uint8_t)any_actor(&g);
		args(&g, op);
		shadow_do(&g.shadow, op);
	}
	if (o->read_back)
		read_back(&g);
}
