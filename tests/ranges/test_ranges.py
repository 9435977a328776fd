"""The ranges a profiler sees: their domain, their nesting, one `step` for each step of each model; and that the
program computes the same while it is watched. LNN_RANGES_RECORDER names the library that stands in for a profiler.
"""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from program import ProgramTest, record, settings  # noqa: E402

SMALL = {"run.seeds": 1, "data.trajectories": 64, "train.epochs": 1,
         "eval.trajectories": 8, "eval.repeats": 1, "eval.t_end": 0.1}
PART = ["forward", "solve", "backward"]


def forest(lines):
    """ranges of each thread, in its order: [(name, [(name, ...), ...]), ...]"""
    open_ranges = {}
    for line in lines:
        thread, event, domain, *name = line.split()
        assert domain == "lnn_gpu", line
        stack = open_ranges.setdefault(thread, [("", [])])
        if event == "push":
            stack.append((name[0], []))
            stack[-2][1].append(stack[-1])
        else:
            assert len(stack) > 1, f"thread {thread} closes what is not open"
            stack.pop()
    for thread, stack in open_ranges.items():
        assert len(stack) == 1, f"thread {thread} leaves {stack[-1][0]} open"
    return {thread: stack[0][1] for thread, stack in open_ranges.items()}


def names(ranges):
    return [name for name, _ in ranges]


class Ranges(ProgramTest):
    def watched(self, **values):
        """a run under the recorder: its directory, and the ranges of each thread"""
        arguments = ["run", "--preset", "sweetspot", "-q", *settings(SMALL | values)]
        recorder = {"NVTX_INJECTION64_PATH": os.environ["LNN_RANGES_RECORDER"], "LNN_RANGES_FILE": "ranges"}
        self.result(*arguments, "--force", "--out", "plain")
        self.assertFalse((self.directory / "ranges").exists())
        self.result(*arguments, "--force", "--out", "watched", environment=recorder)
        for file in ["model.safetensors", "eval/trajectories.npy"]:
            self.assertEqual(*((self.directory / run / file).read_bytes() for run in ["plain", "watched"]))
        lines = (self.directory / "ranges").read_text().splitlines()
        (self.directory / "ranges").unlink()
        return self.directory / "watched", forest(lines)

    def test_a_batch_of_one_pack(self):
        """every step is one forward, solve, backward, adam"""
        run, ranges = self.watched(**{"run.threads": 2})
        self.assertEqual(list(ranges), ["0"])
        self.assertEqual(names(ranges["0"]), ["data", "train", "eval", "report"])
        for name, inside in ranges["0"]:
            self.assertEqual(names(inside), ["step"] * 64 if name == "train" else [])
            for _, parts in inside:
                self.assertEqual(parts, [(part, []) for part in [*PART, "adam"]])
        self.assertEqual(record(run)["steps"], 64)

    def test_a_batch_shared_by_threads(self):
        """a step is one range, of the thread that leads; it repeats the parts for each pack"""
        for threads in [1, 2, 3]:
            run, ranges = self.watched(**{"run.threads": threads, "train.batch": 64})
            self.assertEqual(list(ranges), ["0"])
            train = dict(ranges["0"])["train"]
            self.assertEqual(names(train), ["step"] * 4)
            self.assertEqual(record(run)["steps"], 4)
            for _, parts in train:
                packs = len(parts) // 3
                self.assertGreater(packs, 1)
                self.assertEqual(parts, [(part, []) for part in [*PART * packs, "adam"]])

    def test_a_model_a_thread(self):
        run, ranges = self.watched(**{"run.threads": 2, "run.seeds": 3})
        stages = ranges.pop("0")
        self.assertEqual(names(stages), ["data", "train", "eval", "report"])
        steps = names(dict(stages)["train"] + [step for thread in ranges.values() for step in thread])
        self.assertEqual(steps, ["step"] * 3 * 64)
        self.assertEqual(record(run)["steps"], 64)

    def test_fewer_models_than_threads(self):
        """they are trained side by side, each by a thread of its own or by a team of which one leads"""
        for threads, batch in [(4, 4), (6, 64)]:
            _, ranges = self.watched(**{"run.threads": threads, "run.seeds": 3, "train.batch": batch})
            steps = 256 // batch
            self.assertEqual(names(dict(ranges.pop("0"))["train"]), ["step"] * steps)
            self.assertEqual([name for thread in ranges.values() for name in names(thread)], ["step"] * 2 * steps)


if __name__ == "__main__":
    unittest.main()
