// SPDX-License-Identifier: MIT
/* mm_cow.c - the protocols of axis cow: who copies, after a fork, a pin, a splice, and another's copy */
#include "machine.h"

#define MM(n) (this_machine->process[n])

/* A page with a 1 in it, shared with a child. => the child's number */
static int forked(void)
{
	int child;

	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1));
	child = vm_fork();
	BUG_ON(child != 1);
	return child;
}

static void a_fork_shares_and_stores_copy(void)
{
	int child = forked();
	struct page *page = page_in(MM(0), ADDR);

	BUG_ON(page != page_in(MM(child), ADDR) || page_mapcount(page) != 2 ||
	       pte_write(pte_in(MM(0), ADDR)));
	BUG_ON(vm_store(ADDR, 2) || page_in(MM(0), ADDR) == page);
	vm_as(child);
	BUG_ON(load(ADDR) != 1 || vm_store(ADDR, 3) || page_in(MM(child), ADDR) != page);
	vm_as(0);
	BUG_ON(load(ADDR) != 2);
}

static void who_is_left_alone_writes_in_place(void)
{
	int child = forked();
	struct page *page = page_in(MM(0), ADDR);

	vm_exit(child);
	BUG_ON(vm_store(ADDR, 2) || page_in(MM(0), ADDR) != page || page_mapcount(page) != 1);
}

/* A reference beside the pte: it counts since 5.8, unless the page is known to be one process's alone. */
static void splice_then_lone_store(bool copies)
{
	int child = forked();
	struct page *page = page_in(MM(0), ADDR);

	vm_exit(child);
	BUG_ON(vm_vmsplice(ADDR, 8) != 8 || vm_store(ADDR, 2) || (page_in(MM(0), ADDR) != page) != copies);
	BUG_ON(vm_pipe_read(PAGE(1), 8) != 8 || load(PAGE(1)) != (copies ? 1 : 2));
}

static void a_reference_counts(void)
{
	splice_then_lone_store(true);
}

static void a_reference_does_not_count(void)
{
	splice_then_lone_store(false);
}

/* The parent stores first after a fork: where does the device's write go? */
static void dma_over_a_fork(bool kept)
{
	int pin, child;
	u64 v;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1));
	pin = vm_pin(ADDR, 1, VM_PIN_WRITE);
	BUG_ON(pin < 0);
	child = vm_fork();
	BUG_ON(child < 0 || vm_store(ADDR + 8, 2) || vm_dma_write(pin, 0, 512, 7));
	BUG_ON((load(ADDR) == 7) != kept);
	vm_as(child);
	BUG_ON((load(ADDR) == 7) == kept || vm_load(ADDR + 8, &v));
	vm_as(0);
	vm_unpin(pin);
}

static void a_fork_leaves_pinned_pages_to_the_parent(void)
{
	dma_over_a_fork(true);
}

static void a_fork_takes_pinned_pages_away(void)
{
	dma_over_a_fork(false);
}

/* A pin for reading of a page that is shared with a child. */
static void unshared_first(void)
{
	int child = forked();
	struct page *page = page_in(MM(0), ADDR);
	unsigned long before = faults();
	int pin = vm_pin(ADDR, 1, 0);
	u64 v = 0;

	BUG_ON(pin < 0 || page_in(MM(0), ADDR) == page || page_in(MM(child), ADDR) != page);
	BUG_ON(faults() != before + 1 || pte_write(pte_in(MM(0), ADDR)) || page_mapcount(page) != 1);
	BUG_ON(vm_store(ADDR, 2) || faults() != before + 2);
	content_read(&v, page_address(this_machine->pinner[pin].page[0]), sizeof(v));
	BUG_ON(v != 2);
	vm_unpin(pin);
}

