/* SPDX-License-Identifier: MIT */
/* native_irq_rcu.c - IPIs wait for interrupts and instructions, grace periods for readers; contents and
 * poison */
#include "native_common.h"

#define ROUNDS 50
#define TURNS 200

struct object {
	struct rcu_head rcu;
	int alive;
};

struct memory {
	u32 flag;
	int handled[4], on_cpu[4];
	int inside; /* plain: its CPU's gate guards it */
	int freed;
	struct object *object;
	struct object pool[TURNS + 1];
	u8 page[4096] __attribute__((aligned(4096)));
};

static struct memory *mem(void)
{
	return sync_machine();
}

static struct native_result *run(void (*a)(void *), void (*b)(void *), void (*setup)(void *),
				 void (*check)(void *))
{
	struct toy_program t = {
		.size = sizeof(struct memory), .setup = setup, .check = check, .task = { a, b }
	};

	return toy_stress(&t, (struct native_options){ .rounds = ROUNDS });
}

/* ---- IPIs --------------------------------------------------------------------------------------- */

static void handler(int cpu, void *info)
{
	struct memory *m = mem();

	if (info != m || !irqs_disabled() || smp_processor_id() != cpu)
		sync_violation("assertion", "handler on %d", cpu);
	if (m->inside)
		sync_violation("assertion", "an interrupt inside an instruction");
	m->handled[cpu]++;
}

static void keep_out(void (*shut)(void), void (*open)(void))
{
	for (int i = 0; i < TURNS; i++) {
		shut();
		mem()->inside = 1;
		if (i % 16 == 0)
			cond_resched();
		mem()->inside = 0;
		open();
	}
}

static void insn_shut(void)
{
	insn_begin();
}

static void irq_shut_twice(void)
{
	local_irq_disable();
	local_irq_disable();
	insn_begin();
	insn_end();
	local_irq_enable();
}

static void user(void *arg)
{
	keep_out(insn_shut, insn_end);
}

static void kernel(void *arg)
{
	keep_out(irq_shut_twice, local_irq_enable);
}

static void sender(void *arg)
{
	for (int i = 0; i < TURNS; i++)
		smp_call_function_many(~0ull, handler, mem());
	if (irqs_disabled() || smp_processor_id() != 1)
		sync_violation("assertion", "the sender is on CPU %d now", smp_processor_id());
}

static void check_handled(void *arg)
{
	const int *h = mem()->handled;

	if (h[0] != TURNS || h[1] || h[2])
		sync_violation("assertion", "handled %d %d %d", h[0], h[1], h[2]);
}

static void ipi_waits_for_instructions(void **state)
{
	assert_clean(run(user, sender, NULL, check_handled));
}

static void ipi_waits_for_interrupts(void **state)
{
	assert_clean(run(kernel, sender, NULL, check_handled));
}

static void send_first(void *arg)
{
	smp_call_function_many(3, handler, mem());
}

static void two_senders_do_not_wait_for_each_other(void **state)
{
	assert_clean(run(send_first, send_first, NULL, NULL));
}

static void off_sender(void *arg)
{
	local_irq_disable();
	smp_call_function_many(2, handler, mem());
	local_irq_enable();
}

static void leaves_off(void *arg)
{
	local_irq_disable();
}

static void enables_twice(void *arg)
{
	local_irq_enable();
}

static void nothing(void *arg)
{
}

static void irq_misuse(void **state)
{
	assert_only(run(off_sender, nothing, NULL, NULL), "ipi-irqs-off");
	assert_only(run(leaves_off, nothing, NULL, NULL), "irqs-off");
	assert_only(run(enables_twice, nothing, NULL, NULL), "irqs-on");
}

/* ---- RCU ---------------------------------------------------------------------------------------- */

static void rcu_setup(void *arg)
{
	mem()->object = &mem()->pool[0];
	mem()->pool[0].alive = 1;
}

static void reader(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		struct object *o;

		rcu_read_lock();
		rcu_read_lock();
		o = rcu_dereference(mem()->object);
		rcu_read_unlock();
		if (i % 16 == 0)
			cond_resched();
		if (!o->alive)
			sync_violation("assertion", "a reader sees what was freed");
		rcu_read_unlock();
	}
}

static struct object *replace(int i)
{
	struct object *old = mem()->object;

	mem()->pool[i].alive = 1;
	rcu_assign_pointer(mem()->object, &mem()->pool[i]);
	return old;
}

static void waits(void *arg)
{
	for (int i = 1; i <= TURNS; i++) {
		struct object *old = replace(i);

		synchronize_rcu();
		old->alive = 0;
		mem()->freed++;
	}
}

