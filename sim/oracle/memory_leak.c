/* SPDX-License-Identifier: MIT */
/*
 * memory_leak.c - oracle memory-leak
 *
 * I1: at rest, a frame that is not free is in the pagecache or the swap cache, is mapped, is a page table, is on its way
 *     to an LRU list, or is held by something that observe_hold() was told of.
 * I2: at rest, there are as many objects of each kind as can be reached: address spaces and vmas from the processes,
 *     nodes from the trees, anon_vmas from the vmas, inodes and files from those that were told of. System calls and
 *     transfers have none left.
 * I3: at rest, a file has a reference for each vma, and one for each descriptor that observe_hold_file() was told of.
 *
 * Oracle bad-count. I4: the zone counts the frames that are free.
 */
#include "oracle/check.h"

/* ---- frames: all are looked at only when the totals disagree --------------------------------------------------------- */

static unsigned long frames_free(const struct zone *zone)
{
	unsigned long n = zone->nr_free;

	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		n += zone->pcp[cpu].count;
	return n;
}

/* What only somebody in the kernel holds is found here. */
static void find_held(struct census *c)
{
	const struct machine *m = this_machine;
	const struct page *page;

	for (unsigned long pfn = 1; pfn < m->nr_frames; pfn++) {
		page = &m->mem_map[pfn];
		if (page->held && !c->frame[pfn].uses && !page_flag(page, PG_reserved))
			census_frame(c, page);
	}
}

static void find_leaks(const struct census *c, unsigned long free)
{
	const struct machine *m = this_machine;
	unsigned long nr_free = 0;
	char text[PAGE_TEXT];

	for (unsigned long pfn = 1; pfn < m->nr_frames; pfn++) {
		const struct page *page = &m->mem_map[pfn];
		const struct page *head = head_of(page);

		nr_free += page_flag(page, PG_free);
		if (page_flag(page, PG_free) || page_flag(page, PG_reserved) || page_flag(head, PG_free))
			continue;
		if (page_flag(head, PG_huge) && !head->_count.counter) /* in its pool */
			continue;
		if (!(c->frame[page_to_pfn(head)].uses & ~(u32)(USE_LRU | USE_SEEN)))
			sync_violation("memory-leak", "nothing has %s", page_text(text, page));
	}
	sync_violation("bad-count", "%lu frames are free, the zone counts %lu", nr_free, free);
}

/* An LRU list has no reference: a page that is only there is nobody's, unless somebody told of it. */
static void find_leaks_on_lists(const struct census *c)
{
	const struct page *page;
	char text[PAGE_TEXT];

	for (u32 i = 0; i < c->nr_used; i++) {
		const struct frame_use *f = &c->frame[c->used[i]];

		page = &this_machine->mem_map[c->used[i]];
		if ((f->uses & ~(u32)USE_SEEN) == USE_LRU && !f->maps && !f->refs &&
		    page->_count.counter > 0 && !page->held)
			sync_violation("memory-leak", "nothing has %s", page_text(text, page));
	}
}

static void check_frames(struct census *c)
{
	const struct machine *m = this_machine;
	unsigned long free = frames_free(&m->zone),
		      others = 1 + (m->zero_pfn != 0); /* frame 0, the zero page */

	others += m->hugetlb.nr_free * HPAGE_NR;
	find_leaks_on_lists(c);
	if (free + c->frames + others == m->nr_frames)
		return;
	find_held(c);
	if (free + c->frames + others != m->nr_frames)
		find_leaks(c, free);
}

/* ---- objects ------------------------------------------------------------------------------------------------------------- */

static void check_objects(const char *what, unsigned live, unsigned reached)
{
	if (live != reached)
		sync_violation("memory-leak", "%u %s are allocated, %u can be reached", live, what, reached);
}

static int vmas_of(const struct file *file)
{
	int n = 0;

	for (int i = 0; i < MAX_MMS; i++) {
		const struct mm_struct *mm = mm_at(i);

		for (const struct vm_area_struct *vma = mm ? first_vma(mm) : NULL; vma; vma = next_vma(vma))
			n += vma->vm_file == file;
	}
	return n;
}

