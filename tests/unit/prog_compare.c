// SPDX-License-Identifier: MIT
/*
 * prog_compare.c - comparing and shrinking, on two artificial backends of which one has a planted difference
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prog/compare.h"
#include "prog/generate.h"

/* Knows mappings and bytes of p0 as far as the tests need them; what it gets wrong is `plant`. */
struct toy {
	struct vm_backend b;
	void (*plant)(struct toy *t, const struct vm_op *op, struct vm_result *r);
	void (*plant_state)(struct toy *t, struct vm_state *s);
	bool mapped[PROG_MAX_PAGES];
	int seen; /* for plants */
};

static int toy_begin(struct vm_backend *b, const struct vm_prog *p, bool detail, char *err, size_t n)
{
	struct toy *t = (struct toy *)b;

	memset(t->mapped, 0, sizeof(t->mapped));
	t->seen = 0;
	return 0;
}

static int toy_op(struct vm_backend *b, const struct vm_op *op, struct vm_result *r, char *err, size_t n)
{
	struct toy *t = (struct toy *)b;

	r->outcome = OUTCOME_VALUE;
	if (op->call == CALL_MMAP)
		for (int i = 0; i < op->arg[MMAP_COUNT]; i++)
			t->mapped[op->arg[MMAP_PAGE] + i] = true;
	if (t->plant)
		t->plant(t, op, r);
	return 0;
}

static int toy_state(struct vm_backend *b, struct vm_state *s, char *err, size_t n)
{
	struct toy *t = (struct toy *)b;

	s->space[0].alive = true;
	for (int i = 0; i < PROG_MAX_PAGES; i++)
		if (t->mapped[i]) {
			s->space[0].area[s->space[0].nr_areas++] =
				(struct vm_area){ .start = (uint8_t)i, .end = (uint8_t)(i + 1) };
			s->space[0].pte[i] = (struct vm_pte){ .kind = PTE_ANON,
							      .frame = 1000 - (uint64_t)i,
							      .mapcount = 1 };
		}
	if (t->plant_state)
		t->plant_state(t, s);
	return 0;
}

static void toy_end(struct vm_backend *b)
{
}

#define TOY                                                                                                  \
	{                                                                                                    \
		.name = "toy", .calls = ~0ull, .level = LEVEL_RAW, .begin = toy_begin, .op = toy_op,         \
		.state = toy_state, .end = toy_end                                                           \
	}
static struct toy right = { .b = TOY }, wrong = { .b = TOY };
static struct vm_log log_a, log_b;
static struct vm_prog prog;

static void parse(const char *text)
{
	struct vm_file f;
	char err[256];

	if (prog_parse("t.vm", text, &f, err, sizeof(err)))
		fail_msg("%s", err);
	prog = f.prog[0];
	prog_file_free(&f);
}

static enum vm_verdict compare(enum vm_level level, struct vm_difference *d)
{
	char err[256];

	assert_int_equal(prog_run(&right.b, &prog, true, &log_a, err, sizeof(err)), 0);
	assert_int_equal(prog_run(&wrong.b, &prog, true, &log_b, err, sizeof(err)), 0);
	return prog_compare(&log_a, &log_b, level, d);
}

#define THREE "prog t pages=4 files=0x0\np0 mmap 0 2 rw priv anon 0 fixed\np0 wr 0 0 1\np0 wr 1 0 1\nend\n"

/* Call 1 differs as `plant` has it: seen from `level` on, and from no level below. */
static void differs_from(enum vm_level level, enum vm_part part, int op)
{
	struct vm_difference d;

	parse(THREE);
	for (int l = 0; l < NR_LEVELS; l++) {
		enum vm_verdict v = compare((enum vm_level)l, &d);

		assert_int_equal(v, l < (int)level ? VERDICT_SAME : VERDICT_DIFFERENT);
		if (v == VERDICT_SAME)
			continue;
		assert_int_equal(d.level, level);
		assert_int_equal(d.part, part);
		assert_int_equal(d.op, op);
	}
	wrong.plant = NULL;
	wrong.plant_state = NULL;
}

