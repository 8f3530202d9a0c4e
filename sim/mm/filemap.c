/* SPDX-License-Identifier: MIT */
/*
 * filemap.c - the pagecache
 *
 * Mirrors mm/filemap.c of 2.6.29; its fault handlers are filemap_nopage.c and filemap_map_pages.c, read(2) and write(2)
 * filemap_read.c.
 *
 * I1: a page is at (mapping, index) of the tree exactly when page->mapping and page->index say so. Both
 *     change with the page locked and tree_lock held for write; so either is enough to look.
 * I2: the pagecache holds one reference to each of its pages.
 * I3: a page that leaves the pagecache is mapped nowhere (oracle page-mapped-on-remove).
 *
 * Lock order: page lock, then tree_lock, with interrupts off.
 *
 * I4: an exceptional entry of the tree (shmem's swap entries) is no page, and none of these functions returns it.
 *
 * Left out: readahead, lockless lookups.
 */
#include "mm/mm.h"
#include "hw/observer.h"

#define FIND_BATCH 8

struct page *find_get_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	read_lock_irq(&mapping->tree_lock);
	page = radix_tree_lookup(&mapping->page_tree, index);
	if (radix_tree_exceptional(page))
		page = NULL;
	if (page) {
		page_cache_get(page);
		SYNC_LABEL("found");
	}
	read_unlock_irq(&mapping->tree_lock);
	return page;
}

/* The page may leave the pagecache before the lock is granted; then it is looked for again. */
struct page *find_lock_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	for (;;) {
		page = find_get_page(mapping, index);
		if (!page)
			return NULL;
		lock_page(page);
		if (likely(page->mapping == mapping))
			return page;
		unlock_page(page);
		page_cache_release(page);
	}
}

/* => called with tree_lock held; as find_get_pages() */
static unsigned gang_of_pages(const struct address_space *mapping, unsigned long index, unsigned nr,
			      struct page **pages)
{
	unsigned long indices[FIND_BATCH];
	unsigned n = 0, found, ask;
	void *items[FIND_BATCH];

	do {
		ask = nr - n < FIND_BATCH ? nr - n : FIND_BATCH;
		found = radix_tree_gang_lookup_index(&mapping->page_tree, items, indices, index, ask);
		for (unsigned i = 0; i < found; i++)
			if (!radix_tree_exceptional(items[i]))
				pages[n++] = items[i];
		index = found ? indices[found - 1] + 1 : 0;
	} while (found == ask && n < nr && index);
	return n;
}

unsigned find_get_pages(struct address_space *mapping, unsigned long index, unsigned nr, struct page **pages)
{
	unsigned n;

	read_lock_irq(&mapping->tree_lock);
	n = gang_of_pages(mapping, index, nr, pages);
	for (unsigned i = 0; i < n; i++)
		page_cache_get(pages[i]);
	read_unlock_irq(&mapping->tree_lock);
	return n;
}

int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index)
{
	int error;

	write_lock_irq(&mapping->tree_lock);
	error = radix_tree_insert(&mapping->page_tree, index, page);
	if (!error) {
		page_cache_get(page);
		trylock_page(page); /* new, so that nobody has it */
		page->mapping = mapping;
		page->index = index;
		WRITE_ONCE(mapping->nrpages, mapping->nrpages + 1);
		if (shmem_mapping(mapping))
			mapping->host->alloced++;
		SYNC_LABEL("added");
	}
	write_unlock_irq(&mapping->tree_lock);
	return error;
}

int add_to_page_cache_lru(struct page *page, struct address_space *mapping, unsigned long index)
{
	int error = add_to_page_cache(page, mapping, index);

	if (!error)
		lru_cache_add(page);
	return error;
}

void __remove_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;

	radix_tree_delete(&mapping->page_tree, page->index);
	WRITE_ONCE(page->mapping, NULL);
	observe_removed(page);
	WRITE_ONCE(mapping->nrpages, mapping->nrpages - 1);
	if (shmem_mapping(mapping))
		mapping->host->alloced--;
	SYNC_LABEL("removed");
	if (unlikely(page_mapped(page)))
		sync_violation("page-mapped-on-remove",
			       "page %lu left the pagecache of inode %u, index %lu, with %d ptes that map it",
			       page_to_pfn(page), mapping->host->i_ino, page->index, page_mapcount(page));
}

void remove_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;

	write_lock_irq(&mapping->tree_lock);
	__remove_from_page_cache(page);
	write_unlock_irq(&mapping->tree_lock);
}

int page_cache_read(struct file *file, unsigned long index)
{
	struct address_space *mapping = file->f_mapping;
	struct page *page = alloc_page();
	int error;

	if (!page)
		return -ENOMEM;
	error = add_to_page_cache_lru(page, mapping, index);
	if (!error)
		error = mapping->a_ops->readpage(file, page);
	else if (error == -EEXIST)
		error = 0;
	page_cache_release(page);
	return error;
}

/* What somebody else failed to read is read once more; what this call failed to read is an error. */
int read_cache_page(struct file *file, unsigned long index, struct page **pagep)
{
	bool tried = false;
	struct page *page;
	int error = 0;

	while (!error) {
		page = find_lock_page(file->f_mapping, index);
		if (!page) {
			tried = true;
			error = page_cache_read(file, index);
			continue;
		}
		if (PageUptodate(page)) {
			unlock_page(page);
			*pagep = page;
			return 0;
		}
		if (tried) {
			unlock_page(page);
			error = -EIO;
		} else {
			tried = true;
			error = file->f_mapping->a_ops->readpage(file, page);
		}
		page_cache_release(page);
	}
	return error;
}

bool try_to_release_page(struct page *page)
{
	struct address_space *mapping = page->mapping;

	if (!PagePrivate(page))
		return true;
	if (PageWriteback(page))
		return false;
	return mapping->a_ops->releasepage && mapping->a_ops->releasepage(page);
}
