"""The surroundings that a system can give a program: closed streams, limits, small and read-only disks, links that were
planted, names that are no text, other languages. A job runs through them or says in one line why not, and keeps what is
there."""

import contextlib
import itertools
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

from program import BINARY, CLEAN, TINY, ProgramTest, load_safetensors, metrics, record, settings, tree

from kill_campaign import Job, finish, go_on, unreadable

RUN = ["run", "--out", "r", "-q", *TINY, *settings({"train.steps": 20, "train.checkpoint_every": 4})]
MAY_MOUNT = subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


def limited(kind, size):
    """preexec_fn of a program that may not have more"""
    return lambda: resource.setrlimit(kind, (size, resource.getrlimit(kind)[1]))


class Surroundings(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.room = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.room)
        cls.job = Job("run", [RUN], cls.room)

    def assert_whole(self):
        """what the undisturbed job leaves"""
        self.job.said.clear()
        self.job.compare(self.directory, {}, False, "")
        self.assertEqual(self.job.said, [])

    def goes_on(self):
        """to the same end, once the obstacle is gone"""
        self.assertEqual(list(unreadable(self.directory)), [])
        self.assertIsNone(finish(self.directory, go_on(self.directory, RUN)))
        self.assert_whole()

    @contextlib.contextmanager
    def anew(self, *names):
        """a part of a test in an empty directory"""
        with self.subTest(names):
            for path in self.directory.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            yield

    def one_line(self, done):
        self.assertRegex(done.stderr, r"\Alnn_gpu: error: [^\n]+\n\Z")


class Streams(Surroundings):
    LOUD = [word for word in RUN if word != "-q"]

    def assert_done(self):
        self.assertEqual(record(self.directory / "r")["status"], "complete")
        self.assertEqual(metrics(self.directory / "r"), self.job.reference[pathlib.Path("r/metrics.csv")])
        self.assertEqual(list(unreadable(self.directory)), [])

    def test_closed(self):
        """files that are opened do not take the streams' places; a result with nowhere to go is 4, with the run complete"""
        for closed in itertools.chain.from_iterable(itertools.combinations("012", k) for k in range(1, 4)):
            with self.anew(closed):
                script = '"$0" "$@" ' + " ".join(f"{stream}>&-" for stream in closed)
                done = subprocess.run(["bash", "-c", script, BINARY, *self.LOUD], capture_output=True, text=True,
                                      timeout=120, cwd=self.directory, env=CLEAN)
                self.assertEqual(done.returncode, 4 if "1" in closed else 0, done.stderr)
                self.assert_done()

    def stream(self, kind):
        """that takes all, has no room, or no reader any more"""
        if kind == "gone":
            reader, writer = os.pipe()
            os.close(reader)
        else:
            writer = os.open({"full": "/dev/full", "": self.directory / "said"}[kind], os.O_WRONLY | os.O_CREAT)
        self.addCleanup(os.close, writer)
        return writer

    def test_that_take_nothing(self):
        """talk is lost and the job goes on; a result that is lost is 4, with the run complete"""
        for out, error, code in [("", "full", 0), ("", "gone", 0), ("full", "", 4), ("gone", "", 4),
                                 ("full", "full", 4), ("gone", "gone", 4)]:
            with self.anew(out, error):
                done = subprocess.run([BINARY, *self.LOUD], stdout=self.stream(out), stderr=self.stream(error),
                                      timeout=120, cwd=self.directory, env=CLEAN)
                self.assertEqual(done.returncode, code)
                self.assert_done()
                if not error:
                    self.assertIn("cannot write to stdout", (self.directory / "said").read_text())


class Limits(Surroundings):
    def limited_run(self, kind, size):
        done = self.lnn_gpu(*RUN, preexec_fn=limited(kind, size))
        self.assertIn(done.returncode, (0, 3, 4), done.stderr)
        if done.returncode:
            self.one_line(done)
        return done

    def test_size_of_files(self):
        """as a full disk: 4, nothing half-written, and it goes on"""
        for size in [0, 100, 1000, 2000, 4000, 8000]:
            with self.anew(size):
                done = self.limited_run(resource.RLIMIT_FSIZE, size)
                self.assertEqual(done.returncode, 4)
                self.assertIn("File too large", done.stderr)
                self.assertEqual([path for path in self.directory.rglob("*.tmp")], [])
                self.goes_on()

    def test_number_of_files(self):
        codes = []
        for size in [4, 5, 6, 7, 8]:
            with self.anew(size):
                codes.append(self.limited_run(resource.RLIMIT_NOFILE, size).returncode)
                self.goes_on()
        self.assertIn(4, codes)

    def test_memory(self):
        """from what the program needs to start at all"""
        def starts(size):
            return self.lnn_gpu("--version", preexec_fn=limited(resource.RLIMIT_AS, size)).returncode == 0
        least, most = 0, 1 << 30
        self.assertTrue(starts(most))
        while most - least > 1 << 14:
            middle = (least + most) // 2
            least, most = (least, middle) if starts(middle) else (middle, most)
        codes = []
        for more in [*range(0, 600, 60), 1 << 15]:  # KiB
            with self.anew(more):
                done = self.lnn_gpu(*RUN, preexec_fn=limited(resource.RLIMIT_AS, most + (more << 10)))
                self.assertIn(done.returncode, (0, 3, 4), done.stderr)
                codes.append(done.returncode)
                if done.returncode:  # behind a notice of threads that were not started
                    self.assertRegex(done.stderr, r"lnn_gpu: error: [^\n]+\n\Z")
                    self.goes_on()
                else:
                    self.assertIsNone(finish(self.directory, ["report", "r", "-q"]))  # gnuplot was limited, too
                    self.assert_whole()
        self.assertEqual((min(codes), codes[-1]), (0, 0))
        self.assertGreater(max(codes), 0)


