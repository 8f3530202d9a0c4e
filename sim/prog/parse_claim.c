// SPDX-License-Identifier: MIT
/* parse_claim.c - `expect`, `never` and `sometimes`: which results a program is to have */
#include <stdlib.h>
#include <string.h>

#include "prog/reader.h"

static int read_signal(const char *text, struct vm_result *res)
{
	const char *at = strchr(text, '@'), *plus = at ? strchr(at, '+') : NULL;
	char page[8];
	int32_t offset;

	for (int i = 0; i < NR_SIGNALS; i++) {
		size_t n = strlen(vm_signal_names[i]);

		if (!plus || (size_t)(at - text) != n || strncmp(text, vm_signal_names[i], n))
			continue;
		if ((size_t)(plus - at - 1) >= sizeof(page))
			return -1;
		memcpy(page, at + 1, (size_t)(plus - at - 1));
		page[plus - at - 1] = '\0';
		if (!reader_number(page, 3, &res->page) || !reader_number(plus + 1, 4, &offset) ||
		    offset >= PROG_PAGE)
			return -1;
		res->outcome = OUTCOME_SIGNAL;
		res->value = i;
		res->offset = (uint16_t)offset;
		return 0;
	}
	return -1;
}

static int read_result(const char *text, struct vm_result *res)
{
	static const char hex[] = "0123456789abcdef";

	memset(res, 0, sizeof(*res));
	if (!strcmp(text, "dead") || !strcmp(text, "skip")) {
		res->outcome = text[0] == 'd' ? OUTCOME_DEAD : OUTCOME_SKIP;
		return 0;
	}
	if (!strncmp(text, "val=", 4)) {
		if (strspn(text + 4, hex) != 2 || text[6])
			return -1;
		res->outcome = OUTCOME_BYTE;
		res->value = (int32_t)strtol(text + 4, NULL, 16);
		return 0;
	}
	if (reader_number(text, 9, &res->value)) {
		res->outcome = OUTCOME_VALUE;
		return 0;
	}
	res->value = vm_errno_find(text);
	if (res->value) {
		res->outcome = OUTCOME_ERROR;
		return 0;
	}
	return read_signal(text, res);
}

/* [CALL:]RESULT */
static int read_term(struct reader *r, int word, struct vm_claim *c)
{
	struct vm_prog *p = r->prog;
	const char *text = r->word[word].text, *colon = strchr(text, ':');
	int32_t op = p->nr_ops - 1;
	char index[8];

	if (colon) {
		snprintf(index, sizeof(index), "%.*s", (int)(colon - text), text);
		if (!reader_number(index, 5, &op) || op >= p->nr_ops)
			return refuse(r, word, "'%s:' names no call above this line, which has 0 to %d",
				      index, p->nr_ops - 1);
		text = colon + 1;
	}
	if (read_result(text, &c->term[c->nr_terms].result))
		return refuse(
			r, word,
			"'%s' is no result: a number, an error (EFAULT), val=hh, SEGV_MAPERR@PAGE+OFFSET, dead "
			"or skip",
			text);
	c->term[c->nr_terms].op = (uint16_t)op;
	c->nr_terms++;
	return 0;
}

int read_claim(struct reader *r, int kind)
{
	struct vm_prog *p = r->prog;
	struct vm_claim *c = &p->claim[p->nr_claims];

	if (!p->nr_ops)
		return refuse(r, 0, "'%s' before any call: it is about calls above it", r->word[0].text);
	if (p->nr_claims == PROG_MAX_CLAIMS)
		return refuse(r, 0, "more than %d claims in one program", PROG_MAX_CLAIMS);
	if (r->nr_words < 2)
		return refuse(r, 1, "%s what? a result is missing", r->word[0].text);
	if (r->nr_words > 1 + PROG_MAX_TERMS)
		return refuse(r, 1 + PROG_MAX_TERMS, "more than %d results in one claim", PROG_MAX_TERMS);
	memset(c, 0, sizeof(*c));
	c->kind = (uint8_t)kind;
	c->after = p->nr_ops;
	c->line = (uint16_t)(r->line > UINT16_MAX ? 0 : r->line);
	for (int i = 1; i < r->nr_words; i++)
		if (read_term(r, i, c))
			return -1;
	p->nr_claims++;
	return 0;
}
