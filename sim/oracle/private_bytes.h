/* SPDX-License-Identifier: MIT */
/* private_bytes.h - what an access of private memory is held against. => called where config.ghosts says so */
#ifndef SIM_ORACLE_PRIVATE_BYTES_H
#define SIM_ORACLE_PRIVATE_BYTES_H

#include "oracle/check.h"

/* An access is about to be made. A step */
void private_look(const struct mm_struct *mm, unsigned long addr);
/* It was made, to a private copy or anonymous memory. The store is a step afterwards */
void private_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n);
void private_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n);
/* A load was made from a file's page. */
void private_load_of_file(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			  const void *buf, size_t n);

#endif