class Links(Surroundings):
    def test_planted_in_a_run(self):
        """nothing is written through a link that somebody put into a directory of ours"""
        for name, arguments, code in [(".lock", ["train", "--resume", "r", "-q"], 4), (".lock", ["report", "r"], 4),
                                      ("trajectories.partial", ["eval", "r"], 0)]:
            with self.anew(name, *arguments):
                self.assertIsNone(finish(self.directory, RUN))
                victim, link = self.directory / "victim", self.directory / "r" / name
                victim.write_text("mine")
                link.unlink(missing_ok=True)
                link.symlink_to(victim)
                self.assertIn(str(link.relative_to(self.directory)), self.ends(code, *arguments).stderr)
                self.assertEqual(victim.read_text(), "mine")

    def test_as_the_target(self):
        gen = ["data", "gen", "--samples", "3", "--set", "data.source=box", "-q", "--out", "out"]
        for target, code in [("gone", 2), ("out", 2), (".", 4)]:
            with self.anew(target):
                (self.directory / "out").symlink_to(target)
                self.one_line(self.ends(code, *gen))
                if target == ".":
                    self.one_line(self.ends(code, *gen, "--force"))
                else:
                    self.one_line(self.ends(4, "run", "--out", "out/r", *TINY, "-q"))
                    self.one_line(self.ends(4, "run", "--out", "out", *TINY, "-q"))
                self.assertEqual((os.listdir(self.directory), os.readlink(self.directory / "out")), (["out"], target))
        for target in ["gone", "out"]:
            with self.anew(target, "replaced"):
                (self.directory / "out").symlink_to(target)
                self.result(*gen, "--force")
                self.assertEqual(np.load(self.directory / "out")["q"].shape, (3, 2))

    def test_directories_and_files_in_each_others_place(self):
        with self.anew("file"):
            (self.directory / "r").write_text("mine")
            self.assertIn("cannot create r", self.refused(4, *RUN))
        for name in ["config.toml", "run.json", "metrics.csv", "checkpoints"]:
            with self.anew(name):
                self.ends(75, *["train" if word == "run" else word for word in RUN], "--max-time", "1e-9")
                path = self.directory / "r" / name
                if path.is_dir():
                    shutil.rmtree(path)
                    path.write_text("mine")
                else:
                    path.unlink()
                    (path / "mine").mkdir(parents=True)
                done = self.lnn_gpu("train", "--resume", "r", "-q")
                self.assertEqual(done.returncode, 4, done.stderr)
                self.one_line(done)
                self.assertTrue(path.exists())


class Names(ProgramTest):
    def test_that_are_no_text(self):
        """--json is JSON, in UTF-8, whatever a path has in it"""
        odd = os.fsencode(self.directory) + b"/\xff\xc3("
        os.mkdir(odd)
        with open(odd + b"/x.npy", "wb") as file:
            np.save(file, np.ones((2, 4)))
        np.savetxt(os.fsdecode(odd) + "/d.csv", np.c_[np.arange(30) / 30, np.ones(30), np.ones(30)], delimiter=",",
                   header="t,q1,q2", comments="")
        box = [*TINY, "--set", "data.source=box"]
        calls = [["run", *TINY, "--out", odd + b"/r"],
                 ["data", "gen", *box, "--samples", "3", "--out", odd + b"/d.npz"],
                 ["data", "info", odd + b"/d.npz"],
                 ["data", "import", odd + b"/d.csv", "--out", odd + b"/i.npz"],
                 ["eval", odd + b"/r", "--out", odd + b"/e.json"],
                 ["report", odd + b"/r"],
                 ["sweep", *TINY, "--grid", "train.lr=1e-2,1e-3", "--out", odd + b"/s"],
                 ["report", odd + b"/s"],
                 ["train", "--resume", odd + b"/r"]]
        for call in calls:
            with self.subTest(call[:2]):
                done = subprocess.run([BINARY, *call, "--json"], capture_output=True, timeout=120, cwd=self.directory,
                                      env=CLEAN)
                self.assertEqual(done.returncode, 0, done.stderr)
                json.loads(done.stdout.decode())
        states = ["--states", odd + b"/x.npy", "--json"]  # whose result is a file
        for call in [["accel", "--system", "double_pendulum", "--out", odd + b"/a.npy"],
                     ["rollout", "--model", odd + b"/r/model.safetensors", "--dt", "0.01", "--steps", "2", "--out",
                      odd + b"/t.npy"]]:
            self.result(*map(os.fsdecode, [*call, *states]))
        for path in pathlib.Path(os.fsdecode(odd)).rglob("*.json"):
            json.loads(path.read_bytes().decode())
        shown = subprocess.run([BINARY, "config", "show", "-c", odd + b"/r/config.toml"], capture_output=True,
                               env=CLEAN)
        self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_languages(self):
        """a decimal comma, or no character beyond ASCII, changes no byte of a result"""
        there = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split()
        commas = [name for name in there if name.startswith(("de_", "fr_"))]
        if not commas:
            print("skipped: no language here has a decimal comma (locale -a)")
        outputs = set()
        for name in ["C", "C.UTF-8", "POSIX", "no_such", *commas]:
            environment = {"LC_ALL": name}
            run = self.directory / name
            self.ends(0, "run", *TINY, "--out", run, "-q", environment=environment)
            shown = self.ends(0, "eval", run, environment=environment).stdout
            files = ["eval/summary.json", "eval/per_trajectory.csv", "figures/energy.csv", "config.toml"]
            outputs.add((shown, *((run / file).read_bytes() for file in files)))
        self.assertEqual(len(outputs), 1)


