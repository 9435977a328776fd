#!/usr/bin/python3
"""kernel_budget.py against what ptxas would say: it takes what is in the budget, and refuses what is not."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kernel_budget.py"

SAID = """\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '{symbol}' for 'sm_{card}'
ptxas info    : Function properties for {symbol}
    {stack} bytes stack frame, {stores} bytes spill stores, {loads} bytes spill loads
ptxas info    : Used {registers} registers, used 1 barriers, {shared} bytes smem
ptxas info    : Compile time = 30.245 ms
"""
TRAIN = "_ZN3lnn4cuda12_GLOBAL__N_112train_kernelIfLi2EEEvNS0_10TrainShapeEPc"  # train<float, 2>
DRAW = "_ZN3lnn4cuda12_GLOBAL__N_111draw_kernelEPd"


def said(symbol=TRAIN, **changed):
    return SAID.format(**({"symbol": symbol, "card": 90, "stack": 16, "stores": 0, "loads": 0, "registers": 100,
                           "shared": 32} | changed))


class Budget(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.output = pathlib.Path(directory.name) / "train.ptxas"
        self.table = pathlib.Path(directory.name) / "budget.csv"
        self.run_on(said() + said(DRAW, stores=4, loads=8), "--update", "--reason", "few threads")

    def run_on(self, text, *flags):
        self.output.write_text(text)
        return subprocess.run([sys.executable, PROGRAM, self.table, self.output, *flags], capture_output=True, text=True)

    def refuses(self, text, *words, flags=()):
        done = self.run_on(text, *flags)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)

    def takes(self, text, *words, flags=()):
        done = self.run_on(text, *flags)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout)

    def test_writes_short_names_limits_and_reasons(self):
        self.assertEqual(self.table.read_text(), "kernel,card,registers,stack,shared,spills,reason\n"
                         "draw,sm_90,100,16,32,12,few threads\n"
                         '"train<float, 2>",sm_90,100,16,32,0,\n')

    def test_takes_what_is_in_the_budget(self):
        self.takes(said() + said(DRAW, stores=4, loads=8))
        self.takes(said(registers=99) + said(DRAW), "train<float, 2> on sm_90: 99 registers, the table has 100",
                   "draw on sm_90: 0 spills")

    def test_refuses_more(self):
        draw = said(DRAW, stores=4, loads=8)
        self.refuses(said(registers=101) + draw, "train<float, 2> on sm_90: 101 registers, the table has 100")
        self.refuses(said(stack=24) + draw, "24 stack")
        self.refuses(said(shared=33) + draw, "33 shared")
        self.refuses(said() + said(DRAW, stores=8, loads=8), "draw on sm_90: 16 spills, the table has 12")

    def test_counts_functions_that_are_not_inlined(self):
        call = "ptxas info    : Function properties for f\n    8 bytes stack frame, 4 bytes spill stores, 0 bytes spill loads\n"
        self.refuses(said(DRAW, stores=4, loads=8) + call + said(), "24 stack", "16 spills")

    def test_refuses_spills_of_hot_kernels_in_any_table(self):
        self.table.write_text(self.table.read_text().replace("32,0,", "32,99,it must"))
        both = said(stores=4) + said(DRAW)
        self.refuses(both, "train<float, 2> on sm_90: a hot kernel spills 4 bytes")
        self.refuses(both, "a hot kernel spills", flags=["--update", "--reason", "it must"])

    def test_refuses_missing_and_new_kernels(self):
        self.refuses(said(), "draw on sm_90: in the table, but there is no such kernel")
        self.refuses(said() + said(DRAW, stores=4, loads=8) + said(TRAIN.replace("Li2", "Li3")),
                     "train<float, 3> on sm_90: not in the table")
        self.refuses("nvcc warning : nothing\n", "no kernel")
        self.refuses(said() + said(), "two kernels")

    def test_asks_of_other_cards_that_hot_kernels_do_not_spill(self):
        self.takes(said(card=80, registers=200) + said(DRAW, card=80, stores=4, loads=8))
        self.refuses(said(card=80, stores=4), "train<float, 2> on sm_80: a hot kernel spills 4 bytes")

    def test_updates_with_a_reason_for_what_rises(self):
        more = said(registers=101) + said(DRAW)
        before = self.table.read_text()
        self.refuses(more, "train<float, 2> on sm_90: rises; say why with --reason", flags=["--update"])
        self.assertEqual(self.table.read_text(), before)
        self.takes(more, flags=["--update", "--reason", "a term more"])
        self.assertIn('"train<float, 2>",sm_90,101,16,32,0,a term more\n', self.table.read_text())
        self.assertIn("draw,sm_90,100,16,32,0,few threads\n", self.table.read_text())
        # one that falls keeps its reason, one that is new needs none unless it spills
        self.takes(said() + said(card=80), flags=["--update"])
        self.assertIn('sm_80,100,16,32,0,\n"train<float, 2>",sm_90,100,16,32,0,a term more\n', self.table.read_text())
        self.refuses(said() + said(DRAW, loads=4), "draw on sm_90: rises", flags=["--update"])


if __name__ == "__main__":
    unittest.main()
