"""The program from outside: how a test calls it, what a refusal looks like, and the files it leaves.

LNN_BINARY names the binary (build/lnn_gpu where it is not set).
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LNN_BINARY", str(ROOT / "build" / "lnn_gpu"))
# settings of the caller's environment must not leak into a test
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LNN_GPU_")}
# a program whose card is emulated takes minutes for what a processor does in seconds
EMULATED = os.environ.get("LNN_TEST_EMULATED") == "ON"
ON_THE_CPU = ["--backend", "cpu"]

sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tools" / "baselines")]
sys.dont_write_bytecode = True

import true_systems  # noqa: E402, F401
from lnn_io import load_safetensors, save_safetensors  # noqa: E402, F401


def settings(values):
    """--set flags of a dictionary"""
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


# a training of a moment and an evaluation of another, whatever the default preset is; a base mass keeps so
# little a model from flying off
TINY = settings({"system.kind": "double_pendulum", "model.hidden": "[8,8]", "model.inputs": "sincos",
                 "model.velocity_scale": 5, "model.init": "definite", "model.mass_prior": 1,
                 "data.source": "box",
                 "train.optimizer": "adam", "train.steps": 60, "train.batch": 8, "train.lr": 2e-3, "train.schedule.kind": "cosine",
                 "train.loss": "huber", "train.clip": 5, "train.ema": 0.99, "train.guard": "skip",
                 "eval.trajectories": 20, "eval.repeats": 2, "eval.t_end": 0.1, "eval.dt": 0.01, "eval.film": 0.1})


def tree(directory):
    """every file and directory below: name -> contents and time of the last change"""
    return {str(path.relative_to(directory)): (path.is_file() and path.read_bytes(), path.lstat().st_mtime_ns)
            for path in sorted(pathlib.Path(directory).rglob("*")) if path.is_file() or path.is_dir()}


def start_few_threads():
    """preexec_fn of a program whose threads take so much room, of so little, that the system starts three at most"""
    for kind, size in [(resource.RLIMIT_STACK, 1 << 30), (resource.RLIMIT_AS, 7 << 29)]:
        resource.setrlimit(kind, (size, resource.getrlimit(kind)[1]))


def metrics(run):
    """rows of metrics.csv without the column that is a clock's"""
    rows = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
    clock = rows[0].index("seconds")
    return [row[:clock] + row[clock + 1:] for row in rows]


def record(run):
    return json.loads((run / "run.json").read_text())


def hash_of(data):
    """of bytes, as host/files/hash.hpp has it"""
    number = 0xcbf29ce484222325
    for byte in data:
        number = (number ^ byte) * 0x100000001b3 % 2**64
    return number


def seal(checkpoint):
    """DONE gets the checksum of the state that is there now"""
    done, state = checkpoint / "DONE", (checkpoint / "state.json").read_bytes()
    kept = [line for line in done.read_text().splitlines() if not line.endswith("  state.json")]
    done.write_text("\n".join([*kept, f"{hash_of(state):016x}  state.json", ""]))


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)

    def lnn_gpu(self, *arguments, environment=None, text=True, cwd=None, **options):
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=text, timeout=120,
                              cwd=cwd or self.directory, env=CLEAN | (environment or {}), **options)

    def result(self, *arguments, **options):
        """stdout of a call that must succeed and say nothing on stderr"""
        done = self.lnn_gpu(*arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def ends(self, code, *arguments, **options):
        """a call that must end with this exit code"""
        done = self.lnn_gpu(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def refused(self, code, *arguments, **options):
        """the one line on stderr of a call that must fail, with nothing on stdout and no file touched"""
        before = tree(self.directory)
        line = self.error_line(self.ends(code, *arguments, **options))
        self.assertEqual(tree(self.directory), before)
        return line

    def error_line(self, done):
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("lnn_gpu: error: ") and done.stderr.endswith("\n"),
                        done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr.removeprefix("lnn_gpu: error: ").rstrip("\n")

    def file(self, text, name="c.toml"):
        (self.directory / name).write_text(text)
        return name

    def start(self, *arguments):
        """a call that goes on beside the test"""
        process = subprocess.Popen([BINARY, *map(str, arguments)], cwd=self.directory, env=CLEAN, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        return process

    def wait_for(self, condition, process):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertIsNone(process.poll(), "ended before what was waited for")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)

    def train(self, name, *arguments, values=None):
        """a finished training in directory `name`"""
        self.result("train", "--out", name, "-q", *TINY, *settings(values or {}), *arguments)
        return self.directory / name