@unittest.skipUnless(MAY_MOUNT, "no right to mount a small file system")
class Disks(Surroundings):
    """on a file system of its own that is seen by the program alone"""

    def on_small_disk(self, size, *arguments):
        """`kept` is what the disk held in the end"""
        script = ('mkdir disk && mount -t tmpfs -o size="$0" none disk && "$@"; code=$?\n'
                  'cp -a disk kept; umount disk; rmdir disk; exit $code')
        return subprocess.run(["unshare", "-m", "sh", "-c", script, size, BINARY, *map(str, arguments)],
                              capture_output=True, text=True, timeout=120, cwd=self.directory, env=CLEAN)

    def test_results(self):
        self.result("data", "gen", "--samples", 2, "--set", "data.source=box", "--out", "d.npz", "-q")
        done = self.on_small_disk("16k", "data", "gen", "--samples", 2000, "--set", "data.source=box",
                                  "--out", "disk/d.npz")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("cannot write disk/d.npz: No space left on device", self.error_line(done))
        self.assertEqual(list((self.directory / "kept").iterdir()), [])

    def test_training(self):
        values = {"train.keep": 1000, "train.checkpoint_every": 2, "train.steps": 100}
        reference = self.train("reference", values={"train.steps": 100})
        done = self.on_small_disk("600k", "train", "--out", "disk/r", "-q", *TINY, *settings(values))
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(self.error_line(done), "^cannot (write|create) disk/r/.*No space left on device")
        run = self.directory / "kept/r"
        self.assertEqual([path for path in run.rglob("*") if ".tmp" in path.name], [])
        checkpoints = sorted((run / "checkpoints").iterdir())
        self.assertGreater(len(checkpoints), 5)
        for checkpoint in checkpoints:
            for name in ["model", "optimizer"]:
                load_safetensors(checkpoint / f"{name}.safetensors")
        # where there is room it goes on
        self.result("train", "--resume", "kept/r", "-q")
        self.assertEqual((run / "model.safetensors").read_bytes(),
                         (reference / "model.safetensors").read_bytes())
        self.assertEqual(metrics(run), metrics(reference))

    def test_run(self):
        """on disks of all sizes that are too small"""
        for size in ["4k", "16k", "64k", "128k", "256k"]:
            with self.anew(size):
                done = self.on_small_disk(size, *[word if word != "r" else "disk/r" for word in RUN])
                self.assertEqual(done.returncode, 4, done.stderr)
                self.one_line(done)
                self.assertEqual([path for path in self.directory.rglob("*.tmp")], [])
                for path in (self.directory / "kept").iterdir():
                    path.rename(self.directory / path.name)
                (self.directory / "kept").rmdir()
                self.goes_on()

    def test_read_only(self):
        """what is only read is read; what would be written is 4, and nothing changes"""
        self.assertIsNone(finish(self.directory, RUN))
        before = tree(self.directory)
        script = 'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && "$@"'
        for code, arguments in [(0, ["eval", "r"]), (4, ["report", "r"]), (4, ["train", "--resume", "r"]),
                                (4, ["run", *TINY, "--out", "s"]), (4, ["eval", "r", "--out", "e.json"])]:
            with self.subTest(arguments):
                done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", BINARY, *arguments, "-q"],
                                      capture_output=True, text=True, timeout=120, cwd=self.directory, env=CLEAN)
                self.assertEqual(done.returncode, code, done.stderr)
                if code:
                    self.one_line(done)
                    self.assertIn("Read-only file system", done.stderr)
                self.assertEqual(tree(self.directory), before)


if __name__ == "__main__":
    unittest.main()
