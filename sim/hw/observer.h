/* SPDX-License-Identifier: MIT */
/*
 * observer.h - what the machine tells its oracles, and the state that they keep in it
 *
 * sim/oracle implements these. They change nothing but struct ghost and the fields that are marked as the oracles', and
 * take no locks of the kernel. Each stands directly at the step that it is about; some are steps themselves, all on
 * one location, since their order decides verdicts: a user access, a page's removal, and the ends of a
 * revocation, a write, a truncation and, where private bytes are judged, of a fork and a discarding.
 */
#ifndef SIM_HW_OBSERVER_H
#define SIM_HW_OBSERVER_H

#include "fs/fs_types.h"

struct tlb_entry;

/*
 * The bytes that a page of a file may hold: `now`, and from the beginning of a write to its end also
 * `next`.
 */
struct ghost_page {
	u32 from, to;  /* of next; equal: no write is going on */
	u32 zero_from; /* what truncation cut off: from here on `now` is zero, whatever it says */
	bool changed;  /* since the file was made: what the disk holds is to be compared */
	u8 now[PAGE_SIZE];
	u8 next[PAGE_SIZE];
};

/*
 * Eight bytes of private memory of one process, at an address. What has none was never stored to since it was mapped:
 * in anonymous memory it is zero.
 */
struct ghost_word {
	u64 addr; /* a multiple of 8 */
	u8 now[8];
	u8 was[8]; /* what else a load may see: GHOST_EITHER, or stores under way */
	u32 mm;	   /* ghost_id; 0: unused */
	u8 known;  /* which bytes, a bit each */
	u8 stores; /* under way: performed, and not yet announced as a step */
	u8 flags;  /* GHOST_* */
};
#define GHOST_EITHER 1	    /* now or was */
#define GHOST_MAY_BE_LOST 2 /* now or zeroes: MADV_FREE, or stored while the page was being discarded */
#define GHOST_DISCARDED 4   /* stored while the page is being discarded */
#define GHOST_DEVICE 8	    /* written by a device */

/* A page that somebody wrote down for a device: whose memory it is. */
struct ghost_pin {
	const struct page *page; /* NULL: unused */
	u32 mm;
	unsigned long addr; /* of the page */
};

/* Memory that is being discarded: what is there now, and when, is nobody's business until it is done. */
struct ghost_window {
	u32 mm; /* 0: unused */
	unsigned long start, end;
};

#define GHOST_WORDS 512
#define GHOST_PINS 32
#define GHOST_WINDOWS 32
#define GHOST_ORDERS 64

struct ghost {
	struct ghost_page page[NR_FILES][FILE_PAGES_MAX];
	struct inode *inodes; /* from the slab: a list by ghost_next */
	struct file *files;
	/* private bytes: of machines with config.ghosts */
	u32 last_id, nr_words;	/* words ever used: the rest of the array is empty */
	bool full;		/* some word found no room: what has none may hold anything */
	u8 order[GHOST_ORDERS]; /* never written: locations of steps */
	struct ghost_word word[GHOST_WORDS];
	struct ghost_pin pin[GHOST_PINS];
	struct ghost_window window[GHOST_WINDOWS];
};

/* ---- files -------------------------------------------------------------------------------------------------------- */

/* A file begins its life with these bytes. */
void observe_file_created(const struct inode *inode);
/*
 * write(2) in any form: => the bytes pos .. pos + n lie in one page; one write of a page at a time
 * (i_mutex)
 */
void observe_write_begin(const struct inode *inode, unsigned long pos, const void *buf, size_t n);
/* n 0: it failed, and the file is as it was */
void observe_write_end(const struct inode *inode, unsigned long pos, size_t n);
/* truncate(2) is about to return. */
void observe_truncated(const struct inode *inode);

/* An inode or a file from the slab begins its life; it is about to be freed. => files that are never told of are leaks */
void observe_inode_live(struct inode *inode);
void observe_inode_gone(struct inode *inode);
void observe_file_live(struct file *file);
void observe_file_gone(struct file *file);

