// SPDX-License-Identifier: MIT
/* compare.c - where two logs of one program first differ; see compare.h */
#include <string.h>

#include "prog/compare.h"

/* ---- results ---------------------------------------------------------------------------------------------- */

/* => the lowest level at which they differ; NR_LEVELS: none */
static enum vm_level results_differ(const struct vm_result *a, const struct vm_result *b)
{
	if (a->outcome != b->outcome || a->value != b->value || a->page != b->page || a->offset != b->offset)
		return LEVEL_RESULTS;
	if (a->mtime != b->mtime)
		return LEVEL_AREAS;
	if (a->nr_bits != b->nr_bits || a->bits != b->bits)
		return LEVEL_FRAMES;
	if (a->change != b->change && a->change != FRAME_UNKNOWN && b->change != FRAME_UNKNOWN)
		return LEVEL_COUNTS;
	if (a->has_faults && b->has_faults && a->faults != b->faults)
		return LEVEL_COUNTS;
	return NR_LEVELS;
}

/* ---- states ------------------------------------------------------------------------------------------------- */

static bool areas_equal(const struct vm_area *a, int nr_a, const struct vm_area *b, int nr_b)
{
	if (nr_a != nr_b)
		return false;
	for (int i = 0; i < nr_a; i++)
		if (a[i].start != b[i].start || a[i].end != b[i].end || a[i].perm != b[i].perm ||
		    a[i].src != b[i].src || (a[i].src != VM_SRC_ANON && a[i].pgoff != b[i].pgoff))
			return false;
	return true;
}

static enum vm_level areas_differ(const struct vm_space *a, const struct vm_space *b)
{
	struct vm_area joined_a[PROG_MAX_PAGES], joined_b[PROG_MAX_PAGES];

	if (a->alive != b->alive)
		return LEVEL_AREAS;
	if (areas_equal(a->area, a->nr_areas, b->area, b->nr_areas))
		return NR_LEVELS;
	if (areas_equal(joined_a, vm_areas_coalesce(a, joined_a), joined_b, vm_areas_coalesce(b, joined_b)))
		return LEVEL_RAW;
	return LEVEL_AREAS;
}

static enum vm_level ptes_differ(const struct vm_prog *p, const struct vm_space *a, const struct vm_space *b)
{
	enum vm_level level = NR_LEVELS;

	for (int i = 0; i < p->pages; i++) {
		const struct vm_pte *x = &a->pte[i], *y = &b->pte[i];

		if (x->kind != y->kind || x->class != y->class)
			return LEVEL_FRAMES;
		if (x->mapcount != y->mapcount || x->exclusive != y->exclusive)
			level = LEVEL_COUNTS;
	}
	return level;
}

static enum vm_level files_differ(const struct vm_file_state *a, const struct vm_file_state *b)
{
	if (a->size != b->size || memcmp(a->data, b->data, sizeof(a->data)))
		return LEVEL_AREAS;
	return a->pages != b->pages ? LEVEL_FRAMES : NR_LEVELS;
}

static void note(struct vm_difference *d, enum vm_level level, enum vm_part part, int who)
{
	if (level >= d->level)
		return;
	d->level = level;
	d->part = part;
	d->who = who;
}

/* The lowest level at which two states differ goes into d, if it is below that which stands there. */
static void states_differ(const struct vm_prog *p, const struct vm_state *a, const struct vm_state *b,
			  struct vm_difference *d)
{
	for (int i = 0; i < PROG_MAX_ACTORS; i++) {
		note(d, areas_differ(&a->space[i], &b->space[i]), PART_AREAS, i);
		note(d, ptes_differ(p, &a->space[i], &b->space[i]), PART_PTES, i);
	}
	for (int k = 0; k < p->files; k++)
		note(d, files_differ(&a->file[k], &b->file[k]), PART_FILE, k);
}

/* ---- logs ------------------------------------------------------------------------------------------------------ */

static enum vm_verdict judge(const struct vm_log *a, const struct vm_log *b, struct vm_difference *d)
{
	d->accepted = prog_accepted(a, b, d);
	return d->accepted ? VERDICT_ACCEPTED : VERDICT_DIFFERENT;
}

enum vm_verdict prog_compare(const struct vm_log *a, const struct vm_log *b, enum vm_level level,
			     struct vm_difference *d)
{
	const struct vm_prog *p = a->prog;
	bool detail = a->detail && b->detail;

	memset(d, 0, sizeof(*d));
	if (a->violation.oracle[0] || b->violation.oracle[0]) {
		d->part = PART_ORACLE;
		d->op = a->violation.oracle[0] ? a->violation.op : b->violation.op;
		if (d->op == p->nr_ops)
			d->op--;
		return VERDICT_DIFFERENT;
	}
	d->level = NR_LEVELS;
	for (int i = 0; i < p->nr_ops; i++) {
		d->op = i;
		d->state = i;
		note(d, results_differ(&a->result[i], &b->result[i]), PART_RESULT, 0);
		if (detail)
			states_differ(p, &a->state[i], &b->state[i], d);
		if (d->level <= level)
			return judge(a, b, d);
		d->level = NR_LEVELS;
	}
	d->op = p->nr_ops - 1;
	d->state = a->nr_states - 1;
	states_differ(p, &a->state[a->nr_states - 1], &b->state[b->nr_states - 1], d);
	return d->level <= level ? judge(a, b, d) : VERDICT_SAME;
}

/* ---- reporting --------------------------------------------------------------------------------------------------- */

static void print_part(FILE *f, const struct vm_log *log, const struct vm_difference *d)
{
	const struct vm_state *s =
		log->nr_states ? &log->state[d->state < log->nr_states ? d->state : log->nr_states - 1] :
				 NULL;

	switch (d->part) {
	case PART_ORACLE:
		if (log->violation.oracle[0])
			fprintf(f, " %s: %s", log->violation.oracle, log->violation.message);
		else
			fputs(" no oracle fired", f);
		break;
	case PART_RESULT:
		fputc(' ', f);
		vm_result_print(f, log->prog, d->op, &log->result[d->op]);
		break;
	case PART_AREAS:
		if (!s->space[d->who].alive)
			fprintf(f, " (p%d does not live)", d->who);
		else
			vm_areas_print(f, s, d->who, d->level == LEVEL_RAW);
		break;
	case PART_PTES:
		vm_ptes_print(f, log->prog, s, d->who);
		break;
	case PART_FILE:
		vm_file_print(f, s, d->who);
		break;
	}
	fputc('\n', f);
}

void prog_difference_print(FILE *f, const struct vm_log *a, const char *name_a, const struct vm_log *b,
			   const char *name_b, const struct vm_difference *d)
{
	static const char *const levels[NR_LEVELS] = {
		"results", "mappings and files", "pages and frames", "counts", "raw mappings",
	};

	if (d->part == PART_ORACLE)
		fprintf(f, "%s: an oracle fired, ", a->prog->id);
	else
		fprintf(f, "%s: %s: %s differ, ", a->prog->id, vm_level_names[d->level], levels[d->level]);
	if (d->op < 0) {
		fputs("before any call\n", f);
	} else {
		fprintf(f, "%s call %d '", d->part == PART_RESULT ? "at" : "after", d->op);
		prog_print_op(f, &a->prog->op[d->op]);
		fputs("'\n", f);
	}
	fprintf(f, "  %-10s", name_a);
	print_part(f, a, d);
	fprintf(f, "  %-10s", name_b);
	print_part(f, b, d);
}
