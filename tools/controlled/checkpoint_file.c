// SPDX-License-Identifier: MIT
/*
 * checkpoint_file.c - an exploration that was broken off, in a file
 *
 * A header, the request, the engine's bytes. All of it is as it lies in memory, so that only the very program that
 * wrote it can read it: the header has a hash of that program's file, and one of what follows it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "controlled/explore.h"

static const char magic[8] = "FLSTATE\n";

struct file_header {
	char magic[8];
	uint64_t hash; /* of all that follows */
	uint64_t build;
	uint64_t nr_bytes;
	char version[32];
};

/* ---- files, as a whole --------------------------------------------------------------------------------- */

/* => NULL after errno was set */
static uint8_t *read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 0, got;
	uint8_t *bytes = NULL;
	bool failed;

	*n = 0;
	if (!f)
		return NULL;
	do {
		if (*n == cap) {
			uint8_t *more = realloc(bytes, cap = cap ? 2 * cap : 1 << 20);

			if (!more)
				break;
			bytes = more;
		}
		got = fread(bytes + *n, 1, cap - *n, f);
		*n += got;
	} while (got);
	failed = ferror(f) || *n == cap;
	fclose(f);
	if (!failed)
		return bytes;
	free(bytes);
	return NULL;
}

/* => 0: it cannot be read */
static uint64_t build_hash(void)
{
	size_t n;
	uint8_t *self = read_all("/proc/self/exe", &n);
	uint64_t h = self ? XXH3_64bits(self, n) : 0;

	free(self);
	return h;
}

static bool write_parts(FILE *f, const struct file_header *h, const struct checkpoint *c,
			const uint8_t *bytes)
{
	return fwrite(h, sizeof(*h), 1, f) == 1 && fwrite(c, sizeof(*c), 1, f) == 1 &&
	       fwrite(bytes, 1, h->nr_bytes, f) == h->nr_bytes && !fflush(f);
}

