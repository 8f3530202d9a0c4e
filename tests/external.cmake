# SPDX-License-Identifier: MIT
# Builds tests/external in WORK against the build tree BUILD, and demands that its race is listed beside the tree's and
# explored.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status STREQUAL "0")
    message(FATAL_ERROR "${ARGN}: status ${status}\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK} -G ${GENERATOR} -DFaultline_DIR=${BUILD} -DCMAKE_C_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${WORK})
run(${WORK}/faultline list)
foreach(race munmap_vs_load invalidate_vs_fault)
  if(NOT out MATCHES "${race} ")
    message(FATAL_ERROR "'faultline list' does not name ${race}:\n${out}")
  endif()
endforeach()
run(${WORK}/faultline explore munmap_vs_load --json)
if(NOT out MATCHES "\"complete\":[ \t]*true")
  message(FATAL_ERROR "not complete:\n${out}")
endif()
