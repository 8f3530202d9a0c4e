# SPDX-License-Identifier: MIT
# Mutants: tests/mutants/NAME.mutant, one small breakage each and the test that must catch it. The broken copy of its
# file replaces that file's object in a copy of the test's program.

# mutant(file): registers the test mutant/NAME.
function(mutant description)
  get_filename_component(name ${description} NAME_WE)
  file(STRINGS ${description} head LIMIT_COUNT 4)
  foreach(line IN LISTS head)
    if(line MATCHES "^(file|caught-by): +(.+)$")
      set(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
    endif()
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${description})
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}.c)
  add_custom_command(
    OUTPUT ${copy}
    COMMAND ${CMAKE_COMMAND} -DMUTANT=${description} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUT=${copy}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/mutants/apply.cmake
    DEPENDS ${description} ${PROJECT_SOURCE_DIR}/${file} ${CMAKE_CURRENT_SOURCE_DIR}/mutants/apply.cmake)
  if(file MATCHES "^sim/(engine|race|oracle|prog)/" AND NOT file MATCHES "probe_code")
    plain(mutant_${name}_object ${copy})
    target_compile_options(mutant_${name}_object PRIVATE -ftls-model=local-exec)
  else()
    hooked(mutant_${name}_object ${copy})
  endif()
  get_filename_component(folder ${PROJECT_SOURCE_DIR}/${file} DIRECTORY)
  target_include_directories(mutant_${name}_object PRIVATE ${folder})
  target_compile_options(mutant_${name}_object PRIVATE -Wno-unused -Wno-unused-function)

  if(caught-by MATCHES "^unit:(.+)$")
    set(parts unit_${CMAKE_MATCH_1}_objects)
    if(CMAKE_MATCH_1 MATCHES "^engine_")
      set(objects ${parts} ${ground_parts})
    else()
      set(objects ${parts} ${simulator})
    endif()
    set(argument "")
  else()
    set(objects ${race_test_parts} fl_races ${simulator})
    set(argument ${caught-by})
  endif()
  set(all "")
  foreach(o IN LISTS objects)
    list(APPEND all $<TARGET_OBJECTS:${o}>)
  endforeach()
  string(REPLACE "." "\\." pattern "/${file}.o")
  add_executable(mutant_${name} $<TARGET_OBJECTS:mutant_${name}_object> "$<FILTER:${all},EXCLUDE,${pattern}$>")
  target_link_libraries(mutant_${name} PRIVATE ${race_test_links})
  add_test(NAME mutant/${name} COMMAND ${CMAKE_COMMAND} "-DCOMMAND=$<TARGET_FILE:mutant_${name}>;${argument}"
                                       -P ${CMAKE_CURRENT_SOURCE_DIR}/mutants/run_mutant.cmake)
  set_tests_properties(mutant/${name} PROPERTIES LABELS mutant)
endfunction()

file(GLOB mutants CONFIGURE_DEPENDS mutants/*.mutant)
foreach(m IN LISTS mutants)
  mutant(${m})
endforeach()
