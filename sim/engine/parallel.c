/* SPDX-License-Identifier: MIT */
/*
 * parallel.c - workers that share an exploration, its budget, its snapshots
 *
 * Each worker has an engine of its own, whose set-up it runs itself. One worker is the calling thread, which then looks
 * after budgets between its executions; several are threads, and the caller looks after budgets alone.
 */
#include "engine/unit.h"

#define BUDGET_LOOK 32	 /* executions of one worker alone between looks at the clock */
#define PUBLISH 64	 /* executions of one of several before it tells of them */
#define SAMPLE_PART 8192 /* executions of a sample that a worker keeps when it shares */
#define POLL_NS 20000000 /* between the coordinator's looks */

double unit_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* ---- what a worker asks ---------------------------------------------------------------------------------- */

static void attend(struct explorer *x)
{
	atomic_store_explicit(&x->attention, x->stop || x->hold || x->running < x->workers,
			      memory_order_relaxed);
}

/* Gives the last part of a running unit to whoever has nothing to do. */
static void share(struct engine *e, struct explorer *x, struct unit *u)
{
	struct unit *n;
	uint8_t *bytes = NULL;
	size_t nr = 0;

	if (x->strategy->split) {
		nr = x->strategy->split(e, &bytes);
		if (!nr)
			return;
	} else if (x->strategy->covered || u->to - e->nr_execution <= SAMPLE_PART) {
		return; /* no sample, or too little left */
	}
	n = unit_new(x, u);
	n->bytes = bytes;
	n->nr_bytes = nr;
	if (!nr) {
		n->from = e->nr_execution + SAMPLE_PART;
		n->to = u->to;
		u->to = n->from;
	}
	pthread_cond_broadcast(&x->change);
}

static void progress(struct explorer *x, double t)
{
	struct engine_progress p = {
		.executions = atomic_load_explicit(&x->executions, memory_order_relaxed),
		.resumed = x->resumed,
		.seconds = t,
		.depth = (uint32_t)atomic_load_explicit(&x->depth, memory_order_relaxed),
		.bytes = (size_t)atomic_load_explicit(&x->bytes, memory_order_relaxed) * (size_t)x->workers,
		.jobs = x->workers,
		.share = -1,
	};

	if (x->nr_estimates && x->estimate > 0) {
		p.estimate = (uint64_t)x->estimate;
		p.share = (double)p.executions < x->estimate ? (double)p.executions / x->estimate : 1;
	}

	x->o->progress(x->o->progress_arg, &p);
}

/* Of a sample the budget of executions is not counted: its units end there. */
static bool counts(const struct explorer *x)
{
	return x->o->executions && x->strategy->covered;
}

static bool used_up(const struct explorer *x)
{
	return counts(x) && atomic_load_explicit(&x->executions, memory_order_relaxed) >= x->o->executions;
}

/* The caller holds the lock. */
static void budget(struct explorer *x)
{
	const struct engine_options *o = x->o;
	double t = unit_clock(CLOCK_MONOTONIC) - x->start;

	x->interrupted |= o->interrupted && *o->interrupted;
	x->stop |= x->interrupted || (o->seconds > 0 && t >= o->seconds) || used_up(x);
	if (o->progress && t >= x->next_progress) {
		x->next_progress = t + 1;
		progress(x, t);
	}
	if (o->save && t >= x->next_save)
		x->hold = true;
	attend(x);
}

static void raise_to(atomic_uint_fast64_t *most, uint64_t v)
{
	uint64_t old = atomic_load_explicit(most, memory_order_relaxed);

	while (v > old && !atomic_compare_exchange_weak_explicit(most, &old, v, memory_order_relaxed,
								 memory_order_relaxed))
		;
}

void explorer_publish(struct engine *e, struct explorer *x, struct unit *u)
{
	uint64_t n = u->r->stats.executions + u->r->stats.redundant;

	atomic_fetch_add_explicit(&x->executions, n - u->published, memory_order_relaxed);
	u->published = n;
	raise_to(&x->depth, u->r->stats.max_depth);
	raise_to(&x->bytes, unit_memory(e));
}

