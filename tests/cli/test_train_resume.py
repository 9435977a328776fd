"""A run that is cut off anywhere and resumed gives, bit for bit, what it gives when nothing happens to it."""

import json
import shutil
import signal
import subprocess
import unittest

from program import BINARY, CLEAN, TINY, ProgramTest, load_safetensors, metrics, record, seal, settings, tree

from kill_campaign import OFTEN, ROLLBACK


class Resume(ProgramTest):
    def test_asked_to_stop(self):
        """SIGTERM is 75, SIGINT 130; both leave a checkpoint of that moment"""
        values = {"train.steps": 20000, "train.checkpoint_every": 100}
        reference = self.train("reference", values=values)
        for name, code in [(signal.SIGTERM, 75), (signal.SIGINT, 130)]:
            with self.subTest(name):
                run = self.directory / name.name
                process = self.start("train", "--out", run.name, *TINY, *settings(values))
                self.wait_for((run / "checkpoints/step-000000000000/DONE").exists, process)
                process.send_signal(name)
                out, talk = process.communicate()
                self.assertEqual((process.returncode, out), (code, ""))
                self.assertIn("go on with: lnn_gpu train --resume " + run.name, talk)
                done = record(run)
                self.assertEqual(done["status"], "stopped")
                self.assertTrue(0 < done["steps"] < 20000)
                self.assertTrue((run / f"checkpoints/step-{done['steps']:012}/DONE").exists())
                load_safetensors(run / "model.safetensors")
                self.assertEqual(self.result("train", "--resume", run.name, "-q"), run.name + "\n")
                for weights in ["model.safetensors", "checkpoints/step-000000020000/optimizer.safetensors"]:
                    self.assertEqual((run / weights).read_bytes(), (reference / weights).read_bytes())
                self.assertEqual(metrics(run), metrics(reference))

    def test_asked_to_stop_in_the_evaluation(self):
        process = self.start("run", "--out", "r", *TINY,
                             *settings({"eval.trajectories": 200000, "eval.t_end": 1}))
        run = self.directory / "r"
        self.wait_for(lambda: (run / "run.json").exists() and record(run)["status"] == "trained", process)
        process.send_signal(signal.SIGTERM)
        out, talk = process.communicate()
        self.assertEqual((process.returncode, out), (75, ""))
        self.assertIn("stopped in the evaluation; go on with: lnn_gpu train --resume r", talk)

    def test_out_of_time_within_a_period(self):
        """one step a call, so that a checkpoint has the sums of a period half done"""
        reference, run = self.train("reference", values=ROLLBACK), self.directory / "r"
        self.ends(75, "train", "--out", "r", "-q", "--max-time", "1e-9", *TINY, *settings(ROLLBACK))
        for _ in range(12):
            self.ends(75, "train", "--resume", "r", "-q", "--max-time", "1e-9")
        self.ends(0, "train", "--resume", "r", "-q")
        self.assertEqual(metrics(run), metrics(reference))
        self.assertEqual((run / "model.safetensors").read_bytes(), (reference / "model.safetensors").read_bytes())

    def test_out_of_time_again_and_again(self):
        reference = self.train("reference", values=OFTEN)
        self.ends(75, "train", "--out", "r", "-q", "--max-time", "1e-9", *TINY, *settings(OFTEN))
        for step in range(2, 100):
            self.ends(75, "train", "--resume", "r", "-q", "--max-time", "1e-9")
            if step == 9:  # one step a call
                self.assertEqual(record(self.directory / "r")["steps"], 9)
                break
        self.ends(0, "train", "--resume", "r", "-q", "--max-time", "1e9")
        self.assertEqual((self.directory / "r/model.safetensors").read_bytes(),
                         (reference / "model.safetensors").read_bytes())
        self.assertEqual(metrics(self.directory / "r"), metrics(reference))

    def test_stopped_within_an_interval_of_metrics(self):
        """of 400 steps here: its sums go on where they were, and long intervals do not delay a stop"""
        values = {"train.steps": 200000, "train.batch": 1, "model.hidden": "[4]", "run.seeds": 2}
        reference = self.train("reference", values=values)
        self.ends(75, "train", "--out", "r", "-q", "--max-time", "1e-9", *TINY, *settings(values))
        self.assertEqual((record(self.directory / "r")["steps"], len(metrics(self.directory / "r"))), (1, 1))
        for _ in range(3):
            self.ends(75, "train", "--resume", "r", "-q", "--max-time", "1e-9")
        self.assertEqual(record(self.directory / "r")["steps"], 4)
        self.result("train", "--resume", "r", "-q")
        self.assertEqual(metrics(self.directory / "r"), metrics(reference))
        self.assertEqual((self.directory / "r/models/seed-1.safetensors").read_bytes(),
                         (reference / "models/seed-1.safetensors").read_bytes())

    def test_finished_runs_resume_to_themselves(self):
        (self.directory / "d.csv").write_text("q1,q2,v1,v2,a1,a2\n" + "0.1,0.2,0.3,0.4,0.5,0.6\n" * 9)
        self.result("run", "--out", "run", "-q", *TINY)
        self.result("train", "--out", "train", "-q", "--data", "d.csv", *TINY)
        (self.directory / "d.csv").unlink()  # what is finished needs no data
        # killed between the last record and the report
        report = (self.directory / "run/report.html").read_bytes()
        (self.directory / "run/report.html").unlink()
        self.ends(0, "train", "--resume", "run", "-q")
        self.assertEqual((self.directory / "run/report.html").read_bytes(), report)
        for run in ["run", "train"]:
            before = tree(self.directory / run)
            self.assertEqual(self.result("train", "--resume", run), run + "\n")
            self.assertEqual(json.loads(self.result("train", "--resume", run, "--json"))["run"], run)
            self.assertEqual(tree(self.directory / run), before)

    def test_first_weights_and_data_are_found_again(self):
        """killed before its first checkpoint, and resumed from elsewhere"""
        (self.directory / "d.csv").write_text("q1,q2,v1,v2,a1,a2\n" + "0.1,0.2,0.3,0.4,0.5,0.6\n" * 9)
        self.train("first")
        flags = ["--preset", "default", "--data", "d.csv", "--init-from", "first/model.safetensors"]
        reference = self.train("reference", *flags)
        run = self.train("r", *flags)
        for name in ["checkpoints", "metrics.csv", "model.safetensors"]:
            path = run / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        (run / "run.json").write_text(json.dumps(record(run) | {"status": "training"}))
        done = subprocess.run([BINARY, "train", "--resume", str(run), "-q"], cwd="/", env=CLEAN,
                              stdout=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        self.assertEqual((run / "model.safetensors").read_bytes(),
                         (reference / "model.safetensors").read_bytes())

    def stopped(self, **values):
        self.ends(75, "train", "--out", "r", "-q", "--max-time", "1e-9", *TINY, *settings(values))
        return self.directory / "r"

    def test_flags_that_conflict(self):
        self.stopped()
        self.file("")
        for flags, named in [(["--set", "train.lr=0.5"], "train.lr"), (["--threads", 7], "run.threads"),
                             (["--seed", 9], "run.seed"),
                             (["--precision", "f64"], "run.precision"), (["--set", "system.g=3"], "system.g"),
                             (["--backend", "cpu"], "run.backend")]:
            self.assertIn(f"r was started with another {named}",
                          self.refused(2, "train", "--resume", "r", *flags))
        self.assertIn("has its own configuration",
                      self.refused(2, "train", "--resume", "r", "--preset", "sweetspot"))
        self.assertIn("has its own configuration", self.refused(2, "train", "--resume", "r", "-c", "c.toml"))
        for flags in [["--out", "s"], ["--force"], ["--data", "c.csv"], ["--init-from", "m.safetensors"]]:
            self.assertIn("--resume", self.refused(2, "train", "--resume", "r", *flags))
        # the same value is none
        self.ends(75, "train", "--resume", "r", "-q", "--max-time", "1e-9", "--seed", 0, "--set",
                  "train.steps=60",
                  environment={"LNN_GPU_TRAIN_LR": "0.5"})

    def test_a_checkpoint_of_another_configuration(self):
        run = self.stopped()
        text = (run / "config.toml").read_text()
        self.assertIn("batch = 8", text)
        (run / "config.toml").write_text(text.replace("batch = 8", "batch = 16"))
        line = self.error_line(self.ends(4, "train", "--resume", "r"))
        self.assertIn("checkpoint step-000000000001 is of another configuration", line)

    def test_data_of_another_size(self):
        (self.directory / "d.csv").write_text("q1,q2,v1,v2,a1,a2\n" + "0.1,0.2,0.3,0.4,0.5,0.6\n" * 90)
        self.ends(75, "train", "--data", "d.csv", "--out", "r", "-q", "--max-time", "1e-9", *TINY,
                  *settings({"train.steps": 0, "train.epochs": 9}))
        (self.directory / "d.csv").write_text("q1,q2,v1,v2,a1,a2\n" + "0.1,0.2,0.3,0.4,0.5,0.6\n" * 40)
        line = self.error_line(self.ends(4, "train", "--resume", "r"))
        self.assertIn("another number of samples", line)

    def test_other_data(self):
        """of the same size: edited since the run was begun"""
        text = "q1,q2,v1,v2,a1,a2\n" + "0.1,0.2,0.3,0.4,0.5,0.6\n" * 90
        self.file(text, "d.csv")
        self.ends(75, "train", "--data", "d.csv", "--out", "r", "-q", "--max-time", "1e-9", *TINY)
        self.file(text.replace("0.6", "0.7", 1), "d.csv")
        line = self.error_line(self.ends(4, "train", "--resume", "r"))
        self.assertIn("d.csv", line)
        self.assertIn("other data", line)
        self.assertIn("--force", line)
        self.file(text, "d.csv")
        # nor does one of a version that kept no hash of the data stop
        room = max((self.directory / "r/checkpoints").iterdir())
        state = json.loads((room / "state.json").read_text())
        self.assertRegex(state.pop("data"), "^[0-9a-f]{16}$")
        (room / "state.json").write_text(json.dumps(state))
        seal(room)
        self.ends(0, "train", "--resume", "r", "-q")

    def test_a_checkpoint_without_a_good_model(self):
        run = self.stopped()
        room = run / "checkpoints/step-000000000000"
        shutil.rmtree(run / "checkpoints/step-000000000001")
        state = json.loads((room / "state.json").read_text())
        (room / "state.json").write_text(json.dumps(state | {"failed": [0]}))
        seal(room)
        line = self.error_line(self.ends(4, "train", "--resume", "r", "-q"))
        self.assertIn("checkpoint step-000000000000 says that all its models failed", line)

    def test_files_of_a_run_that_are_broken(self):
        run = self.stopped(**OFTEN)
        good = {name: contents for name, (contents, _) in tree(run).items()}
        last = "checkpoints/step-000000000001/"
        for name, content, line in [(last + "state.json", b"{", "remove r/" + last[:-1]),
                                    (last + "optimizer.safetensors",
                                     good[last + "optimizer.safetensors"][:-9], "truncated"),
                                    (last + "model.safetensors", b"", "too few"),
                                    (last + "state.json", b'{"step": 1}', "state.json"),
                                    ("metrics.csv", b"step,loss\n1,2\n", "metrics.csv: not a metrics file"),
                                    ("metrics.csv", good["metrics.csv"][:-3], "metrics.csv:2"),
                                    ("run.json", b"[]", "run.json: what it holds is [], but"),
                                    ("config.toml", b"[train", "config.toml:1:")]:
            with self.subTest(name, line=line):
                (run / name).write_bytes(content)
                code = 2 if name == "config.toml" else 4
                self.assertIn(line, self.error_line(self.ends(code, "train", "--resume", "r")))
                (run / name).write_bytes(good[name])
        # without the broken checkpoint it goes on from the one before
        shutil.rmtree(run / last)
        reference = self.train("reference", values=OFTEN)
        self.result("train", "--resume", "r", "-q")
        self.assertEqual((run / "model.safetensors").read_bytes(),
                         (reference / "model.safetensors").read_bytes())


class Numerics(ProgramTest):
    def test_training_that_leaves_the_finite_numbers(self):
        for guard, precision in [("none", "f32"), ("none", "f64"), ("skip", "f32")]:
            with self.subTest(guard=guard, precision=precision):
                flags = [*TINY,
                         *settings({"train.guard": guard, "train.lr": "1e300", "train.schedule.kind": "step",
                                           "train.clip": 0, "train.ema": 0})]
                line = self.error_line(self.ends(5, "train", "--out", "r", "-q", "--force", "--precision",
                                                 precision, *flags))
                self.assertIn("r: training left the finite numbers", line)
                self.assertIn("last good checkpoint is kept", line)
                run = self.directory / "r"
                self.assertEqual(record(run)["status"], "failed")
                self.assertFalse((run / "model.safetensors").exists())
                names = sorted(path.name for path in (run / "checkpoints").iterdir())
                self.assertEqual(names, ["step-000000000000"])
                for name in ["model", "optimizer"]:
                    load_safetensors(run / f"checkpoints/{names[0]}/{name}.safetensors")
                # the good one still moves
                self.result("eval", "--model", f"r/checkpoints/{names[0]}/model.safetensors", "-q", *TINY)
                self.assertIn("training left", self.error_line(self.ends(5, "train", "--resume", "r", "-q")))

    def test_out_of_time_while_weights_are_not_finite(self):
        """the stop waits until the model is judged: 5, not 75 with weights that no file could hold"""
        self.ends(5, "train", "--out", "r", "-q", "--max-time", "1e-9", *TINY,
                  *settings({"train.lr": "1e300", "train.steps": 5000, "train.schedule.kind": "step"}))

    def test_all_fail_after_a_stop(self):
        """what the stop left is no model of the run: the learning rate rises later"""
        for seeds in [1, 2]:
            flags = settings({"train.guard": "none", "train.lr": 1e9, "train.schedule.kind": "cosine", "train.clip": 0,
                              "train.schedule.warmup": 0.9, "train.steps": 10**4, "train.loss": "mse", "run.seeds": seeds})
            self.ends(75, "train", "--out", "r", "-q", "--force", "--max-time", "1e-9", *TINY, *flags)
            self.assertTrue((self.directory / "r/model.safetensors").exists())
            self.ends(5, "train", "--resume", "r", "-q")
            self.assertEqual([str(path) for path in (self.directory / "r").glob("m*/*.safetensors")], [])
            self.assertFalse((self.directory / "r/model.safetensors").exists())

    def test_not_one_good_step(self):
        """accelerations beyond float32: every step is left out, which is no training"""
        line = self.error_line(self.ends(5, "train", "--out", "r", "-q", *TINY, "--set", "system.g=1e300"))
        self.assertIn("training left the finite numbers", line)

    def test_some_models_that_fail(self):
        """the others go on, are evaluated, and are what the run gives"""
        flags = [*TINY,
                 *settings({"train.guard": "none", "train.lr": 1, "run.seeds": 8, "model.mass_prior": 0,
                                   "train.steps": 400, "train.clip": 0, "train.loss": "mse",
                                   "train.schedule.kind": "step"})]
        done = self.ends(0, "run", "--out", "r", "--json", *flags)
        result, run = json.loads(done.stdout), self.directory / "r"
        alive = [seed for seed, step in enumerate(result["record"]["failed_at"]) if step < 0]
        self.assertTrue(0 < len(alive) < 8, alive)
        self.assertEqual([path.name for path in sorted((run / "models").iterdir())],
                         [f"seed-{seed}.safetensors" for seed in alive])
        self.assertEqual((run / "model.safetensors").read_bytes(),
                         (run / f"models/seed-{alive[0]}.safetensors").read_bytes())
        self.assertEqual(done.stderr.count("the gradient left the finite numbers"), 8 - len(alive))
        self.assertRegex(done.stderr, f"eval: 100% {len(alive) * 40}/{len(alive) * 40} trajectories")
        self.assertEqual([model["seed"] for model in result["eval"]["models"] if not model["failed"]], alive)
        self.assertEqual(result["eval"]["models_evaluated"], len(alive))
        self.assertIn("failed in training", self.result("eval", "r", "-q"))


if __name__ == "__main__":
    unittest.main()
