"""Kernels that no test has started.

launched.py DIRECTORY PROGRAM...: DIRECTORY holds what processes on the emulated device left there
(LNN_EMULATED_LAUNCHED), PROGRAMs are those that ran. Prints every instantiation of a kernel that none of them started;
exit 1 where there is one.
"""

import pathlib
import re
import subprocess
import sys


def kernels(program):
    """address -> name, of one file"""
    symbols = subprocess.run(["nm", "-C", program], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^([0-9a-f]+) [tTwW] (.*\b\w+_kernel\b(?!::).*)$", symbols, re.MULTILINE)
    return {int(address, 16): re.sub(r"\(anonymous namespace\)::|lnn::(cuda::|isa_emulated::)?", "", name)
            for address, name in found}


def main(directory, *programs):
    there = {pathlib.Path(program).name: kernels(program) for program in programs}
    lines = [line.split(maxsplit=1) for file in sorted(pathlib.Path(directory).iterdir())
             for line in file.read_text().splitlines()]
    launched = {there[program][int(offset)] for offset, program in lines if program in there}
    every = {name for names in there.values() for name in names.values()}
    missing = sorted(every - launched)
    for name in missing:
        print(f"never started: {name}")
    print(f"{len(every) - len(missing)} of {len(every)} kernels were started")
    return 1 if missing or not every else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