static void find_file(void)
{
	for (const struct file *f = this_machine->ghost.files; f; f = f->ghost_next) {
		int vmas = vmas_of(f), count = f->f_count.counter;

		if (count == vmas + f->held || (!f->counted && count > vmas))
			continue;
		sync_violation(count > vmas + f->held ? "memory-leak" : "bad-refcount",
			       "a file of inode %u has %d references; %d vmas map it, %d descriptors name it",
			       f->f_inode->i_ino, count, vmas, f->held);
	}
}

/* Sums first: which file it is takes a walk of all vmas for each. */
static void check_files(const struct census *c)
{
	long known = c->file_refs, is = 0;

	for (const struct file *f = this_machine->ghost.files; f; f = f->ghost_next) {
		known += f->held;
		is += f->f_count.counter;
	}
	if (known != is)
		find_file();
}

void check_leaks(struct census *c)
{
	const u32 *live = this_machine->slab.live;

	check_frames(c);
	check_objects("address spaces", live[SLAB_MM], c->nr_mms);
	check_objects("vmas", live[SLAB_VMA], c->nr_vmas);
	check_objects("tree nodes", live[SLAB_NODE], c->nr_nodes);
	check_objects("anon_vmas", live[SLAB_ANON_VMA], c->nr_anon_vmas);
	check_objects("inodes", live[SLAB_INODE], c->nr_inodes);
	check_objects("files", live[SLAB_FILE], c->nr_files);
	check_objects("requests", live[SLAB_IO], 0);
	check_objects("objects of system calls", live[SLAB_MISC], 0);
	check_files(c);
}

/* ---- told by the machine ---------------------------------------------------------------------------------------------------- */

#define GHOST_LINK(head, item)                                                                               \
	do {                                                                                                 \
		sync_ghost_begin(&(head), sizeof(head));                                                     \
		sync_ghost_begin(&(item)->ghost_next, 2 * sizeof((item)->ghost_next));                       \
		(item)->ghost_prev = NULL;                                                                   \
		(item)->ghost_next = (head);                                                                 \
		if (head) {                                                                                  \
			sync_ghost_begin(&(head)->ghost_prev, sizeof((head)->ghost_prev));                   \
			(head)->ghost_prev = (item);                                                         \
			sync_ghost_end();                                                                    \
		}                                                                                            \
		(head) = (item);                                                                             \
		sync_ghost_end();                                                                            \
		sync_ghost_end();                                                                            \
	} while (0)

#define GHOST_UNLINK(head, item)                                                                             \
	do {                                                                                                 \
		__typeof__(head) *__to = (item)->ghost_prev ? &(item)->ghost_prev->ghost_next : &(head);     \
                                                                                                             \
		sync_ghost_begin(__to, sizeof(*__to));                                                       \
		*__to = (item)->ghost_next;                                                                  \
		if ((item)->ghost_next) {                                                                    \
			__to = &(item)->ghost_next->ghost_prev;                                              \
			sync_ghost_begin(__to, sizeof(*__to));                                               \
			*__to = (item)->ghost_prev;                                                          \
			sync_ghost_end();                                                                    \
		}                                                                                            \
		sync_ghost_end();                                                                            \
	} while (0)

void observe_inode_live(struct inode *inode)
{
	GHOST_LINK(this_machine->ghost.inodes, inode);
}

void observe_inode_gone(struct inode *inode)
{
	GHOST_UNLINK(this_machine->ghost.inodes, inode);
}

void observe_file_live(struct file *file)
{
	GHOST_LINK(this_machine->ghost.files, file);
}

void observe_file_gone(struct file *file)
{
	GHOST_UNLINK(this_machine->ghost.files, file);
}

void observe_hold_file(struct file *file, int n)
{
	sync_ghost_begin(&file->held, sizeof(file->held) + sizeof(file->counted));
	file->held += n;
	file->counted = true;
	sync_ghost_end();
}
