// SPDX-License-Identifier: MIT
/*
 * parse_config.c - what a program says besides its calls and claims: the machine that it is for, and one execution
 *
 * Names are kept as text, which is looked up by who knows them.
 */
#include <string.h>

#include "prog/reader.h"

enum config {
	CONFIG_KERNEL,
	CONFIG_PROTOCOL,
	CONFIG_MACHINE,
	CONFIG_SCHEDULE,
	CONFIG_VERSION,
	CONFIG_VIOLATION
};
static const char *const words[] = { "kernel", "protocol", "machine", "schedule", "version", "violation" };

int words_exactly(struct reader *r, int n)
{
	if (r->nr_words > n)
		return refuse(r, n, "nothing stands behind '%s' but '%s'", r->word[n - 1].text,
			      r->word[n].text);
	return r->nr_words < n ? refuse(r, r->nr_words, "something is missing behind '%s'",
					r->word[r->nr_words - 1].text) :
				 0;
}

static int read_text(struct reader *r, char *to, size_t n)
{
	if (words_exactly(r, 2))
		return -1;
	if (*to)
		return refuse(r, 0, "a second '%s' line", r->word[0].text);
	if (strlen(r->word[1].text) >= n)
		return refuse(r, 1, "longer than %zu characters", n - 1);
	strcpy(to, r->word[1].text);
	return 0;
}

/* "name=number" */
static int read_size(struct reader *r, int word, const char *name, int32_t min, uint16_t *to)
{
	const char *text = r->word[word].text;
	size_t n = strlen(name);
	int32_t v;

	if (strncmp(text, name, n) || !reader_number(text + n, 5, &v))
		return refuse(r, word, "'%s' is not %sN", text, name);
	if (v < min || v > PROG_MAX_FRAMES)
		return refuse(r, word, "%d is not from %d to %d", v, min, PROG_MAX_FRAMES);
	*to = (uint16_t)v;
	return 0;
}

static int read_machine(struct reader *r)
{
	if (words_exactly(r, 3))
		return -1;
	if (r->prog->frames)
		return refuse(r, 0, "a second 'machine' line");
	return read_size(r, 1, "frames=", 16, &r->prog->frames) ||
			       read_size(r, 2, "swap=", 0, &r->prog->swap) ?
		       -1 :
		       0;
}

/* Lines of a schedule are one schedule. */
static int read_schedule(struct reader *r)
{
	char *to = r->prog->schedule;
	size_t len = strlen(to);

	if (r->nr_words < 2)
		return refuse(r, 1, "what runs? a task is missing");
	for (int i = 1; i < r->nr_words; i++) {
		const char *text = r->word[i].text;

		if (len + strlen(text) + 2 > PROG_SCHEDULE_MAX)
			return refuse(r, i, "a schedule has at most %d characters", PROG_SCHEDULE_MAX - 1);
		len += (size_t)snprintf(to + len, PROG_SCHEDULE_MAX - len, "%s%s", len ? " " : "", text);
	}
	return 0;
}

bool is_config(const struct reader *r)
{
	return reader_find(r->word[0].text, words, sizeof(words) / sizeof(words[0])) >= 0;
}

int read_config(struct reader *r)
{
	enum config c = (enum config)reader_find(r->word[0].text, words, sizeof(words) / sizeof(words[0]));
	struct vm_prog *p = r->prog;

	if (c <= CONFIG_MACHINE && p->nr_ops)
		return refuse(r, 0, "'%s' stands before the calls", r->word[0].text);
	switch (c) {
	case CONFIG_KERNEL:
		return read_text(r, p->kernel, sizeof(p->kernel));
	case CONFIG_PROTOCOL:
		return read_text(r, p->protocol, sizeof(p->protocol));
	case CONFIG_MACHINE:
		return read_machine(r);
	case CONFIG_SCHEDULE:
		return read_schedule(r);
	case CONFIG_VERSION:
		return read_text(r, p->version, sizeof(p->version));
	default:
		return read_text(r, p->oracle, sizeof(p->oracle));
	}
}
