"""`run` and `train`: what a run directory holds, who may write in it; threads do not change a bit."""

import json
import re
import unittest

import numpy as np

from program import (ON_THE_CPU, TINY, ProgramTest, load_safetensors, metrics, record, settings, start_few_threads,
                     tree)

TRAJECTORIES = {"data.source": "trajectories", "data.trajectories": 20, "train.epochs": 5, "train.steps": 0}


class Run(ProgramTest):
    def test_directory(self):
        out = self.result("run", "--out", "r", "-q", *TINY, *settings(TRAJECTORIES))
        self.assertTrue(out.endswith("\nr\n"))
        for coordinate in ["theta1", "theta2"]:
            self.assertIn(coordinate, out)
        run = self.directory / "r"
        for name in ["config.toml", "run.json", "metrics.csv", "data/train-0.npz", "model.safetensors",
                     "eval/summary.json", "eval/per_trajectory.csv", "eval/trajectories.npy", "report.html"]:
            self.assertTrue((run / name).is_file(), name)
        for checkpoint in (run / "checkpoints").iterdir():
            self.assertEqual({path.name for path in checkpoint.iterdir()},
                             {"model.safetensors", "optimizer.safetensors", "state.json", "DONE"})

        done = record(run)
        for key in ["version", "git", "argv", "host", "device", "isa", "seed", "timings", "started",
                    "finished"]:
            self.assertIn(key, done)
        self.assertEqual((done["status"], done["command"], done["steps"]), ("complete", "run", 50))
        self.assertEqual(done["argv"][1:4], ["run", "--out", "r"])

        rows = metrics(run)
        self.assertEqual(rows[0][:7], ["step", "epoch", "seed", "loss", "lr", "grad_norm", "skipped"])
        self.assertIn("cond_p99", rows[0])
        self.assertEqual([int(row[0]) for row in rows[1:]], list(range(1, 51)))

        weights, metadata = load_safetensors(run / "model.safetensors")
        self.assertEqual([(name, array.shape) for name, array in weights.items()],
                         [("fc1.weight", (8, 6)), ("fc1.bias", (8,)), ("fc2.weight", (8, 8)),
                          ("fc2.bias", (8,)),
                          ("fc3.weight", (1, 8)), ("fc3.bias", (1,))])
        expected = {"layers": "6,8,8,1", "activation": "softplus", "inputs": "sincos", "angles": "1,1",
                    "velocity_scale": "5", "system": "double_pendulum", "seed": "0"}
        self.assertEqual(metadata, metadata | expected)
        with np.load(run / "data/train-0.npz") as data:
            self.assertEqual({name: data[name].shape for name in data},
                             {"q": (80, 2), "v": (80, 2), "a": (80, 2), "t": (80,), "trajectory": (80,)})
        self.assertEqual(np.load(run / "eval/trajectories.npy").shape[0], 2)

    def test_its_configuration_reproduces_it(self):
        first = self.train("r", values=TRAJECTORIES | {"run.seed": 7})
        self.result("train", "-c", "r/config.toml", "--out", "s", "-q")
        second = self.directory / "s"
        for name in ["config.toml", "model.safetensors", "data/train-7.npz"]:
            self.assertEqual((first / name).read_bytes(), (second / name).read_bytes(), name)
        self.assertEqual(metrics(first), metrics(second))
        other = self.train("t", values=TRAJECTORIES | {"run.seed": 8})
        self.assertNotEqual((first / "model.safetensors").read_bytes(),
                            (other / "model.safetensors").read_bytes())

    def test_json_alone_on_stdout(self):
        result = json.loads(self.ends(0, "run", "--out", "r", "--json", *TINY).stdout)
        self.assertEqual((result["run"], result["record"]["status"]), ("r", "complete"))
        self.assertEqual(result["eval"], json.loads((self.directory / "r/eval/summary.json").read_text()))
        self.assertEqual(json.loads(self.result("train", "--out", "s", "--json", "-q", *TINY))["run"], "s")

    def test_progress_is_talk(self):
        done = self.ends(0, "train", "--out", "r", *TINY)
        self.assertEqual(done.stdout, "r\n")
        self.assertRegex(done.stderr, r"train: 100% 60/60 steps")
        self.assertNotIn("\r", done.stderr)
        silent = self.ends(0, "run", "--out", "s", "--no-progress", *TINY).stderr
        self.assertNotIn("train:", silent)
        said = self.ends(0, "run", "--out", "t", "--no-progress", "-v", "--threads", 2, "--backend", "cpu", *TINY).stderr
        for line in [r"^backend cpu: .*, 2 threads$", r"^train: \d+\.\d s, 60 steps$", r"^eval: \d+\.\d s$"]:
            self.assertRegex(said, re.compile(line, re.MULTILINE))

    def test_dry_run_writes_nothing(self):
        run = self.train("r")
        before = tree(self.directory)
        for command in [["run"], ["run", "--out", "s"], ["train", "--out", "r", "--force"],
                        ["train", "--resume", "r"]]:
            flags = [] if "--resume" in command else TINY
            with self.subTest(command):
                self.assertIn("hidden = [8, 8]", self.result(*command, "--dry-run", "-q", *flags))
                plan = json.loads(self.result(*command, "--dry-run", "--json", "-q", *flags))
                self.assertEqual((plan["steps"], plan["parameters"], plan["models"]), (60, 137, 1))
                self.assertGreater(plan["memory_bytes"], 0)
                self.assertEqual(tree(self.directory), before)
        self.assertEqual(record(run)["status"], "complete")

    def test_numbered_directories(self):
        runs = [self.start("train", "-q", *TINY) for _ in range(3)]
        names = {process.communicate()[0] for process in runs}
        self.assertEqual(names, {"runs/0001\n", "runs/0002\n", "runs/0003\n"})
        self.assertEqual(self.result("train", "-q", *TINY), "runs/0004\n")

    def test_nothing_is_overwritten_without_force(self):
        self.train("r")
        for command in ["run", "train"]:
            self.assertIn("r holds a complete run; give --force",
                          self.refused(2, command, "--out", "r", *TINY))
        self.result("run", "--out", "r", "--force", "-q", *TINY, "--seed", 5)
        self.assertEqual(record(self.directory / "r")["seed"], 5)
        self.result("train", "--out", "r", "--force", "-q", *TINY)
        self.assertFalse((self.directory / "r/eval").exists())

    def test_force_leaves_nothing_of_the_old_models(self):
        self.train("r", values={"run.seeds": 2})
        self.assertTrue((self.directory / "r/models/seed-1.safetensors").exists())
        self.train("r", "--force")
        self.assertFalse((self.directory / "r/models").exists())

    def test_a_directory_that_is_no_run(self):
        (self.directory / "mine/data").mkdir(parents=True)
        (self.directory / "mine/data/precious").write_text("mine")
        for force in [[], ["--force"]]:
            self.assertIn("mine is not a run directory",
                          self.refused(2, "train", "--out", "mine", *force, *TINY))
        self.assertIn("not a run directory", self.refused(4, "train", "--resume", "mine"))
        self.assertIn("not a run directory", self.refused(4, "train", "--resume", "absent"))

    def test_a_start_that_was_killed(self):
        """a run.json alone is no run yet: it is started anew without --force"""
        (self.directory / "r").mkdir()
        (self.directory / "r/.lock").touch()
        (self.directory / "r/run.json").write_text('{"status": "started"}')
        self.assertIn("not a run directory", self.refused(4, "train", "--resume", "r"))
        self.train("r")

    def test_a_directory_in_use(self):
        going = self.start("train", "--out", "r", "-q", *TINY, *settings({"train.steps": 10**9}))
        self.wait_for((self.directory / "r/checkpoints/step-000000000000/DONE").exists, going)
        for command in [["run", "--out", "r"], ["train", "--out", "r"], ["train", "--out", "r", "--force"]]:
            line = self.error_line(self.ends(2, *command, *TINY))
            self.assertIn("r is in use by another process", line)
        self.assertIn("in use", self.error_line(self.ends(2, "train", "--resume", "r")))
        going.kill()
        going.wait()
        # the lock died with its process
        self.ends(75, "train", "--resume", "r", "-q", "--max-time", "1e-9")

    def test_threads_do_not_change_a_bit(self):
        """batches of a part of a chunk, of two and of a broken number of them; a model a thread and many"""
        for batch in [4, 64, 100]:
            for precision in ["f32", "f64"]:
                got = set()
                for threads in [1, 2, 3]:
                    run = self.train("r", "--force", "--threads", threads, "--precision", precision,
                                     values={"train.steps": 12, "train.batch": batch, "run.seeds": 2,
                                             "train.ema": 0.9})
                    optimizer = sorted((run / "checkpoints").iterdir())[-1] / "optimizer.safetensors"
                    got.add((str(metrics(run)), optimizer.read_bytes(),
                             (run / "models/seed-0.safetensors").read_bytes(),
                             (run / "models/seed-1.safetensors").read_bytes()))
                self.assertEqual(len(got), 1, (batch, precision))

    def test_threads_that_do_not_start(self):
        """those there are do the job, to the same bits, and a line says so once"""
        values = {"train.batch": 256, "run.threads": 8}
        whole = self.train("whole", *ON_THE_CPU, values=values)
        done = self.ends(0, "train", "--out", "few", "-q", *TINY, *settings(values), *ON_THE_CPU,
                         preexec_fn=start_few_threads)
        missing, wanted, working = map(int, re.fullmatch(
            r"(\d+) of (\d+) threads could not be started: working with (\d+); allow this user more "
            r"\(ulimit -u, ulimit -v\), or ask for fewer by --threads\n", done.stderr).groups())
        self.assertEqual(missing + working, wanted)
        self.assertLessEqual(working, 4)
        few = self.directory / "few"
        self.assertEqual((few / "model.safetensors").read_bytes(), (whole / "model.safetensors").read_bytes())
        self.assertEqual(metrics(few), metrics(whole))
        self.assertEqual(record(few)["threads"], 8)

    def test_side_by_side_is_as_alone(self):
        """seed 1 of two gives the bits of seed 1 alone"""
        pair, alone = self.train("pair", values={"run.seeds": 2}), self.train("alone", "--seed", 1)
        self.assertEqual((pair / "models/seed-1.safetensors").read_bytes(),
                         (alone / "model.safetensors").read_bytes())
        self.assertEqual([row for row in metrics(pair) if row[2] == "1"], metrics(alone)[1:])

    def test_large_seeds_are_exact(self):
        run = self.train("r", "--seed", 2**63 - 1)
        self.assertEqual({row[2] for row in metrics(run)[1:]}, {str(2**63 - 1)})
        self.assertEqual(load_safetensors(run / "model.safetensors")[1]["seed"], str(2**63 - 1))

    def test_first_weights(self):
        """a model carries over bit by bit: the accelerations before the first step are its own"""
        np.save(self.directory / "x.npy", np.random.default_rng(0).uniform(-1, 1, (17, 4)))

        def accelerations(model):
            self.result("accel", "--model", model, "--states", "x.npy", "--out", "a.npy", "--force",
                        *self.precision)
            return (self.directory / "a.npy").read_bytes()

        for name in ["f32", "f64"]:
            self.precision = ["--precision", name]
            first = self.train("r" + name, *self.precision) / "model.safetensors"
            second = self.train("s" + name, "--init-from", first, *self.precision, values={"train.keep": 9})
            before = second / "checkpoints/step-000000000000/model.safetensors"
            self.assertEqual(accelerations(before), accelerations(first))
            self.assertNotEqual(accelerations(second / "model.safetensors"), accelerations(first))
            for key, value in load_safetensors(first)[0].items():
                np.testing.assert_array_equal(load_safetensors(before)[0][key], value)

    def test_a_path_that_is_not_utf8(self):
        done = self.ends(0, "train", "--json", "-q", "--out", b"r\xff".decode("utf8", "surrogateescape"),
                         *TINY)
        self.assertEqual(json.loads(done.stdout)["record"]["status"], "complete")

    def test_every_system(self):
        for system in json.loads(self.result("systems", "--json")):
            name = system["name"]
            with self.subTest(name):
                self.result("run", "--out", name, "-q", *TINY, *settings({"system.kind": name}))
                summary = json.loads((self.directory / name / "eval/summary.json").read_text())
                self.assertEqual(list(summary["mse"]), [c["name"] for c in system["coordinates"]])
                metadata = load_safetensors(self.directory / name / "model.safetensors")[1]
                angles = [int(c["angle"]) for c in system["coordinates"]]
                self.assertEqual(metadata.get("angles"), ",".join(map(str, angles)) if any(angles) else None)
                np.save(self.directory / "x.npy", np.full((3, 2 * system["dof"]), 0.5))
                self.result("accel", "--model", f"{name}/model.safetensors", "--states", "x.npy", "--out",
                            "/dev/null")

    def test_report_again(self):
        self.result("run", "--out", "r", "-q", *TINY)
        (self.directory / "r/report.html").unlink()
        self.assertEqual(self.ends(0, "report", "-q", "r").stdout, "r/report.html\n")
        self.assertIn("<html", (self.directory / "r/report.html").read_text())
        self.refused(4, "report", "absent")

    def test_balanced_models_are_what_they_are_alone(self):
        """one scale for all, whatever seeds stand beside a model"""
        balanced = ["--set", "train.balance=scale", "--set", "train.steps=200"]
        for source in [[], ["--set", "data.source=trajectories"]]:
            self.result("train", *TINY, *balanced, *source, "--set", "run.seeds=2", "--out", "both", "-q", "--force")
            self.result("train", *TINY, *balanced, *source, "--seed", "1", "--out", "alone", "-q", "--force")
            self.assertEqual((self.directory / "both/models/seed-1.safetensors").read_bytes(),
                             (self.directory / "alone/model.safetensors").read_bytes())


if __name__ == "__main__":
    unittest.main()
