#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hooked_objects.sh OBJECT... - is kernel code hooked? Every object must be given; each that touches memory calls hooks;
# none has an instruction that would go past them: `lock` (an atomic of the compiler's own) or `rep` (an inlined copy).
set -eu
[ $# -gt 0 ] || { echo "hooked_objects.sh: no object given"; exit 1; }
failed=0
hooked=0
for o in "$@"; do
	if nm -u "$o" | grep -q __tsan_; then
		hooked=$((hooked + 1))
	fi
	if bad=$(objdump -d --no-show-raw-insn "$o" | grep -E '^ *[0-9a-f]+:[[:space:]]+(lock|rep|repz|repnz) ' | grep -vE 'repz? (ret|nop)'); then
		echo "$o goes past the hooks:"
		echo "$bad" | head -n 3
		failed=1
	fi
	if bad=$(nm -u "$o" | awk '{print $2}' | grep -E '^(__(memcpy|memset|memmove)_chk|bcopy|bzero|(malloc|calloc|realloc|free)$|(__atomic_|__sync_fetch|pthread_|__tsan_func).*)'); then
		echo "$o calls what kernel code must not: $bad"
		failed=1
	fi
done
# Headers' inline functions aside, a file of constants has no access to hook; most files have.
if [ $((hooked * 4)) -lt $(($# * 3)) ]; then
	echo "only $hooked of $# objects have hooks"
	failed=1
fi
echo "$hooked of $# objects hooked"
exit $failed
