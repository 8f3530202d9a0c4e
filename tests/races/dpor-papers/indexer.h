/* SPDX-License-Identifier: MIT */
/*
 * indexer.h - the indexer: N tasks insert four messages each into one hash table, by compare-and-exchange
 *
 * The size of the table and the hash of a message are those of the paper.
 */
#include <faultline/race.h>
#include <stdatomic.h>

#define SIZE 128
#define MESSAGES 4

struct table {
	atomic_int word[SIZE];
};

static void insert(struct table *t, int message)
{
	int at = message * 7 % SIZE, empty = 0;

	while (!atomic_compare_exchange_strong(&t->word[at], &empty, message)) {
		at = (at + 1) % SIZE;
		empty = 0;
	}
}

static void index_messages(void)
{
	for (int i = 1; i <= MESSAGES; i++)
		insert(race_memory(), i * 11 + race_actor());
}