static void a_private_file_is_unshared_for_long_only(void)
{
	struct page *cached;
	int pin;

	map_at(0, 1, RW, MAP_PRIVATE, DATA);
	BUG_ON(vm_touch(ADDR));
	cached = page_in(MM(0), ADDR);
	pin = vm_pin(ADDR, 1, 0);
	BUG_ON(pin < 0 || page_in(MM(0), ADDR) != cached);
	vm_unpin(pin);
	pin = vm_pin(ADDR, 1, VM_PIN_LONGTERM);
	BUG_ON(pin < 0 || page_in(MM(0), ADDR) == cached || !PageAnonExclusive(page_in(MM(0), ADDR)));
	vm_unpin(pin);
}

static void fork_clears_exclusive(void)
{
	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1) || !PageAnonExclusive(page_in(MM(0), ADDR)));
	BUG_ON(vm_fork() != 1 || PageAnonExclusive(page_in(MM(0), ADDR)));
	vm_exit(1);
	BUG_ON(vm_store(ADDR, 2) || !PageAnonExclusive(page_in(MM(0), ADDR)));
}

static void what_the_hooks_say(void)
{
	const struct cow_protocol *cow = this_machine->cow;
	struct vm_area_struct *vma;
	struct page *page;
	pte_t pte;

	map_at(0, 1, PROT_READ, MAP_PRIVATE, -1);
	BUG_ON(vm_poke(0, ADDR, 1));
	vma = find_vma(MM(0), ADDR);
	page = page_in(MM(0), ADDR);
	pte = pte_in(MM(0), ADDR);
	BUG_ON(!cow->may_unmap(page) || cow->gup_can_write(vma, FOLL_WRITE, page, pte));
	BUG_ON(cow->gup_can_write(vma, FOLL_WRITE | FOLL_FORCE | FOLL_COW, NULL, pte_mkclean(pte)));
	BUG_ON(!cow->gup_can_write(vma, FOLL_WRITE | FOLL_FORCE | FOLL_COW, page, pte));
	if (cow->exclusive) {
		BUG_ON(!cow->swapin_exclusive(page, pte_swp_mkexclusive((pte_t){ 0 }), false));
		BUG_ON(cow->gup_must_unshare(vma, FOLL_PIN | FOLL_LONGTERM, page));
		ClearPageAnonExclusive(page);
		BUG_ON(cow->gup_can_write(vma, FOLL_WRITE | FOLL_FORCE | FOLL_COW, page, pte));
		BUG_ON(!cow->gup_must_unshare(vma, FOLL_PIN, page) ||
		       cow->gup_must_unshare(vma, FOLL_GET, page));
	}
}

static void test_hooks_of_6_18_and_5_8(void **state)
{
	(void)state;
	run_under("linux-6.18", what_the_hooks_say);
	run_under("linux-5.8", what_the_hooks_say);
}

static void test_sharing_and_reuse_everywhere(void **state)
{
	static const char *const kernels[] = { "linux-2.6.18", "linux-2.6.29", "linux-5.8", "linux-6.18" };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		run_under(kernels[i], a_fork_shares_and_stores_copy);
		run_under(kernels[i], who_is_left_alone_writes_in_place);
	}
}

static void test_references(void **state)
{
	(void)state;
	run_under("linux-2.6.29", a_reference_does_not_count);
	run_under("linux-5.8", a_reference_counts);
	run_under("linux-6.18", a_reference_counts);
}

static void test_pins_over_forks(void **state)
{
	(void)state;
	run_under("linux-2.6.29", a_fork_takes_pinned_pages_away);
	run_under("linux-5.8", a_fork_leaves_pinned_pages_to_the_parent);
	run_under("linux-6.1", a_fork_leaves_pinned_pages_to_the_parent);
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(unshared_first)
SCRIPT(a_private_file_is_unshared_for_long_only)
SCRIPT(fork_clears_exclusive)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sharing_and_reuse_everywhere),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_pins_over_forks),
		cmocka_unit_test(test_unshared_first),
		cmocka_unit_test(test_a_private_file_is_unshared_for_long_only),
		cmocka_unit_test(test_fork_clears_exclusive),
		cmocka_unit_test(test_hooks_of_6_18_and_5_8),
	};

	return RUN_TESTS(tests, argc, argv);
}
