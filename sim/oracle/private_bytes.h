/* SPDX-License-Identifier: MIT */
/* private_bytes.h - what an access of private memory is held against. => called where config.ghosts says so */
#ifndef SIM_ORACLE_PRIVATE_BYTES_H
#define SIM_ORACLE_PRIVATE_BYTES_H

#include "oracle/check.h"

/* An access is about to be made. A step */
void private_look(const struct mm_struct *mm, unsigned long addr);
/* It was made, to a private copy or anonymous memory. The store is a step afterwards */
void private_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n);
void private_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n);
/* A load was made from a file's page. */
void private_load_of_file(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			  const void *buf, size_t n);

/* ---- the table of words, for private_events.c ------------------------------------------------------------------------ */

/* A piece of one word: bytes [first, last) of it. */
struct piece {
	u64 addr; /* of the word */
	u8 bytes[8];
	u8 mask;
	bool device;
};

static inline struct ghost *ghost(void)
{
	return &this_machine->ghost;
}

/* => false: [addr, addr + n) has no further word. *at: bytes that are done, 0 first */
bool ghost_piece(struct piece *p, unsigned long addr, const void *buf, size_t n, size_t *at);
/* Whose words they are, by a number that is never used twice; and back: NULL when the process is gone. */
u32 ghost_id_of(const struct mm_struct *mm);
const struct mm_struct *ghost_mm(u32 id);
/* The word of an address, or NULL. */
struct ghost_word *ghost_find(u32 id, u64 addr);
/* => a new one; NULL: there is no room, and from now on what has no word is not judged */
struct ghost_word *ghost_new(u32 id, u64 addr);
void ghost_forget(struct ghost_word *w);
/* It is about to be changed. => to be followed by sync_ghost_end() */
void ghost_change(struct ghost_word *w);
bool ghost_discarding(u32 id, u64 addr);
void private_store_as(const struct mm_struct *mm, unsigned long addr, const struct page *page,
		      const void *buf, size_t n, bool device);
/* => false: it is not what may be there, which is reported; verb: what mm does with it */
bool private_judge(const struct mm_struct *mm, const char *verb, const struct piece *p,
		   const struct page *page);

#endif
