/* SPDX-License-Identifier: MIT */
/* increments.h - tasks that count in one word; the including file says how, in increment(), and how often, TIMES */
static void increments(void)
{
	struct counter *c = race_memory();

	for (int i = 0; i < TIMES; i++)
		increment(&c->value);
}
