// SPDX-License-Identifier: MIT
/* concurrent_session.c - see concurrent_session.h */
#include <string.h>

#include "controlled/concurrent_session.h"

int concurrent_open(struct concurrent_session *s, const struct vm_prog *p, char *err, size_t n)
{
	memset(s, 0, sizeof(*s));
	if (concurrent_init(&s->c, p, err, n))
		return -1;
	concurrent_program(&s->c, &s->program);
	s->engine = engine_create(&s->program, err, n);
	if (s->engine)
		return 0;
	concurrent_free(&s->c);
	return -1;
}

void concurrent_close(struct concurrent_session *s)
{
	engine_destroy(s->engine);
	concurrent_free(&s->c);
}

void concurrent_witness(struct concurrent_session *s, struct vm_prog *to)
{
	bool labelled;

	*to = *s->c.prog;
	engine_expect(s->engine, s->r.violation.oracle);
	labelled = engine_schedule_label(s->engine, &s->r.schedule);
	engine_schedule_print(&s->program, &s->r.schedule, ' ', to->schedule, sizeof(to->schedule));
	snprintf(to->oracle, sizeof(to->oracle), "%s", s->r.violation.oracle);
	snprintf(to->version, sizeof(to->version), "%s", labelled ? "" : faultline_build_version());
}

static bool counts_steps(const struct engine_schedule *s)
{
	for (int i = 0; i < s->nr; i++)
		if (s->seg[i].stop == ENGINE_STOP_COUNT)
			return true;
	return false;
}

enum engine_end concurrent_replay(struct concurrent_session *s, char *err, size_t n)
{
	static struct engine_schedule schedule;
	const struct vm_prog *p = s->c.prog;
	enum engine_end end;

	if (engine_schedule_parse(&s->program, p->schedule, &schedule, err, n))
		return ENGINE_DIVERGED;
	if (counts_steps(&schedule) && strcmp(p->version, faultline_build_version()) != 0) {
		snprintf(err, n, "the schedule counts steps of version '%s', this is %s", p->version,
			 faultline_build_version());
		return ENGINE_DIVERGED;
	}
	engine_expect(s->engine, p->oracle);
	end = engine_replay(s->engine, &schedule, 0, &s->r, NULL, err, n);
	if (end == ENGINE_DIVERGED || !*p->oracle || !strcmp(p->oracle, s->r.violation.oracle))
		return end;
	snprintf(err, n, "%s did not fire, %s%s", p->oracle,
		 *s->r.violation.oracle ? "but " : "and nothing else did", s->r.violation.oracle);
	return ENGINE_DIVERGED;
}
