/* SPDX-License-Identifier: MIT */
/* kernels.c - released kernels, as the choice that each made on every axis */
#include <faultline/protocol.h>

KERNEL(linux_2_6_18, "linux-2.6.18", [AXIS_INVALIDATE] = "refcount-check", [AXIS_COW] = "2.6.29",
       [AXIS_AROUND] = "none", [AXIS_DIRTY] = "pte", [AXIS_MUNMAP] = "write");
KERNEL(linux_2_6_19, "linux-2.6.19", [AXIS_INVALIDATE] = "truncate-count", [AXIS_COW] = "2.6.29",
       [AXIS_AROUND] = "none", [AXIS_DIRTY] = "writenotify", [AXIS_MUNMAP] = "write");
KERNEL(linux_2_6_23, "linux-2.6.23", [AXIS_INVALIDATE] = "page-lock", [AXIS_COW] = "2.6.29",
       [AXIS_AROUND] = "none", [AXIS_DIRTY] = "writenotify", [AXIS_MUNMAP] = "write");
KERNEL(linux_2_6_29, "linux-2.6.29", [AXIS_INVALIDATE] = "page-lock", [AXIS_COW] = "2.6.29",
       [AXIS_AROUND] = "none", [AXIS_DIRTY] = "writenotify", [AXIS_MUNMAP] = "write");
KERNEL(linux_5_8, "linux-5.8", [AXIS_INVALIDATE] = "page-lock", [AXIS_COW] = "page-count",
       [AXIS_AROUND] = "64k", [AXIS_DIRTY] = "writenotify", [AXIS_MUNMAP] = "downgrade");
KERNEL(linux_6_1, "linux-6.1", [AXIS_INVALIDATE] = "page-lock", [AXIS_COW] = "anon-exclusive",
       [AXIS_AROUND] = "64k", [AXIS_DIRTY] = "writenotify", [AXIS_MUNMAP] = "downgrade");
KERNEL(linux_6_18, "linux-6.18", [AXIS_INVALIDATE] = "page-lock", [AXIS_COW] = "anon-exclusive",
       [AXIS_AROUND] = "64k", [AXIS_DIRTY] = "writenotify", [AXIS_MUNMAP] = "downgrade");
