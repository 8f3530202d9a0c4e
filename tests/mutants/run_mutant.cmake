# SPDX-License-Identifier: MIT
#
# run_mutant.cmake - passes only when a test fails as a test does: its count of failures as exit status, and a failure that CMocka prints
#
#   cmake "-DCOMMAND=program;argument" [-DSAYING=REGEX] [-DNOTE=FILE] -P run_mutant.cmake
#
# SAYING: what it must also print, where only one failure will do. NOTE: FILE.ran and FILE.caught are written.
# A crash, a test that is not found or one that passes is not a mutant caught.

cmake_minimum_required(VERSION 3.25)
if(NOT COMMAND)
  message(FATAL_ERROR "run_mutant.cmake: -DCOMMAND= is missing")
endif()
if(NOTE)
  file(WRITE ${NOTE}.ran "")
endif()
execute_process(COMMAND ${COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
# CMocka exits with the number of failed tests.
if(NOT status MATCHES "^([1-9]|[1-5][0-9])$")
  message(FATAL_ERROR "not caught: exit status ${status}, not a count of failed tests, of ${COMMAND}\n${out}")
endif()
if(NOT out MATCHES "\\[  FAILED  \\]")
  message(FATAL_ERROR "not caught: CMocka prints no failure\n${out}")
endif()
if(SAYING AND NOT out MATCHES "${SAYING}")
  message(FATAL_ERROR "not caught: it fails, but nowhere says '${SAYING}'\n${out}")
endif()
if(NOTE)
  file(WRITE ${NOTE}.caught "")
endif()
message(STATUS "caught:\n${out}")
