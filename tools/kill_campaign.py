#!/usr/bin/python3
"""kill_campaign.py N [--seed S] [--jobs J] [--of JOB,...] [--out FILE.json]: kills every job N times in all, at random
instants, and looks at what is left.

A job runs undisturbed first. Then it is started anew, killed by SIGKILL or SIGTERM at an instant drawn from its
duration (or as soon after as a file is being written), every file is read, and it goes on by the command a person would
give: perhaps to be killed again, in the end to finish. What it leaves must be what the undisturbed job left, but for
what a clock says. Counted for each job: kills by signal; kills that came too late, which are made again; and faults:

    unreadable   files with their final names that cannot be read, right after a kill
    lost         periods of a finished checkpoint, or models of a finished piece, that were computed again
    unequal      results that are not the undisturbed job's
    leftovers    files that the undisturbed job does not leave
    failed       calls that end otherwise than they should

Exit 1 where there is a fault. The instants of kills are drawn from the seed, what they meet depends on the machine.
TMPDIR=/dev/shm spares the wait for a disk.
"""

import argparse
import collections
import concurrent.futures
import csv
import ctypes
import datetime
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from program import BINARY, CLEAN, TINY, load_safetensors, metrics, settings  # noqa: E402

FAULTS = ["unreadable", "lost", "unequal", "leftovers", "failed"]
CHUNK = 10  # kills that one worker does in a row
STOPPED = 75
PR_SET_CHILD_SUBREAPER = 36

OFTEN = {"train.steps": 100, "train.checkpoint_every": 4}
BOX = OFTEN | {"run.seeds": 2}
TRAJECTORIES = {"data.source": "trajectories", "data.trajectories": 25, "data.shuffle": "epoch", "train.epochs": 50,
                "train.steps": 0, "train.checkpoint_every": 2, "train.keep": 2, "train.balance": "scale"}
# 500 steps in periods of 5, of which some of every model are taken back
ROLLBACK = {"train.steps": 500, "train.checkpoint_every": 1, "train.guard": "rollback", "train.rollback_above": 1.6,
            "train.lr": 0.02, "train.schedule.kind": "step", "train.schedule.gamma": 1, "train.clip": 0, "run.seeds": 3}
LM = {"train.optimizer": "lm", "train.steps": 20, "train.checkpoint_every": 2, "train.lm.iterations": 20,
      "train.lm.samples": "[20,40]", "train.ema": 0.9, "run.seeds": 2}
# batches of a shuffled set, some across the end of an epoch
LM_TRAJECTORIES = TRAJECTORIES | LM | {"train.epochs": 2, "train.steps": 0, "run.seeds": 1}
GRID = ["--grid", "train.lr=1e-2,1e-3", "--grid", "model.hidden=[8,8],[6]", "--seeds", "0:2", "--set",
        "train.steps=20000"]
STUDY = {"model.hidden": "[4,4]", "data.trajectories": 8, "train.batch": 4, "train.lm.iterations": 2,
         "train.lm.samples": "[50,50]", "eval.t_end": 0.1}


def training(command, values):
    return [command, "--out", "r", "-q", *TINY, *settings(values)]


# name: commands, of which the last is killed
JOBS = {
    "run": [training("run", BOX)],
    "adam": [training("train", TRAJECTORIES)],
    "rollback": [training("train", ROLLBACK)],
    "lm": [training("train", LM)],
    "lm_trajectories": [training("train", LM_TRAJECTORIES)],
    "sweep": [["sweep", "--out", "r", "-q", *TINY, *GRID]],
    "halving": [["sweep", "--out", "r", "-q", *TINY, *GRID, "--set", "sweep.halving=2"]],
    "eval": [training("train", {}), ["eval", "r", "-q", "--trajectories", "20000", "--out", "e.json", "--force"]],
    "study": [["study", "preferred-coordinate", "--models", "2", "--trajectories", "40", "--out", "r", "-q",
               *settings(STUDY)]],
    "report": [training("run", BOX), ["report", "r", "-q"]],
}


def go_on(directory, command):
    """what a person would do now; a start that was killed before there was a run is made again"""
    if command[0] in ("run", "train", "sweep") and (directory / "r/config.toml").exists():
        return ["sweep" if command[0] == "sweep" else "train", "--resume", "r", "-q"]
    if command[0] == "study" and (directory / "r/study.json").exists():  # its last file
        return ["--version"]
    return command


