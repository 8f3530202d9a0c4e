#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mm_functions.sh - every global function of the simulated kernel has a test
#
#   mm_functions.sh ROOT object...
#
# A function counts as tested when a file under tests/unit or tests/races names it, or when tests/mm_functions.txt says
# which unit test reaches it through a call that it makes. A line of that list that is not needed is an error too.

set -eu
root=$1
shift
list=$root/tests/mm_functions.txt
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

nm -g --defined-only "$@" | awk '$2 == "T" && $3 !~ /^_(sub|GLOBAL)/ { print $3 }' | sort -u > "$tmp/functions"
find "$root/tests/unit" "$root/tests/races" -name '*.[ch]' -exec cat {} + |
	tr -cs 'A-Za-z0-9_' '\n' | sort -u > "$tmp/words"
comm -23 "$tmp/functions" "$tmp/words" > "$tmp/unnamed"
grep -v '^#' "$list" | grep . | sed 's/ *:.*//' | sort > "$tmp/listed"

status=0
for f in $(comm -23 "$tmp/unnamed" "$tmp/listed"); do
	echo "$f: no test names it, and mm_functions.txt does not say which one reaches it"
	status=1
done
for f in $(comm -13 "$tmp/unnamed" "$tmp/listed"); do
	echo "$f: in mm_functions.txt, but a test names it, or there is no such function"
	status=1
done
for f in $(uniq -d "$tmp/listed"); do
	echo "$f: twice in mm_functions.txt"
	status=1
done
for t in $(grep -v '^#' "$list" | grep . | sed 's/.*: *//' | sort -u); do
	if [ ! -f "$root/tests/unit/$t.c" ]; then
		echo "mm_functions.txt: no unit test $t"
		status=1
	fi
done
echo "$(wc -l < "$tmp/functions") functions, $(wc -l < "$tmp/unnamed") of them reached through calls"
exit $status