static void free_object(struct rcu_head *head)
{
	struct object *o = container_of(head, struct object, rcu);

	o->alive = 0;
	if (o != &mem()->pool[mem()->freed++])
		sync_violation("assertion", "callbacks out of order");
}

static void calls(void *arg)
{
	for (int i = 1; i <= TURNS; i++)
		call_rcu(&replace(i)->rcu, free_object);
}

static void check_freed(void *arg)
{
	if (mem()->freed != TURNS)
		sync_violation("assertion", "%d freed", mem()->freed);
}

static void grace_period_waits_for_readers(void **state)
{
	assert_clean(run(reader, waits, rcu_setup, check_freed));
}

static void callbacks_run_after_a_grace_period(void **state)
{
	assert_clean(run(reader, calls, rcu_setup, check_freed));
}

static void left_open(void *arg)
{
	rcu_read_lock();
}

static void unlocks(void *arg)
{
	rcu_read_unlock();
}

static void waits_inside(void *arg)
{
	rcu_read_lock();
	synchronize_rcu();
	rcu_read_unlock();
}

static void rcu_misuse(void **state)
{
	assert_only(run(left_open, waits, rcu_setup, NULL), "rcu-misuse");
	assert_only(run(unlocks, nothing, NULL, NULL), "rcu-misuse");
	assert_only(run(waits_inside, nothing, NULL, NULL), "rcu-misuse");
}

/* ---- contents and poison ------------------------------------------------------------------------ */

static void stores(void *arg)
{
	u8 local[4096];

	memset(local, smp_processor_id() + 1, sizeof(local));
	for (int i = 0; i < TURNS; i++) {
		content_write(mem()->page, local, sizeof(local));
		content_write(mem()->page + 4088, local, 8);
		content_zero(mem()->page + 1, 7);
	}
}

static void check_stored(void *arg)
{
	u8 local[4096];

	content_read(local, mem()->page, sizeof(local));
	for (int i = 8; i < 4096; i++)
		if (local[i] != 1 && local[i] != 2)
			sync_violation("assertion", "byte %d is %d", i, local[i]);
	if (local[1] || local[7] || !local[0])
		sync_violation("assertion", "the head is not what was stored last");
}

static void contents_race_by_right(void **state)
{
	assert_clean(run(stores, stores, NULL, check_stored));
}

static void poison_setup(void *arg)
{
	sync_poison(mem()->page, sizeof(mem()->page), "page-use-after-free");
}

static void uses_freed(void *arg)
{
	u64 v;

	content_read(&v, mem()->page + 64, sizeof(v));
}

static void uses_reused(void *arg)
{
	u64 v = 7;

	sync_unpoison(mem()->page, sizeof(mem()->page));
	content_write(mem()->page, &v, sizeof(v));
	content_read(&v, mem()->page, sizeof(v));
	mem()->page[9] = 1;
}

static void frees_part(void *arg)
{
	u64 v = 7;

	sync_unpoison(mem()->page, sizeof(mem()->page));
	sync_poison(mem()->page + 128, 64, "use-after-free");
	content_write(mem()->page + 64, &v, sizeof(v));
	content_write(mem()->page + 192, &v, sizeof(v));
	content_write(mem()->page + 136, &v, sizeof(v));
}

static void frees_at_the_end(void *arg)
{
	content_zero(mem()->page, sizeof(mem()->page));
	sync_poison(mem()->page, sizeof(mem()->page), "page-use-after-free");
}

static void poison_is_seen_and_reset(void **state)
{
	struct native_result *r = run(uses_freed, nothing, poison_setup, NULL);

	assert_only(r, "page-use-after-free");
	assert_int_equal(r->kind[0].count, ROUNDS); /* in every round: it is part of the snapshot */
	assert_clean(run(uses_reused, nothing, poison_setup, NULL));
	assert_clean(
		run(frees_at_the_end, nothing, NULL, NULL)); /* nor does one round's free reach the next */
	assert_only(run(frees_part, nothing, poison_setup, NULL), "use-after-free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipi_waits_for_instructions),
		cmocka_unit_test(ipi_waits_for_interrupts),
		cmocka_unit_test(two_senders_do_not_wait_for_each_other),
		cmocka_unit_test(irq_misuse),
		cmocka_unit_test(grace_period_waits_for_readers),
		cmocka_unit_test(callbacks_run_after_a_grace_period),
		cmocka_unit_test(rcu_misuse),
		cmocka_unit_test(contents_race_by_right),
		cmocka_unit_test(poison_is_seen_and_reset),
	};

	return cmocka_run_group_tests_name("native_irq_rcu", tests, NULL, NULL);
}
