# SPDX-License-Identifier: MIT
# Writes OUT, the ctest entries of all races that FAULTLINE has. controlled: their verdicts, witnesses, diagrams,
# classes and outcomes, run by RUNNER; native: a short stress of each race and protocol.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${FAULTLINE} list --ctest OUTPUT_VARIABLE lines RESULT_VARIABLE status)
if(NOT status STREQUAL "0" OR lines STREQUAL "")
  message(FATAL_ERROR "discovery: '${FAULTLINE} list --ctest' ended with ${status} and said '${lines}'")
endif()
string(REGEX REPLACE "\n$" "" lines "${lines}")
string(REPLACE "\n" ";" lines "${lines}")
set(text "# generated\n")
set(drawn "")
foreach(line IN LISTS lines)
  separate_arguments(line)
  list(GET line 0 race)
  list(GET line 1 protocol)
  list(GET line 2 family)
  list(GET line 3 expect)
  set(labels "race;${family};${race};${protocol};${expect}")
  if(KIND STREQUAL "native")
    set(option "--protocol ${protocol}")
    if(protocol STREQUAL "-" OR expect STREQUAL "outcomes")
      # no protocol matters: once a race, for whatever it states first
      set(option "")
      set(protocol "-")
      if(race IN_LIST drawn)
        continue()
      endif()
      list(APPEND drawn ${race})
    endif()
    # Luck need not find what is wrong (any status but a crash), but must find nothing where nothing is: status 3.
    set(command "\"${FAULTLINE}\" stress ${race} ${option} --rounds 200 --report-only")
    if(NOT expect STREQUAL "found")
      set(command
          "sh -c [[\"$0\" stress ${race} ${option} --rounds 200; status=$?; test $status -eq 3]] \"${FAULTLINE}\"")
    endif()
    string(APPEND text "add_test(\"stress/${race}/${protocol}\" ${command})\n"
           "set_tests_properties(\"stress/${race}/${protocol}\" PROPERTIES LABELS \"stress;${labels}\")\n")
    continue()
  endif()
  if(expect STREQUAL "classes")
    string(APPEND text "add_test(\"classes/${race}\" \"${RUNNER}\" classes/${race})\n"
           "set_tests_properties(\"classes/${race}\" PROPERTIES LABELS \"${labels}\")\n")
    continue()
  elseif(expect STREQUAL "outcomes")
    string(APPEND text "add_test(\"outcomes/${race}/${protocol}\" \"${RUNNER}\" outcomes/${race}/${protocol})\n"
           "set_tests_properties(\"outcomes/${race}/${protocol}\" PROPERTIES LABELS \"${labels}\")\n")
    continue()
  endif()
  string(APPEND text "add_test(\"race/${race}/${protocol}\" \"${RUNNER}\" ${race}/${protocol})\n"
         "set_tests_properties(\"race/${race}/${protocol}\" PROPERTIES LABELS \"${labels}\")\n")
  if(expect STREQUAL "found")
    string(APPEND text "add_test(\"witness/${race}/${protocol}\" \"${RUNNER}\" witness/${race}/${protocol})\n"
           "set_tests_properties(\"witness/${race}/${protocol}\" PROPERTIES LABELS \"witness;${labels}\")\n")
    if(NOT race IN_LIST drawn)
      list(APPEND drawn ${race})
      string(APPEND text "add_test(\"diagram/${race}\" \"${RUNNER}\" diagram/${race})\n"
             "set_tests_properties(\"diagram/${race}\" PROPERTIES LABELS \"diagram;race;${family};${race}\")\n")
    endif()
  endif()
endforeach()
file(WRITE ${OUT} "${text}")
