#!/usr/bin/python3
"""tally.py DIRECTORY: counts the tests in its JUnit files, names what failed and what was skipped, and ends with
"N passed, N failed, N skipped"; exit 1 if any failed or there are none.

A test that leaves out a part says so in a line "skipped: why" (unittest: "skipped=N"). It has passed; what it left out
is counted as skipped, once for each reason.
"""

import pathlib
import re
import sys
from xml.etree import ElementTree

passed, failed, skipped = 0, [], []
left_out = set()
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{path.stem}: {case.get('name')}"
        said = "".join(case.itertext())
        if case.find("failure") is not None:
            failed.append(name)
        elif case.find("skipped") is not None or case.get("status") == "disabled":
            why = re.search(r"Skipped\n(.*)|skipped: (.*)", said)
            skipped.append(f"{name}: {(why[1] or why[2]).strip()}" if why else name)
        else:
            passed += 1
            left_out.update(re.findall(r"^skipped: (.*)", said, re.MULTILINE))
            left_out.update(f"{name}: {n} of its cases" for n in re.findall(r"\(skipped=(\d+)\)", said))

skipped += sorted(left_out)
for line in skipped:
    print(f"skipped: {line}")
for line in failed:
    print(f"failed: {line}")
print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
sys.exit(1 if failed or not passed else 0)
