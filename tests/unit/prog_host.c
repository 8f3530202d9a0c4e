// SPDX-License-Identifier: MIT
/*
 * prog_host.c - the running kernel as a backend: the same every time, and nothing left behind
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prog/generate.h"
#include "prog/host.h"

#define PROGRAMS 500

static struct vm_backend *host;
static struct vm_log log_;

static int open_host(void **state)
{
	char err[512];

	vm_log_init(&log_);
	host = host_create(err, sizeof(err));
	if (!host)
		print_message("no programs can run here: %s\n", err);
	else if (host->level < LEVEL_RAW)
		print_message("%s\n", host->why);
	return 0;
}

static int close_host(void **state)
{
	if (host)
		host->destroy(host);
	vm_log_free(&log_);
	return 0;
}

static char *run(const struct vm_prog *p, bool detail)
{
	char *text, err[512];
	size_t n;
	FILE *f;

	if (prog_run(host, p, detail, &log_, err, sizeof(err)))
		fail_msg("%s: %s", p->id, err);
	f = open_memstream(&text, &n);
	vm_log_print(f, &log_);
	fclose(f);
	return text;
}

/* Between the two times other programs run, so that what one leaves behind would show. */
static void the_same_every_time(void **state)
{
	static struct vm_prog p;
	static char *first[PROGRAMS];
	struct gen_options o = { .seed = 99, .calls = GEN_CALLS };

	if (!host)
		skip();
	o.allowed = GEN_SEQUENTIAL_CALLS & host->calls;
	for (int round = 0; round < 2; round++)
		for (o.number = 0; o.number < PROGRAMS; o.number++) {
			char *text;

			prog_generate(&o, &p);
			text = run(&p, o.number % 4 == 0);
			if (!round) {
				first[o.number] = text;
				continue;
			}
			assert_string_equal(first[o.number], text);
			free(text);
			free(first[o.number]);
		}
}

static void runs(const char *text, const char *log)
{
	struct vm_file f;
	char err[512], *have;

	if (!host || host->level < LEVEL_RAW)
		skip();
	if (prog_parse("t.vm", text, &f, err, sizeof(err)))
		fail_msg("%s", err);
	have = run(&f.prog[0], false);
	assert_string_equal(have, log);
	free(have);
	prog_file_free(&f);
}

static void private_memory_is_copied_after_fork(void **state)
{
	runs("prog cow pages=2 files=0x0\np0 mmap 0 2 rw priv anon 0 fixed\np0 rd 1 7\np0 wr 0 0 17\np0 fork 1\n"
	     "p1 wr 0 0 18\np0 rd 0 0\np1 exit\np1 rd 0 0\np0 pvr 1 0\nend\n",
	     "prog cow\n0 p0 mmap 0 flt=0\n1 p0 rd val=00 flt=1\n2 p0 wr 0 new flt=1\n3 p0 fork 0\n"
	     "4 p1 wr 0 copy flt=1\n5 p0 rd val=11 flt=0\n6 p1 exit 0\n7 rd dead\n8 pvr skip\n"
	     " V p0 0-2:rw-p:anon\n T p0 0:a0x1! 1:z\nend\n");
}

static void signals_say_where(void **state)
{
	runs("prog sig pages=4 files=1x2\np0 mmap 0 3 r shared f0 0 fixed\np0 rd 3 9\np0 wr 0 5 1\np0 rd 2 4095\n"
	     "p0 rd 1 0\nend\n",
	     "prog sig\n0 p0 mmap 0 flt=0\n1 p0 rd SEGV_MAPERR@3+9 flt=0\n2 p0 wr SEGV_ACCERR@0+5 flt=0\n"
	     "3 p0 rd BUS_ADRERR@2+4095 flt=0\n4 p0 rd val=41 flt=0\n V p0 0-3:r--s:f0+0\n"
	     " T p0 0:f0x1! 1:f1x1!\n F f0 size=8192 pages=2 data=40404141\nend\n");
}

static void files_and_pipes(void **state)
{
	runs("prog io pages=2 files=1x1\np0 mmap 0 2 rw priv anon 0 populate\np0 pwrite 0 1 0 3\np0 wr 0 0 90\n"
	     "p0 vms 0\np0 pip\np0 pip\np0 pread 0 0 1 4096\np0 rd 1 0\np0 ftrunc 0 0\nend\n",
	     "prog io\n0 p0 mmap 0 flt=2\n1 p0 pwrite 3 flt=0 mtime:f0\n2 p0 wr 0 same flt=0\n3 p0 vms 1 flt=0\n"
	     "4 p0 pip val=5a flt=0\n5 p0 pip EAGAIN flt=0\n6 p0 pread 4096 flt=0\n7 p0 rd val=40 flt=0\n"
	     "8 p0 ftrunc 0 flt=0 mtime:f0\n V p0 0-2:rw-p:anon\n T p0 0:a0x1! 1:a1x1!\n"
	     " F f0 size=0 pages=0 data=\nend\n");
}

static void calls_that_it_has_not_are_refused(void **state)
{
	struct vm_file f;
	char err[512];

	if (!host)
		skip();
	assert_int_equal(
		prog_parse("t.vm", "prog t pages=1 files=0x0\np0 dio 0\nend\n", &f, err, sizeof(err)), 0);
	assert_int_equal(prog_run(host, &f.prog[0], false, &log_, err, sizeof(err)), -1);
	assert_string_equal(err, "the host cannot do 'dio'");
	prog_file_free(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_every_time),
		cmocka_unit_test(private_memory_is_copied_after_fork),
		cmocka_unit_test(signals_say_where),
		cmocka_unit_test(files_and_pipes),
		cmocka_unit_test(calls_that_it_has_not_are_refused),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, open_host, close_host);
}
