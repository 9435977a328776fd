#!/usr/bin/python3
"""Every call that can fail fails in turn: the first, the second, ... of a kind, until a job makes no more of them.

Each time the job ends with a code that its caller can act on and one line; what was whole before is whole after; and
the command given again, or the one that goes on, completes what the undisturbed job leaves, bit for bit.

    test_failures.py         every few calls of each kind
    test_failures.py all     every call; of memory, hundreds spread over all
    ... --out FILE.json      how many there were, of each kind and job
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from program import BINARY, CLEAN, settings  # noqa: E402

from kill_campaign import Job, files_of, finish, go_on, kept, timeless, unreadable, write_figures  # noqa: E402

SHIM = os.environ["LNN_FAILURES_SHIM"]
KINDS = ["open", "read", "write", "fsync", "close", "rename", "unlink", "mkdir", "ftruncate", "thread"]
FEW = settings({"model.hidden": "[4]", "train.optimizer": "adam", "train.steps": 4, "train.batch": 4, "run.threads": 2,
                "train.checkpoint_every": 1, "train.keep": 1, "train.epochs": 0, "run.seeds": 2,
                "data.source": "trajectories", "data.trajectories": 4, "eval.trajectories": 300, "eval.repeats": 1,
                "eval.t_end": 0.1, "eval.film": 0.1})
RUN = ["run", "--out", "r", "-q", *FEW]
TRAIN = ["train", *RUN[1:]]
REPORT = ["report", "r", "-q"]
OF_RUN = ["eval", "r", "--out", "r/e.json", "--force", "-q"]
JOBS = {
    "run": [RUN],
    "resume": [[*TRAIN, "--max-time", "1e-9"], ["train", "--resume", "r", "-q"]],
    "sweep": [["sweep", "--out", "r", "-q", *FEW, "--grid", "train.lr=1e-2,1e-3", "--set", "run.seeds=1"]],
    "eval": [TRAIN, [*OF_RUN, "--trajectories", "7"], [*OF_RUN, "--trajectories", "1500"]],
    "report": [RUN, REPORT],
}
# memory is a person's to free where a file is read
READERS = {
    "info": [["data", "info", "r/d.npz"]],
    "import": [["data", "import", "r/d.csv", "--out", "r/new.npz", "--force", "-q"]],
    "accel": [["accel", "--system", "double_pendulum", "--states", "r/x.npy", "--out", "r/a.npy", "--force", "-q"]],
    "rollout": [["rollout", "--system", "double_pendulum", "--states", "r/x.npy", "--dt", "0.01", "--steps", "3",
                 "--out", "r/t.npy", "--force", "-q"]],
    "model": [TRAIN, ["eval", "--model", "r/model.safetensors", "--protocol", "box", "--trajectories", "9", "-q"]],
    "of_run": [TRAIN, [*OF_RUN, "--trajectories", "7"]],
}
CODES = (0, 3, 4)
# what a library makes of missing memory: toml++ reads numbers through a stream, which keeps bad_alloc to itself
OF_LIBRARIES = ("could not be interpreted as a value", "must be a finite number, not '9.8'")
NEVER_OK = ("close", "fsync", "rename", "mkdir")  # what was written may be lost
OF_A_KIND, OF_MEMORY = 6, (15, 10**6)  # that are tried, where not all are, and of memory where all are
UNREACHED = 10**9


def write_inputs(directory):
    directory.mkdir(parents=True)
    t = np.arange(40) / 40
    np.save(directory / "x.npy", np.ones((5, 4)))
    np.savez(directory / "d.npz", q=np.ones((9, 2)), v=np.ones((9, 2)), a=np.ones((9, 2)))
    np.savetxt(directory / "d.csv", np.c_[t, np.sin(t), np.cos(t)], delimiter=",", header="t,q1,q2", comments="")


class Failures:
    """of one kind, in one job"""

    def __init__(self, job, kind, every):
        self.job, self.kind = job, kind
        self.codes = collections.Counter()
        done, calls, _ = self.call(0, UNREACHED)
        self.usual = done.stderr.splitlines()
        self.calls = calls
        most = OF_MEMORY[every] if kind == "memory" else calls if every else OF_A_KIND
        between = max(1, min(most, calls) - 1)  # the first, the last, and some between
        self.tried = [1 + k * (calls - 1) // between for k in range(min(most, calls))]

    def call(self, name, which):
        """the disturbed call, how many of the kind it made if not so many, and where"""
        directory = self.job.fresh(f"{self.kind}-{name}")
        report = directory.with_suffix(".calls")
        shim = {"LD_PRELOAD": SHIM, "LNN_FAIL": f"{self.kind}:{which}", "LNN_FAIL_UNDER": "r",
                "LNN_FAIL_REPORT": str(report)}
        told = ["--no-progress" if word == "-q" else word for word in self.job.command]
        done = subprocess.run([BINARY, *told], cwd=directory, env=CLEAN | shim, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return done, int(report.read_text()) if report.exists() else None, directory

    def fail(self, which):
        before, things = self.job.room / self.job.name / "prepared", kept(self.job.room / self.job.name / "prepared")
        done, fewer, directory = self.call(which, which)
        where, complain = f"{self.kind} {which}", self.job.fault
        if fewer is None:  # threads may take turns, and one make a call less
            of_library = (self.kind == "memory" and done.returncode == 2
                          and any(words in done.stderr for words in OF_LIBRARIES))
            self.codes["library" if of_library else str(done.returncode)] += 1
            said = [line for line in done.stderr.splitlines() if line not in self.usual]
            if not of_library:
                if done.returncode not in CODES or (done.returncode == 0 and self.kind in NEVER_OK):
                    complain("failed", where, f"exit {done.returncode}: {said}")
                if done.returncode > 0 and [line.startswith("lnn_gpu: error: ") for line in said] != [True]:
                    complain("failed", where, f"not one line: {said}")
            where += f" ({done.returncode}: {'; '.join(said)})"
            for line in unreadable(directory):
                complain("unreadable", where, line)
            for path in files_of(before) if done.returncode else []:
                self.same_or_new(path.relative_to(before), before, directory, where)
            # a page tells what it could not show, and is made again
            again = REPORT if done.returncode == 0 else go_on(directory, self.job.command)
            if done.returncode != 0 or said and self.job.name in ("run", "report"):
                if trouble := finish(directory, again):
                    complain("failed", where, trouble)
            if self.kind == "unlink":  # what cannot be removed stays
                for path in directory.rglob("*.partial"):
                    path.unlink()
            self.job.compare(directory, things, False, where)
        shutil.rmtree(directory)

    def same_or_new(self, name, before, directory, where):
        """what an earlier job left is there still, or what the undisturbed one leaves"""
        if "checkpoints" in name.parts or name.suffix == ".svg" or name.name == "metrics.csv":
            return  # removed, or goes on
        if not (directory / name).exists():
            self.job.fault("lost", where, name)
        elif timeless(directory / name) not in (timeless(before / name), self.job.reference[name]):
            self.job.fault("unequal", where, f"{name}, neither old nor new")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("which", nargs="?", choices=["all"])
    parser.add_argument("--out", type=pathlib.Path)
    asked = parser.parse_args()
    every = asked.which == "all"
    CLEAN["PATH"] = "/nonexistent"  # without gnuplot, which has files of its own

    with tempfile.TemporaryDirectory() as room, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        room, walks = pathlib.Path(room), []
        for name, commands in JOBS.items():
            job = Job(name, commands, room)
            walks += [Failures(job, kind, every) for kind in KINDS]
        for name, commands in READERS.items():
            write_inputs(room / name / "prepared/r")
            walks.append(Failures(Job(name, commands, room), "memory", every))
        for done in [workers.submit(walk.fail, which) for walk in walks for which in walk.tried]:
            done.result()

    for walk in walks:
        if walk.calls:
            codes = ", ".join(f"{n} by {code}" for code, n in sorted(walk.codes.items()))
            print(f"{walk.job.name}, {walk.kind}: {len(walk.tried)} of {walk.calls} calls failed, ended {codes}")
    jobs = {walk.job.name: walk.job for walk in walks}
    for job in jobs.values():
        print(*job.said, sep="\n", end="\n" * bool(job.said))
    tried, faults = sum(len(walk.tried) for walk in walks), sum(len(job.said) for job in jobs.values())
    print(f"{tried} failures, {faults} faults")
    if asked.out:
        figures = collections.defaultdict(dict)
        for walk in walks:
            if walk.calls:
                figures[walk.job.name][walk.kind] = {"calls": walk.calls, "failed": len(walk.tried),
                                                     "exits": walk.codes}
        write_figures(asked.out, {"failures": tried, "faults": faults, "jobs": figures})
    uncalled = [walk.kind for walk in walks if walk.job.name == "run" and not walk.calls]
    if uncalled:  # of which a run makes some: the shim is not in their way any more
        print("no calls:", *uncalled)
    sys.exit(faults > 0 or uncalled != [])


if __name__ == "__main__":
    main()
