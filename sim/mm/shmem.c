/* SPDX-License-Identifier: MIT */
/*
 * shmem.c - files that live in memory: memfd_create(), shared anonymous memory
 *
 * Mirrors mm/shmem.c of 2.6.29; in what user programs see, of 6.18.
 *
 * I1: index i of the tree has the file's page, or a swap entry (exceptional), or nothing: a hole, which reads as zeroes
 *     and gets a page when it is written or faulted. inode->alloced counts the first two, ->swapped the second.
 * I2: a page in the tree is uptodate from before it can be found.
 * I3: a page that was made for a fault lies below i_size when the fault gets it: i_size is looked at again with the page
 *     locked, which truncation needs to drop it.
 * I4: what was truncated or punched out is nowhere any more when the call returns: pages and swap entries turn into each
 *     other meanwhile, so both are looked for until neither is found.
 *
 * Lock order: i_mutex, page lock, tree_lock.
 *
 * Left out: limits and accounting, huge pages, seals, names; faults that wait for a hole being punched (3.16): who
 * faults the range all the time can keep punching busy.
 */
#include <string.h>

#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"
#include "mm/protocols/invalidate.h"

/* ---- pages ----------------------------------------------------------------------------------------------------------- */

/* => the page with a reference, an exceptional entry, or NULL */
static void *find_get_entry(struct address_space *mapping, unsigned long index)
{
	void *entry;

	read_lock_irq(&mapping->tree_lock);
	entry = radix_tree_lookup(&mapping->page_tree, index);
	if (entry && !radix_tree_exceptional(entry))
		page_cache_get((struct page *)entry);
	read_unlock_irq(&mapping->tree_lock);
	return entry;
}

/* A page of zeroes for a hole. => 0 and locked, with a reference; or -ENOMEM, -EEXIST: it is no hole any more */
static int add_new_page(struct address_space *mapping, unsigned long index, struct page **pagep)
{
	struct page *page = alloc_zeroed_page();
	int error;

	if (!page)
		return -ENOMEM;
	SetPageSwapBacked(page);
	SetPageUptodate(page);
	error = add_to_page_cache_lru(page, mapping, index);
	if (error) {
		put_page(page);
		return error;
	}
	*pagep = page;
	return 0;
}

/* => 0 and locked, with a reference; or -errno as add_new_page() and shmem_swapin_page() */
static int lock_cached_page(struct address_space *mapping, struct page *page, struct page **pagep)
{
	lock_page(page);
	if (unlikely(page->mapping != mapping)) {
		unlock_page(page);
		page_cache_release(page);
		return -EEXIST;
	}
	*pagep = page;
	return 0;
}

