/* SPDX-License-Identifier: MIT */
/*
 * machine.h - the whole machine: everything that an execution can change, in one struct
 *
 * It stands at the start of the arena, all zero before machine_boot(), and behind it what the configuration gives a
 * size to: struct pages, frames, the swap device, the slab's heap. There are no mutable globals beside it.
 */
#ifndef SIM_HW_MACHINE_H
#define SIM_HW_MACHINE_H

#include "fs/fs_types.h"
#include "hw/cpu.h"
#include "kernel/slab.h"
#include "kernel/task.h"
#include "mm/huge.h"
#include "mm/mm_types.h"
#include "hw/observer.h"

#define NR_PROCESSES 16

struct around_protocol;
struct cow_protocol;
struct invalidate_protocol;
struct munmap_protocol;
struct dirty_protocol;

/* What a machine is built of. 0 stands for the default of each. */
struct machine_config {
	unsigned long nr_frames;  /* of memory; default DEFAULT_FRAMES */
	unsigned long slab_bytes; /* for small objects; default DEFAULT_SLAB */
	unsigned swap_slots;	  /* pages of the swap device; default none */
	unsigned
		pcp_batch; /* frames that a CPU keeps to itself; default none: a free frame goes to whoever asks next */
	unsigned
		lru_batch; /* pages that a CPU keeps to itself before they go to the LRU lists; default none */
	unsigned rss_batch; /* pages that a task counts by itself before it tells its mm; default none */
	unsigned
		watermark; /* free frames below which kswapd works, and half of which reclaim leaves alone; default none */
	unsigned hugetlb_pages; /* huge pages set aside at boot; default none */
	bool kswapd, writeback; /* has these tasks */
	bool aio; /* has the task that finishes asynchronous direct I/O; without it that is over when it was submitted */
	bool lru; /* has LRU lists, so that memory can be reclaimed */
	bool io_at_once; /* I/O is done when it was asked for: for programs that run alone, without the disk's task */
	bool big;    /* the limits of a big machine: BIG_MAP_COUNT */
	bool ghosts; /* private bytes of processes are judged: struct ghost */
};
#define DEFAULT_FRAMES 96
#define DEFAULT_SLAB (64ul << 10)

#define PCP_MAX 64 /* the largest pcp_batch; a CPU has up to twice as many */

/* Frames that only this CPU hands out. */
struct per_cpu_pages {
	struct list_head free; /* (this CPU) by lru */
	unsigned count;
} __attribute__((aligned(64)));

#define LRU_BATCH_MAX 15

/* Pages that are to go to the LRU lists; each has a reference from here. */
struct lru_batch {
	unsigned nr; /* (this CPU) */
	struct page *page[LRU_BATCH_MAX];
} __attribute__((aligned(64)));

enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE, NR_LRU_LISTS };

struct zone {
	spinlock_t lock __attribute__((aligned(64)));
	struct list_head free;	    /* (Z) by lru: last in, first out */
	struct list_head free_huge; /* (Z) heads of free blocks of HPAGE_NR frames */
	unsigned long fresh,
		fresh_end; /* (Z) frames from the one to before the other were never handed out: on no list */
	unsigned long nr_free; /* (Z) written with it held, read without on purpose */
	struct per_cpu_pages pcp[NR_CPUS];
	struct lru_batch lru_add[NR_CPUS];
	spinlock_t lru_lock __attribute__((aligned(64)));
	struct list_head lru[NR_LRU_LISTS]; /* (R) by lru: the newest first */
	unsigned long nr_lru[NR_LRU_LISTS]; /* (R) */
	struct completion kswapd;	    /* one complete() wakes it */
	u32 kswapd_woken;		    /* (a) it has been, and has not looked yet */
};

/* The swap device and who counts on its slots. */
struct swap_info {
	spinlock_t lock __attribute__((aligned(64)));
	unsigned nr_slots;	    /* (c) slot 0 is never used */
	unsigned nr_free;	    /* (swap lock) */
	unsigned next;		    /* (swap lock) where to look first */
	u8 *map;		    /* (swap lock) by slot: ptes that hold the entry, | SWAP_HAS_CACHE */
	u8 (*block)[PAGE_SIZE];	    /* what the device holds */
	struct address_space cache; /* the swap cache: index is the slot */
};
#define SWAP_HAS_CACHE 0x40
#define SWAP_MAP_MAX 0x3e

#define PIPE_BUFFERS 16

struct pipe_buffer {
	struct page *page; /* holds a reference */
	u32 offset, len;   /* of the bytes in it */
	bool merge;	   /* the pipe's own page: may be appended to */
};

/* Each field is guarded by the mutex. */
struct pipe {
	struct mutex mutex;
	u32 head, tail; /* buffers ever put in, and taken out */
	struct pipe_buffer buf[PIPE_BUFFERS];
};

/* What vm.h's vm_pin() holds. */
#define NR_PINNERS 8
#define PINNER_PAGES 4

struct pinner {
	u32 used;  /* (a) taken */
	u32 nr;	   /* the owner's */
	bool pins; /* FOLL_PIN, rather than references */
	bool write;
	struct page *page[PINNER_PAGES];
};

struct machine {
	struct machine_config config;
	unsigned long nr_frames;
	struct page *mem_map;	/* (c) nr_frames of them; frame 0 is never used */
	u8 (*frame)[PAGE_SIZE]; /* (c) */
	unsigned long zero_pfn; /* (c) */
	struct disk disk;
	atomic_t shmem_ino; /* the last number that an inode of tmpfs got, less NR_FILES */
	struct aio_queue aio;
	struct writeback writeback;
	struct ghost ghost;
	struct cpu cpu[NR_CPUS];
	struct zone zone;
	struct swap_info swap;
	struct hugetlb_pool hugetlb;
	struct slab slab;
	struct task_struct task[NR_TASKS];
	struct mm_struct *process[NR_PROCESSES]; /* by mm->id; NULL: none, or it has exited */
	int nr_processes;			 /* ever made: the highest id and one */
	struct inode inode[NR_FILES];
	struct file file[NR_FILES];
	int nr_files;
	struct file *memfd[NR_FILES]; /* vm.h's */
	int nr_memfds;
	struct pipe pipe;
	struct pinner pinner[NR_PINNERS];
	const struct invalidate_protocol *invalidate;
	const struct cow_protocol *cow;
	const struct around_protocol *around;
	const struct dirty_protocol *dirty;
	const struct munmap_protocol *munmap;
};

#define this_machine ((struct machine *)sync_machine())
/* A field of the machine that machine_boot() set for good. */
#define machine_const(field) sync_constant(this_machine->field)

/* Smaller machines have no room for a huge page beside what they need to run at all. */
static inline bool machine_has_compound_pages(void)
{
	return machine_const(nr_frames) >= 2 * HPAGE_NR;
}

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return machine_const(mem_map) + pfn;
}
static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - machine_const(mem_map));
}
static inline void *page_address(const struct page *page)
{
	return machine_const(frame)[page_to_pfn(page)];
}
static inline struct page *virt_to_page(const void *p)
{
	return machine_const(mem_map) + (((const u8 *)p - machine_const(frame)[0]) >> PAGE_SHIFT);
}
static inline void *pfn_to_virt(unsigned long pfn)
{
	return machine_const(frame)[pfn];
}

#endif
