/* SPDX-License-Identifier: MIT */
/*
 * describe.c - the names of what lies in the machine, for diagrams and reports
 *
 * A table of fields for each struct; a struct's instance gives the prefix, its field the rest.
 */
#include <stdio.h>
#include <string.h>

#include "hw/machine.h"
#include "kernel/machine.h"

struct field {
	size_t offset, size;
	const char *name;
	int bias;     /* added to a counter before it is shown */
	bool counter; /* a change is worth a line */
};

#define FIELD(type, member) offsetof(type, member), sizeof(((type *)0)->member)

static const struct field page_fields[] = {
	{ FIELD(struct page, flags), "flags", 0, true },
	{ FIELD(struct page, _count), "_count", 0, true },
	{ FIELD(struct page, _mapcount), "_mapcount", 1, true },
	{ FIELD(struct page, mapping), "->mapping", 0, true },
	{ FIELD(struct page, index), "->index", 0, false },
	{ FIELD(struct page, private), "->private", 0, false },
	{ FIELD(struct page, ptl), "ptl", 0, false },
	{ FIELD(struct page, lru), "lru", 0, false },
};
static const struct field inode_fields[] = {
	{ FIELD(struct inode, i_size), "i_size", 0, true },
	{ FIELD(struct inode, i_mutex), "i_mutex", 0, false },
	{ FIELD(struct inode, i_data.page_tree), "page_tree", 0, false },
	{ FIELD(struct inode, i_data.tree_lock), "tree_lock", 0, false },
	{ FIELD(struct inode, i_data.nrpages), "nrpages", 0, true },
	{ FIELD(struct inode, i_data.i_mmap), "i_mmap", 0, false },
	{ FIELD(struct inode, i_data.i_mmap_nonlinear), "i_mmap_nonlinear", 0, false },
	{ FIELD(struct inode, i_data.i_mmap_writable), "i_mmap_writable", 0, true },
	{ FIELD(struct inode, i_data.i_mmap_lock), "i_mmap_lock", 0, false },
	{ FIELD(struct inode, i_data.truncate_count), "truncate_count", 0, true },
	{ FIELD(struct inode, i_data.invalidate_seq), "invalidate_seq", 0, true },
	{ FIELD(struct inode, i_mtime), "i_mtime", 0, true },
	{ FIELD(struct inode, i_count), "i_count", 0, true },
	{ FIELD(struct inode, swapped), "swapped", 0, true },
	{ FIELD(struct inode, alloced), "alloced", 0, true },
};
static const struct field file_fields[] = {
	{ FIELD(struct file, f_count), "f_count", 0, true },
};
static const struct field swap_fields[] = {
	{ FIELD(struct swap_info, lock), "lock", 0, false },
	{ FIELD(struct swap_info, nr_free), "nr_free", 0, true },
	{ FIELD(struct swap_info, next), "next", 0, false },
	{ FIELD(struct swap_info, cache.page_tree), "cache page_tree", 0, false },
	{ FIELD(struct swap_info, cache.tree_lock), "cache tree_lock", 0, false },
	{ FIELD(struct swap_info, cache.nrpages), "cache nrpages", 0, true },
};
static const struct field zone_fields[] = {
	{ FIELD(struct zone, lock), "lock", 0, false },
	{ FIELD(struct zone, nr_free), "nr_free", 0, false },
	{ FIELD(struct zone, free), "free list", 0, false },
	{ FIELD(struct zone, free_huge), "free list of huge pages", 0, false },
	{ FIELD(struct zone, pcp), "per-CPU frames", 0, false },
	{ FIELD(struct zone, lru_add), "LRU batches", 0, false },
	{ FIELD(struct zone, lru_lock), "lru_lock", 0, false },
	{ FIELD(struct zone, lru), "LRU lists", 0, false },
	{ FIELD(struct zone, nr_lru), "nr_lru", 0, false },
	{ FIELD(struct zone, kswapd), "kswapd", 0, false },
};
static const struct field mm_fields[] = {
	{ FIELD(struct mm_struct, mmap_sem), "mmap_sem", 0, false },
	{ FIELD(struct mm_struct, page_table_lock), "page_table_lock", 0, false },
	{ FIELD(struct mm_struct, mm_rb), "mm_rb", 0, false },
	{ FIELD(struct mm_struct, mm_users), "mm_users", 0, false },
	{ FIELD(struct mm_struct, cpu_vm_mask), "cpu_vm_mask", 0, false },
	{ FIELD(struct mm_struct, rss), "rss", 0, false },
	{ FIELD(struct mm_struct, map_count), "map_count", 0, false },
	{ FIELD(struct mm_struct, has_pinned), "has_pinned", 0, true },
	{ FIELD(struct mm_struct, write_protect_seq), "write_protect_seq", 0, true },
};
static const struct field vma_fields[] = {
	{ FIELD(struct vm_area_struct, vm_start), "vm_start", 0, false },
	{ FIELD(struct vm_area_struct, vm_end), "vm_end", 0, false },
	{ FIELD(struct vm_area_struct, vm_pgoff), "vm_pgoff", 0, false },
	{ FIELD(struct vm_area_struct, shared), "i_mmap node", 0, false },
	{ FIELD(struct vm_area_struct, vm_flags), "vm_flags", 0, false },
	{ FIELD(struct vm_area_struct, anon_vma), "anon_vma", 0, false },
	{ FIELD(struct vm_area_struct, anon_vma_node), "anon_vma node", 0, false },
};
static const struct field disk_fields[] = {
	{ FIELD(struct disk, lock), "lock", 0, false },
	{ FIELD(struct disk, queue), "queue", 0, false },
	{ FIELD(struct disk, work), "work", 0, false },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct field *field_at(const struct field *f, size_t n, size_t off)
{
	for (size_t i = 0; i < n; i++)
		if (off >= f[i].offset && off < f[i].offset + f[i].size)
			return &f[i];
	return NULL;
}

/* => true when addr lies in the array */
static bool in_array(const void *addr, const void *array, size_t bytes)
{
	return (uintptr_t)addr - (uintptr_t)array < bytes;
}

/* What an address is: an instance's prefix and a field of it, or only a prefix. */
struct place {
	char prefix[40];
	const struct field *field; /* NULL: the prefix says it all */
	bool pte;
};

static const char *const level_name[] = { "", "pte", "pmd", "pud", "pgd" };

static void place_frame(const struct machine *m, const u8 *p, struct place *w)
{
	unsigned long pfn = (unsigned long)(p - m->frame[0]) >> PAGE_SHIFT, base = m->mem_map[pfn].index;
	unsigned level = base & ~PAGE_MASK;
	static const unsigned shift[] = { 0, PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, PGDIR_SHIFT };

	if (!(m->mem_map[pfn].flags & (1ul << PG_table)) || level < 1 || level > 4) {
		snprintf(w->prefix, sizeof(w->prefix), "page %lu data", pfn);
		return;
	}
	base = (base & PAGE_MASK) + (((unsigned long)(p - m->frame[pfn]) / 8) << shift[level]);
	snprintf(w->prefix, sizeof(w->prefix), "%s %#lx", level_name[level], base);
	w->pte = level == 1;
}

static bool place_page(const struct machine *m, const void *addr, struct place *w)
{
	size_t i = (size_t)((const u8 *)addr - (const u8 *)m->mem_map) / sizeof(struct page);

	w->field = field_at(page_fields, COUNT(page_fields),
			    (size_t)((const u8 *)addr - (const u8 *)&m->mem_map[i]));
	snprintf(w->prefix, sizeof(w->prefix), "page %zu", i);
	return w->field;
}

static bool place_inode(const struct machine *m, const void *addr, struct place *w)
{
	size_t i = (size_t)((const u8 *)addr - (const u8 *)m->inode) / sizeof(struct inode);

	w->field = field_at(inode_fields, COUNT(inode_fields),
			    (size_t)((const u8 *)addr - (const u8 *)&m->inode[i]));
	if (m->nr_files > 1)
		snprintf(w->prefix, sizeof(w->prefix), "inode %zu", i);
	return w->field;
}

/* Mappings are found through the processes' trees. => only reads */
static bool place_vma(const struct rb_node *n, const void *addr, struct place *w)
{
	const struct vm_area_struct *vma;

	if (!n)
		return false;
	vma = container_of(n, struct vm_area_struct, vm_rb);
	if (vma->anon_vma && in_array(addr, vma->anon_vma, sizeof(*vma->anon_vma))) {
		snprintf(w->prefix, sizeof(w->prefix), "anon_vma of %#lx", vma->vm_start);
		return true;
	}
	if (!in_array(addr, vma, sizeof(*vma)))
		return place_vma(n->rb_left, addr, w) || place_vma(n->rb_right, addr, w);
	w->field = field_at(vma_fields, COUNT(vma_fields), (size_t)((const u8 *)addr - (const u8 *)vma));
	snprintf(w->prefix, sizeof(w->prefix), "vma %#lx", vma->vm_start);
	return true;
}

/* Inodes and files from the slab, which the oracles list, and the anon_vma of a mapping. */
static bool place_listed(const struct machine *m, const void *addr, struct place *w)
{
	const u8 *p = addr;

	for (const struct inode *inode = m->ghost.inodes; inode; inode = inode->ghost_next) {
		if (!in_array(addr, inode, sizeof(*inode)))
			continue;
		w->field = field_at(inode_fields, COUNT(inode_fields), (size_t)(p - (const u8 *)inode));
		snprintf(w->prefix, sizeof(w->prefix), "inode %u", inode->i_ino);
		return true;
	}
	for (const struct file *file = m->ghost.files; file; file = file->ghost_next) {
		if (!in_array(addr, file, sizeof(*file)))
			continue;
		w->field = field_at(file_fields, COUNT(file_fields), (size_t)(p - (const u8 *)file));
		snprintf(w->prefix, sizeof(w->prefix), "file of inode %u", file->f_inode->i_ino);
		return true;
	}
	return false;
}

static bool place_heap(const struct machine *m, const void *addr, struct place *w)
{
	for (int i = 0; i < m->nr_processes; i++) {
		const struct mm_struct *mm = m->process[i];

		if (!mm)
			continue;
		if (in_array(addr, mm, sizeof(*mm))) {
			w->field = field_at(mm_fields, COUNT(mm_fields),
					    (size_t)((const u8 *)addr - (const u8 *)mm));
			if (m->nr_processes > 1)
				snprintf(w->prefix, sizeof(w->prefix), "mm %d", i);
			return w->field;
		}
		if (place_vma(mm->mm_rb.rb_node, addr, w))
			return true;
	}
	if (place_listed(m, addr, w))
		return true;
	snprintf(w->prefix, sizeof(w->prefix), "object %#zx",
		 (size_t)((const u8 *)addr - m->slab.heap) & ~(size_t)(SLAB_UNIT - 1));
	return true;
}

static bool place_of(const void *addr, struct place *w)
{
	const struct machine *m = this_machine;
	const u8 *p = addr;

	memset(w, 0, sizeof(*w));
	if (in_array(addr, m->frame, m->nr_frames * PAGE_SIZE)) {
		place_frame(m, p, w);
		return true;
	}
	if (in_array(addr, m->mem_map, m->nr_frames * sizeof(struct page)))
		return place_page(m, addr, w);
	if (in_array(addr, m->inode, sizeof(m->inode)))
		return place_inode(m, addr, w);
	if (in_array(addr, m->slab.heap, m->slab.size))
		return place_heap(m, addr, w);
	if (in_array(addr, m->cpu, sizeof(m->cpu)))
		snprintf(w->prefix, sizeof(w->prefix), "cpu %zu TLB",
			 (size_t)(p - (const u8 *)m->cpu) / sizeof(struct cpu));
	else if (in_array(addr, m->disk.block, sizeof(m->disk.block)))
		snprintf(w->prefix, sizeof(w->prefix), "disk block %zu",
			 (size_t)(p - m->disk.block[0]) >> PAGE_SHIFT);
	else if (in_array(addr, &m->disk, sizeof(m->disk))) {
		snprintf(w->prefix, sizeof(w->prefix), "disk");
		w->field = field_at(disk_fields, COUNT(disk_fields), (size_t)(p - (const u8 *)&m->disk));
	} else if (in_array(addr, &m->zone, sizeof(m->zone))) {
		snprintf(w->prefix, sizeof(w->prefix), "zone");
		w->field = field_at(zone_fields, COUNT(zone_fields), (size_t)(p - (const u8 *)&m->zone));
	} else if (in_array(addr, &m->swap, sizeof(m->swap))) {
		snprintf(w->prefix, sizeof(w->prefix), "swap");
		w->field = field_at(swap_fields, COUNT(swap_fields), (size_t)(p - (const u8 *)&m->swap));
	} else if (in_array(addr, m->swap.map, m->swap.nr_slots))
		snprintf(w->prefix, sizeof(w->prefix), "swap slot %zu", (size_t)(p - m->swap.map));
	else if (in_array(addr, m->swap.block, m->swap.nr_slots * PAGE_SIZE))
		snprintf(w->prefix, sizeof(w->prefix), "swap block %zu",
			 (size_t)(p - m->swap.block[0]) >> PAGE_SHIFT);
	else if (in_array(addr, &m->slab, sizeof(m->slab)))
		snprintf(w->prefix, sizeof(w->prefix), "slab lock");
	return w->prefix[0];
}

static void print_place(const struct place *w, char *buf, size_t n)
{
	const char *space = w->prefix[0] && w->field && strncmp(w->field->name, "->", 2) ? " " : "";

	snprintf(buf, n, "%s%s%s", w->prefix, space, w->field ? w->field->name : "");
}

bool machine_describe(const void *addr, size_t size, char *buf, size_t n)
{
	struct place w;

	if (!place_of(addr, &w))
		return false;
	print_place(&w, buf, n);
	return true;
}

/* ---- changes ---------------------------------------------------------------------------------------- */

/* "none", "page 3 RW D", "swap slot 5", "page 3 moving". */
static void print_pte(u64 bits, char *buf, size_t n)
{
	pte_t pte = { bits };
	swp_entry_t entry = pte_to_swp_entry(pte);

	if (pte_none(pte))
		snprintf(buf, n, "none");
	else if (pte_present(pte))
		snprintf(buf, n, "page %lu%s%s%s", pte_pfn(pte),
			 pte_protnone(pte) ? " NONE" :
			 pte_write(pte)	   ? " RW" :
					     " R",
			 pte_dirty(pte) ? " D" : "", bits & _PAGE_PSE ? " huge" : "");
	else if (pte_file(pte))
		snprintf(buf, n, "index %lu", pte_to_pgoff(pte));
	else if (is_swap_entry(pte))
		snprintf(buf, n, "swap slot %lu", swp_offset(entry));
	else if (is_migration_entry(pte))
		snprintf(buf, n, "page %lu moving", swp_offset(entry));
	else
		snprintf(buf, n, "marker %lu", swp_offset(entry));
}

static bool change_pte(const struct place *w, u64 old, u64 new_, char *buf, size_t n)
{
	char from[32], to[32];

	if ((old ^ new_) == _PAGE_ACCESSED)
		return false;
	print_pte(old, from, sizeof(from));
	print_pte(new_, to, sizeof(to));
	snprintf(buf, n, "%s %s->%s", w->prefix, from, to);
	return true;
}

static bool change_flags(const struct place *w, u64 old, u64 new_, char *buf, size_t n)
{
	static const char *const name[] = {
		[PG_locked] = "locked",
		[PG_error] = "error",
		[PG_uptodate] = "uptodate",
		[PG_dirty] = "dirty",
		[PG_table] = "table",
		[PG_free] = "free",
		[PG_invalidating] = "invalidating",
		[PG_referenced] = "referenced",
		[PG_lru] = "lru",
		[PG_active] = "active",
		[PG_writeback] = "writeback",
		[PG_reclaim] = "reclaim",
		[PG_private] = "private",
		[PG_swapcache] = "swapcache",
		[PG_swapbacked] = "swapbacked",
		[PG_mlocked] = "mlocked",
		[PG_anon_exclusive] = "anon_exclusive",
		[PG_reserved] = "reserved",
		[PG_head] = "head",
		[PG_tail] = "tail",
		[PG_huge] = "huge",
		[PG_ksm] = "ksm",
	};
	int len = snprintf(buf, n, "%s", w->prefix);
	bool any = false;

	for (unsigned i = 0; i < COUNT(name); i++) {
		if (!(((old ^ new_) >> i) & 1) || len < 0 || (size_t)len >= n)
			continue;
		len += snprintf(buf + len, n - (size_t)len, " %cPG_%s", (new_ >> i) & 1 ? '+' : '-', name[i]);
		any = true;
	}
	return any;
}

static bool change_mapping(const struct place *w, u64 new_, char *buf, size_t n)
{
	const char *to = !new_ ? "NULL" : new_ & PAGE_MAPPING_ANON ? "anon" : "file";

	snprintf(buf, n, "%s->mapping=%s", w->prefix, to);
	return true;
}

bool machine_describe_change(const void *addr, size_t size, u64 old, u64 new_, char *buf, size_t n)
{
	char name[64];
	struct place w;

	if (old == new_ || !place_of(addr, &w))
		return false;
	if (w.pte)
		return change_pte(&w, old, new_, buf, n);
	if (!w.field || !w.field->counter)
		return false;
	if (!strcmp(w.field->name, "flags"))
		return change_flags(&w, old, new_, buf, n);
	if (!strcmp(w.field->name, "->mapping"))
		return change_mapping(&w, new_, buf, n);
	print_place(&w, name, sizeof(name));
	if (size == 4)
		snprintf(buf, n, "%s %d->%d", name, (int)old + w.field->bias, (int)new_ + w.field->bias);
	else
		snprintf(buf, n, "%s %lld->%lld", name, (long long)old, (long long)new_);
	return true;
}
