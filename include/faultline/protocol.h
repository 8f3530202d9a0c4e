/* SPDX-License-Identifier: MIT */
/*
 * protocol.h - the registry of protocols: one answer each to a problem that the memory manager can solve in
 * several ways, and of kernels, which fix one answer for every problem
 */
#ifndef FAULTLINE_PROTOCOL_H
#define FAULTLINE_PROTOCOL_H

/* The problems. The ops of axis A are a `const struct A_protocol`, declared beside the path that calls it. */
enum protocol_axis {
	AXIS_INVALIDATE, /* fault against truncate and invalidate: struct invalidate_protocol, sim/mm/protocols */
	AXIS_COW,	 /* copy on write against fork and pins: struct cow_protocol */
	AXIS_AROUND,	 /* pages that a read fault maps beside its own: struct around_protocol */
	AXIS_DIRTY,	 /* how stores to shared file mappings are noticed: struct dirty_protocol */
	AXIS_MUNMAP,	 /* how long munmap keeps faults out: struct munmap_protocol */
	NR_AXES,
};

struct protocol {
	enum protocol_axis axis;
	const char *name;    /* as users type it: "page-lock" */
	const char *summary; /* one line: who, when, the idea */
	const void *ops;
};

/* A named choice on every axis, as a released kernel made it. */
struct kernel {
	const char *name; /* "linux-2.6.18" */
	const char *protocols[NR_AXES];
};

#define PROTOCOL(ident_, axis_, name_, ops_, summary_)                                                       \
	static const struct protocol protocol_##ident_ = { axis_, name_, summary_, ops_ };                   \
	static const struct protocol *const protocol_entry_##ident_                                          \
		__attribute__((section("faultline_protocols"), used)) = &protocol_##ident_

/* KERNEL(ident, "linux-2.6.18", [AXIS_INVALIDATE] = "truncate-count") */
#define KERNEL(ident_, name_, ...)                                                                           \
	static const struct kernel kernel_##ident_ = { name_, { __VA_ARGS__ } };                             \
	static const struct kernel *const kernel_entry_##ident_                                              \
		__attribute__((section("faultline_kernels"), used)) = &kernel_##ident_

#endif