def start(directory, command):
    """in a process group of its own, with what it starts"""
    return subprocess.Popen([BINARY, *command], cwd=directory, env=CLEAN, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def wait_for_orphans(group):
    """a gnuplot that outlives the program; it is ours, as we are its reaper"""
    try:
        while True:
            os.waitpid(-group, 0)
    except ChildProcessError:
        pass


def finish(directory, command, codes=(0,)):
    """what a call says that must end well, if it does not"""
    process = start(directory, command)
    said = process.communicate(timeout=120)[1]
    return None if process.returncode in codes and not said else f"exit {process.returncode}: {said}"


def files_of(directory):
    return sorted(path for path in directory.rglob("*") if path.is_file())


def being_written(directory):
    run = directory / "r"
    rooms = [directory, run, *(run / name for name in ("checkpoints", "results", "models", "eval", "figures"))]
    return any(name.startswith(".") and name.endswith(".tmp") for room in rooms if room.is_dir()
               for name in os.listdir(room))


# whole files, by how their names end

def read_csv(path):
    text = path.read_text()
    if not text.endswith("\n") or len({len(row) for row in csv.reader(text.splitlines()) if row}) != 1:
        raise ValueError("ends too early, or rows differ in length")


def read_npz(path):
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays:
            arrays[name]


def ends_with(end):
    def read(path):
        if not path.read_text().endswith(end):
            raise ValueError(f"does not end with {end!r}")
    return read


READERS = {".safetensors": load_safetensors, ".npz": read_npz, ".npy": np.load, ".csv": read_csv,
           ".json": lambda path: json.loads(path.read_text()), ".toml": lambda path: tomllib.loads(path.read_text()),
           ".html": ends_with("</html>\n"), ".svg": ends_with("</svg>\n\n"), ".gp": ends_with("\n")}


def unreadable(directory):
    """files that bear their final names and are not whole, each with the reason"""
    for path in files_of(directory):
        name = path.relative_to(directory)
        if any(part.startswith(".") for part in name.parts) or path.name.endswith(".partial"):
            continue
        try:
            READERS.get(path.suffix, lambda _: None)(path)
        except FileNotFoundError:  # of a gnuplot that outlives the program
            pass
        except Exception as error:
            yield f"{name}: {error}"
    for checkpoint in directory.rglob("checkpoints/step-*"):
        if {file.name for file in checkpoint.iterdir()} != {"model.safetensors", "optimizer.safetensors", "state.json",
                                                            "DONE"}:
            yield f"{checkpoint.relative_to(directory)}: not a whole checkpoint"


def kept(directory):
    """what is not computed again, with what the clock said of it: periods up to a checkpoint, models of a sweep"""
    things = {}
    for table in directory.rglob("metrics.csv"):
        steps = [int(path.name.removeprefix("step-")) for path in (table.parent / "checkpoints").glob("step-*")]
        for row in csv.DictReader(table.read_text().splitlines()):
            if int(row["step"]) <= max(steps, default=0):
                things[table.parent.name, row["step"], row["seed"]] = row["seconds"]
    for piece in directory.glob("r/results/[0-9]*.json"):
        for unit in json.loads(piece.read_text()):
            things[unit["row"]["rung"], unit["row"]["id"]] = unit["seconds"]
    return things


def timeless(path):
    """contents without what a clock says"""
    if path.name in (".lock", "run.json", "timings.csv"):
        return None
    if path.name == "metrics.csv":
        return metrics(path.parent)
    if path.name == "state.json":  # a job that is asked to stop leaves a checkpoint more, which may be its best
        return json.loads(path.read_text()) | {"seconds": None, "best": None, "best_loss": None}
    if path.name == "DONE":  # checksums, of state.json too
        return [line for line in path.read_text().splitlines() if not line.endswith("state.json")]
    if path.parent.name == "results":
        return [unit["row"] for unit in json.loads(path.read_text())]
    if path.suffix == ".html":
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z|(timings\.\w+|argv)</th><td>[^<]*", "", path.read_text())
    return path.read_bytes()


class Job:
    """commands, of which the last may be disturbed, and what they leave where nothing happens"""

    def __init__(self, name, commands, room):
        self.name, self.room, self.command = name, room, commands[-1]
        self.count = collections.Counter()
        self.said = []

        prepared = room / name / "prepared"
        prepared.mkdir(parents=True, exist_ok=True)
        for command in commands[:-1]:
            self.must_finish(prepared, command, [0, STOPPED])
        whole = self.fresh("undisturbed")
        began = time.monotonic()
        self.must_finish(whole, self.command)
        self.seconds = time.monotonic() - began
        self.reference = {path.relative_to(whole): timeless(path) for path in files_of(whole)}

    def must_finish(self, directory, command, codes=(0,)):
        if trouble := finish(directory, command, codes):
            sys.exit(f"{self.name}, undisturbed: {trouble}")

    def fresh(self, name):
        return shutil.copytree(self.room / self.name / "prepared", self.room / self.name / name)

    def fault(self, kind, where, what):
        self.count[kind] += 1
        self.said.append(f"{kind}: {self.name} {where}: {what}")

    def killed(self, directory, command, by, draw, longest):
        """the exit code of a call that is killed; 0 where it had ended before"""
        process, began = start(directory, command), time.monotonic()
        try:
            process.wait(draw.uniform(0, longest))
            if longest == self.seconds:  # it was slower when it was measured
                self.seconds = time.monotonic() - began
        except subprocess.TimeoutExpired:
            if draw.random() < 0.5:
                while process.poll() is None and not being_written(directory):
                    time.sleep(0.0001)
        process.send_signal(by)
        said = process.communicate()[1]
        for line in unreadable(directory):
            self.fault("unreadable", directory.name, line)
        wait_for_orphans(process.pid)
        if process.returncode not in (0, -by) and (by, process.returncode) != (signal.SIGTERM, STOPPED):
            self.fault("failed", directory.name, f"exit {process.returncode}: {said}")
        self.count["late" if process.returncode == 0 else by.name] += 1
        return process.returncode

    def campaign(self, chunk, kills, seed):
        """`kills` kills, in as many episodes as they take"""
        draw = random.Random(f"{seed} {self.name} {chunk}")
        done = episode = 0
        while done < kills and episode < 20 * kills:
            episode += 1
            directory = self.fresh(f"{chunk}-{episode}")
            command, longest, things, codes = self.command, self.seconds, {}, []
            while done < kills:
                by = (signal.SIGKILL, signal.SIGTERM)[done % 2]
                codes.append(self.killed(directory, command, by, draw, longest))
                if codes[-1] == 0:
                    break
                done += 1
                things |= kept(directory)
                command, longest = go_on(directory, self.command), longest / 2
                if draw.random() < 0.5:
                    break
            if trouble := finish(directory, go_on(directory, self.command)):
                self.fault("failed", directory.name, trouble)
            self.compare(directory, things, STOPPED in codes, directory.name)
            shutil.rmtree(directory)

    def compare(self, directory, things, stopped, where):
        """with the undisturbed job"""
        found = kept(directory)
        for thing, clock in things.items():
            if found.get(thing) != clock:
                self.fault("lost", where, f"{thing}: computed again")
        paths = {path.relative_to(directory): path for path in files_of(directory)}
        for name in sorted(self.reference.keys() | paths.keys()):
            if stopped and name.parent.parent.name == "checkpoints" and (name in self.reference) != (name in paths):
                continue
            if name not in self.reference:
                self.fault("leftovers", where, name)
            elif name not in paths or timeless(paths[name]) != self.reference[name]:
                self.fault("unequal", where, name)


def write_figures(path, figures):
    doctor = json.loads(subprocess.run([BINARY, "doctor", "--json"], capture_output=True, env=CLEAN).stdout)
    command = shlex.join([str(pathlib.Path(sys.argv[0]).resolve().relative_to(ROOT)), *sys.argv[1:]])
    path.write_text(json.dumps({"date": datetime.date.today().isoformat(),
                                "machine": {"device": doctor["cpu"]["device"], "cores": os.cpu_count()},
                                "command": command} | figures, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="at a time")
    parser.add_argument("--of", default=",".join(JOBS), help="these jobs alone")
    parser.add_argument("--out", type=pathlib.Path)
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    with tempfile.TemporaryDirectory() as room, concurrent.futures.ThreadPoolExecutor(asked.jobs) as workers:
        jobs = [Job(name, JOBS[name], pathlib.Path(room)) for name in asked.of.split(",")]
        chunks = []
        for k, job in enumerate(jobs):
            kills = asked.kills // len(jobs) + (k < asked.kills % len(jobs))
            chunks += [(job, first // CHUNK, min(CHUNK, kills - first)) for first in range(0, kills, CHUNK)]
        for done in [workers.submit(job.campaign, chunk, kills, asked.seed) for job, chunk, kills in chunks]:
            done.result()

    for job in jobs:
        kills = f"{job.count['SIGKILL']} by SIGKILL, {job.count['SIGTERM']} by SIGTERM, {job.count['late']} too late"
        faults = ", ".join(f"{job.count[kind]} {kind}" for kind in FAULTS)
        print(f"{job.name} ({job.seconds:.2f} s): {kills}; {faults}")
        print(*job.said, sep="\n", end="\n" * bool(job.said))
    total = sum((job.count for job in jobs), collections.Counter())
    killed, faults = total["SIGKILL"] + total["SIGTERM"], sum(total[kind] for kind in FAULTS)
    print(f"{killed} kills, {faults} faults")
    if asked.out:
        names = ["SIGKILL", "SIGTERM", "late", *FAULTS]
        figures = {job.name: {"seconds": round(job.seconds, 3)} | {name: job.count[name] for name in names}
                   for job in jobs}
        write_figures(asked.out, {"seed": asked.seed, "kills": killed, "total": {name: total[name] for name in names},
                                  "jobs": figures})
    sys.exit(killed != asked.kills or faults > 0)


if __name__ == "__main__":
    main()
