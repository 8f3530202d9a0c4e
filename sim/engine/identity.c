/* SPDX-License-Identifier: MIT */
/*
 * identity.c - what a violation is about, so that two of one oracle can be told apart or known again
 *
 * An oracle says what went wrong for a reader; of that, what an execution happened to count ("has 3 references", a
 * value that was read) differs where the fault is the same. Who waits for what is told by names, whoever came first.
 * Otherwise the message is taken without its numbers, but for those that name something: a number after one of the
 * words below, as in "index 1 of inode 0". A frame's number depends on who allocated first; it counts only where no
 * address and no index says which page is meant.
 */
#include <ctype.h>

#include "engine/identity.h"

void about_add(struct engine *e, const char *name)
{
	size_t len = strlen(name), n = strlen(e->about);
	char *at = e->about;

	/* Sorted, each once, on lines of their own. */
	while (*at) {
		size_t word = strcspn(at, "\n");
		int order = strncmp(at, name, word > len ? word : len);

		if (!order && word == len)
			return;
		if (order > 0)
			break;
		at += word + 1;
	}
	if (!len || n + len + 1 >= sizeof(e->about))
		return;
	memmove(at + len + 1, at, strlen(at) + 1);
	memcpy(at, name, len);
	at[len] = '\n';
}

static bool is_word(const char *text, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == len && !memcmp(*words, text, len))
			return true;
	return false;
}

/* Whether the number that follows `len` characters of text is a name. `placed`: something says where besides a frame */
static bool names(const char *text, size_t len, bool placed)
{
	static const char *const always[] = {
		"index", "inode", "mm", "CPU", "bit", "at", "translates", NULL
	};
	static const char *const frame[] = { "page", NULL };
	size_t end = len, from;

	while (end && text[end - 1] == ' ')
		end--;
	for (from = end; from && isalpha((unsigned char)text[from - 1]);)
		from--;
	return is_word(text + from, end - from, always) ||
	       (!placed && is_word(text + from, end - from, frame));
}

/* => the length of the number that begins here, 0: none does */
static size_t number(const char *text, size_t at)
{
	size_t n = 0;

	if (!isdigit((unsigned char)text[at]) ||
	    (at && (isalnum((unsigned char)text[at - 1]) || text[at - 1] == '_')))
		return 0;
	while (isalnum((unsigned char)text[at + n]))
		n++;
	return n;
}

static void without_numbers(const char *text, char *to, size_t size)
{
	bool placed = strstr(text, " index ") || strstr(text, " at 0x") || strstr(text, "translates 0x");
	size_t n = 0;

	for (size_t i = 0; text[i] && n + 1 < size;) {
		size_t len = number(text, i);

		if (len && !names(text, i, placed)) {
			to[n++] = '#';
			i += len;
			continue;
		}
		for (len = len ? len : 1; len && n + 1 < size; len--)
			to[n++] = text[i++];
	}
	to[n] = '\0';
}

void violation_identify(struct engine *e)
{
	struct engine_violation *v = &e->violation;
	char *colon;

	if (e->about[0]) {
		memcpy(v->object, e->about, sizeof(v->object));
		return;
	}
	if (strcmp(v->oracle, "data-race")) {
		without_numbers(v->message, v->object, sizeof(v->object));
		return;
	}
	/* The object as it is described; who came second is the execution's. */
	snprintf(v->object, sizeof(v->object), "%.*s", ENGINE_OBJECT_MAX - 1, v->message);
	colon = strstr(v->object, ": ");
	if (colon)
		*colon = '\0';
}
