#!/usr/bin/python3
"""kernel_budget.py BUDGET.csv OUTPUT...: compares what `ptxas -v` said of each kernel (OUTPUT) with the table of what
each may take: registers of a thread; bytes of stack, of static shared memory, and stored or loaded by spills.

Exit 1 if a kernel takes more, is missing in the table, or is gone. A kernel that takes less passes, with a line. Hot
kernels (HOT) never spill, whatever the table says; of cards that the table does not have, that is all that is asked.

--update writes the table anew, of the cards in OUTPUT, and keeps its reasons; a row that rises, or comes with spills,
needs --reason "why".
"""

import argparse
import csv
import pathlib
import re
import subprocess
import sys

HOT = {"accelerate", "rollout", "gradient", "train"}
KEY = ["kernel", "card"]
LIMITS = ["registers", "stack", "shared", "spills"]


def short_names(mangled):
    """train<float, 2> for each kernel: without namespaces, parameters and "_kernel" """
    demangled = subprocess.run(["c++filt"], input="\n".join(mangled), capture_output=True, text=True, check=True).stdout
    names = {}
    for symbol, name in zip(mangled, demangled.splitlines()):
        name = name.replace("(anonymous namespace)::", "").removeprefix("void ")
        names[symbol] = re.sub(r"\w+::", "", name.split("(")[0]).replace("_kernel", "", 1)
    return names


def measured(paths):
    """{(kernel, card): {limit: number}}"""
    found = []
    for path in paths:
        blocks = re.split(r"Compiling entry function '(\w+)' for '(\w+)'", pathlib.Path(path).read_text())[1:]
        for symbol, card, said in zip(blocks[0::3], blocks[1::3], blocks[2::3]):
            # a function that was not inlined has properties of its own
            properties = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", said)
            registers = re.search(r"Used (\d+) registers", said)
            if not properties or not registers:
                sys.exit(f"kernel_budget: {path}: nothing on {symbol}; is this what `ptxas -v` says?")
            stack, stores, loads = (sum(map(int, column)) for column in zip(*properties))
            shared = re.search(r"(\d+) bytes smem", said)
            found.append((symbol, card, [int(registers[1]), stack, int(shared[1]) if shared else 0, stores + loads]))
    names = short_names([symbol for symbol, _, _ in found])
    rows = {}
    for symbol, card, numbers in found:
        if (names[symbol], card) in rows:
            sys.exit(f"kernel_budget: two kernels are called {names[symbol]}")
        rows[names[symbol], card] = dict(zip(LIMITS, numbers))
    return rows


def read_table(path):
    """{(kernel, card): ({limit: number}, reason)}"""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {tuple(row[k] for k in KEY): ({k: int(row[k]) for k in LIMITS}, row["reason"])
                for row in csv.DictReader(file)}


def write_table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*KEY, *LIMITS, "reason"])
        # cards by number: sm_90 before sm_120
        for key in sorted(rows, key=lambda key: (key[0], int(re.sub(r"\D", "", key[1])))):
            limits, reason = rows[key]
            writer.writerow([*key, *(limits[k] for k in LIMITS), reason])


def hot_spills(now):
    return [f"{kernel} on {card}: a hot kernel spills {limits['spills']} bytes, which no table allows"
            for (kernel, card), limits in now.items() if limits["spills"] and kernel.split("<")[0] in HOT]


def compare(table, now):
    """what is wrong, and what could be less"""
    wrong, less = hot_spills(now), []
    cards = {card for _, card in now} & {card for _, card in table}
    for kernel, card in now.keys() ^ table.keys():
        if card in cards:
            here = "not in the table" if (kernel, card) in now else "in the table, but there is no such kernel"
            wrong.append(f"{kernel} on {card}: {here}")
    for key in now.keys() & table.keys():
        for limit in LIMITS:
            takes, may = now[key][limit], table[key][0][limit]
            if takes != may:
                line = f"{key[0]} on {key[1]}: {takes} {limit}, the table has {may}"
                (wrong if takes > may else less).append(line)
    return sorted(wrong), sorted(less)


def update(table, now, why):
    """the table as it is now, and what rises unexplained; a row that rises takes the new reason, the others keep theirs"""
    rows, unexplained = {}, []
    for key, limits in now.items():
        # a new kernel rises only by what it spills
        before, reason = table.get(key, (limits | {"spills": 0}, ""))
        if any(limits[k] > before[k] for k in LIMITS):
            reason = why
            if not why:
                unexplained.append(f"{key[0]} on {key[1]}: rises; say why with --reason")
        rows[key] = limits, reason
    return rows, unexplained


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("outputs", nargs="+")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--reason", default="")
    arguments = parser.parse_args()
    now, table = measured(arguments.outputs), read_table(arguments.table)
    if not now:
        sys.exit("kernel_budget: no kernel in these outputs")

    if arguments.update:
        rows, unexplained = update(table, now, arguments.reason)
        wrong, less = unexplained + hot_spills(now), []
    else:
        wrong, less = compare(table, now)
    for line in wrong:
        print(f"kernel_budget: {line}")
    for line in less:
        print(f"less than its budget: {line}")
    if wrong:
        sys.exit(1)
    if arguments.update:
        write_table(arguments.table, rows)
    cards = ", ".join(sorted({card for _, card in now}))
    print(f"kernel_budget: {len({kernel for kernel, _ in now})} kernels on {cards}")


if __name__ == "__main__":
    main()
