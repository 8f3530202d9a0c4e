/* SPDX-License-Identifier: MIT */
/* provisional */
#include "mm/protocols/cow.h"

static enum wp_verdict wp_anon(struct vm_fault *vmf, struct page *page)
{
	(void)vmf;
	return page_count(page) == 1 ? WP_REUSE : WP_COPY;
}
static bool fork_share(struct vm_area_struct *src_vma, struct page *page, bool anon)
{
	(void)src_vma;
	(void)page;
	(void)anon;
	return true;
}
static void nothing(struct mm_struct *mm)
{
	(void)mm;
}
static bool swapin(struct page *page, pte_t orig)
{
	(void)page;
	(void)orig;
	return false;
}
static bool unshare(struct vm_area_struct *vma, unsigned flags, struct page *page)
{
	(void)vma;
	(void)flags;
	(void)page;
	return false;
}
static bool may(struct page *page)
{
	(void)page;
	return true;
}
static const struct cow_protocol ops = { wp_anon, fork_share, nothing, nothing, swapin, unshare, may, false };
PROTOCOL(cow_2_6_29, AXIS_COW, "2.6.29", &ops, "provisional");
