# SPDX-License-Identifier: MIT
# docs/locking.md is what the command prints.
execute_process(COMMAND ${FAULTLINE} locks --markdown OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
file(READ ${DOC} written)
if(NOT printed STREQUAL written)
  message(FATAL_ERROR "docs/locking.md is not what `faultline locks --markdown` prints: print it anew")
endif()
