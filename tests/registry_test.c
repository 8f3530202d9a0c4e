// SPDX-License-Identifier: MIT
/*
 * registry_test.c - nothing is missing: every race that a file declares, a verdict a protocol, names that tools can use
 *
 * RACES_DIR is the folder of the races' sources.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "race/run.h"

static int declared; /* RACE() declarations in files under RACES_DIR */

static int count_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);
	char line[512];
	FILE *f;
	int own = 0;

	(void)st;
	(void)ftw;
	if (type != FTW_F || n < 3 || strcmp(path + n - 2, ".c"))
		return 0;
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		own += !strncmp(line, "RACE(", 5);
	fclose(f);
	if (!own)
		fail_msg("%s declares no race", path);
	declared += own;
	return 0;
}

static void as_many_races_as_declared(void **state)
{
	(void)state;
	declared = 0;
	assert_int_equal(nftw(RACES_DIR, count_file, 8, FTW_PHYS), 0);
	assert_true(declared > 0);
	assert_int_equal(race_count(), declared);
}

/* A file is named as its race, or as what the names of its races begin with. */
static void a_race_is_named_after_its_file(void **state)
{
	char path[512];

	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);
		const char *base;
		size_t n;

		race_path(r, path, sizeof(path));
		base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
		n = strcspn(base, ".");
		if (strncmp(r->name, base, n) || (r->name[n] && r->name[n] != '_'))
			fail_msg("race %s stands in %s", r->name, path);
	}
}

static void assert_name(const char *name)
{
	assert_non_null(name);
	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(name))
		fail_msg("'%s' is not of a-z, 0-9, _ and -", name);
}

static void names_are_plain(void **state)
{
	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);

		assert_name(r->name);
		for (int k = 0; k < race_actor_count(r); k++)
			assert_name(r->actors[k].name);
	}
	for (int i = 0; i < protocol_count(); i++) {
		const char *name = protocol_get(i)->name;

		/* versions of kernels stand in some protocols' names */
		if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-+.") != strlen(name))
			fail_msg("protocol '%s' is not of a-z, 0-9, -, + and .", name);
	}
}

static void names_are_unique_and_sorted(void **state)
{
	(void)state;
	for (int i = 1; i < race_count(); i++)
		assert_true(strcmp(race_get(i - 1)->name, race_get(i)->name) < 0);
	for (int i = 1; i < protocol_count(); i++) {
		const struct protocol *a = protocol_get(i - 1), *b = protocol_get(i);

		assert_true(a->axis < b->axis || (a->axis == b->axis && strcmp(a->name, b->name) < 0));
	}
}

static void every_race_is_told(void **state)
{
	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);

		assert_non_null(r->summary);
		assert_non_null(r->source);
		if (!race_is_bare(r))
			assert_non_null(r->setup);
		if (!strstr(r->source, "Invariant:"))
			fail_msg("%s: its comment states no 'Invariant:'", r->name);
		if (!strstr(r->source, "Source:"))
			fail_msg("%s: its comment names no 'Source:'", r->name);
	}
}

static void every_protocol_has_a_verdict(void **state)
{
	int missing = 0;

	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);
		int axis = r->axis ? axis_find(r->axis) : -1;

		if (r->axis && axis < 0)
			fail_msg("%s: no axis is named '%s'", r->name, r->axis);
		for (int k = 0; k < protocol_count() && r->axis; k++) {
			const struct protocol *p = protocol_get(k);

			if ((int)p->axis != axis || race_verdict(r, p->name))
				continue;
			print_error("%s states no verdict for %s=%s\n", r->name, r->axis, p->name);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

static void every_verdict_is_whole(void **state)
{
	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);

		for (int k = 0; k < RACE_MAX_VERDICTS && r->expect[k].expect != RACE_UNSTATED; k++) {
			const struct race_verdict *v = &r->expect[k];

			if (!r->axis && (k || v->protocol))
				fail_msg("%s: without an axis it has one verdict, for ANY_PROTOCOL", r->name);
			if (r->axis && !protocol_find((enum protocol_axis)axis_find(r->axis), v->protocol))
				fail_msg("%s: no protocol is named '%s'", r->name, v->protocol);
			if (v->expect == RACE_FOUND && (!v->oracle || !v->witness))
				fail_msg("%s: '%s' is found, but by which oracle, by which witness?", r->name,
					 v->protocol);
		}
	}
}

static void every_race_states_something(void **state)
{
	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);
		bool states = r->expect[0].expect != RACE_UNSTATED || r->classes;

		for (int m = 0; m < NR_RACE_MODELS; m++)
			states = states || r->outcomes[m];
		if (!states)
			fail_msg("%s states no verdict, no classes and no outcomes: nothing tests it",
				 r->name);
		if (race_is_bare(r) && r->axis)
			fail_msg("%s has an axis, but no kernel whose protocol could matter", r->name);
	}
}

static void every_kernel_fixes_every_axis(void **state)
{
	(void)state;
	assert_true(kernel_count() > 0);
	assert_non_null(kernel_find(DEFAULT_KERNEL));
	for (int i = 0; i < kernel_count(); i++)
		for (int a = 0; a < NR_AXES; a++) {
			const struct kernel *k = kernel_get(i);

			assert_non_null(k->protocols[a]);
			if (!protocol_find((enum protocol_axis)a, k->protocols[a]))
				fail_msg("%s: no protocol is named '%s'", k->name, k->protocols[a]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_races_as_declared),
		cmocka_unit_test(a_race_is_named_after_its_file),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(names_are_unique_and_sorted),
		cmocka_unit_test(every_race_is_told),
		cmocka_unit_test(every_protocol_has_a_verdict),
		cmocka_unit_test(every_verdict_is_whole),
		cmocka_unit_test(every_race_states_something),
		cmocka_unit_test(every_kernel_fixes_every_axis),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
