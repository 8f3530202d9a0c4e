/* SPDX-License-Identifier: MIT */
/* engine_irq.c - IPIs come between instructions, only while interrupts are on, and the sender waits for them */
#include "toy.h"

struct mem {
	int handled[2], revoked, used_after;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void handler(int cpu, void *info)
{
	(void)info;
	mem()->handled[cpu]++;
}

/* b revokes and returns from the call; a's instruction must not span that. */
static void user(void *arg)
{
	struct mem *m = mem();
	int h;

	(void)arg;
	insn_begin();
	h = m->handled[0];
	(void)READ_ONCE(m->used_after);
	if (READ_ONCE(m->revoked) && !h)
		sync_violation("assertion", "an instruction begun before the IPI goes on after it");
	insn_end();
}

static void user_irqs_off(void *arg)
{
	struct mem *m = mem();
	int h;

	(void)arg;
	local_irq_disable();
	h = m->handled[0];
	insn_begin();
	insn_end();
	if (READ_ONCE(m->revoked) && !h)
		sync_violation("assertion", "the IPI did not wait for interrupts to come on");
	local_irq_enable();
}

static void user_open(void *arg)
{
	struct mem *m = mem();
	int h;

	(void)arg;
	h = READ_ONCE(m->handled[0]);
	if (READ_ONCE(m->revoked) && !h)
		sync_violation("assertion", "nothing keeps the IPI out");
}

static void revoke(void *arg)
{
	(void)arg;
	smp_call_function_many(~0ull, handler, NULL);
	WRITE_ONCE(mem()->revoked, 1);
}

static void revoke_early(void *arg)
{
	(void)arg;
	WRITE_ONCE(mem()->revoked, 1);
	smp_call_function_many(~0ull, handler, NULL);
}

static void revoke_irqs_off(void *arg)
{
	(void)arg;
	local_irq_disable();
	smp_call_function_many(~0ull, handler, NULL);
	local_irq_enable();
}

static void once_each(void *arg)
{
	(void)arg;
	if (mem()->handled[0] != 1 || mem()->handled[1] != 0)
		sync_violation("assertion", "handled %d %d", mem()->handled[0], mem()->handled[1]);
}

static struct engine_result *two(void (*a)(void *), void (*b)(void *), void (*check)(void *))
{
	return toy_dpor(
		&(struct toy_program){ .size = sizeof(struct mem), .task = { a, b }, .check = check });
}

/* The reduction relies on the gate, so luck is asked as well. */
static void luck(void (*a)(void *))
{
	struct toy_program t = { .size = sizeof(struct mem), .task = { a, revoke }, .check = once_each };
	struct engine_result *r =
		toy_explore(&t, (struct engine_options){ .strategy = "random", .executions = 5000 });

	assert_oracle(r, "");
}

static void instructions_are_whole(void **state)
{
	(void)state;
	luck(user);
	luck(user_irqs_off);
	assert_clean(two(user, revoke, once_each));
	assert_clean(two(user_irqs_off, revoke, once_each));
	assert_oracle(two(user_open, revoke, once_each), "assertion");
	assert_oracle(two(user, revoke_early, once_each), "assertion");
}

static void each_cpu_once(void **state)
{
	struct engine_result *r;

	(void)state;
	r = two(revoke, revoke, NULL);
	assert_clean(r);
	assert_true(r->stats.executions > 1);
}

static void with_interrupts_off(void **state)
{
	(void)state;
	assert_oracle(two(user, revoke_irqs_off, NULL), "ipi-irqs-off");
}

static void irqs_left_off(void *arg)
{
	(void)arg;
	local_irq_disable();
}

static void left_off(void **state)
{
	(void)state;
	assert_oracle(two(irqs_left_off, user, NULL), "irqs-off");
}

static void irqs_on_twice(void *arg)
{
	(void)arg;
	local_irq_disable();
	local_irq_enable();
	local_irq_enable();
}

static void irqs_nested(void *arg)
{
	(void)arg;
	local_irq_disable();
	local_irq_disable();
	local_irq_enable();
	local_irq_enable();
}

static void on_twice(void **state)
{
	(void)state;
	assert_oracle(two(irqs_on_twice, user, NULL), "irqs-on");
	assert_clean(two(irqs_nested, user, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_whole),
		cmocka_unit_test(each_cpu_once),
		cmocka_unit_test(with_interrupts_off),
		cmocka_unit_test(left_off),
		cmocka_unit_test(on_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
