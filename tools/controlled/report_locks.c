// SPDX-License-Identifier: MIT
/*
 * report_locks.c - orders of locks that can deadlock, as text and as JSON
 */
#include "controlled/report.h"

#define PLACE 256

/* That of another execution than the one that completed the report. */
static void print_execution(FILE *f, uint64_t execution)
{
	char n[32];

	if (execution)
		fprintf(f, ", in execution %s", thousands(execution, n));
	else
		fputs(", in the set-up", f);
}

void report_lock_orders(FILE *f, const struct engine_result *r, struct symbols *s)
{
	char taken[PLACE], held[PLACE];

	for (int i = 0; i < r->nr_lock_reports; i++) {
		const struct engine_lock_report *l = &r->lock_reports[i];

		fprintf(f, "lock order: %s\n", l->message);
		for (int k = 0; k < l->nr; k++) {
			symbols_place(s, l->link[k].pc, l->link[k].depth, taken, sizeof(taken));
			fprintf(f, "    %s takes %s at %s", l->link[k].task, l->link[k].taken, taken);
			if (l->link[k].held_pc)
				fprintf(f, ", %s was taken at %s", l->link[k].held,
					symbols_place(s, &l->link[k].held_pc, 1, held, sizeof(held)));
			if (l->link[k].execution != l->execution)
				print_execution(f, l->link[k].execution);
			fputc('\n', f);
		}
	}
	if (r->nr_lock_reports == ENGINE_MAX_LOCK_REPORTS)
		fprintf(f, "more may be there: only the first %d lock reports are kept\n",
			ENGINE_MAX_LOCK_REPORTS);
}

void json_add_lock_orders(cJSON *to, const struct engine_result *r, struct symbols *s)
{
	cJSON *all = cJSON_AddArrayToObject(to, "lock_orders"), *j, *chain, *link;
	char place[PLACE];

	for (int i = 0; i < r->nr_lock_reports; i++) {
		const struct engine_lock_report *l = &r->lock_reports[i];

		j = cJSON_CreateObject();
		cJSON_AddStringToObject(j, "message", l->message);
		json_add_u64(j, "execution", l->execution);
		chain = cJSON_AddArrayToObject(j, "chain");
		for (int k = 0; k < l->nr; k++) {
			link = cJSON_CreateObject();
			cJSON_AddStringToObject(link, "task", l->link[k].task);
			cJSON_AddStringToObject(link, "taken", l->link[k].taken);
			cJSON_AddStringToObject(
				link, "at",
				symbols_place(s, l->link[k].pc, l->link[k].depth, place, sizeof(place)));
			cJSON_AddStringToObject(link, "held", l->link[k].held);
			cJSON_AddStringToObject(link, "held_at",
						l->link[k].held_pc ? symbols_place(s, &l->link[k].held_pc, 1,
										   place, sizeof(place)) :
								     "");
			json_add_u64(link, "execution", l->link[k].execution);
			cJSON_AddItemToArray(chain, link);
		}
		cJSON_AddItemToArray(all, j);
	}
	cJSON_AddBoolToObject(to, "lock_orders_truncated", r->nr_lock_reports == ENGINE_MAX_LOCK_REPORTS);
}
