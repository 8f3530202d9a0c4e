# SPDX-License-Identifier: MIT
#
# score.cmake - how many of the mutants that ran were caught
#
#   cmake -DSCORE=FOLDER -P score.cmake

cmake_minimum_required(VERSION 3.25)
file(GLOB ran ${SCORE}/*.ran)
file(GLOB caught ${SCORE}/*.caught)
list(LENGTH ran nr_ran)
list(LENGTH caught nr_caught)
message("${nr_caught} of ${nr_ran} mutants caught")
if(nr_caught LESS nr_ran)
  foreach(file IN LISTS ran)
    get_filename_component(name ${file} NAME_WE)
    if(NOT EXISTS ${SCORE}/${name}.caught)
      message("not caught: ${name}")
    endif()
  endforeach()
  message(FATAL_ERROR "a mutant that no test catches")
endif()
