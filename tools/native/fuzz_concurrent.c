// SPDX-License-Identifier: MIT
/* fuzz_concurrent.c - stands in for what needs the controlled build */
#include "fuzz.h"

static int refuse(struct fuzz *f)
{
	return usage_error(
		"fuzz: --concurrent: this is the native build; exploring needs the controlled one");
}

static void nothing(struct fuzz *f)
{
}

const struct fuzz_way fuzz_concurrent = { .name = "concurrent", .open = refuse, .close = nothing };
