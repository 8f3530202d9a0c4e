/* SPDX-License-Identifier: MIT */
/*
 * list.h - circular doubly linked lists, embedded in what they link
 *
 * I1: for every entry e of a list, e->next->prev == e and e->prev->next == e; an empty head points to itself.
 * I2: an entry that was taken off with list_del() points nowhere (both links NULL), so that taking it off
 *     twice faults at once; one taken off with list_del_init() is an empty list of its own.
 * Plain accesses throughout: the caller holds the lock that guards the list.
 */
#ifndef SIM_LIB_LIST_H
#define SIM_LIB_LIST_H

#include "sync.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)                                                                                 \
	{                                                                                                    \
		&(name), &(name)                                                                             \
	}

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

/* => prev and next are neighbours; entry is on no list */
static inline void list_insert_between(struct list_head *entry, struct list_head *prev,
				       struct list_head *next)
{
	entry->prev = prev;
	entry->next = next;
	prev->next = entry;
	next->prev = entry;
}

/* Adds entry as the first of the list. */
static inline void list_add(struct list_head *entry, struct list_head *head)
{
	list_insert_between(entry, head, head->next);
}

/* Adds entry as the last of the list. */
static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_insert_between(entry, head->prev, head);
}

static inline void list_unlink(const struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	prev->next = next;
	next->prev = prev;
}

static inline void list_del(struct list_head *entry)
{
	list_unlink(entry);
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_del_init(struct list_head *entry)
{
	list_unlink(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_unlink(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_unlink(entry);
	list_add_tail(entry, head);
}

/* Puts what `from` holds before the first of `head`, in its order, and leaves `from` empty. */
static inline void list_splice_init(struct list_head *from, struct list_head *head)
{
	struct list_head *first = from->next, *last = from->prev, *after = head->next;

	if (first == from)
		return;
	head->next = first;
	first->prev = head;
	last->next = after;
	after->prev = last;
	INIT_LIST_HEAD(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
/* => the list is not empty */
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_next_entry(pos, member) list_entry((pos)->member.next, __typeof__(*(pos)), member)

/* Where an entry is linked, the head itself too, which is no entry: nothing of it is accessed. */
#define list_link(pos, member)                                                                               \
	((struct list_head *)((char *)(uintptr_t)(pos) + offsetof(__typeof__(*(pos)), member)))

#define list_for_each_entry(pos, head, member)                                                               \
	for (pos = list_first_entry(head, __typeof__(*pos), member); list_link(pos, member) != (head);       \
	     pos = list_next_entry(pos, member))

/* The body may take `pos`, and only it, off the list. */
#define list_for_each_entry_safe(pos, following, head, member)                                               \
	for (pos = list_first_entry(head, __typeof__(*pos), member),                                         \
	    following = list_entry(list_link(pos, member)->next, __typeof__(*pos), member);                  \
	     list_link(pos, member) != (head); pos = following,                                              \
	    following = list_entry(list_link(following, member)->next, __typeof__(*pos), member))

#endif
