/* SPDX-License-Identifier: MIT */
/* filemap.h - the pagecache and its files: filemap.c, filemap_nopage.c, truncate.c, shmem.c, page-writeback.c, buffer.c */
#ifndef SIM_MM_FILEMAP_H
#define SIM_MM_FILEMAP_H

#include "fs/fs_types.h"
#include "mm/mm_types.h"

/* ---- filemap.c -------------------------------------------------------------------------------------- */

extern const struct vm_operations_struct generic_file_vm_ops;

/* => with a reference; NULL when the index is not cached */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* => with a reference, locked, still in the pagecache; may sleep */
struct page *find_lock_page(struct address_space *mapping, unsigned long index);
/* The next pages from index on, at most nr, with a reference each. => returns how many */
unsigned find_get_pages(struct address_space *mapping, unsigned long index, unsigned nr, struct page **pages);
/* => page is new; 0, locked and with a reference of the pagecache's own; or -EEXIST, -ENOMEM */
int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index);
/* The same, and on to the LRU lists. */
int add_to_page_cache_lru(struct page *page, struct address_space *mapping, unsigned long index);
/* => called with the page locked; the pagecache's reference passes to the caller */
void remove_from_page_cache(struct page *page);
/* => called with the page locked and tree_lock held for write */
void __remove_from_page_cache(struct page *page);
/*
 * Brings a page in, if it is not there. => 0 when it was added by whomever and is being read, else an error
 */
int page_cache_read(struct file *file, unsigned long index);
/*
 * For read(2) and write(2). => 0 and in *pagep an uptodate page with a reference, unlocked; or -EIO, -ENOMEM
 */
int read_cache_page(struct file *file, unsigned long index, struct page **pagep);

/* ->nopage, in the shape that the protocol has. => as vm_operations_struct has it */
struct page *filemap_nopage(struct vm_area_struct *vma, unsigned long address);
/* The two shapes of ->nopage for files, and the second without its look at i_size under the page lock. */
struct page *filemap_nopage_unlocked(struct vm_area_struct *vma, unsigned long address);
struct page *filemap_nopage_locked(struct vm_area_struct *vma, unsigned long address);
struct page *filemap_nopage_locked_norecheck(struct vm_area_struct *vma, unsigned long address);

/*
 * ---- truncate.c ----------------------------------------------------------------------------------------
 */

/*
 * => called with i_mutex held; pages from lstart on leave the pagecache, the one that it cuts is zeroed
 * from there
 */
void truncate_inode_pages(struct address_space *mapping, unsigned long lstart);
/* => called with the page locked and unmapped; it leaves the pagecache, dirty or not */
void truncate_complete_page(struct address_space *mapping, struct page *page);
/* => called with i_mutex held; sets i_size, revokes what lies beyond */
void vmtruncate(struct inode *inode, unsigned long offset);
/* Drops clean unmapped pages start .. end without waiting for anything. => returns how many */
unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start, unsigned long end);
/*
 * Drops pages start .. end, unmapping them. => called without locks but i_mutex; 0 or -EIO: some page
 * stayed
 */
int invalidate_inode_pages2_range(struct address_space *mapping, unsigned long start, unsigned long end);
/* => called with the page locked and unmapped; 0 and it has left the pagecache, -EIO when it is dirty */
int invalidate_complete_page2(struct address_space *mapping, struct page *page);
/* Unmaps one page of the file wherever it is mapped. => called with the page locked; private copies stay */
void unmap_page(struct address_space *mapping, struct page *page);

/*
 * => called with i_mutex held; the same for whole pages of bytes [lstart, lend], what is cut at the ends is zeroed. Swap
 * entries stay
 */