static bool look_alone(struct engine *e, struct explorer *x, struct unit *u, uint64_t n)
{
	if (x->o->interrupted && *x->o->interrupted)
		x->interrupted = x->stop = true;
	if (n % BUDGET_LOOK == 0 || counts(x)) {
		explorer_publish(e, x, u);
		x->stop |= used_up(x);
	}
	if (n % BUDGET_LOOK == 0)
		budget(x);
	return x->stop || x->hold;
}

bool explorer_look(struct engine *e, struct explorer *x, struct unit *u)
{
	uint64_t n = u->r->stats.executions + u->r->stats.redundant;
	bool leave;

	if (x->strategy == &strategy_dpor)
		explorer_estimate(e, x, u, n);
	if (x->workers == 1)
		return look_alone(e, x, u, n);
	if (n - u->published == PUBLISH || counts(x)) {
		explorer_publish(e, x, u);
		if (used_up(x))
			return true;
	}
	if (likely(!atomic_load_explicit(&x->attention, memory_order_relaxed)))
		return false;
	pthread_mutex_lock(&x->lock);
	leave = x->stop || x->hold || units_in_vain(x, u);
	if (!leave && x->running < x->workers && !units_waiting(x))
		share(e, x, u);
	pthread_mutex_unlock(&x->lock);
	return leave;
}

void explorer_keep(struct engine *e, struct explorer *x, struct unit *u)
{
	struct unit *n;

	if (!x->strategy->save && (x->strategy->covered || e->nr_execution >= u->to))
		return;
	pthread_mutex_lock(&x->lock);
	n = unit_new(x, u);
	n->from = e->nr_execution;
	n->to = u->to;
	if (x->strategy->save) {
		n->from = 0;
		n->nr_bytes = x->strategy->save(e, &n->bytes);
	}
	pthread_mutex_unlock(&x->lock);
}

/* ---- workers ------------------------------------------------------------------------------------------------ */

static bool one_unit(struct engine *e, struct explorer *x)
{
	struct unit *u = x->hold || x->stop ? NULL : units_waiting(x);
	char err[sizeof(x->err)];
	int failed;

	if (!u)
		return false;
	u->state = UNIT_RUNNING;
	x->running++;
	attend(x);
	pthread_mutex_unlock(&x->lock);
	failed = unit_run(e, x, u, err, sizeof(err));
	pthread_mutex_lock(&x->lock);
	u->state = UNIT_DONE;
	x->running--;
	x->stop |= used_up(x);
	if (failed && !x->failed) {
		x->failed = x->stop = true;
		memcpy(x->err, err, sizeof(err));
	}
	units_fold(x);
	attend(x);
	pthread_cond_broadcast(&x->change);
	return true;
}

/* Is there nothing to do, and will there be nothing? The caller holds the lock. */
static bool over(const struct explorer *x)
{
	return x->stop ? !x->running : !x->running && !x->hold && !units_waiting(x);
}

struct worker {
	struct explorer *x;
	struct engine *e;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct explorer *x = w->x;

	oops_prepare();
	pthread_mutex_lock(&x->lock);
	while (!over(x))
		if (!one_unit(w->e, x) && !over(x))
			pthread_cond_wait(&x->change, &x->lock);
	pthread_cond_broadcast(&x->change);
	pthread_mutex_unlock(&x->lock);
	oops_thread_ends();
	return NULL;
}

static double save_seconds(const struct explorer *x)
{
	return x->o->save_seconds > 0 ? x->o->save_seconds : ENGINE_DEFAULT_SAVE_SECONDS;
}

/* Nobody runs. */
static void save(struct explorer *x)
{
	uint8_t *bytes;
	size_t n = checkpoint_write(x, &bytes);

	x->o->save(x->o->save_arg, bytes, n);
	free(bytes);
	x->next_save = unit_clock(CLOCK_MONOTONIC) - x->start + save_seconds(x);
	x->hold = false;
	attend(x);
	pthread_cond_broadcast(&x->change);
}

static void coordinate(struct explorer *x)
{
	pthread_mutex_lock(&x->lock);
	while (!over(x)) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += POLL_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&x->change, &x->lock, &until);
		budget(x);
		if (x->hold && !x->running)
			save(x);
	}
	pthread_mutex_unlock(&x->lock);
}

