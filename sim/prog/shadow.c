// SPDX-License-Identifier: MIT
/* shadow.c - the generator's idea of what is mapped where; see generate.h */
#include <string.h>

#include "prog/generate.h"

void shadow_init(struct shadow *s, const struct vm_prog *p)
{
	memset(s, 0, sizeof(*s));
	s->prog = p;
	s->alive[0] = true;
	for (int k = 0; k < p->files; k++)
		s->length[k] = p->file_pages * PROG_PAGE;
}

static int clip(const struct shadow *s, int end)
{
	return end < s->prog->pages ? end : s->prog->pages;
}

static uint8_t new_area(struct shadow *s)
{
	if (!++s->areas)
		s->areas = 1;
	return s->areas;
}

static void do_mmap(struct shadow *s, const struct vm_op *op)
{
	const int32_t *a = op->arg;
	struct shadow_page *page = s->page[op->actor];
	uint8_t area = new_area(s);
	int end = clip(s, a[MMAP_PAGE] + a[MMAP_COUNT]);

	for (int i = a[MMAP_PAGE]; i < end; i++)
		if (a[MMAP_HOW] == MAP_HOW_NOREPLACE && page[i].area)
			return;
	for (int i = a[MMAP_PAGE]; i < end; i++)
		page[i] =
			(struct shadow_page){ .area = area,
					      .prot = (uint8_t)a[MMAP_PROT],
					      .share = (uint8_t)a[MMAP_SHARE],
					      .src = (uint8_t)a[MMAP_SRC],
					      .file_page = (uint8_t)(a[MMAP_FILE_PAGE] + i - a[MMAP_PAGE]) };
}

static void do_mremap(struct shadow *s, const struct vm_op *op)
{
	const int32_t *a = op->arg;
	struct shadow_page *page = s->page[op->actor], moved[PROG_MAX_PAGES];
	int from = a[MREMAP_PAGE], old = clip(s, from + a[MREMAP_COUNT]) - from;
	int to = a[MREMAP_HOW] == MOVE_INPLACE ? from : a[MREMAP_DST];
	int nr = clip(s, to + a[MREMAP_NEW_COUNT]) - to;

	if (from >= s->prog->pages || old <= 0 || nr <= 0 || !page[from].area)
		return;
	memcpy(moved, &page[from], (size_t)old * sizeof(moved[0]));
	if (a[MREMAP_HOW] != MOVE_DONTUNMAP)
		memset(&page[from], 0, (size_t)old * sizeof(page[0]));
	for (int i = 0; i < nr; i++) {
		page[to + i] = i < old ? moved[i] : moved[old - 1];
		if (i >= old)
			page[to + i].file_page = (uint8_t)(moved[old - 1].file_page + i - old + 1);
	}
}

static void do_protect(struct shadow *s, const struct vm_op *op)
{
	struct shadow_page *page = s->page[op->actor];
	int first = op->arg[RANGE_PAGE], end = clip(s, first + op->arg[RANGE_COUNT]);
	uint8_t area = new_area(s);

	for (int i = first; i < end && page[i].area; i++) {
		page[i].prot = (uint8_t)op->arg[RANGE_WORD];
		page[i].area = area;
	}
}

static void do_pwrite(struct shadow *s, const struct vm_op *op)
{
	int32_t end = op->arg[IO_FILE_PAGE] * PROG_PAGE + op->arg[IO_LENGTH];

	if (op->arg[IO_LENGTH] && end > s->length[op->arg[IO_FILE]])
		s->length[op->arg[IO_FILE]] = end;
}

void shadow_do(struct shadow *s, const struct vm_op *op)
{
	int first = op->arg[RANGE_PAGE], end;

	if (!s->alive[op->actor])
		return;
	switch ((enum prog_call)op->call) {
	case CALL_MMAP:
		do_mmap(s, op);
		break;
	case CALL_MUNMAP:
		end = clip(s, first + op->arg[RANGE_COUNT]);
		for (int i = first; i < end; i++)
			s->page[op->actor][i].area = 0;
		break;
	case CALL_MREMAP:
		do_mremap(s, op);
		break;
	case CALL_MPROTECT:
		do_protect(s, op);
		break;
	case CALL_PWRITE:
		do_pwrite(s, op);
		break;
	case CALL_FTRUNC:
		s->length[op->arg[FTRUNC_FILE]] = op->arg[FTRUNC_LENGTH];
		break;
	case CALL_FORK:
		if (s->alive[op->arg[OTHER_ACTOR]])
			break;
		s->alive[op->arg[OTHER_ACTOR]] = true;
		memcpy(s->page[op->arg[OTHER_ACTOR]], s->page[op->actor], sizeof(s->page[0]));
		break;
	case CALL_VMS:
		s->pipe++;
		break;
	case CALL_PIP:
		s->pipe -= s->pipe > 0;
		break;
	case CALL_EXIT:
		s->alive[op->actor] = false;
		break;
	default:
		break;
	}
}

void shadow_area(const struct shadow *s, int actor, int page, int *first, int *end)
{
	const struct shadow_page *p = s->page[actor];

	for (*first = page; *first > 0 && p[*first - 1].area == p[page].area; --*first)
		;
	for (*end = page + 1; *end < s->prog->pages && p[*end].area == p[page].area; ++*end)
		;
}
