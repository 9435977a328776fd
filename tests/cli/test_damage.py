"""The damage matrix: each field of each JSON file that is read again, damaged in each way, through each reader.

Whatever a field holds, a command answers within seconds with an exit code of its own and at most one error line; what
cannot be right is refused.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from program import BINARY, CLEAN, ON_THE_CPU, TINY, ProgramTest, seal, settings

if os.access("/dev/shm", os.W_OK):
    tempfile.tempdir = "/dev/shm"  # what the program syncs waits for no disk there

REMOVED = object()
DAMAGES = [None, -1, 1e12, 10**12, 2**63, "x", {}, [[1]], REMOVED]
SECONDS = 10  # a command that takes longer does not end
TINIER = {"model.hidden": "[4,4]", "train.steps": 4, "train.batch": 4, "eval.trajectories": 4, "eval.repeats": 2,
          "eval.t_end": 0.02, "eval.film": 0.02, "run.threads": 1}
GRID = ["--grid", "train.lr=1e-2,1e-3"]
NO_GNUPLOT = {"PATH": "/nowhere"}  # a figure takes longer than all else
FLAGS = [*TINY, *settings(TINIER), *ON_THE_CPU]


def fields(value, deep=5):
    """the way to every field, lists by their first item"""
    items = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else []
    for key, inner in items:
        yield (key,)
        if deep > 1:
            for rest in fields(inner, deep - 1):
                yield (key, *rest)


def damaged(value, way, damage):
    copy = json.loads(json.dumps(value))
    place = copy
    for key in way[:-1]:
        place = place[key]
    if damage is REMOVED:
        del place[way[-1]]
    else:
        place[way[-1]] = damage
    return json.dumps(copy)


class Damage(ProgramTest):
    cases = refusals = 0

    def made(self, *arguments, code=0):
        self.ends(code, *arguments, "-q", environment=NO_GNUPLOT)

    def run_on(self, arguments):
        """the exit code on a copy of what is there, so that each case finds the same"""
        room = self.directory / "copy"
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir()
        for name in {word.split("/")[0] for word in arguments if (self.directory / word.split("/")[0]).exists()}:
            source = self.directory / name
            shutil.copytree(source, room / name) if source.is_dir() else shutil.copy(source, room / name)
        done = subprocess.run([BINARY, *arguments], cwd=room, env=CLEAN | NO_GNUPLOT, capture_output=True,
                              timeout=SECONDS, text=True, errors="replace")
        self.cases += 1
        self.assertIn(done.returncode, (0, 2, 3, 4, 5, 75), done.stderr)
        errors = [line for line in done.stderr.splitlines() if line.startswith("lnn_gpu: error: ")]
        self.assertEqual(len(errors), done.returncode not in (0, 75), done.stderr)
        self.refusals += len(errors)
        return done.returncode, done.stderr

    def matrix(self, file, commands, refused=(), needed=True, sealed=None):
        """every field of `file` through every command; those whose way begins with one of `refused` are refused, and so is
        what is no JSON, but where the commands do without the file; `sealed`: the checkpoint whose state it is"""
        path = self.directory / file
        good = path.read_text()
        value = json.loads(good)
        try:
            for way in fields(value):
                for damage in DAMAGES:
                    path.write_text(damaged(value, way, damage))
                    if sealed:
                        seal(sealed)
                    for command in commands:
                        with self.subTest(file, way=way, damage=damage, command=command):
                            code, said = self.run_on(command)
                            if any(way[:len(prefix)] == prefix for prefix in refused):
                                self.assertEqual(code, 4, said)
            for text in ("", "{", good[:-len(good) // 2], "[" * 30000 + "]" * 30000):
                path.write_text(text)
                if sealed:
                    seal(sealed)
                for command in commands:
                    with self.subTest(file, text=text[:20], command=command):
                        code, said = self.run_on(command)
                        self.assertEqual(code, 4 if needed else 0, said)
        finally:
            path.write_text(good)
            if sealed:
                seal(sealed)

    def test_run(self):
        self.made("run", "--out", "run", *FLAGS)
        self.matrix("run/run.json", [["train", "--resume", "run"]])
        self.matrix("run/run.json", [["report", "run", "-q"]], needed=False)
        self.matrix("run/run.json", [["eval", "run", "-q", "--trajectories", "1", "--repeats", "1"]], needed=False)
        self.told()

    def test_reports(self):
        self.made("run", "--out", "run", *FLAGS)
        for protocol in ["box", "energy"]:
            self.made("eval", "run", "--trajectories", "2", "--protocol", protocol, "--out", f"run/eval/{protocol}.json")
        for file in ["summary", "box", "energy"]:
            self.matrix(f"run/eval/{file}.json", [["report", "run", "-q"]], needed=False)
        # a report is made without what is damaged, and says so
        summary = self.directory / "run/eval/summary.json"
        good = json.loads(summary.read_text())
        for damage in DAMAGES:
            summary.write_text(damaged(good, ("repeats",), damage))
            code, said = self.run_on(["report", "run"])
            self.assertEqual(code, 0)
            self.assertIn("summary.json: 'repeats' is ", said)
        self.told()

    def test_stopped_trainings(self):
        for run, more in [("stopped", {"run.seeds": 2, "train.guard": "rollback"}),
                          ("lm", {"train.optimizer": "lm", "train.steps": 0, "train.lm.iterations": 3,
                                  "train.lm.samples": "[10, 10]", "train.checkpoint_every": 1})]:
            self.made("train", "--out", run, "--max-time", "1e-9", *FLAGS, *settings(more), code=75)
            resume = ["train", "--resume", run, "-q", "--max-time", "1e-9"]
            room = max((self.directory / run / "checkpoints").iterdir())
            self.matrix(f"{run}/run.json", [resume])
            state = str(room.relative_to(self.directory) / "state.json")
            some = next(fields(json.loads((self.directory / state).read_text())))
            good = (self.directory / state).read_text()
            (self.directory / state).write_text(damaged(json.loads(good), some, "x"))
            self.assertIn("its checksum is not that in DONE", self.run_on(resume)[1])
            (self.directory / state).write_text(good)
            # under a checksum of its own each field has to hold
            self.matrix(state, [resume], [("config",), ("step",), ("steps",), ("applied",)], sealed=room)
            (room / "DONE").write_text("")
            self.assertIn("its checksum is not that in DONE", self.run_on(resume)[1])
        self.told()

    def test_sweeps(self):
        for part in [0, 1]:
            self.made("sweep", "--out", f"s{part}", "--shard", f"{part}/2", *GRID, *FLAGS)
        # one of which a piece is missing
        self.made("sweep", "--out", "cut", *GRID, *FLAGS)
        (self.directory / "cut/results/0-000001.json").unlink()
        record = self.directory / "cut/run.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"status": "started"}))
        merge = ["merge", "s0", "s1", "--out", "merged", "-q"]
        resume = ["sweep", "--resume", "cut", "-q"]
        self.matrix("s1/run.json", [merge], [("command",), ("shard",)])
        self.matrix("s1/results/0-000001.json", [merge, ["sweep", "--resume", "s1", "-q"], ["report", "s1", "-q"]],
                    [(0, "row", "id"), (0, "row", "seed"), (0, "row", "rung")])
        self.matrix("s1/summary.json", [["sweep", "--resume", "s1", "-q"]], needed=False)
        self.matrix("cut/run.json", [resume], [("command",), ("shard",)])
        self.matrix("cut/results/0-000000.json", [resume], [(0, "row", "id"), (0, "row", "seed"), (0, "row", "rung")])
        self.told()

    def test_benchmark(self):
        row = {"name": "a", "unit": "s", "value": 1.0}
        self.file(json.dumps({"machine": {"backend": "cpu"}, "rows": [row]}), "b.json")
        # refused before a row is measured; what is not is not waited for
        for damage in DAMAGES:
            for way in [("rows",), ("rows", 0), ("rows", 0, "name"), ("rows", 0, "value")]:
                self.file(damaged({"rows": [row]}, way, damage), "b.json")
                right = (way[-1] == "name" and damage == "x") or (way[-1] == "value" and damage in (1e12, 10**12, 2**63)) or (
                    way == ("rows", 0) and damage is REMOVED)
                if not right:
                    with self.subTest(way=way, damage=damage):
                        self.assertEqual(self.run_on(["bench", "--compare", "b.json"])[0], 4)
        self.told()

    def told(self):
        self.assertGreater(self.cases, 0)
        print(f"{self.id().split('.')[-1]}: {self.cases} cases, {self.refusals} refused", flush=True)


if __name__ == "__main__":
    unittest.main()
