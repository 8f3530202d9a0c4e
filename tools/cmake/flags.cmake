# SPDX-License-Identifier: MIT
# Compile and link flags of the two grounds, shared by this tree and by races built outside it.

set(FAULTLINE_WARNINGS
    -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wno-unused-parameter)
set(FAULTLINE_COMMON -g -fno-strict-aliasing -fno-omit-frame-pointer -fno-optimize-sibling-calls -D_GNU_SOURCE)

# Kernel code in the controlled build: the compiler's TSan hooks without libtsan. memcpy and its kin stay calls, so
# that the linker's --wrap sees them; function entry hooks stay off.
set(FAULTLINE_HOOKED
    -fsanitize=thread -fno-builtin-memcpy -fno-builtin-memset -fno-builtin-memmove)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND FAULTLINE_HOOKED "SHELL:--param tsan-instrument-func-entry-exit=0" -Wno-tsan -mstringop-strategy=libcall)
else()
  list(APPEND FAULTLINE_HOOKED "SHELL:-mllvm -tsan-instrument-func-entry-exit=0"
       "SHELL:-mllvm -tsan-instrument-read-before-write=1")
endif()
set(FAULTLINE_WRAP -Wl,--wrap=memcpy,--wrap=memset,--wrap=memmove)
