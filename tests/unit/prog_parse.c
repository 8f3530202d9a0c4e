// SPDX-License-Identifier: MIT
/*
 * prog_parse.c - VM programs as text: every refusal says where and what, and what is printed parses to the same
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prog/generate.h"
#include "prog/log.h"

#define HEAD "prog t pages=8 files=2x4\n"

static const struct {
	const char *text, *says;
} refusals[] = {
	{ "", "t.vm:1:1: no program in it" },
	{ "# nothing\n", "t.vm:1:1: no program in it" },
	{ "faultline-vm 2\n", "t.vm:1:14: version 2 of the format; this faultline reads version 1" },
	{ "faultline-vm\n", "t.vm:1:13: the version of the format is missing" },
	{ "faultline-vm x\n", "t.vm:1:14: the version of the format is missing" },
	{ HEAD "end\nfaultline-vm 1\n", "t.vm:3:1: 'faultline-vm' stands once, at the top" },
	{ "porg t pages=8 files=2x4\n",
	  "t.vm:1:1: unknown word between programs 'porg'; did you mean 'prog'?" },
	{ "prog t pages=8\n", "t.vm:1:15: something is missing behind 'pages=8'" },
	{ "prog t pages=8 files=2x4 more\n", "t.vm:1:26: nothing stands behind 'files=2x4' but 'more'" },
	{ "prog t/u pages=8 files=2x4\n", "t.vm:1:6: a name has letters, digits" },
	{ "prog aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa pages=8 files=0x0\n",
	  "t.vm:1:6: a name of 52 characters; it has at most 47" },
	{ "prog t page=8 files=2x4\n", "t.vm:1:8: 'page=8' is not pages=N" },
	{ "prog t pages=0 files=2x4\n", "t.vm:1:8: 0 is not from 1 to 64" },
	{ "prog t pages=65 files=2x4\n", "t.vm:1:8: 65 is not from 1 to 64" },
	{ "prog t pages=x files=2x4\n", "t.vm:1:8: 'x' is not a decimal number" },
	{ "prog t pages=8 files=2\n", "t.vm:1:16: 'files=2' is not files=FxP" },
	{ "prog t pages=8 files=3x4\n", "t.vm:1:16: 3 is not from 0 to 2" },
	{ "prog t pages=8 files=2x65\n", "t.vm:1:16: 65 is not from 0 to 64" },
	{ HEAD, "t.vm:1:1: the program that begins in line 1 has no 'end'" },
	{ HEAD "prog u pages=8 files=2x4\n", "t.vm:2:1: 'prog' inside a program: is an 'end' missing?" },
	{ HEAD "end now\n", "t.vm:2:5: nothing stands behind 'end' but 'now'" },
	{ HEAD "expcet 0\n", "t.vm:2:1: unknown word 'expcet'; did you mean 'expect'?" },
	{ HEAD "p0\n", "t.vm:2:3: what does p0 do? a call is missing" },
	{ HEAD "p3 rd 0 0\n", "t.vm:2:1: 'p3' is no actor: p0 to p2" },
	{ HEAD "p0 muunmap 0 1\n", "t.vm:2:4: unknown call 'muunmap'; did you mean 'munmap'?" },
	{ HEAD "p0 rd 0\n", "t.vm:2:8: rd has 2 arguments, not 1" },
	{ HEAD "p0 rd 0 0 0\n", "t.vm:2:11: rd has 2 arguments, not 3" },
	{ HEAD "p0 rd x 0\n", "t.vm:2:7: 'x' is not a decimal number" },
	{ HEAD "p0 rd -1 0\n", "t.vm:2:7: '-1' is not a decimal number" },
	{ HEAD "p0 rd 9 0\n", "t.vm:2:7: 9 is not from 0 to 8" },
	{ HEAD "p0 rd 0 4096\n", "t.vm:2:9: 4096 is not from 0 to 4095" },
	{ HEAD "p0 wr 0 0 256\n", "t.vm:2:11: 256 is not from 0 to 255" },
	{ HEAD "p0 munmap 0 65\n", "t.vm:2:13: 65 is not from 0 to 64" },
	{ HEAD "p0 mprotect 0 1 rwx\n", "t.vm:2:17: unknown protection 'rwx'; did you mean 'rw'?" },
	{ HEAD "p0 madvise 0 1 dontned\n", "t.vm:2:16: unknown advice 'dontned'; did you mean 'dontneed'?" },
	{ HEAD "p0 mmap 0 1 rw priv anon 0 fixd\n",
	  "t.vm:2:28: unknown way to map 'fixd'; did you mean 'fixed'?" },
	{ HEAD "p0 mmap 7 2 rw priv anon 0 fixed\n",
	  "t.vm:2:11: the call would reach outside of the window" },
	{ HEAD "p0 mremap 0 1 9 inplace 0\n", "t.vm:2:15: the call would reach outside of the window" },
	{ HEAD "p0 mremap 0 1 2 fixed 7\n", "t.vm:2:23: the call would reach outside of the window" },
	{ HEAD "p0 pwrite 0 64 0 1\n", "t.vm:2:18: the file would be longer than a file may become" },
	{ HEAD "p0 ftrunc 2 0\n", "t.vm:2:11: 2 is not from 0 to 1" },
	{ HEAD "p0 fork 3\n", "t.vm:2:9: 3 is not from 0 to 2" },
	{ "prog t pages=8 files=0x0\np0 ftrunc 0 0\n", "t.vm:2:11: no such file: the program has none" },
	{ "prog t pages=8 files=1x1\np0 mmap 0 1 r priv f1 0 fixed\n", "t.vm:2:20: no such file" },
	{ HEAD "t0 p0 rd 0 0\n", "t.vm:2:1: a thread outside of 'par' and 'end-par'" },
	{ HEAD "par\np0 rd 0 0\n", "t.vm:3:1: a call in a block needs a thread" },
	{ HEAD "par\nt8 p0 rd 0 0\n", "t.vm:3:1: 't8' is no thread: t0 to t7" },
	{ HEAD "par\nt0\n", "t.vm:3:3: whose call does t0 make? an actor is missing" },
	{ HEAD "par\npar\n", "t.vm:3:1: 'par' inside 'par'" },
	{ HEAD "par\nend-par\n", "t.vm:3:1: an empty block" },
	{ HEAD "end-par\n", "t.vm:2:1: 'end-par' without 'par'" },
	{ HEAD "par\nt0 p0 rd 0 0\nend\n", "t.vm:4:1: 'end' inside 'par'" },
	{ HEAD "expect 0\n", "t.vm:2:1: 'expect' before any call" },
	{ HEAD "p0 rd 0 0\nexpect\n", "t.vm:3:7: expect what? a result is missing" },
	{ HEAD "p0 rd 0 0\nexpect val=4\n", "t.vm:3:8: 'val=4' is no result" },
	{ HEAD "p0 rd 0 0\nnever EFOO\n", "t.vm:3:7: 'EFOO' is no result" },
	{ HEAD "p0 rd 0 0\nnever SEGV_MAPERR@0\n", "t.vm:3:7: 'SEGV_MAPERR@0' is no result" },
	{ HEAD "p0 rd 0 0\nexpect 1:0\n", "t.vm:3:8: '1:' names no call above this line, which has 0 to 0" },
	{ HEAD "p0 rd 0 0\nexpect 0 0 0 0 0\n", "t.vm:3:16: more than 4 results in one claim" },
	{ HEAD "p0 rd 0 0\nkernel linux-6.1\n", "t.vm:3:1: 'kernel' stands before the calls" },
	{ HEAD "kernel a\nkernel b\n", "t.vm:3:1: a second 'kernel' line" },
	{ HEAD "par\nt0 p0 exit\nt1 p0 rd 0 0\nend-par\nend\n",
	  "t.vm:3:1: p0 exits in a block where another thread has to do with it" },
	{ HEAD "par\nt1 p0 pvr 1 0\nt0 p1 exit\nend-par\nend\n", "t.vm:4:1: p1 exits in a block" },
	{ HEAD "machine frames=8 swap=0\n", "t.vm:2:9: 8 is not from 16 to 4096" },
	{ HEAD "machine swap=8 frames=64\n", "t.vm:2:9: 'swap=8' is not frames=N" },
	{ HEAD "machine frames=64\n", "t.vm:2:18: something is missing" },
	{ HEAD "machine frames=64 swap=0\nmachine frames=64 swap=0\n", "t.vm:3:1: a second 'machine' line" },
	{ HEAD "schedule\n", "t.vm:2:9: what runs? a task is missing" },
	{ HEAD "violation a\nviolation b\n", "t.vm:3:1: a second 'violation' line" },
	{ HEAD "protocol\n", "t.vm:2:9: something is missing behind 'protocol'" },
	{ HEAD "p0 rd 0 0 \001\n", "t.vm:2:11: a character that is no printable ASCII" },
	{ HEAD "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7\n", "t.vm:2:31: more than 16 words" },
};

static void refuses(void **state)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct vm_file f;
		char err[512] = "";

		if (!prog_parse("t.vm", refusals[i].text, &f, err, sizeof(err)))
			fail_msg("'%s' was accepted", refusals[i].text);
		if (strncmp(err, refusals[i].says, strlen(refusals[i].says)))
			fail_msg("'%s': '%s', not '%s'", refusals[i].text, err, refusals[i].says);
		if (strchr(err, '\n') || f.prog)
			fail_msg("'%s': more than a line, or something kept", refusals[i].text);
	}
}

static void refuses_limits(void **state)
{
	char *text = malloc(1 << 16), err[512];
	struct vm_file f;
	size_t n = (size_t)sprintf(text, HEAD);

	for (int i = 0; i <= PROG_MAX_CALLS; i++)
		n += (size_t)sprintf(text + n, "p0 pip\n");
	assert_int_equal(prog_parse("t.vm", text, &f, err, sizeof(err)), -1);
	assert_string_equal(err, "t.vm:258:1: more than 256 calls: is an 'end' missing?");
	n = (size_t)sprintf(text, HEAD "p0 pip\n");
	for (int i = 0; i <= PROG_MAX_CLAIMS; i++)
		n += (size_t)sprintf(text + n, "never 1\n");
	assert_int_equal(prog_parse("t.vm", text, &f, err, sizeof(err)), -1);
	assert_string_equal(err, "t.vm:19:1: more than 16 claims in one program");
	free(text);
}

static void refuses_files(void **state)
{
	char err[512];
	struct vm_file f;

	assert_int_equal(prog_read("/nonexistent.vm", &f, err, sizeof(err)), -1);
	assert_string_equal(err, "/nonexistent.vm: No such file or directory");
	assert_int_equal(prog_read("/", &f, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "is it a directory?"));
}

static char *printed(const struct vm_prog *p)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	prog_print_version(f);
	prog_print(f, p);
	fclose(f);
	return text;
}

static void same_again(const struct vm_prog *p)
{
	char *text = printed(p), *again, err[512];
	struct vm_file f;

	if (prog_parse("again", text, &f, err, sizeof(err)))
		fail_msg("%s in\n%s", err, text);
	assert_int_equal(f.nr, 1);
	again = printed(&f.prog[0]);
	assert_string_equal(text, again);
	assert_true(prog_equal(p, &f.prog[0]));
	prog_file_free(&f);
	free(text);
	free(again);
}

static void prints_what_it_reads(void **state)
{
	static const char text[] =
		"faultline-vm 1\n"
		"# two programs\n" HEAD "kernel linux-2.6.23\nprotocol invalidate=page-lock,cow=2.6.29\n"
		"p0 mmap 0 8 rw priv anon 0 fixed   # everything\n\n"
		"  p0\twr 0 0 17\r\n"
		"expect 0\n"
		"par\nt0 p0 rd 0 0\nt1 p0 munmap 0 1\nend-par\n"
		"par\nt0 p0 pip\nend-par\n"
		"p0 rd 0 0\n"
		"never val=aa 2:val=11\nsometimes SEGV_MAPERR@0+0\nexpect 4:EAGAIN dead\n"
		"end\n"
		"prog u pages=1 files=0x0\nend\n";
	struct vm_file f;
	char err[512] = "";

	if (prog_parse("t.vm", text, &f, err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(f.nr, 2);
	assert_int_equal(f.prog[0].nr_ops, 6);
	assert_int_equal(f.prog[0].op[5].line, 17);
	assert_int_equal(f.prog[0].op[4].block, 2);
	assert_int_equal(f.prog[0].nr_claims, 4);
	assert_true(prog_is_concurrent(&f.prog[0]));
	assert_false(prog_equal(&f.prog[0], &f.prog[1]));
	same_again(&f.prog[0]);
	same_again(&f.prog[1]);
	prog_file_free(&f);
}

static void prints_generated_programs(void **state)
{
	static struct vm_prog p;
	struct gen_options o = { .seed = 7, .allowed = ~0ull, .calls = GEN_CALLS };

	for (o.number = 0; o.number < 3000; o.number++) {
		o.threads = (int)(o.number % 4);
		prog_generate(&o, &p);
		same_again(&p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_limits),
		cmocka_unit_test(refuses_files),
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(prints_generated_programs),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