static void plant_value(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	if (op->call == CALL_WR)
		r->value = 1;
}
static void plant_mtime(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	r->mtime = op->call == CALL_WR;
}
static void plant_bits(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	r->bits = op->call == CALL_WR;
}
static void plant_faults(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	r->has_faults = true;
	r->faults = op->call == CALL_WR && t == &wrong;
}
static void plant_change(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	if (op->call == CALL_WR)
		r->change = t == &wrong ? FRAME_COPY : FRAME_SAME;
}
static void plant_perm(struct toy *t, struct vm_state *s)
{
	s->space[0].area[1].perm = VM_PERM_R;
}
static void plant_raw(struct toy *t, struct vm_state *s)
{
	s->space[0].nr_areas = 1;
	s->space[0].area[0].end = 2;
}
static void plant_absent(struct toy *t, struct vm_state *s)
{
	memset(&s->space[0].pte[1], 0, sizeof(s->space[0].pte[1]));
}
static void plant_shared(struct toy *t, struct vm_state *s)
{
	s->space[0].pte[1].frame = s->space[0].pte[0].frame;
}
static void plant_frames(struct toy *t, struct vm_state *s)
{
	for (int i = 0; i < 2; i++)
		s->space[0].pte[i].frame += 77;
}
static void plant_mapcount(struct toy *t, struct vm_state *s)
{
	s->space[0].pte[1].mapcount = 2;
}

static void each_level_sees_its_own(void **state)
{
	wrong.plant = plant_value;
	differs_from(LEVEL_RESULTS, PART_RESULT, 1);
	wrong.plant = plant_mtime;
	differs_from(LEVEL_AREAS, PART_RESULT, 1);
	wrong.plant_state = plant_perm;
	differs_from(LEVEL_AREAS, PART_AREAS, 0);
	wrong.plant = plant_bits;
	differs_from(LEVEL_FRAMES, PART_RESULT, 1);
	wrong.plant_state = plant_absent;
	differs_from(LEVEL_FRAMES, PART_PTES, 0);
	wrong.plant_state = plant_shared;
	differs_from(LEVEL_FRAMES, PART_PTES, 0);
	wrong.plant_state = plant_mapcount;
	differs_from(LEVEL_COUNTS, PART_PTES, 0);
	wrong.plant_state = plant_raw;
	differs_from(LEVEL_RAW, PART_AREAS, 0);
	right.plant = wrong.plant = plant_faults;
	differs_from(LEVEL_COUNTS, PART_RESULT, 1);
	right.plant = wrong.plant = plant_change;
	differs_from(LEVEL_COUNTS, PART_RESULT, 1);
	right.plant = NULL;
	wrong.plant_state = plant_frames; /* which frames they are is nobody's business */
	differs_from(NR_LEVELS, PART_RESULT, 0);
}

static void a_report_has_both_lines(void **state)
{
	struct vm_difference d;
	char *text;
	size_t n;
	FILE *f;

	parse(THREE);
	wrong.plant = plant_value;
	assert_int_equal(compare(LEVEL_RAW, &d), VERDICT_DIFFERENT);
	wrong.plant = NULL;
	f = open_memstream(&text, &n);
	prog_difference_print(f, &log_a, "right", &log_b, "wrong", &d);
	fclose(f);
	assert_string_equal(text, "t: L0: results differ, at call 1 'p0 wr 0 0 1'\n"
				  "  right      1 p0 wr 0\n"
				  "  wrong      1 p0 wr 1\n");
	free(text);
}

/* ---- what is accepted ------------------------------------------------------------------------------------------ */

static void plant_copy(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	if (op->call == CALL_WR)
		r->change = t == &wrong ? FRAME_COPY : FRAME_SAME;
	if (op->call == CALL_RD && t == &wrong)
		r->value = 9;
}

static void known_differences_are_accepted_from_their_level_on(void **state)
{
	struct vm_difference d;

	right.plant = wrong.plant = plant_copy;
	parse("prog t pages=4 files=0x0\np0 mlock 0 1\np0 fork 1\np0 wr 0 0 1\nend\n");
	assert_int_equal(compare(LEVEL_COUNTS, &d), VERDICT_ACCEPTED);
	assert_non_null(d.accepted);
	/* nothing is in a batch, or nobody has shared the page */
	parse("prog t pages=4 files=0x0\np0 fork 1\np0 wr 0 0 1\nend\n");
	assert_int_equal(compare(LEVEL_COUNTS, &d), VERDICT_DIFFERENT);
	parse("prog t pages=4 files=0x0\np0 mlock 0 1\np0 wr 0 0 1\nend\n");
	assert_int_equal(compare(LEVEL_COUNTS, &d), VERDICT_DIFFERENT);
	/* what is known of counts says nothing of results */
	parse("prog t pages=4 files=0x0\np0 mlock 0 1\np0 fork 1\np0 wr 0 0 1\np0 rd 0 0\nend\n");
	assert_int_equal(compare(LEVEL_RESULTS, &d), VERDICT_DIFFERENT);
	right.plant = wrong.plant = NULL;
}

