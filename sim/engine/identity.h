/* SPDX-License-Identifier: MIT */
/* identity.h - what a violation is about: see identity.c */
#ifndef SIM_ENGINE_IDENTITY_H
#define SIM_ENGINE_IDENTITY_H

#include "engine/internal.h"

/* Adds a name to what the next violation is about; the order of adding does not matter. */
void about_add(struct engine *e, const char *name);
void violation_identify(struct engine *e);

#endif
