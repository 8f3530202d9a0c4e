/* SPDX-License-Identifier: MIT */
/*
 * vm_pin.c - vm.h's pinners: pages of a process, held by somebody else, and a device that uses them
 *
 * I1: a pinner's slot belongs to who took it, until it is unpinned; nr is set once all its pages are held.
 *
 * Left out: I/O mappings, devices that go on after the pages are dropped.
 */
#include <faultline/vm.h>

#include "hw/machine.h"
#include "hw/observer.h"
#include "mm/mm.h"

#define DMA_BEAT 512u

/* => NULL, reported, when nothing is held under that handle */
static struct pinner *pinner_of(int pin)
{
	bool known = pin >= 0 && pin < NR_PINNERS && READ_ONCE(this_machine->pinner[pin].used);

	BUG_ON(!known);
	return known ? &this_machine->pinner[pin] : NULL;
}

static struct pinner *take_pinner(void)
{
	for (int i = 0; i < NR_PINNERS; i++)
		if (cmpxchg(&this_machine->pinner[i].used, 0u, 1u) == 0)
			return &this_machine->pinner[i];
	return NULL;
}

/* => how many of the pages are held, or -errno */
static long hold(struct pinner *p, unsigned long addr, unsigned pages, int flags)
{
	unsigned gup = (flags & VM_PIN_WRITE ? FOLL_WRITE : 0) |
		       (flags & VM_PIN_LONGTERM ? FOLL_LONGTERM : 0) | (p->pins ? FOLL_PIN : 0);
	long ret;

	if (!(flags & VM_PIN_SLOW))
		return get_user_pages_fast(addr, pages, gup, p->page);
	down_read(&current->mm->mmap_sem);
	ret = get_user_pages(current->mm, addr, pages, gup, p->page);
	up_read(&current->mm->mmap_sem);
	return ret;
}

/* What the oracles are told of: that these references may outlive the call, and whose memory a device reaches. */
static void tell_held(const struct pinner *p, unsigned long addr)
{
	for (u32 i = 0; i < p->nr; i++) {
		observe_hold(p->page[i], p->pins ? GUP_PIN_COUNTING_BIAS : 1);
		if (p->write)
			observe_pin(current->mm, (addr & PAGE_MASK) + i * PAGE_SIZE, p->page[i]);
	}
}

static void tell_dropped(const struct pinner *p)
{
	for (u32 i = 0; i < p->nr; i++) {
		if (p->write)
			observe_unpin(p->page[i]);
		observe_hold(p->page[i], p->pins ? -GUP_PIN_COUNTING_BIAS : -1);
	}
}

/* => the first nr pages are held */
static void drop(struct pinner *p, u32 nr, bool dirty)
{
	for (u32 i = 0; i < nr; i++) {
		if (dirty)
			set_page_dirty_lock(p->page[i]);
		if (p->pins)
			unpin_user_page(p->page[i]);
		else
			put_page(p->page[i]);
	}
}

int vm_pin(unsigned long addr, unsigned pages, int flags)
{
	struct pinner *p = pages && pages <= PINNER_PAGES ? take_pinner() : NULL;
	long held;

	if (!p)
		return pages && pages <= PINNER_PAGES ? -EAGAIN : -EINVAL;
	p->pins = !(flags & VM_PIN_GET);
	p->write = flags & VM_PIN_WRITE;
	held = hold(p, addr, pages, flags);
	if (held == (long)pages) {
		p->nr = pages;
		tell_held(p, addr);
		SYNC_LABEL("held");
		return (int)(p - this_machine->pinner);
	}
	if (held > 0)
		drop(p, (u32)held, false);
	WRITE_ONCE(p->used, 0u);
	return held < 0 ? (int)held : -EFAULT;
}

void vm_unpin(int pin)
{
	struct pinner *p = pinner_of(pin);
	u32 nr;

	if (!p)
		return;
	tell_dropped(p);
	nr = p->nr;
	p->nr = 0;
	drop(p, nr, p->write);
	smp_store_release(&p->used, 0u);
}

/* => the range lies in what is held and is made of beats */
static bool in_range(const struct pinner *p, unsigned long offset, unsigned long n)
{
	return p && n && !((offset | n) % DMA_BEAT) && offset + n <= p->nr * PAGE_SIZE;
}

int vm_dma_write(int pin, unsigned long offset, unsigned long n, uint64_t word)
{
	struct pinner *p = pinner_of(pin);
	u64 beat[DMA_BEAT / sizeof(u64)];

	if (!in_range(p, offset, n))
		return -EINVAL;
	for (unsigned i = 0; i < DMA_BEAT / sizeof(u64); i++)
		beat[i] = word;
	for (; n; n -= DMA_BEAT, offset += DMA_BEAT)
		write_held_page(NULL, offset & ~PAGE_MASK, p->page[offset >> PAGE_SHIFT], beat, DMA_BEAT);
	SYNC_LABEL("dma_written");
	return 0;
}

int vm_dma_read(int pin, unsigned long offset, unsigned long n, uint64_t *word)
{
	struct pinner *p = pinner_of(pin);
	u64 first = 0, seen;
	int ret = 0;

	if (!in_range(p, offset, n))
		return -EINVAL;
	for (unsigned long at = offset; at < offset + n; at += DMA_BEAT) {
		content_read(&seen, (u8 *)page_address(p->page[at >> PAGE_SHIFT]) + (at & ~PAGE_MASK),
			     sizeof(seen));
		if (at == offset)
			first = seen;
		else if (seen != first)
			ret = -EIO;
		*word = seen;
	}
	return ret;
}
