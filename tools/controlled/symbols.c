// SPDX-License-Identifier: MIT
/*
 * symbols.c - libdw's view of our own executable: one code address is a chain of functions inlined into each other
 *
 * Looking one up costs microseconds, and a trace asks for the same few hundred thousands of times: answers are kept
 * in a table by address.
 */
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols.h"

#define NR_BUCKETS 1024
#define MAX_INLINED 16

struct entry {
	struct entry *next;
	uintptr_t pc;
	int nr;
	struct frame frame[MAX_INLINED];
};

struct symbols {
	Dwfl *dwfl;
	struct entry *bucket[NR_BUCKETS];
};

static char *no_debuginfo_path = (char *)""; /* never look for, or download, separate files */

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &no_debuginfo_path,
};

struct symbols *symbols_open(void)
{
	struct symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->dwfl = dwfl_begin(&callbacks);
	if (!s->dwfl || dwfl_linux_proc_report(s->dwfl, getpid()) || dwfl_report_end(s->dwfl, NULL, NULL)) {
		symbols_close(s);
		return NULL;
	}
	return s;
}

void symbols_close(struct symbols *s)
{
	if (!s)
		return;
	for (int i = 0; i < NR_BUCKETS; i++)
		for (struct entry *e = s->bucket[i], *next; e; e = next) {
			next = e->next;
			free(e);
		}
	if (s->dwfl)
		dwfl_end(s->dwfl);
	free(s);
}

/* The project's root: what stands before this file's place in it, as the compiler saw it. */
static size_t root_length(void)
{
	static const char place[] = "tools/controlled/symbols.c";
	size_t n = sizeof(__FILE__) - 1, m = sizeof(place) - 1;

	return n >= m && !strcmp(&__FILE__[n - m], place) ? n - m : 0;
}

/*
 * The compiler is told to leave the root out of what it notes, of its working directory too; a relative name then
 * comes with that directory before it, once or twice.
 */
static const char *shorten(const char *file, Dwarf_Die *cu)
{
	Dwarf_Attribute a;
	const char *dir = dwarf_formstring(dwarf_attr(cu, DW_AT_comp_dir, &a));
	size_t n = root_length(), len = dir && *dir != '/' ? strlen(dir) : 0;

	if (!file)
		return "";
	while (len && !strncmp(file, dir, len) && file[len] == '/')
		file += len + 1;
	return n && !strncmp(file, __FILE__, n) ? file + n : file;
}

static enum frame_kind kind_of(const char *file)
{
	static const char *const primitive[] = { "sim/sync.h", "sim/engine/", "sim/race/",
						 "tools/",     "/usr/",	      "" };

	if (!*file)
		return FRAME_PRIMITIVE;
	for (int i = 0; *primitive[i]; i++)
		if (!strncmp(file, primitive[i], strlen(primitive[i])))
			return FRAME_PRIMITIVE;
	return strncmp(file, "sim/", 4) ? FRAME_RACE : FRAME_KERNEL;
}

static int call_line(Dwarf_Die *inlined)
{
	Dwarf_Attribute a;
	Dwarf_Word line;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &a), &line))
		return 0;
	return (int)line;
}

/* The file that declares the function. clang's number 0, the unit's own file, is more than libdw knows. */
static const char *decl_file(Dwarf_Die *function, Dwarf_Die *cu)
{
	const char *file = dwarf_decl_file(function);
	Dwarf_Attribute a;
	Dwarf_Word number;

	if (file || dwarf_formudata(dwarf_attr_integrate(function, DW_AT_decl_file, &a), &number) || number)
		return file;
	return dwarf_diename(cu);
}

static void fill_frame(struct frame *f, Dwarf_Die *function, Dwarf_Die *cu, int line)
{
	const char *name = dwarf_diename(function);

	f->function = name ? name : "?";
	f->file = shorten(decl_file(function, cu), cu);
	f->line = line;
	f->kind = kind_of(f->file);
}

static int source_line(Dwarf_Die *cu, Dwarf_Addr pc)
{
	Dwarf_Line *l = dwarf_getsrc_die(cu, pc);
	int line = 0;

	if (l)
		dwarf_lineno(l, &line);
	return line;
}

/* The compilation unit at pc: by the table of addresses, which gcc writes and clang does not, else by looking. */
static Dwarf_Die *unit_at(Dwfl_Module *m, Dwarf_Addr pc, Dwarf_Addr *bias)
{
	Dwarf_Die *cu = m ? dwfl_module_addrdie(m, pc, bias) : NULL;

	if (!m || cu)
		return cu;
	do
		cu = dwfl_module_nextcu(m, cu, bias);
	while (cu && dwarf_haspc(cu, pc - *bias) != 1);
	return cu;
}

/* The functions at one address: the innermost inlined one, then whom it was inlined into, up to a real one. */
static void look_up(struct symbols *s, struct entry *e)
{
	Dwarf_Addr pc = e->pc - 1, bias; /* in the call, not behind it */
	Dwfl_Module *m = dwfl_addrmodule(s->dwfl, pc);
	Dwarf_Die *cu = unit_at(m, pc, &bias);
	Dwarf_Die *at = NULL, *chain = NULL;
	int n = cu ? dwarf_getscopes(cu, pc - bias, &at) : 0, i = 0, line;

	while (i < n && dwarf_tag(&at[i]) != DW_TAG_subprogram &&
	       dwarf_tag(&at[i]) != DW_TAG_inlined_subroutine)
		i++;
	n = i < n ? dwarf_getscopes_die(&at[i], &chain) : 0;
	line = n > 0 ? source_line(cu, pc - bias) : 0;
	for (i = 0; i < n && e->nr < MAX_INLINED; i++) {
		int tag = dwarf_tag(&chain[i]);

		if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
			continue;
		fill_frame(&e->frame[e->nr++], &chain[i], cu, line);
		if (tag == DW_TAG_subprogram)
			break;
		line = call_line(&chain[i]);
	}
	free(at);
	free(chain);
}

static const struct entry *entry_get(struct symbols *s, uintptr_t pc)
{
	struct entry **b = &s->bucket[(pc >> 2) % NR_BUCKETS], *e;

	for (e = *b; e; e = e->next)
		if (e->pc == pc)
			return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->pc = pc;
	look_up(s, e);
	e->next = *b;
	*b = e;
	return e;
}

int symbols_stack(struct symbols *s, void *const *pc, int depth, struct frame *f, int max)
{
	int n = 0;

	for (int i = 0; s && i < depth; i++) {
		const struct entry *e = entry_get(s, (uintptr_t)pc[i]);

		for (int k = 0; e && k < e->nr && n < max; k++)
			f[n++] = e->frame[k];
	}
	return n;
}

char *symbols_place(struct symbols *s, void *const *pc, int depth, char *buf, size_t n)
{
	struct frame f[MAX_FRAMES];
	int nr = symbols_stack(s, pc, depth, f, MAX_FRAMES);

	snprintf(buf, n, "?");
	for (int i = 0; i < nr; i++)
		if (f[i].kind != FRAME_PRIMITIVE) {
			snprintf(buf, n, "%s() %s:%d", f[i].function, f[i].file, f[i].line);
			break;
		}
	return buf;
}
