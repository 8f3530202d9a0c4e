// SPDX-License-Identifier: MIT
/*
 * host_state.c - what the running kernel shows of the actors' address spaces
 *
 * /proc/PID/maps has the mappings, pagemap the ptes, /proc/kpagecount how often a frame is mapped. Frame numbers take
 * CAP_SYS_ADMIN: without it outcomes go up to L1. All are read while every actor waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prog/host.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PFN ((1ull << 55) - 1)
#define PM_EXCLUSIVE (1ull << 56)
#define PM_GUARD (1ull << 58)
#define PM_FILE (1ull << 61)
#define PM_SWAP (1ull << 62)
#define PM_PRESENT (1ull << 63)

#define WINDOW_LINES (PROG_MAX_PAGES * 128) /* bytes: a mapping's line is at most 100 long */

static int open_proc(pid_t pid, const char *what)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void host_forget(struct host_actor *a)
{
	if (a->pagemap >= 0)
		close(a->pagemap);
	if (a->maps >= 0)
		close(a->maps);
	a->pagemap = a->maps = -1;
}

static bool read_ptes(struct host_actor *a, int page, int nr, uint64_t *pte)
{
	ssize_t size = (ssize_t)((size_t)nr * sizeof(*pte));
	off_t at = (off_t)((PROG_WINDOW / PROG_PAGE + (unsigned long)page) * sizeof(*pte));

	if (a->pagemap < 0)
		a->pagemap = open_proc(a->pid, "pagemap");
	return a->pagemap >= 0 && pread(a->pagemap, pte, (size_t)size, at) == size;
}

uint64_t host_frame(struct host *h, int actor, int page, bool *present)
{
	uint64_t pte;

	*present = read_ptes(&h->actor[actor], page, 1, &pte) && pte & PM_PRESENT;
	return *present ? pte & PM_PFN : 0;
}

/* ---- ptes -------------------------------------------------------------------------------------------------- */

static int mapcount(struct host *h, uint64_t frame, uint32_t *count)
{
	uint64_t v;

	if (pread(h->kpagecount, &v, sizeof(v), (off_t)(frame * sizeof(v))) != (ssize_t)sizeof(v))
		return -1;
	*count = (uint32_t)v;
	return 0;
}

static int read_pte(struct host *h, uint64_t raw, struct vm_pte *pte)
{
	if (raw & PM_PRESENT) {
		pte->frame = raw & PM_PFN;
		if (pte->frame == h->zero_frame) {
			pte->kind = PTE_ZERO;
			return 0;
		}
		pte->kind = raw & PM_FILE ? PTE_FILE : PTE_ANON;
		pte->exclusive = raw & PM_EXCLUSIVE;
		return mapcount(h, pte->frame, &pte->mapcount);
	}
	if (raw & PM_GUARD)
		pte->kind = PTE_GUARD;
	else if (raw & PM_SWAP)
		pte->kind = PTE_SWAP;
	return 0;
}

static int read_space_ptes(struct host *h, int actor, struct vm_space *s)
{
	uint64_t raw[PROG_MAX_PAGES];

	if (!h->frames)
		return 0;
	if (!read_ptes(&h->actor[actor], 0, h->prog->pages, raw))
		return -1;
	for (int i = 0; i < h->prog->pages; i++)
		if (raw[i] && read_pte(h, raw[i], &s->pte[i]))
			return -1;
	return 0;
}

/* ---- mappings ------------------------------------------------------------------------------------------------ */

static const char *hex(const char *s, unsigned long *v)
{
	for (*v = 0;; s++) {
		unsigned digit = *s >= '0' && *s <= '9' ? (unsigned)(*s - '0') :
				 *s >= 'a' && *s <= 'f' ? (unsigned)(*s - 'a' + 10) :
							  16;

		if (digit == 16)
			return s;
		*v = *v << 4 | digit;
	}
}

