# SPDX-License-Identifier: MIT
#
# apply.cmake - writes a copy of one source file with one small breakage in it
#
#   cmake -DMUTANT=NAME.mutant -DSOURCE_DIR=ROOT -DOUT=COPY.c -P apply.cmake
#
# A mutant is a text file:
#
#   file: sim/mm/memory.c
#   caught-by: RACE/PROTOCOL        a filter of race_test, or unit:NAME
#   why: what the breakage is, in one line
#   ---
#   old lines
#   +++
#   new lines (none: the old ones are dropped)
#
# The old lines must occur exactly once, whole, or nothing is written: a mutant of code that has changed is an error.

cmake_minimum_required(VERSION 3.25)
foreach(v MUTANT SOURCE_DIR OUT)
  if(NOT DEFINED ${v})
    message(FATAL_ERROR "apply.cmake: -D${v}= is missing")
  endif()
endforeach()

file(READ "${MUTANT}" text)
foreach(key file caught-by why)
  if(NOT "\n${text}" MATCHES "\n${key}: +([^\n]+)")
    message(FATAL_ERROR "${MUTANT}: no line '${key}: ...'")
  endif()
  set("${key}" "${CMAKE_MATCH_1}")
endforeach()

string(FIND "${text}" "\n---\n" old_at)
string(FIND "${text}" "\n+++\n" new_at)
if(old_at EQUAL -1 OR new_at LESS old_at)
  message(FATAL_ERROR "${MUTANT}: needs a line '---', the old lines, a line '+++', the new lines")
endif()
math(EXPR old_at "${old_at} + 4")
math(EXPR old_len "${new_at} - ${old_at} + 1")
math(EXPR new_at "${new_at} + 5")
string(SUBSTRING "${text}" ${old_at} ${old_len} old)
string(SUBSTRING "${text}" ${new_at} -1 new)
# A leading newline, and the one that ends the last old line, keep the match to whole lines.
if(old STREQUAL "\n")
  message(FATAL_ERROR "${MUTANT}: there are no old lines")
endif()

file(READ "${SOURCE_DIR}/${file}" source)
set(source "\n${source}")
string(FIND "${source}" "${old}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${MUTANT}: its old lines are not in ${file}")
endif()
string(LENGTH "${old}" len)
math(EXPR next "${at} + 1")
math(EXPR after "${at} + ${len}")
string(SUBSTRING "${source}" ${next} -1 rest)
string(FIND "${rest}" "${old}" again)
if(NOT again EQUAL -1)
  message(FATAL_ERROR "${MUTANT}: its old lines occur more than once in ${file}")
endif()
string(SUBSTRING "${source}" 0 ${at} before)
string(SUBSTRING "${source}" ${after} -1 rest)
if("${before}\n${new}${rest}" STREQUAL "${source}")
  message(FATAL_ERROR "${MUTANT}: changes nothing")
endif()
file(WRITE "${OUT}" "#line 1 \"${SOURCE_DIR}/${file}\"${before}\n${new}${rest}")
