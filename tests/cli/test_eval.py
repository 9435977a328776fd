"""`eval`: the fields of a summary and their arithmetic, protocols, and models that do not fit."""

import csv
import json
import signal
import unittest

import numpy as np

import streams
from program import ON_THE_CPU, TINY, ProgramTest, load_safetensors, save_safetensors, settings, true_systems

QUANTILES = {"mean", "median", "p05", "p95", "ci95_median"}
PENDULUM = {"m": (1.0, 2.0), "l": (1.0, 0.5), "g": 9.8}  # masses and lengths that no formula can leave out


def of_system(parameters):
    return {"system." + name: list(value) if isinstance(value, tuple) else value
            for name, value in parameters.items()}


def in_the_plane(x, lengths):
    """positions and velocities of the masses of n links, (..., 4n), of states (..., 2n)"""
    angles, turns = np.split(x, 2, -1)
    across, down = lengths * np.sin(angles), lengths * np.cos(angles)
    return np.concatenate([np.cumsum(part, -1) for part in (across, -down, down * turns, across * turns)], -1)


class Eval(ProgramTest):
    def rolled_out(self, states, dt, steps, *source):
        np.save(self.directory / "x.npy", states)
        self.result("rollout", *source, "--precision", "f64", "--states", "x.npy", "--dt", dt, "--steps", steps,
                    "--out", "t.npy", "--force")
        return np.load(self.directory / "t.npy")

    def truth_and_model(self, system, parameters, states, dt, steps):
        """trajectories of the system and of the model in r, (N, steps + 1, 2n) each"""
        return (self.rolled_out(states, dt, steps, "--system", system, *settings(of_system(parameters))),
                self.rolled_out(states, dt, steps, "--model", "r/model.safetensors"))

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
        """every figure of a trajectory from what `rollout` gives for the same start"""
        self.result("run", "--out", "r", "-q", *TINY, *settings(of_system(PENDULUM)), "--precision", "f64", "--set",
                    "data.angle=[-1,2]", "--set", "data.velocity=[-0.5,1]")
        x = streams.uniform(0, streams.EVALUATION, 40, 4) * [3, 3, 1.5, 1.5] - [1, 1, 0.5, 0.5]
        truth, model = self.truth_and_model("double_pendulum", PENDULUM, x, 0.01, 10)
        mse = ((model - truth)[:, 1:, :2]**2).mean(1)
        summary = json.loads((self.directory / "r/eval/summary.json").read_text())
        for i, name in enumerate(["theta1", "theta2"]):
            entry = summary["mse"][name]
            np.testing.assert_allclose(entry["mean"], mse[:, i].mean(), rtol=1e-6)
            np.testing.assert_allclose(entry["median"], np.median(mse[:, i]), rtol=1e-6)
            np.testing.assert_allclose(entry["per_repeat_mean"], mse[:, i].reshape(2, 20).mean(1), rtol=1e-6)
        energy = [true_systems.double_pendulum(path[:, -1], **PENDULUM)[1] for path in (model, truth)]
        np.testing.assert_allclose(summary["energy_error"]["mean"], np.abs(energy[0] - energy[1]).mean(), rtol=1e-6)

    def test_trajectories_of_figures_are_roll_outs(self):
        self.result("run", "--out", "r", "-q", *TINY, "--precision", "f64")
        paths = np.load(self.directory / "r/eval/trajectories.npy")
        for path, again in zip(paths, self.truth_and_model("double_pendulum", {}, paths[0, :, 0], 0.01, 10)):
            np.testing.assert_array_equal(again, path)

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
            energy = json.loads(self.result("eval", *source, "--protocol", "energy", "--trajectories", 2,
                                            "--json", "-q"))
            self.assertEqual((energy["protocol"], energy["starts"]), ("energy", 2))
            self.assertAlmostEqual(energy["energy_scale"], 29.4)
            self.assertLess(energy["integrator_floor"]["worst"], 1e-3)
        self.assertIn("published LNN", self.result("eval", "r", "--protocol", "box", "--trajectories", 50))

    def test_box_is_the_l1_error_of_accelerations(self):
        """over angles in a turn and velocities up to 10 rad/s, none of them of the training"""
        self.train("r", "--precision", "f64", values=of_system(PENDULUM) | {"run.seed": 5})
        box = json.loads(self.result("eval", "r", "--protocol", "box", "--trajectories", 300, "--json", "-q"))
        draw = streams.uniform(5 ^ 0x626f78, streams.STATES, 300, 4)
        x = draw * [2 * np.pi, 2 * np.pi, 20, 20] - [0, 0, 10, 10]
        np.save(self.directory / "x.npy", x)
        self.result("accel", "--model", "r/model.safetensors", "--precision", "f64", "--states", "x.npy", "--out",
                    "a.npy")
        truth = true_systems.double_pendulum(x, **PENDULUM)[0]
        error = np.abs(np.load(self.directory / "a.npy") - truth).sum(1)
        for name, value in [("mean", error.mean()), ("median", np.median(error)), ("p95", np.quantile(error, 0.95))]:
            np.testing.assert_allclose(box["l1"][name], value, rtol=1e-9)
        np.testing.assert_allclose(box["mean_size"], np.abs(truth).sum(1).mean(), rtol=1e-9)

    def test_energy_is_the_error_after_100_s(self):
        """relative to the energy at rest, from starts of any angle that hardly move"""
        parameters = {"m": 2.0, "l": 0.5, "g": 9.0}
        self.train("r", "--precision", "f64", values={"system.kind": "pendulum"} | of_system(parameters))
        energy = json.loads(self.result("eval", "r", "--protocol", "energy", "--trajectories", 5, "--json", "-q",
                                        "--set", "eval.diverged_above=1e9"))
        x = streams.uniform(0, streams.EVALUATION, 5, 2) * [2 * np.pi, 0.1]
        truth, model = (true_systems.pendulum(path[:, -1], **parameters)[1]
                        for path in self.truth_and_model("pendulum", parameters, x, 0.005, 20000))
        error, rest = np.abs(model - truth), 2 * 9 * 0.5
        self.assertEqual((energy["energy_scale"], energy["diverged"]), (rest, 0))
        for name, value in [("mean", error.mean()), ("median", np.median(error)), ("worst", error.max())]:
            np.testing.assert_allclose(energy["relative_error"][name], value / rest, rtol=1e-6)
        drift = np.abs(truth - true_systems.pendulum(x, **parameters)[1])
        np.testing.assert_allclose(energy["integrator_floor"]["worst"], drift.max() / rest, rtol=1e-6, atol=1e-13)

    def test_no_energy_at_rest_has_no_error_relative_to_it(self):
        self.train("r", values={"system.g": 0})
        self.assertIn("no energy at rest", self.refused(2, "eval", "r", "--protocol", "energy", "-q"))
        self.result("eval", "r", "--protocol", "box", "--trajectories", 50, "-q")

    def test_links(self):
        """the figure from trajectories that `rollout` gives; its starts are N(0, 1)"""
        self.links("double_pendulum", PENDULUM | {"g": 1.0}, [1.0, 0.5])

    def test_links_of_three(self):
        """a chain that is text"""
        self.links("chain_pendulum_3", {"l2": 0.5, "m3": 2.0, "g": 1.0}, [1.0, 0.5, 1.0])

    def links(self, system, parameters, lengths):
        self.train("r", "--precision", "f64", values={"system.kind": system} | of_system(parameters))
        links = json.loads(self.result("eval", "r", "--protocol", "links", "--trajectories", 5, "--json", "-q"))
        self.assertEqual((links["starts"], links["g"], links["dt"], links["diverged"]), (5, 1, 0.03, 0))
        self.assertEqual((links["system"], links["l"]), (system, lengths))
        x = streams.normal(0x6c696e6b73, streams.STATES, 5, 2 * len(lengths))
        truth, model = (in_the_plane(path[:, 15::15], lengths)  # 100 instants 0.03 s apart
                        for path in self.truth_and_model(system, parameters, x, 0.002, 1500))
        norm = np.linalg.norm
        error = norm(model - truth, axis=-1) / (norm(model, axis=-1) + norm(truth, axis=-1))
        self.assertEqual(error.shape, (5, 100))
        of_start = np.exp(np.log(error).mean(1))
        for name, value in [("geometric_mean", np.exp(np.log(error).mean())), ("median", np.median(of_start)),
                            ("worst", of_start.max())]:
            np.testing.assert_allclose(links["relative_error"][name], value, rtol=1e-6)

    def test_links_are_for_chains(self):
        self.train("r")
        table = self.result("eval", "r", "--protocol", "links", "-q")
        self.assertIn("links, 100 starts", table)
        self.assertIn("trained on accelerations; published", table)
        self.train("spring", values={"system.kind": "spring_pendulum"})
        self.assertIn("for chains", self.refused(2, "eval", "spring", "--protocol", "links", "-q"))

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
        call = ["eval", "r", "--precision", "f64", "--json", "-q", "--set", "eval.dt=0.1", "--set", "eval.t_end=0.5",
                *ON_THE_CPU]
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
        for uneven in [[], ["--set", "eval.t_end=60.009"]]:  # the last instant is at 60 s all the same
            calm = json.loads(self.result("eval", "regular", *call, *uneven))
            self.assertAlmostEqual(calm["twin_valid_time"]["median"], 60)
            self.assertIsNone(calm["lyapunov_exponent"])

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
        self.assertIn("r has its own run.seed; leave out --seed", self.refused(2, "eval", "r", "--seed", "2", "-q"))
        self.assertIn("own configuration", self.refused(2, "eval", "r", "--preset", "default", "-q"))
        self.ends(0, "eval", "r", "-q", "--protocol", "trajectories", environment={"LNN_GPU_RUN_SEED": "4"})

    def test_a_run_keeps_what_it_was_trained_with(self):
        self.train("r")
        for key, value in {"train.lr": 5, "model.hidden": "[9]", "system.g": 3, "system.kind": "pendulum",
                           "data.t_end": 2, "data.source": "trajectories", "run.seeds": 2, "sweep.keep": 2}.items():
            self.assertEqual(self.refused(2, "eval", "r", "-q", "--set", f"{key}={value}"),
                             f"r has its own {key}; leave out --set {key}={value}")
        own = settings({"train.lr": 0.002, "model.hidden": "[8, 8]", "system.g": 9.8, "run.seeds": 1,
                        "data.source": "box", "system.kind": "double_pendulum"})
        self.assertEqual(self.result("eval", "r", "-q", *own), self.result("eval", "r", "-q"))
        asked = {"eval.t_end": 0.05, "solve.floor": 0.1, "run.precision": "f64", "run.threads": 1,
                 "data.angle": "[0,1]", "data.velocity": "[0,1]", "data.position": "[1,2]",
                 "data.distribution": "normal"}
        self.result("eval", "r", "-q", *settings(asked))

    def test_weights_keep_the_parameters_they_were_learned_with(self):
        self.train("r", values=of_system(PENDULUM))
        call = ["eval", "--model", "r/model.safetensors", "-q", *TINY]
        for flag in ["system.g=3", "system.m=[1,1]"]:
            self.assertEqual(self.refused(2, *call, "--set", flag),
                             f"the weights have their own {flag.split('=')[0]}; leave out --set {flag}")
        self.assertEqual(self.result(*call, *settings(of_system(PENDULUM))), self.result(*call))
        tensors, metadata = load_safetensors(self.directory / "r/model.safetensors")
        del metadata["params"]
        save_safetensors(self.directory / "untold.safetensors", tensors, metadata)
        self.result("eval", "--model", "untold.safetensors", "-q", *TINY, "--set", "system.g=3")

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