void truncate_inode_pages_range(struct address_space *mapping, unsigned long lstart, unsigned long lend);
/* vm_operations_struct.map_pages for whatever is in the pagecache: fault-around */
void filemap_map_pages(struct vm_fault *vmf, unsigned long start, unsigned long last);
/* read(2), write(2) through the pagecache, between a file and user memory. As inode_operations has it */
long generic_file_read(struct file *file, unsigned long user, size_t n, unsigned long pos);
long generic_file_write(struct file *file, unsigned long user, size_t n, unsigned long pos);
/* => called with i_mutex held; the copying of generic_file_write() */
long generic_perform_write(struct file *file, unsigned long user, size_t n, unsigned long pos);
/* The modification time changes. */
void file_update_time(struct inode *inode);
/* As a->releasepage. => called with the page locked; true: the page has no private data any more */
bool try_to_release_page(struct page *page);

/* ---- page-writeback.c --------------------------------------------------------------------------------------------------- */

/*
 * Marks the page as to be written back. => the page cannot leave the pagecache meanwhile, or is mapped under ptl.
 * true: it was clean
 */
bool set_page_dirty(struct page *page);
/* => called with the page locked; no longer dirty, its ptes clean and write-protected; true: it was */
bool clear_page_dirty_for_io(struct page *page);
/* Drops the mark without writing: truncation. */
static inline bool test_clear_page_dirty(struct page *page)
{
	return test_and_clear_bit(PG_dirty, &page->flags);
}
void set_page_writeback(struct page *page); /* => page locked, not dirty */
/* Writes the dirty pages of bytes [start, end] and waits for them. => without page locks; 0, -EIO or -ENOMEM */
int filemap_write_and_wait_range(struct address_space *mapping, unsigned long start, unsigned long end);
/* Writes dirty pages back, of all files, for ever. A device of the machine. */
void writeback_run(void *arg);

/* ---- shmem.c ------------------------------------------------------------------------------------------------------------- */

/* An unlinked tmpfs file: memfd_create(), and what shared anonymous memory is. => one reference; NULL: no memory */
struct file *shmem_file_setup(unsigned long size);
extern const struct vm_operations_struct shmem_vm_ops;
extern const struct address_space_operations shmem_aops;
bool shmem_mapping(const struct address_space *mapping);
/* => page locked, in the pagecache of a shmem file, unmapped; its contents go to swap. As writepage */
int shmem_writepage(struct page *page);
/*
 * The page of index, from memory, from swap, or new and zeroed; SGP_READ: NULL in *pagep for a hole.
 * => 0 and in *pagep a page with a reference, locked; or -ENOMEM, -EIO; -EFBIG: beyond i_size
 */
enum sgp_type { SGP_READ, SGP_CACHE, SGP_WRITE };
int shmem_getpage(struct inode *inode, unsigned long index, struct page **pagep, enum sgp_type sgp);
/* => bytes [pos, pos + n), which lie in one page, to a kernel buffer: how many of them are in the file, or -EIO, -ENOMEM */
long shmem_read(struct inode *inode, void *buf, size_t n, unsigned long pos);

/* ---- shmem_swap.c: pages of shmem that are on swap; their entries stand in the page_tree ---- */

static inline void *swp_to_radix_entry(swp_entry_t entry)
{
	return (void *)(uintptr_t)(entry.val | RADIX_TREE_EXCEPTIONAL);
}
static inline swp_entry_t radix_to_swp_entry(const void *item)
{
	return (swp_entry_t){ (uintptr_t)item & ~RADIX_TREE_EXCEPTIONAL };
}
/*
 * The page of an entry that was found at index comes back. => 0 and in *pagep the page, locked, with a reference, in the
 * file again; -EEXIST: index has something else now; -ENOMEM, -EIO
 */
int shmem_swapin_page(struct address_space *mapping, unsigned long index, void *entry, struct page **pagep);
/* Frees the swap entries of pages [first, last]. => i_mutex held, or nobody has the file; last is not ~0 */
void shmem_free_swap_range(struct address_space *mapping, unsigned long first, unsigned long last);

/* ---- files' lives: fs/inode.c ---------------------------------------------------------------------------------------------- */

struct file *get_file(struct file *file);
void fput(struct file *file); /* => may sleep; the last reference of a file that is nobody's frees it */

#endif