/* "200000000000-200000003000 rw-s 00001000 00:01 123   /memfd:f0 (deleted)". => false: not of the window */
static bool read_area(const struct host *h, const char *line, struct vm_area *a)
{
	const unsigned long window_end = PROG_WINDOW + (unsigned long)h->prog->pages * PROG_PAGE;
	unsigned long start, end, offset, inode;
	const char *s = hex(line, &start), *perm;

	s = hex(s + 1, &end);
	if (start < PROG_WINDOW || start >= window_end)
		return false;
	perm = s + 1;
	s = hex(perm + 5, &offset);
	s = strchr(s + 1, ' '); /* behind the device */
	inode = s ? strtoul(s, NULL, 10) : 0;
	a->start = (uint8_t)((start - PROG_WINDOW) / PROG_PAGE);
	a->end = (uint8_t)((end - PROG_WINDOW) / PROG_PAGE);
	a->perm = (uint8_t)((perm[0] == 'r' ? VM_PERM_R : 0) | (perm[1] == 'w' ? VM_PERM_W : 0) |
			    (perm[2] == 'x' ? VM_PERM_X : 0) | (perm[3] == 's' ? VM_PERM_SHARED : 0));
	a->pgoff = (uint32_t)(offset / PROG_PAGE);
	a->object = inode;
	a->src = !inode		      ? VM_SRC_ANON :
		 inode == h->inode[0] ? VM_SRC_F0 :
		 inode == h->inode[1] ? VM_SRC_F1 :
					VM_SRC_SHMZ;
	return true;
}

/* => the bytes of text that the window's lines are in, or -1. A read gives whole lines, a page of them at most. */
static ssize_t read_lines(int fd, char *text, size_t n)
{
	size_t used = 0;
	ssize_t got;

	if (lseek(fd, 0, SEEK_SET))
		return -1;
	while ((got = read(fd, text + used, n - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	return got < 0 ? -1 : (ssize_t)used;
}

static int read_areas(struct host *h, int actor, struct vm_space *s)
{
	struct host_actor *a = &h->actor[actor];
	char text[WINDOW_LINES];

	if (a->maps < 0)
		a->maps = open_proc(a->pid, "maps");
	if (a->maps < 0 || read_lines(a->maps, text, sizeof(text)) < 0)
		return -1;
	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (s->nr_areas < PROG_MAX_PAGES && read_area(h, line, &s->area[s->nr_areas]))
			s->nr_areas++;
	}
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static int read_file_state(struct host *h, int k, struct vm_file_state *f)
{
	struct stat st;

	if (fstat(h->file[k], &st))
		return -1;
	f->size = (uint32_t)st.st_size;
	f->pages = (uint32_t)(st.st_blocks / (PROG_PAGE / 512));
	for (int i = 0; i * PROG_PAGE < st.st_size && i < PROG_MAX_FILE_PAGES; i++) {
		uint8_t bytes[VM_DATA_OFFSET + 1] = { 0 };

		if (pread(h->file[k], bytes, sizeof(bytes), (off_t)i * PROG_PAGE) < 0)
			return -1;
		f->data[i][0] = bytes[0];
		f->data[i][1] = bytes[VM_DATA_OFFSET];
	}
	return 0;
}

int host_state(struct vm_backend *b, struct vm_state *s, char *err, size_t n)
{
	struct host *h = (struct host *)b;
	int bad = 0;

	for (int i = 0; i < PROG_MAX_ACTORS; i++) {
		if (!h->actor[i].pid)
			continue;
		s->space[i].alive = true;
		bad |= read_areas(h, i, &s->space[i]) | read_space_ptes(h, i, &s->space[i]);
	}
	for (int k = 0; k < h->prog->files; k++)
		bad |= read_file_state(h, k, &s->file[k]);
	if (bad)
		snprintf(err, n, "cannot read /proc of an actor: %s", strerror(errno));
	return bad ? -1 : 0;
}

/* ---- what is permitted --------------------------------------------------------------------------------------------- */

/* The frame behind a page of our own. => 0: it cannot be seen */
static uint64_t own_frame(const volatile char *page)
{
	uint64_t pte = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	(void)*page;
	if (fd < 0)
		return 0;
	if (pread(fd, &pte, sizeof(pte), (off_t)((uintptr_t)page / PROG_PAGE * sizeof(pte))) !=
	    (ssize_t)sizeof(pte))
		pte = 0;
	close(fd);
	return pte & PM_PRESENT ? pte & PM_PFN : 0;
}

int host_state_probe(struct host *h, char *err, size_t n)
{
	char *page = mmap(NULL, PROG_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t count;

	if (page == MAP_FAILED) {
		snprintf(err, n, "cannot map a page: %s", strerror(errno));
		return -1;
	}
	h->zero_frame = own_frame(page);
	munmap(page, PROG_PAGE);
	h->kpagecount = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	h->frames = h->zero_frame && h->kpagecount >= 0 && !mapcount(h, h->zero_frame, &count);
	h->b.level = h->frames ? LEVEL_RAW : LEVEL_AREAS;
	if (!h->frames)
		snprintf(
			h->b.why, sizeof(h->b.why),
			"frame numbers in /proc/PID/pagemap and /proc/kpagecount take root: outcomes go up to L1");
	return 0;
}
