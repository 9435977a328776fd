#!/usr/bin/python3
"""tally.py DIRECTORY: counts the tests in its JUnit files, names what failed and what was skipped, and ends with
"N passed, N failed, N skipped"; exit 1 if any failed or there are none.

A test that leaves out a part says so in a line "skipped: why" (unittest: "skipped=N"). It has passed; what it left out
is counted as skipped, once for each reason. Tests of one program skipped for one reason share a line.
"""

import collections
import pathlib
import re
import sys
from xml.etree import ElementTree

passed, failed = 0, []
skipped = collections.defaultdict(list)  # (program, why): tests
left_out = set()
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{path.stem}: {case.get('name')}"
        said = "".join(case.itertext())
        if case.find("failure") is not None:
            failed.append(name)
        elif case.find("skipped") is not None or case.get("status") == "disabled":
            why = re.search(r"Skipped\n(.*)|skipped: (.*)", said)
            skipped[path.stem, (why[1] or why[2]).strip() if why else ""].append(case.get("name"))
        else:
            passed += 1
            left_out.update(re.findall(r"^skipped: (.*)", said, re.MULTILINE))
            left_out.update(f"{name}: {n} of its cases" for n in re.findall(r"\(skipped=(\d+)\)", said))

for (program, why), tests in skipped.items():
    which = tests[0] if len(tests) == 1 else f"{len(tests)} tests, {tests[0]} the first"
    print(f"skipped: {program}: {which}{why and ': ' + why}")
for why in sorted(left_out):
    print(f"skipped: {why}")
for line in failed:
    print(f"failed: {line}")
print(f"{passed} passed, {len(failed)} failed, {sum(map(len, skipped.values())) + len(left_out)} skipped")
sys.exit(1 if failed or not passed else 0)