static void alone(struct engine *e, struct explorer *x)
{
	pthread_mutex_lock(&x->lock);
	while (!over(x)) {
		if (!one_unit(e, x))
			save(x);
	}
	pthread_mutex_unlock(&x->lock);
}

/* => -1 and one line in err */
static int together(struct engine *e, struct explorer *x, char *err, size_t errlen)
{
	struct worker *w = calloc((size_t)x->workers, sizeof(*w));
	int n = 0, status = 0;

	if (!w) {
		snprintf(err, errlen, "no memory for %d workers", x->workers);
		return -1;
	}
	for (; n < x->workers && !status; n++) {
		w[n].x = x;
		w[n].e = n ? engine_create(&e->prog, err, errlen) : e;
		if (!w[n].e)
			break;
		engine_begin(w[n].e, x->o);
	}
	status = n < x->workers ? -1 : 0;
	for (int i = 0; i < n && !status; i++)
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			engine_panic("no thread for worker %d of %d", i + 1, n);
	if (!status)
		coordinate(x);
	for (int i = 0; i < n; i++) {
		if (!status)
			pthread_join(w[i].thread, NULL);
		if (i && w[i].e)
			engine_destroy(w[i].e);
	}
	free(w);
	return status;
}

/* ---- an exploration -------------------------------------------------------------------------------------------- */

static int begin(struct explorer *x, char *err, size_t errlen)
{
	const struct engine_options *o = x->o;

	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->change, NULL);
	x->workers = o->jobs > 1 ? o->jobs : 1;
	x->start = unit_clock(CLOCK_MONOTONIC);
	x->next_progress = 1;
	atomic_store(&x->next_estimate, FIRST_ESTIMATE);
	x->next_save = save_seconds(x);
	if (!o->resume)
		unit_new(x, NULL);
	else if (checkpoint_read(x, o->resume, o->nr_resume, err, errlen))
		return -1;
	units_cut_at_budget(x);
	x->stop = used_up(x);
	return 0;
}

/* The units' results, up to the first violation that was looked for. */
static void end(struct engine *e, struct explorer *x, struct engine_result *r)
{
	bool complete = true;

	for (struct unit *u = x->first; u; u = u->next) {
		complete &= u->state == UNIT_DONE && u->complete;
		if (u->state != UNIT_DONE)
			continue;
		lockdep_log_append(x->locks, &u->locks, r->stats.executions + r->stats.redundant);
		result_append(r, u->r, u->stopped);
		if (u->stopped)
			break;
	}
	e->opt = NULL; /* a fatal report ended its execution when it was found */
	lockdep_restart(e);
	lockdep_log_apply(e, x->locks);
	lockdep_result(e, r);
	r->stats.complete = complete;
	r->stats.interrupted = x->interrupted;
	if (x->nr_estimates)
		r->stats.estimate = x->estimate;
	r->stats.estimated_by = x->spent;
	r->gave_up = x->gave_up;
	r->stats.unfinished = units_unfinished(x);
	r->stats.wall_seconds = x->wall_before + unit_clock(CLOCK_MONOTONIC) - x->start;
	r->stats.peak_bytes *= (size_t)x->workers;
}

int explorer_run(struct engine *e, const struct engine_options *o, bool may_give_up, struct lock_log *locks,
		 struct engine_result *r, char *err, size_t errlen)
{
	struct explorer x = { .o = o, .may_give_up = may_give_up, .locks = locks };
	int status;

	memset(r, 0, sizeof(*r));
	x.strategy = engine_strategy(e, o, err, errlen);
	if (!x.strategy)
		return -1;
	status = begin(&x, err, errlen);
	if (!status) {
		engine_begin(e, o);
		if (x.workers == 1)
			alone(e, &x);
		else
			status = together(e, &x, err, errlen);
		if (x.failed) {
			snprintf(err, errlen, "%s", x.err);
			status = -1;
		}
	}
	if (!status) {
		end(e, &x, r);
		if (o->save && r->stats.unfinished)
			save(&x);
	}
	units_free(&x);
	pthread_mutex_destroy(&x.lock);
	pthread_cond_destroy(&x.change);
	e->opt = NULL;
	return status;
}