static void every_accepted_difference_has_its_reason(void **state)
{
	const struct vm_accepted *all;
	int n = prog_accepted_all(&all);

	for (int i = 0; i < n; i++)
		assert_true(all[i].name && all[i].reason && strlen(all[i].reason) > 20 && all[i].applies);
}

/* ---- shrinking --------------------------------------------------------------------------------------------------- */

/* A second munlock of page 3 or more, by whomever, after an mlock. */
static void plant_munlock(struct toy *t, const struct vm_op *op, struct vm_result *r)
{
	if (op->call == CALL_MLOCK && t->seen == 0)
		t->seen = 1;
	else if (op->call == CALL_MUNLOCK && t->seen && op->arg[RANGE_PAGE] >= 3 && ++t->seen == 3)
		r->value = 42;
}

static void shrinks_to_the_planted_calls(void **state)
{
	struct gen_options o = { .seed = 11,
				 .allowed = GEN_SEQUENTIAL_CALLS & ~(1ull << CALL_EXIT),
				 .calls = 200 };
	struct prog_same_difference same = {
		.a = &right.b, .b = &wrong.b, .log_a = &log_a, .log_b = &log_b, .level = LEVEL_FRAMES
	};
	int found = 0;

	wrong.plant = plant_munlock;
	for (o.number = 0; o.number < 40 && found < 5; o.number++) {
		prog_generate(&o, &prog);
		if (compare(LEVEL_FRAMES, &same.first) == VERDICT_SAME)
			continue;
		found++;
		same.call = prog.op[same.first.op].call;
		assert_int_equal(same.call, CALL_MUNLOCK);
		assert_true(prog_shrink(&prog, prog_differs_alike, &same) > 0);
		assert_int_equal(prog.nr_ops, 3);
		assert_int_equal(prog.op[0].call, CALL_MLOCK);
		assert_int_equal(prog.op[1].call, CALL_MUNLOCK);
		assert_int_equal(prog.op[2].call, CALL_MUNLOCK);
		assert_int_equal(prog.op[0].arg[RANGE_PAGE] + prog.op[0].arg[RANGE_COUNT], 0);
		assert_int_equal(prog.op[2].arg[RANGE_PAGE], 3);
		assert_int_equal(prog.op[2].arg[RANGE_COUNT], 0);
		assert_int_equal(prog.op[0].actor + prog.op[1].actor + prog.op[2].actor, 0);
		assert_int_equal(prog.pages, 3);
		assert_int_equal(prog.files + prog.file_pages, 0);
	}
	wrong.plant = NULL;
	assert_int_equal(found, 5);
}

/* An oracle is a difference at any level, at the call in which it fired. */
static void oracles_are_differences(void **state)
{
	struct vm_difference d;
	char err[256];

	parse(THREE);
	strcpy(wrong.b.violation.oracle, "bad-mapcount");
	wrong.b.violation.op = 1;
	assert_int_equal(compare(LEVEL_RESULTS, &d), VERDICT_DIFFERENT);
	assert_int_equal(d.part, PART_ORACLE);
	assert_int_equal(d.op, 1);
	assert_int_equal(log_b.nr_results, 1);
	/* past the last call */
	wrong.b.violation.op = 3;
	assert_int_equal(compare(LEVEL_RESULTS, &d), VERDICT_DIFFERENT);
	assert_int_equal(d.op, 2);
	wrong.b.violation.oracle[0] = '\0';
	assert_int_equal(prog_run(&wrong.b, &prog, false, &log_b, err, sizeof(err)), 0);
	assert_string_equal(log_b.violation.oracle, "");
}

/* ---- claims ------------------------------------------------------------------------------------------------------- */

static void claims_are_checked(void **state)
{
	char err[256];

	parse("prog t pages=4 files=0x0\np0 wr 0 0 1\nexpect 0\nnever 1\nsometimes 7\np1 wr 0 0 1\nexpect 0:0 dead\n"
	      "never 0:0 1:dead\nend\n");
	assert_int_equal(prog_run(&right.b, &prog, false, &log_a, err, sizeof(err)), 0);
	assert_int_equal(prog_check_claims(&prog, log_a.result), 4);
	prog.nr_claims = 4;
	assert_int_equal(prog_check_claims(&prog, log_a.result), -1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_sees_its_own),
		cmocka_unit_test(a_report_has_both_lines),
		cmocka_unit_test(known_differences_are_accepted_from_their_level_on),
		cmocka_unit_test(every_accepted_difference_has_its_reason),
		cmocka_unit_test(shrinks_to_the_planted_calls),
		cmocka_unit_test(oracles_are_differences),
		cmocka_unit_test(claims_are_checked),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
