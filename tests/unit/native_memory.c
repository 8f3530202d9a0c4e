/* SPDX-License-Identifier: MIT */
/* native_memory.c - poison of pages and of parts of them, machines without an image, oracles that do not follow */
#include "native_common.h"

#define PAGE 4096
#define PAGES 8
#define ROUNDS 20

struct memory {
	u8 page[PAGES][PAGE] __attribute__((aligned(PAGE)));
	int rounds;
	u32 flag;
};

static struct memory *mem(void)
{
	return sync_machine();
}

static u64 read_at(unsigned page, unsigned at)
{
	u64 v = 0;

	content_read(&v, &mem()->page[page][at], sizeof(v));
	return v;
}

/* A page that is poisoned as a whole gives back lines; the rest stays poisoned, until the whole page is given back. */
static void whole_then_lines(void *arg)
{
	struct memory *m = mem();

	sync_poison(m->page[1], PAGE, "oracle");
	sync_unpoison(&m->page[1][128], 64);
	read_at(1, 128);
	sync_unpoison(m->page[1], PAGE);
	read_at(1, 0);
	sync_poison(&m->page[1][PAGE - 64], 128, "oracle"); /* and the first line of the next page */
	read_at(1, 0);
	read_at(2, 64);
	sync_poison(m->page[1], PAGE, "oracle");
	sync_unpoison(m->page[1], PAGE);
	read_at(1, PAGE - 64);
	sync_unpoison(m->page[1], 2 * PAGE);
	read_at(2, 0);
}

static void use_rest(void *arg)
{
	sync_poison(mem()->page[1], PAGE, "oracle");
	sync_unpoison(&mem()->page[1][128], 64);
	read_at(1, 192);
}

static void use_line(void *arg)
{
	sync_poison(&mem()->page[1][64], 64, "oracle");
	read_at(1, 64);
}

static void use_across(void *arg)
{
	sync_poison(&mem()->page[1][PAGE - 64], 128, "oracle");
	read_at(2, 0);
}

static void use_copied(void *arg)
{
	sync_poison(mem()->page[3], PAGE, "oracle");
	content_copy(mem()->page[2], mem()->page[3], PAGE);
}

static void poison_is_exact(void **state)
{
	void (*const bad[])(void *) = { use_rest, use_line, use_across, use_copied };
	struct toy_program t = { .size = sizeof(struct memory), .task = { whole_then_lines } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = 3 }));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t.task[0] = bad[i];
		assert_only(toy_stress(&t, (struct native_options){ .rounds = 3 }), "oracle");
	}
}

/* Tasks split one page at the same time, each for its own lines, as a slab's objects are. */
static void split(void *arg)
{
	u8 *mine = &mem()->page[0][smp_processor_id() * 256];

	for (int i = 0; i < 50; i++) {
		sync_unpoison(mine, 256);
		content_zero(mine, 256);
		sync_poison(mine, 256, "oracle");
	}
	sync_unpoison(mine, 256);
	content_zero(mine, 256);
}

static void setup_split(void *arg)
{
	sync_poison(mem()->page[0], PAGE, "oracle");
}

static void pages_are_split_once(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup_split,
				 .task = { split, split, split } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

static void fill_and_copy(void *arg)
{
	struct memory *m = mem();
	u8 bytes[PAGE];

	memset(bytes, 7, sizeof(bytes));
	content_write(m->page[1], bytes, PAGE);
	content_copy(m->page[2], m->page[1], PAGE);
	content_zero(m->page[1], PAGE);
	content_zero(&m->page[2][3], 5);
	content_zero(&m->page[2][100], PAGE - 100);
	content_scrub(m->page[3], PAGE);
}

static void check_copied(void *arg)
{
	for (int i = 0; i < PAGE; i++)
		if (mem()->page[1][i] || mem()->page[2][i] != (i < 3 || (i >= 8 && i < 100) ? 7 : 0))
			sync_violation("assertion", "byte %d is %d", i, mem()->page[2][i]);
}

static void contents_are_copied_and_cleared(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .check = check_copied,
				 .task = { fill_and_copy } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = 3 }));
}

/* ---- without an image --------------------------------------------------------------------------- */

#define FAR ((size_t)6 << 30)

static void touch_far(void *arg)
{
	u8 *far = (u8 *)sync_machine() + FAR;
	u64 v = 5;

	mem()->rounds++;
	content_write(far, &v, sizeof(v));
	sync_poison(far + PAGE, PAGE, "oracle");
	if (sync_watched())
		sync_violation("assertion", "oracles follow each access");
	sync_ghost_begin(NULL, 0);
	sync_ghost_end();
}

static void check_far(void *arg)
{
	if (mem()->rounds != 1 || *((u8 *)sync_machine() + FAR) != 5)
		sync_violation("assertion", "%d rounds", mem()->rounds);
}

static void large_machines_need_no_image(void **state)
{
	struct toy_program t = { .size = FAR + ((size_t)1 << 20), .check = check_far, .task = { touch_far } };
	struct native_options o = { .rounds = 5, .no_image = true, .unwatched = true };
	struct native_result *r = toy_stress(&t, o);

	assert_clean(r);
	assert_int_equal(r->rounds, 1);
}

/* ---- oracles' lock ------------------------------------------------------------------------------ */

static void change_ghost(void *arg)
{
	for (int i = 0; i < 200; i++) {
		sync_ghost_begin(NULL, 0);
		sync_ghost_begin(&mem()->rounds, sizeof(mem()->rounds));
		mem()->rounds++;
		sync_ghost_end();
		mem()->rounds++;
		sync_ghost_end();
	}
}

static void check_ghost(void *arg)
{
	sync_ghost_begin(NULL, 0);
	if (mem()->rounds != 3 * 400)
		sync_violation("assertion", "%d changes", mem()->rounds);
	sync_ghost_end();
}

static void oracles_exclude_each_other(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .check = check_ghost,
				 .task = { change_ghost, change_ghost, change_ghost } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(poison_is_exact),
		cmocka_unit_test(pages_are_split_once),
		cmocka_unit_test(contents_are_copied_and_cleared),
		cmocka_unit_test(large_machines_need_no_image),
		cmocka_unit_test(oracles_exclude_each_other),
	};

	return cmocka_run_group_tests_name("native_memory", tests, NULL, NULL);
}