static uint64_t hash_of(const struct file_header *h, const struct checkpoint *c, const uint8_t *bytes)
{
	XXH3_state_t *s = XXH3_createState();
	uint64_t v;

	if (!s)
		abort();
	XXH3_64bits_reset(s);
	XXH3_64bits_update(s, &h->build, sizeof(*h) - offsetof(struct file_header, build));
	XXH3_64bits_update(s, c, sizeof(*c));
	XXH3_64bits_update(s, bytes, h->nr_bytes);
	v = XXH3_64bits_digest(s);
	XXH3_freeState(s);
	return v;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void request_to(struct checkpoint *c, const struct checkpoint_writer *w)
{
	const struct request *q = w->q;
	const struct engine_options *o = &q->o;

	memset(c, 0, sizeof(*c)); /* padding too, for the hash */
	snprintf(c->race, sizeof(c->race), "%s", w->race);
	snprintf(c->kernel, sizeof(c->kernel), "%s", q->kernel ? q->kernel : "");
	snprintf(c->protocols, sizeof(c->protocols), "%s", q->protocols ? q->protocols : "");
	snprintf(c->memory, sizeof(c->memory), "%s", q->memory ? q->memory : "");
	c->has_kernel = q->kernel;
	c->has_protocols = q->protocols;
	c->has_memory = q->memory;
	snprintf(c->strategy, sizeof(c->strategy), "%s", o->strategy);
	c->nr_choices = o->choices ? 0 : -1;
	for (const struct engine_choice *k = o->choices; k && k->what; k++) {
		snprintf(c->choice[c->nr_choices].what, sizeof(c->choice[0].what), "%s", k->what);
		c->choice[c->nr_choices++].max = k->max;
	}
	c->preemptions = o->preemptions;
	c->depth = o->depth;
	c->max_steps = o->max_steps;
	c->executions = o->executions;
	c->seed = o->seed;
	c->state_hash = o->state_hash;
	c->paranoid = o->paranoid;
	c->data_race_fatal = o->data_race_fatal;
	c->lock_order_fatal = o->lock_order_fatal;
}

/* => false, and errno is set */
static bool write_file(const struct checkpoint_writer *w, const char *path, const uint8_t *bytes, size_t n)
{
	struct file_header h = { .build = w->build, .nr_bytes = n };
	struct checkpoint c;
	char tmp[4096];
	FILE *f;
	bool ok;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(h.magic, magic, sizeof(h.magic));
	snprintf(h.version, sizeof(h.version), "%s", faultline_build_version());
	request_to(&c, w);
	h.hash = hash_of(&h, &c, bytes);
	f = fopen(tmp, "wb");
	if (!f)
		return false;
	ok = write_parts(f, &h, &c, bytes);
	ok = !fclose(f) && ok;
	return ok && !rename(tmp, path);
}

void checkpoint_save(void *arg, const uint8_t *bytes, size_t n)
{
	struct checkpoint_writer *w = arg;

	if (w->path) {
		if (!write_file(w, w->path, bytes, n) && !w->failed) {
			fprintf(stderr, "faultline: %s: %s\n", w->path, strerror(errno));
			w->failed = true;
		}
		return;
	}
	free(w->bytes);
	w->bytes = malloc(n);
	w->nr_bytes = w->bytes ? n : 0;
	if (w->bytes)
		memcpy(w->bytes, bytes, n);
}

bool checkpoint_begin(struct checkpoint_writer *w, const char *race, const struct request *q)
{
	char tmp[4096];
	FILE *f;

	*w = (struct checkpoint_writer){ .path = q->checkpoint, .race = race, .q = q, .build = build_hash() };
	if (!w->path)
		return true;
	snprintf(tmp, sizeof(tmp), "%s.tmp", w->path);
	f = fopen(tmp, "wb"); /* better now than after hours */
	if (!f) {
		usage_error("--checkpoint: %s: %s", tmp, strerror(errno));
		return false;
	}
	fclose(f);
	unlink(tmp);
	return true;
}

/* Interrupted, and no file was named: one named after the race, in the current folder. */
static const char *keep(const struct checkpoint_writer *w)
{
	static char path[160];

	if (!w->bytes)
		return NULL;
	snprintf(path, sizeof(path), "%s.faultline", w->race);
	if (write_file(w, path, w->bytes, w->nr_bytes))
		return path;
	fprintf(stderr, "faultline: %s: %s\n", path, strerror(errno));
	return NULL;
}

const char *checkpoint_end(struct checkpoint_writer *w, const struct engine_stats *stats)
{
	const char *path = NULL;

	if (w->path && stats->unfinished)
		path = w->failed ? NULL : w->path;
	else if (w->path)
		unlink(w->path);
	else if (stats->unfinished && stats->interrupted)
		path = keep(w);
	free(w->bytes);
	w->bytes = NULL;
	return path;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

int checkpoint_file_read(const char *path, struct checkpoint *c)
{
	struct file_header h;
	size_t n, before = sizeof(h) + sizeof(*c);
	uint8_t *all = read_all(path, &n);
	int status = 0;

	if (!all)
		return usage_error("--resume: %s: %s", path, errno ? strerror(errno) : "cannot be read");
	if (n >= sizeof(h))
		memcpy(&h, all, sizeof(h));
	if (n < sizeof(magic) || memcmp(all, magic, sizeof(magic)))
		status = usage_error("--resume: %s is no exploration that was broken off", path);
	else if (n < sizeof(h))
		status = usage_error("--resume: %s ends early", path);
	else if (h.build != build_hash())
		status = usage_error("--resume: %s was written by another build of faultline, %.*s", path,
				     (int)strnlen(h.version, sizeof(h.version)), h.version);
	else if (n < before || h.nr_bytes > n - before)
		status = usage_error("--resume: %s ends early", path);
	else if (h.nr_bytes < n - before)
		status = usage_error("--resume: %s goes on after its end", path);
	if (!status) {
		memcpy(c, all + sizeof(h), sizeof(*c));
		c->bytes = NULL;
		if (h.hash != hash_of(&h, c, all + before))
			status = usage_error("--resume: %s is damaged", path);
	}
	if (!status) {
		c->nr_bytes = h.nr_bytes;
		c->bytes = malloc(h.nr_bytes + 1);
		if (c->bytes)
			memcpy(c->bytes, all + before, h.nr_bytes);
		else
			status = usage_error("--resume: %s: no memory", path);
	}
	free(all);
	return status;
}

void checkpoint_restore(const struct checkpoint *c, struct request *q)
{
	struct engine_options *o = &q->o;

	q->kernel = c->has_kernel ? c->kernel : NULL;
	q->protocols = c->has_protocols ? c->protocols : NULL;
	q->memory = c->has_memory ? c->memory : NULL;
	for (int i = 0; engine_strategy_name(i); i++)
		if (!strcmp(engine_strategy_name(i), c->strategy))
			o->strategy = engine_strategy_name(i);
	for (int i = 0; i < c->nr_choices; i++)
		q->choices[i] = (struct engine_choice){ c->choice[i].what, c->choice[i].max };
	if (c->nr_choices >= 0) {
		q->choices[c->nr_choices] = (struct engine_choice){ NULL, 0 };
		o->choices = q->choices;
	}
	o->preemptions = c->preemptions;
	o->depth = c->depth;
	o->max_steps = c->max_steps;
	if (!o->executions)
		o->executions = c->executions;
	o->seed = c->seed;
	o->state_hash = c->state_hash;
	o->paranoid = c->paranoid;
	o->data_race_fatal = c->data_race_fatal;
	o->lock_order_fatal = c->lock_order_fatal;
	o->resume = c->bytes;
	o->nr_resume = c->nr_bytes;
}