/* ---- translations and accesses -------------------------------------------------------------------------------------- */

/* How often the page's frame was freed: the TLB notes it when it loads a translation. */
u32 observe_incarnation(const struct page *page);
/* A user access is about to go through this translation. */
void observe_translation(const struct mm_struct *mm, unsigned long addr, const struct tlb_entry *t);
/* The access and its observation are one: natively no other access or write comes between. */
void observe_access_begin(void);
void observe_access_end(void);
/*
 * It has been performed, on this page, which may be part of a huge one. The kernel's own accesses of a process's memory
 * that do not go through its mapping (ptrace, /proc/PID/mem) tell of it in the same way. => between the two above
 */
void observe_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n);
void observe_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n);

/*
 * The kernel stores to a page that it holds, as mm's memory at addr but through no mapping: legal wherever the page
 * belongs by now. mm NULL: a device does, and only where in the page counts. => between the two above
 */
void observe_held_store(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			const void *buf, size_t n);

/* Translations of mm are illegal from the last revoke_end() on, where no pte stands behind them. */
void observe_revoke_begin(struct mm_struct *mm);
void observe_revoke_end(struct mm_struct *mm);

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

/* The page has left the pagecache: accesses that still reach it are wrong from here on. */
void observe_removed(const struct page *page);

/* A reference is about to be taken: somebody must hold one already. */
void observe_get_page(const struct page *page);

/* The oracle that an access to the page violates once it is free. => it is about to be freed, its flags still say what it was */
const char *observe_use_after_free(const struct page *page);

/*
 * n references to the page (a pin: GUP_PIN_COUNTING_BIAS) are from here on those of something that may outlive the
 * call: a pipe's buffer, a transfer, a driver; -n: no more. Without it they are leaks when nothing runs. Of a part of a
 * huge page they are its head's.
 */
void observe_hold(const struct page *page, int n);
/* The same for a file's references that are descriptors'. A file that it was never called for may have any number. */
void observe_hold_file(struct file *file, int n);

/* ---- private bytes: nothing happens unless config.ghosts says so -------------------------------------------------------- */

/*
 * fork(2): between begin and end dst is what it will be; each page of private memory is told of when dst's pte stands or
 * is about to, size bytes. A page that is copied at once is told of before and after the copy. End: src's CPUs are
 * flushed.
 */
void observe_fork_begin(struct mm_struct *dst, struct mm_struct *src);
void observe_fork_page(struct mm_struct *dst, struct mm_struct *src, unsigned long addr, unsigned long size);
void observe_fork_end(struct mm_struct *dst, struct mm_struct *src);
/*
 * What private memory holds in [start, end) goes: munmap, MADV_DONTNEED, truncation of private copies. Begin: before the
 * first pte is cleared; end: after the flush.
 */
void observe_discard_begin(struct mm_struct *mm, unsigned long start, unsigned long end);
void observe_discard_end(struct mm_struct *mm, unsigned long start, unsigned long end);
/* MADV_FREE: it may go from here on, until it is stored to. */
void observe_may_discard(struct mm_struct *mm, unsigned long start, unsigned long end);
/*
 * mremap: it stands elsewhere. Begin: before the first pte moves; the other: all have, and are flushed. Nothing was at `to`;
 * what is stored meanwhile is not judged
 */
void observe_move_begin(struct mm_struct *mm, unsigned long from, unsigned long to, unsigned long len);
void observe_moved(struct mm_struct *mm, unsigned long from, unsigned long to, unsigned long len);
/* The address space is gone. */
void observe_mm_gone(struct mm_struct *mm);

/*
 * The page is pinned for a device, as mm's memory at addr, to be written; it is no more. What the device writes is mm's:
 * at is where in the page.
 */
void observe_pin(struct mm_struct *mm, unsigned long addr, const struct page *page);
void observe_unpin(const struct page *page);
void observe_dma_store(const struct page *page, unsigned at, const void *buf, size_t n);
/* A device has read. => it must have seen what the pinner's memory holds */
void observe_dma_load(const struct page *page, unsigned at, const void *buf, size_t n);

#endif
