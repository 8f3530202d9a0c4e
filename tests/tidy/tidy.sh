#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tidy.sh ROOT - the style that a machine can check
#
#   licence    each source file names its licence in its first two lines
#   length     no C file over 500 lines, no function over 70
#   leftovers  no notes to self
#   folders    only the top-level folders that the design has
#
# Before it looks at ROOT it looks at a tree that breaks every rule, and fails if a rule is silent about it.
set -eu

max_file=500
max_function=70
folders='^(\.ci|bench|build|docs|include|sim|tests|tools)$'
leftover='TO''DO|FIX''ME|X''XX'

list_files() {
	if [ -e "$1/.git" ] && command -v git >/dev/null; then
		git -c safe.directory='*' -C "$1" ls-files -co --exclude-standard
	else
		(cd "$1" && find . -type f -not -path './build/*' -not -path './.git/*' | sed 's,^\./,,')
	fi | sort | while IFS= read -r f; do
		[ ! -f "$1/$f" ] || printf '%s\n' "$f"
	done
}

is_source() {
	case $1 in
	*.c | *.h | *.sh | *.cmake | *CMakeLists.txt | tools/demo | tools/check | tools/format | .ci/run | bench/run) return 0 ;;
	esac
	return 1
}

check_licence() {
	head -n 2 "$1/$2" | grep -q 'SPDX-License-Identifier: MIT' || echo "licence: $2: no SPDX line at its top"
}

# Kernel style: a function's body is what stands between '{' and '}' at the left margin, after a line that is no '='.
check_length() {
	awk -v f="$2" -v maxfile=$max_file -v maxfn=$max_function '
		/^\{/ { start = NR }
		/^\}/ { if (start && NR - start - 1 > maxfn)
				print "length: " f ":" start ": a function of " NR - start - 1 " lines, over " maxfn
			start = 0 }
		END { if (NR > maxfile) print "length: " f ": " NR " lines, over " maxfile }' "$1/$2"
}

check_leftovers() {
	grep -nE "\\b($leftover)\\b" "$1/$2" | sed "s,^,leftovers: $2:,"
}

# Prints one line a violation.
check_tree() {
	local root=$1 f
	while IFS= read -r f; do
		case $f in
		*/*) [[ ${f%%/*} =~ $folders ]] || echo "folders: $f: '${f%%/*}' is no folder of the design" ;;
		esac
		is_source "$f" || continue
		check_licence "$root" "$f"
		case $f in *.c | *.h) check_length "$root" "$f" ;; esac
		check_leftovers "$root" "$f" || true
	done < <(list_files "$root")
}

check_myself() {
	local bad out rule
	bad=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -rf '$bad'" RETURN
	mkdir -p "$bad/misc" "$bad/sim"
	echo "/* ${leftover%%|*} */" >"$bad/misc/a.c"
	{
		echo 'int f(void)'
		echo '{'
		for _ in $(seq $((max_function + 1))); do echo '	;'; done
		echo '}'
	} >"$bad/sim/b.c"
	out=$(check_tree "$bad")
	for rule in 'licence: sim/b.c' 'length: sim/b.c' 'leftovers: misc/a.c' 'folders: misc/a.c'; do
		grep -qF "$rule" <<<"$out" || { echo "tidy: the rule behind '$rule' says nothing about a bad tree"; exit 1; }
	done
	seq $((max_file + 1)) >"$bad/sim/b.c"
	check_tree "$bad" | grep -q "length: sim/b.c: .* over $max_file" || { echo 'tidy: long files pass'; exit 1; }
}

root=${1:?usage: tidy.sh ROOT}
check_myself
nr=$(list_files "$root" | wc -l)
if [ "$nr" -lt 10 ]; then
	echo "tidy: only $nr files under $root: nothing was checked"
	exit 1
fi
out=$(check_tree "$root")
if [ -n "$out" ]; then
	printf '%s\n' "$out"
	exit 1
fi
echo "tidy: $nr files"