static bool beyond_i_size(const struct inode *inode, unsigned long index)
{
	return index >= (i_size_read(inode) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* I3. => -EFBIG, and the page is let go: what was made in vain goes again */
static int recheck_i_size(struct inode *inode, unsigned long index, struct page *page, bool new)
{
	if (likely(!beyond_i_size(inode, index)))
		return 0;
	if (new)
		truncate_complete_page(&inode->i_data, page);
	unlock_page(page);
	page_cache_release(page);
	return -EFBIG;
}

int shmem_getpage(struct inode *inode, unsigned long index, struct page **pagep, enum sgp_type sgp)
{
	struct address_space *mapping = &inode->i_data;
	bool new;
	void *entry;
	int error;

	*pagep = NULL;
	do {
		if (sgp <= SGP_CACHE && beyond_i_size(inode, index))
			return -EFBIG;
		SYNC_LABEL("size_seen");
		new = false;
		entry = find_get_entry(mapping, index);
		if (!entry && sgp == SGP_READ)
			return 0;
		if (!entry) {
			error = add_new_page(mapping, index, pagep);
			new = true;
		} else if (radix_tree_exceptional(entry)) {
			error = shmem_swapin_page(mapping, index, entry, pagep);
		} else {
			error = lock_cached_page(mapping, entry, pagep);
		}
	} while (error == -EEXIST);
	if (!error && sgp <= SGP_CACHE)
		error = recheck_i_size(inode, index, *pagep, new);
	if (error)
		*pagep = NULL;
	return error;
}

static struct page *shmem_nopage(struct vm_area_struct *vma, unsigned long address)
{
	struct page *page;
	int error = shmem_getpage(vma->vm_file->f_inode, linear_page_index(vma, address), &page, SGP_CACHE);

	if (error)
		return error == -ENOMEM ? NOPAGE_OOM : NOPAGE_SIGBUS;
	if (!machine_const(invalidate)->page_locked)
		unlock_page(page);
	return page;
}

/* ---- truncation, holes ----------------------------------------------------------------------------------------------- */

/* Zeroes bytes [from, to] of one page, from swap too. => called with i_mutex held; -EIO, -ENOMEM: on swap, and stays so */
static int zero_partial_page(struct inode *inode, unsigned long from, unsigned long to)
{
	struct page *page;
	int error = shmem_getpage(inode, from >> PAGE_SHIFT, &page, SGP_READ);

	if (error == -EFBIG)
		error = 0;
	if (!page)
		return error;
	content_zero((u8 *)page_address(page) + (from & ~PAGE_MASK), to - from + 1);
	set_page_dirty(page);
	unlock_page(page);
	page_cache_release(page);
	return 0;
}

/* => whether pages [first, last] are all holes */
static bool range_is_empty(struct address_space *mapping, unsigned long first, unsigned long last)
{
	unsigned long index;
	unsigned found;
	void *entry;

	read_lock_irq(&mapping->tree_lock);
	found = radix_tree_gang_lookup_index(&mapping->page_tree, &entry, &index, first, 1);
	read_unlock_irq(&mapping->tree_lock);
	return !found || index > last;
}

/* The pages of bytes [lstart, lend] go, and what is cut at the ends is zeroed. => i_mutex held, or nobody has the file */
static void shmem_truncate_range(struct inode *inode, unsigned long lstart, unsigned long lend)
{
	unsigned long first = (lstart + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long after = lend == ~0ul ? ~0ul >> PAGE_SHIFT : (lend + 1) >> PAGE_SHIFT;
	unsigned long cut_start = lstart | ~PAGE_MASK, cut_end = lend & PAGE_MASK;

	if (lstart & ~PAGE_MASK)
		zero_partial_page(inode, lstart, cut_start < lend ? cut_start : lend);
	if ((lend & ~PAGE_MASK) != ~PAGE_MASK && cut_end >= lstart)
		zero_partial_page(inode, cut_end, lend);
	if (after <= first)
		return;
	while (!range_is_empty(&inode->i_data, first, after - 1)) {
		truncate_inode_pages_range(&inode->i_data, first << PAGE_SHIFT, (after << PAGE_SHIFT) - 1);
		shmem_free_swap_range(&inode->i_data, first, after - 1);
		cond_resched();
	}
}

static int shmem_setsize(struct inode *inode, unsigned long size)
{
	unsigned long old = inode->i_size;

	file_update_time(inode);
	if (size > old) {
		i_size_write(inode, size);
		return 0;
	}
	if (size < old)
		machine_const(invalidate)->truncate(inode, size);
	shmem_truncate_range(inode, size, ~0ul);
	return 0;
}

static int shmem_punch_hole(struct inode *inode, unsigned long start, unsigned long end)
{
	unsigned long first = (start + PAGE_SIZE - 1) & PAGE_MASK, after = end & PAGE_MASK;

	if (after > first)
		unmap_mapping_range(&inode->i_data, first, after - first, false);
	SYNC_LABEL("hole_unmapped");
	shmem_truncate_range(inode, start, end - 1);
	if (after > first) /* what was faulted before its page went; private copies stay */
		unmap_mapping_range(&inode->i_data, first, after - first, false);
	file_update_time(inode);
	return 0;
}

/* ---- read and write ---------------------------------------------------------------------------------------------------- */

long shmem_read(struct inode *inode, void *buf, size_t n, unsigned long pos)
{
	struct page *page;
	unsigned long size;
	int error = shmem_getpage(inode, pos >> PAGE_SHIFT, &page, SGP_READ);

	if (error)
		return error == -EFBIG ? 0 : error;
	if (page)
		unlock_page(page);
	size = i_size_read(inode); /* after the page is known: it may have been cut meanwhile */
	if (pos >= size)
		n = 0;
	else if (n > size - pos)
		n = size - pos;
	if (page && n)
		content_read(buf, (u8 *)page_address(page) + (pos & ~PAGE_MASK), n);
	else
		memset(buf, 0, n);
	if (page) {
		mark_page_accessed(page);
		page_cache_release(page);
	}
	return (long)n;
}

static long shmem_file_read(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	u8 buf[PAGE_SIZE];
	long done = 0, got;
	size_t ask, left;

	while (n) {
		ask = PAGE_SIZE - (pos & ~PAGE_MASK);
		got = shmem_read(file->f_inode, buf, n < ask ? n : ask, pos);
		if (got <= 0)
			return done ? done : got;
		left = copy_to_user(user, buf, (size_t)got);
		done += got - (long)left;
		if (left)
			return done ? done : -EFAULT;
		user += (size_t)got;
		pos += (size_t)got;
		n -= (size_t)got;
	}
	return done;
}

static int shmem_write_begin(struct file *file, unsigned long pos, size_t n, struct page **pagep)
{
	return shmem_getpage(file->f_inode, pos >> PAGE_SHIFT, pagep, SGP_WRITE);
}

/* As 6.18 has it: with nothing copied, too, the file reaches to pos. */
static void shmem_write_end(struct file *file, unsigned long pos, size_t copied, struct page *page)
{
	struct inode *inode = file->f_inode;

	if (pos + copied > inode->i_size)
		i_size_write(inode, pos + copied);
	set_page_dirty(page);
	mark_page_accessed(page);
	unlock_page(page);
	page_cache_release(page);
}

/* ---- files --------------------------------------------------------------------------------------------------------------- */

static void shmem_evict(struct inode *inode)
{
	shmem_truncate_range(inode, 0, ~0ul);
	observe_inode_gone(inode);
	kmem_free(inode, sizeof(*inode), SLAB_INODE);
}

const struct address_space_operations shmem_aops = {
	.writepage = shmem_writepage,
	.write_begin = shmem_write_begin,
	.write_end = shmem_write_end,
};

bool shmem_mapping(const struct address_space *mapping)
{
	return mapping->a_ops == &shmem_aops;
}

static const struct inode_operations shmem_iops = {
	.setsize = shmem_setsize,
	.punch_hole = shmem_punch_hole,
	.read = shmem_file_read,
	.write = generic_file_write,
	.evict = shmem_evict,
};

const struct vm_operations_struct shmem_vm_ops = {
	.nopage = shmem_nopage,
	.map_pages = filemap_map_pages,
};

struct file *shmem_file_setup(unsigned long size)
{
	struct inode *inode = kmem_alloc(sizeof(*inode), SLAB_INODE);
	struct file *file = inode ? kmem_alloc(sizeof(*file), SLAB_FILE) : NULL;

	if (!file) {
		if (inode)
			kmem_free(inode, sizeof(*inode), SLAB_INODE);
		return NULL;
	}
	inode_init(inode, &shmem_aops);
	inode->i_op = &shmem_iops;
	inode->i_size = size;
	atomic_set(&inode->i_count, 1);
	file_init(file, inode, &shmem_vm_ops);
	atomic_set(&file->f_count, 1);
	inode->i_ino = NR_FILES + (unsigned)atomic_inc_return(&this_machine->shmem_ino);
	observe_inode_live(inode);
	observe_file_live(file);
	return file;
}
