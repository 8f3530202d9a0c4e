# SPDX-License-Identifier: MIT
# Writes OUT: the release, and a hash over the sources that scheduling points come from. ROOT is the project's root.
file(GLOB_RECURSE sources RELATIVE ${ROOT} ${ROOT}/sim/engine/*.[ch] ${ROOT}/sim/lib/*.[ch] ${ROOT}/sim/hw/*.[ch]
     ${ROOT}/sim/mm/*.[ch] ${ROOT}/sim/fs/*.[ch] ${ROOT}/sim/kernel/*.[ch] ${ROOT}/tests/races/*.[ch] ${ROOT}/sim/sync.h)
list(SORT sources)
set(all "")
foreach(s IN LISTS sources)
  file(SHA256 ${ROOT}/${s} h)
  string(APPEND all "${s} ${h}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 8 hash)
file(WRITE ${OUT} "/* generated */
#include \"race/run.h\"

const char *faultline_version(void)
{
	return \"${VERSION}\";
}

const char *faultline_build_version(void)
{
	return \"${VERSION}-${hash}\";
}
")
