# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# lib.sh - what tools/demo and tools/check share: a machine with what the build needs, and the build
#
# Sourced. Leaves the caller in the project's root.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70

# shellcheck disable=SC2034
build_packages='gcc libc6-dev cmake ninja-build pkg-config libcmocka-dev liburcu-dev libjemalloc-dev libcjson-dev
	libdw-dev libxxhash-dev'

say() {
	printf '\n== %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 70
}

missing_packages() {
	local p
	for p in "$@"; do
		dpkg-query -W -f='${Status}\n' "$p" 2>/dev/null | grep -q ' installed$' || printf '%s ' "$p"
	done
}

# install_packages NAME...: asks for nothing, and touches nothing when all are there.
install_packages() {
	local missing sudo=''
	command -v dpkg-query >/dev/null || die "this is no Debian or Ubuntu; install by hand: $*"
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "run as root, or install by hand: $missing"
		sudo='sudo'
	fi
	say "installing $missing"
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq update
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install $missing >/dev/null
	missing=$(missing_packages "$@")
	[ -z "$missing" ] || die "could not install $missing"
}

# quietly COMMAND...: its output only when it fails.
quietly() {
	local log
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then
		rm -f "$log"
		return 0
	fi
	cat "$log" >&2
	rm -f "$log"
	return 1
}

# build PRESET [CMAKE_OPTION]... [-- TARGET]...
build() {
	local preset=$1 options=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	quietly cmake --preset "$preset" "${options[@]}" &&
		quietly cmake --build --preset "$preset" ${1:+--target "$@"}
}
