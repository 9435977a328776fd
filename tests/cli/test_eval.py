"""`eval`: the fields of a summary and their arithmetic, protocols, and models that do not fit."""

import csv
import json
import signal
import unittest

import numpy as np

from program import TINY, ProgramTest, load_safetensors, save_safetensors

QUANTILES = {"mean", "median", "p05", "p95", "ci95_median"}


class Eval(ProgramTest):
    def test_summary(self):
        self.result("run", "--out", "r", "-q", *TINY)
        summary = json.loads((self.directory / "r/eval/summary.json").read_text())
        self.assertEqual((summary["trajectories"], summary["repeats"]), (20, 2))
        self.assertEqual(list(summary["mse"]), ["theta1", "theta2"])
        with open(self.directory / "r/eval/per_trajectory.csv") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 40)
        for name, entry in summary["mse"].items():
            self.assertLessEqual(QUANTILES | {"per_repeat_mean"}, set(entry))
            mse = np.array([float(row["mse_" + name]) for row in rows])
            self.assertAlmostEqual(entry["mean"] / mse.mean(), 1, places=7)
            self.assertAlmostEqual(entry["median"] / np.median(mse), 1, places=7)
            self.assertAlmostEqual(entry["p05"] / np.quantile(mse, 0.05), 1, places=7)
            self.assertAlmostEqual(entry["p95"] / np.quantile(mse, 0.95), 1, places=7)
            np.testing.assert_allclose(entry["per_repeat_mean"], mse.reshape(2, 20).mean(1), rtol=1e-7)
            low, high = entry["ci95_median"]
            self.assertLessEqual(low, entry["median"])
            self.assertLessEqual(entry["median"], high)
        worse = sum(float(row["mse_theta2"]) > float(row["mse_theta1"]) for row in rows)
        self.assertAlmostEqual(summary["paired"]["second_worse"], worse / 40)
        self.assertTrue(0 <= summary["paired"]["p_value"] <= 1)
        self.assertLessEqual(QUANTILES, set(summary["energy_error"]))
        self.assertLessEqual(QUANTILES, set(summary["valid_time"]))
        self.assertEqual(summary["diverged"], sum(int(row["diverged"]) for row in rows))

    def test_mse_is_of_the_roll_outs(self):
        """the figures of one start, from trajectories that `rollout` gives"""
        self.result("run", "--out", "r", "-q", *TINY, "--precision", "f64")
        truth, model = np.load(self.directory / "r/eval/trajectories.npy")
        np.save(self.directory / "x.npy", truth[:, 0])
        for source, path in [(["--system", "double_pendulum"], truth),
                             (["--model", "r/model.safetensors"], model)]:
            self.result("rollout", *source, "--precision", "f64", "--states", "x.npy", "--dt", 0.01,
                        "--steps", 10,
                        "--out", "t.npy", "--force")
            np.testing.assert_array_equal(np.load(self.directory / "t.npy"), path)

    def test_a_run_and_its_model_agree(self):
        self.result("run", "--out", "r", "-q", *TINY)
        of_run = json.loads(self.result("eval", "r", "--json", "-q"))
        of_model = json.loads(self.result("eval", "--model", "r/model.safetensors", "-c", "r/config.toml",
                                          "--json", "-q"))
        self.assertEqual(of_run, json.loads((self.directory / "r/eval/summary.json").read_text()))
        self.assertEqual(of_model, of_run)
        more = json.loads(self.result("eval", "r", "--trajectories", 30, "--repeats", 3, "--json", "-q"))
        self.assertEqual((more["trajectories"], more["repeats"]), (30, 3))
        self.assertEqual(len(more["mse"]["theta1"]["per_repeat_mean"]), 3)

    def test_threads_do_not_change_a_bit(self):
        for precision in ["f32", "f64"]:
            self.train(precision, "--precision", precision, values={"run.seeds": 2})
            for protocol in [["trajectories"], ["box", "--trajectories", 9000],
                             ["energy", "--trajectories", 3]]:
                got = {self.result("eval", precision, "--protocol", *protocol, "--json", "-q", "--threads",
                                   threads)
                       for threads in [1, 2, 3]}
                self.assertEqual(len(got), 1, (precision, protocol))

    def test_protocols(self):
        self.train("r")
        for source in [["r"], ["--model", "r/model.safetensors"]]:
            box = json.loads(self.result("eval", *source, "--protocol", "box", "--trajectories", 500,
                                         "--json", "-q"))
            self.assertEqual((box["protocol"], box["states"], box["non_finite"]), ("box", 500, 0))
            self.assertGreater(box["l1"]["mean"], 0)
            energy = json.loads(self.result("eval", *source, "--protocol", "energy", "--trajectories", 2,
                                            "--json", "-q"))
            self.assertEqual((energy["protocol"], energy["starts"]), ("energy", 2))
            self.assertAlmostEqual(energy["energy_scale"], 29.4)
            self.assertLess(energy["integrator_floor"]["worst"], 1e-3)
        self.assertIn("published LNN", self.result("eval", "r", "--protocol", "box", "--trajectories", 50))

    def test_links(self):
        """the figure from trajectories that `rollout` gives; its starts are N(0, 1)"""
        self.train("r", values={"system.g": 1})
        call = ["eval", "r", "--protocol", "links", "-q"]
        links = json.loads(self.result(*call, "--json"))
        self.assertEqual((links["starts"], links["g"], links["dt"]), (100, 1, 0.03))
        error = links["relative_error"]
        self.assertTrue(0 < error["geometric_mean"] <= error["worst"] <= 1)
        self.assertLess(error["geometric_mean"], 1)
        self.assertIn("trained on accelerations; published", self.result(*call))
        self.train("spring", values={"system.kind": "spring_pendulum"})
        self.assertIn("for double_pendulum", self.refused(2, "eval", "spring", "--protocol", "links", "-q"))

    def test_an_interrupted_evaluation_goes_on(self):
        """killed or interrupted, the same command gives the same result, and nothing else stays"""
        self.train("r")
        call = ["eval", "r", "--trajectories", 60000, "--repeats", 1, "--threads", 1, "--no-progress"]
        whole = self.result(*call, "--json", "-q", "--out", "whole.json")
        self.assertFalse((self.directory / "whole.json.partial").exists())
        partial = self.directory / "result.json.partial"
        for stop, code in [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 75)]:
            before = partial.stat().st_size if partial.exists() else 0
            process = self.start(*call, "--out", "result.json")
            self.wait_for(lambda: partial.exists() and partial.stat().st_size > before + 100000, process)
            process.send_signal(stop)
            process.communicate()
            self.assertEqual(process.returncode, code)
            self.assertGreater(partial.stat().st_size, before)
        with open(partial, "ab") as file:  # a slice that a kill cut short
            file.write(b"x" * 100)
        self.assertEqual(self.result(*call, "--json", "-q", "--out", "result.json"), whole)
        self.assertEqual((self.directory / "result.json").read_bytes(), (self.directory / "whole.json").read_bytes())
        self.assertFalse(partial.exists())

    def test_integrators_agree(self):
        self.train("r", "--precision", "f64")
        call = ["eval", "r", "--precision", "f64", "--json", "-q", "--set", "eval.dt=0.1", "--set", "eval.t_end=0.5"]
        of = {name: json.loads(self.result(*call, "--set", "eval.integrator=" + name))["integrator_drift"]["median"]
              for name in ["rk4", "dormand-prince"]}
        self.assertLess(of["dormand-prince"], 1e-6)
        self.assertLess(of["dormand-prince"], 0.1 * of["rk4"])

    def test_twins_and_models(self):
        self.result("run", "--out", "r", "-q", *TINY, "--set", "run.seeds=3")
        summary = json.loads((self.directory / "r/eval/summary.json").read_text())
        with open(self.directory / "r/eval/per_trajectory.csv") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(summary["twin_valid_time"]["median"], 0.1)
        self.assertIsNone(summary["lyapunov_exponent"])  # 0.1 s are too short to tell
        self.assertTrue(all(float(row["lyapunov_exponent"]) > 0 for row in rows))
        for name, entry in summary["over_models"]["mse"].items():
            medians = [model["mse"][name]["median"] for model in summary["models"]]
            self.assertEqual(entry["median"], np.median(medians))
        self.assertEqual(summary["over_models"]["paired"]["models"], 3)
        self.assertIn("sign test over models", self.result("eval", "r", "-q"))

    def test_lyapunov_exponents_are_those_of_chaos(self):
        call = ["--json", "-q", "--trajectories", 30, "--repeats", 1, "--set", "eval.t_end=60", "--set", "eval.dt=0.02",
                "--set", "data.angle=[-3.1,3.1]"]
        self.train("r")
        chaos = json.loads(self.result("eval", "r", *call))
        self.assertGreater(chaos["lyapunov_exponent"]["median"], 0.3)
        self.assertLess(chaos["lyapunov_exponent"]["median"], 3)
        self.assertAlmostEqual(chaos["valid_time_lyapunov"]["median"],
                               chaos["valid_time"]["median"] * chaos["lyapunov_exponent"]["median"])
        self.train("regular", values={"system.kind": "pendulum"})
        self.assertIsNone(json.loads(self.result("eval", "regular", *call))["lyapunov_exponent"])

    def test_what_diverges_is_null(self):
        """weights so large that no acceleration is finite: an answer, not an error"""
        tensors, metadata = load_safetensors(self.train("r") / "model.safetensors")
        for scale in [1e30, 1e38]:
            save_safetensors(self.directory / "wild.safetensors",
                             {name: np.clip(array * np.float32(scale), -3e38, 3e38).astype(np.float32)
                              for name, array in tensors.items()}, metadata)
            text = self.result("eval", "--model", "wild.safetensors", "--json", "-q", *TINY)
            summary = json.loads(text, parse_constant=lambda word: self.fail(word + " is no JSON"))
            self.assertGreater(summary["diverged"], 0)
            for protocol in ["box", "energy"]:
                json.loads(self.result("eval", "--model", "wild.safetensors", "--protocol", protocol,
                                       "--trajectories", 2,
                                       "--json", "-q"),
                                       parse_constant=lambda word: self.fail(word + " is no JSON"))
            self.assertIn("diverged", self.result("eval", "--model", "wild.safetensors", "-q", *TINY))
        self.assertIsNone(summary["mse"]["theta1"]["mean"])

    def test_out(self):
        self.train("r")
        call = ["eval", "r", "-q", "--out", "result.json"]
        table = self.result(*call)
        self.assertIn("theta1", table)
        summary = json.loads((self.directory / "result.json").read_text())
        self.assertEqual(summary["trajectories"], 20)
        self.assertIn("exists", self.refused(2, *call))
        self.assertEqual(json.loads(self.result(*call, "--json", "--force")), summary)

    def test_models_that_do_not_fit(self):
        self.train("pendulum", values={"system.kind": "pendulum"})
        for protocol in ["trajectories", "box", "energy"]:
            line = self.refused(4, "eval", "--model", "pendulum/model.safetensors", "--protocol", protocol,
                                "--set", "system.kind=double_pendulum", "-q")
            self.assertIn("1 degrees of freedom, double_pendulum has 2", line)
        three = {"fc1.weight": np.ones((3, 6), np.float32), "fc1.bias": np.zeros(3, np.float32),
                 "fc2.weight": np.ones((1, 3), np.float32), "fc2.bias": np.zeros(1, np.float32)}
        save_safetensors(self.directory / "three.safetensors", three, {"inputs": "raw"})
        self.assertIn("3 degrees of freedom", self.refused(4, "eval", "--model", "three.safetensors", "-q"))
        self.ends(0, "eval", "--model", "pendulum/model.safetensors", *TINY, "--set", "system.kind=pendulum")
        self.train("spring", values={"system.kind": "spring_pendulum"})
        self.assertIn("coordinates that are not angles",
                      self.refused(2, "eval", "spring", "--protocol", "box"))

    def test_weights_are_judged_against_the_system_they_were_learned_from(self):
        self.train("spring", values={"system.kind": "spring_pendulum", "system.k": 20})
        kind = TINY.index("system.kind=double_pendulum")
        others = TINY[:kind - 1] + TINY[kind + 1:]
        found = json.loads(self.result("eval", "--model", "spring/model.safetensors", *others, "--json", "-q"))
        own = json.loads(self.result("eval", "spring", "--json", "-q"))
        self.assertEqual(found["system"], "spring_pendulum")
        self.assertEqual(found["mse"], own["mse"])
        self.assertIn("learned from spring_pendulum",
                      self.refused(2, "eval", "--model", "spring/model.safetensors", "-q", "--set",
                                   "system.kind=double_pendulum"))

    def test_a_run_keeps_its_own_seeds_and_configuration(self):
        self.train("r", values={"run.seeds": 2})
        self.assertIn("own seeds", self.refused(2, "eval", "r", "--seed", "2", "-q"))
        self.assertIn("own configuration", self.refused(2, "eval", "r", "--preset", "default", "-q"))
        self.ends(0, "eval", "r", "-q", "--protocol", "trajectories", environment={"LNN_GPU_RUN_SEED": "4"})

    def test_protocols_cover_every_seed(self):
        self.train("r", values={"run.seeds": 2})
        found = json.loads(self.result("eval", "r", "--protocol", "box", "--trajectories", "64", "--json", "-q"))
        self.assertEqual([model["seed"] for model in found["models"]], [0, 1])

    def test_a_run_without_a_model(self):
        self.assertIn("absent/config.toml", self.refused(4, "eval", "absent"))
        self.train("r")
        (self.directory / "r/model.safetensors").unlink()
        self.assertIn("r/model.safetensors", self.refused(4, "eval", "r"))

    def test_a_file_without_metadata_is_read_with_a_notice(self):
        plain = {"fc1.weight": np.ones((3, 4), np.float32) / 9, "fc1.bias": np.zeros(3, np.float32),
                 "fc2.weight": np.ones((1, 3), np.float32), "fc2.bias": np.zeros(1, np.float32)}
        save_safetensors(self.directory / "plain.safetensors", plain)
        done = self.ends(0, "eval", "--model", "plain.safetensors", "--no-progress", *TINY)
        self.assertRegex(done.stderr, "plain.safetensors.*softplus.*raw")


if __name__ == "__main__":
    unittest.main()
