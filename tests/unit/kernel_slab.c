// SPDX-License-Identifier: MIT
/* kernel_slab.c - small objects: zeroed, reused last in, first out, counted, poisoned while free */
#include "lib/radix_tree.h"
#include "machine.h"

#define LIVE(kind) (this_machine->slab.live[kind])

static void objects_are_zeroed_and_reused_at_once(void)
{
	u8 *a = kmem_alloc(100, SLAB_MISC), *b = kmem_alloc(100, SLAB_MISC), *c;

	BUG_ON(a == b || LIVE(SLAB_MISC) != 2);
	memset(a, 0xff, 100);
	memset(b, 0xff, 100);
	kmem_free(b, 100, SLAB_MISC);
	kmem_free(a, 100, SLAB_MISC);
	c = kmem_alloc(65, SLAB_MISC); /* of the same class */
	BUG_ON(c != a);
	for (int i = 0; i < 65; i++)
		BUG_ON(c[i]);
	a = kmem_alloc(129, SLAB_MISC); /* of the next one */
	BUG_ON(a == b);
	kmem_free(a, 129, SLAB_MISC);
	kmem_free(c, 65, SLAB_MISC);
	BUG_ON(LIVE(SLAB_MISC));
}

static void kinds_are_counted_apart(void)
{
	u32 vmas = LIVE(SLAB_VMA), nodes = LIVE(SLAB_NODE);
	void *vma = kmem_alloc(64, SLAB_VMA), *node = lib_node_alloc(64);

	BUG_ON(LIVE(SLAB_VMA) != vmas + 1 || LIVE(SLAB_NODE) != nodes + 1);
	lib_node_free(node, 64);
	kmem_free(vma, 64, SLAB_VMA);
	BUG_ON(LIVE(SLAB_VMA) != vmas || LIVE(SLAB_NODE) != nodes);
}

/* Who still looks at one that was freed finds another of its kind, as it was left. */
static void typesafe_kinds_keep_their_memory(void)
{
	u64 *anon_vma = kmem_alloc(64, SLAB_ANON_VMA), *other;

	BUG_ON(*anon_vma);
	*anon_vma = 7;
	kmem_free(anon_vma, 64, SLAB_ANON_VMA);
	BUG_ON(READ_ONCE(*anon_vma) != 7);
	other = kmem_alloc(64, SLAB_MISC);
	BUG_ON(other == anon_vma);
	kmem_free(other, 64, SLAB_MISC);
	BUG_ON(kmem_alloc(64, SLAB_ANON_VMA) != anon_vma || *anon_vma != 7);
	*anon_vma = 0;
	kmem_free(anon_vma, 64, SLAB_ANON_VMA);
}

static void the_heap_has_an_end(void)
{
	void **pile = take_objects(), *one;

	BUG_ON(!pile || kmem_alloc(sizeof(struct vm_area_struct), SLAB_MISC));
	BUG_ON(LIVE(SLAB_MISC) < DEFAULT_SLAB / SLAB_OBJECT_MAX / 2);
	one = pile;
	pile = *pile;
	kmem_free(one, sizeof(struct vm_area_struct), SLAB_MISC);
	BUG_ON(kmem_alloc(sizeof(struct vm_area_struct), SLAB_MISC) != one);
	kmem_free(one, sizeof(struct vm_area_struct), SLAB_MISC);
	give_objects(pile);
	BUG_ON(LIVE(SLAB_MISC));
}

static void a_heap_is_laid_out(void)
{
	static u64 memory[4096]; /* of the test, and only pointed to */
	const size_t bytes = 8192, over = slab_overhead(bytes);
	struct slab s = { 0 };

	BUG_ON(over % 64 || over < bytes / SLAB_UNIT * sizeof(u32) || over > sizeof(memory) - bytes);
	BUG_ON(slab_overhead(2 * bytes) <= over);
	slab_init(&s, (u8 *)memory, bytes);
	BUG_ON(s.heap != (u8 *)memory + over || s.size != bytes || s.used);
	for (unsigned i = 0; i < SLAB_CLASSES; i++) {
		BUG_ON(s.free[i].nr || s.free[i].max != bytes / ((i + 1) * SLAB_UNIT));
		BUG_ON((u8 *)(s.free[i].offset + s.free[i].max) > s.heap);
	}
}

static void a_free_object_is_used(void)
{
	u64 *p = kmem_alloc(64, SLAB_MISC);

	kmem_free(p, 64, SLAB_MISC);
	*p = 1;
}

static const struct script_machine usual = { .config = { .io_at_once = true } };
SCRIPT_ON(&usual, objects_are_zeroed_and_reused_at_once)
SCRIPT_ON(&usual, kinds_are_counted_apart)
SCRIPT_ON(&usual, typesafe_kinds_keep_their_memory)
SCRIPT_ON(&usual, the_heap_has_an_end)
SCRIPT_ON(&usual, a_heap_is_laid_out)
#if FAULTLINE_CONTROLLED /* natively only ASan would know */
SCRIPT_FAILS(&usual, a_free_object_is_used, "use-after-free")
#else
static void test_a_free_object_is_used(void **state)
{
	(void)a_free_object_is_used;
	skip();
}
#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_are_zeroed_and_reused_at_once),
		cmocka_unit_test(test_kinds_are_counted_apart),
		cmocka_unit_test(test_typesafe_kinds_keep_their_memory),
		cmocka_unit_test(test_the_heap_has_an_end),
		cmocka_unit_test(test_a_heap_is_laid_out),
		cmocka_unit_test(test_a_free_object_is_used),
	};

	return RUN_TESTS(tests, argc, argv);
}
