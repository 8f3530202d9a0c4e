# SPDX-License-Identifier: MIT
# find_package(Faultline): for races that live outside this tree. All objects of the command in one relocatable file,
# so that nothing that registers itself is dropped, and the flags that kernel code needs. From the build tree
# (-DFaultline_DIR=build/controlled) or installed.

set(export_objects "")
foreach(t fl_main fl_tools fl_races ${simulator})
  list(APPEND export_objects $<TARGET_OBJECTS:${t}>)
endforeach()
set(export_object ${PROJECT_BINARY_DIR}/faultline-objects.o)
add_custom_command(
  OUTPUT ${export_object}
  COMMAND ${CMAKE_LINKER} -r -o ${export_object} ${export_objects}
  DEPENDS ${export_objects}
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(faultline_objects ALL DEPENDS ${export_object})

if(FAULTLINE_GROUND STREQUAL "controlled")
  set(export_hooked ${FAULTLINE_HOOKED})
  set(export_links ${FAULTLINE_WRAP})
  set(export_packages libcjson libdw libxxhash)
else()
  set(export_hooked ${sanitize})
  set(export_links "")
  set(export_packages libcjson libdw libxxhash liburcu)
  if(TARGET PkgConfig::JEMALLOC)
    list(APPEND export_packages jemalloc)
  endif()
endif()
list(APPEND export_links ${sanitize})

string(TOUPPER ${FAULTLINE_GROUND} FAULTLINE_GROUND_UPPER)
string(REPLACE ";" " " export_packages "${export_packages}")
string(REPLACE ";" " " FAULTLINE_COMMON "${FAULTLINE_COMMON}")
function(export_config out object includes)
  set(FAULTLINE_EXPORT_OBJECT ${object})
  set(FAULTLINE_EXPORT_INCLUDES ${includes})
  set(FAULTLINE_EXPORT_COMPILER ${CMAKE_C_COMPILER_ID})
  configure_file(${PROJECT_SOURCE_DIR}/tools/cmake/FaultlineConfig.cmake.in ${out} @ONLY)
endfunction()

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(ground_dir ${PROJECT_SOURCE_DIR}/sim/engine)
if(FAULTLINE_GROUND STREQUAL "native")
  set(ground_dir ${PROJECT_SOURCE_DIR}/sim/native)
endif()
export_config(${PROJECT_BINARY_DIR}/FaultlineConfig.cmake ${export_object}
              "${PROJECT_SOURCE_DIR}/include;${PROJECT_SOURCE_DIR}/sim;${ground_dir}")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/FaultlineConfigVersion.cmake COMPATIBILITY SameMinorVersion)

set(installed ${CMAKE_INSTALL_LIBDIR}/faultline)
export_config(${PROJECT_BINARY_DIR}/install/FaultlineConfig.cmake "\${CMAKE_CURRENT_LIST_DIR}/faultline-objects.o"
              "\${CMAKE_CURRENT_LIST_DIR}/include;\${CMAKE_CURRENT_LIST_DIR}/include/sim;\${CMAKE_CURRENT_LIST_DIR}/include/sim/ground")
install(TARGETS faultline RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${export_object} ${PROJECT_BINARY_DIR}/install/FaultlineConfig.cmake
              ${PROJECT_BINARY_DIR}/FaultlineConfigVersion.cmake DESTINATION ${installed})
install(DIRECTORY include/faultline DESTINATION ${installed}/include FILES_MATCHING PATTERN *.h)
install(DIRECTORY sim/ DESTINATION ${installed}/include/sim FILES_MATCHING PATTERN *.h
        PATTERN native EXCLUDE PATTERN engine EXCLUDE)
install(DIRECTORY ${ground_dir}/ DESTINATION ${installed}/include/sim/ground FILES_MATCHING PATTERN *.h)
