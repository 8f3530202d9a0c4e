#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py - every mutant still fits: its old lines occur exactly once, whole, and the test that is to catch it exists

usage: check.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
bad = 0
mutants = sorted(root.glob("tests/mutants/*.mutant"))
for mutant in mutants:
    head, _, rest = mutant.read_text().partition("\n---\n")
    old, _, new = rest.partition("\n+++\n") if not rest.startswith("+++\n") else ("", "", "")
    keys = dict(re.findall(r"^(file|caught-by|why): +(.+)$", head, re.M))
    problems = [f"no line '{k}: ...'" for k in ("file", "caught-by", "why") if k not in keys]
    source = root / keys.get("file", "-")
    if not source.is_file():
        problems.append(f"no file {source}")
    else:
        n = ("\n" + source.read_text()).count("\n" + old + "\n") if old else 0
        if n != 1:
            problems.append(f"its old lines occur {n} times in {keys['file']}")
    by = keys.get("caught-by", "")
    if by.startswith("unit:") and not (root / "tests/unit" / (by[5:] + ".c")).is_file():
        problems.append(f"no unit test {by[5:]}")
    for p in problems:
        print(f"{mutant.name}: {p}")
    bad += bool(problems)
print(f"{len(mutants)} mutants, {bad} of them stale")
sys.exit(1 if bad else 0)
