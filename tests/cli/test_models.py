"""Every model that `lnn_gpu models` lists, through everything: training by Adam and lm, evaluation, roll-outs,
accelerations, report, sweep, resume; and the plain network against numpy.
"""

import json
import unittest

import numpy as np

from program import ON_THE_CPU, TINY, ProgramTest, load_safetensors, save_safetensors, settings

# what all models have: no prior, and first weights of their own
COMMON = {"model.mass_prior": 0, "model.init": "auto"}
MEASURED = {"model.hidden": "[4]", "train.steps": 5, "data.hold_out": 0.2, "eval.valid_below": 1}


def plain_accelerations(tensors, metadata, states):
    """the network in numpy, float64; states (N, 2n)"""
    n = states.shape[1] // 2
    angles = [int(x) for x in metadata.get("angles", ",".join("0" * n)).split(",")]
    columns = []
    for i in range(n):
        columns += [np.cos(states[:, i]), np.sin(states[:, i])] if angles[i] else [states[:, i]]
    y = np.stack(columns + [states[:, n + i] / float(metadata["velocity_scale"]) for i in range(n)], 1)
    layers = len(tensors) // 2
    for k in range(1, layers + 1):
        z = y @ np.float64(tensors[f"fc{k}.weight"]).T + np.float64(tensors[f"fc{k}.bias"])
        y = np.logaddexp(0, z) if k < layers else z
    return y


class Models(ProgramTest):
    def models(self):
        return [model["name"] for model in json.loads(self.result("models", "--json"))["model.kind"]]

    def trained(self, kind, name, **values):
        return self.train(name, values=COMMON | {"model.kind": kind} | values)

    def test_every_model_goes_through_everything(self):
        self.assertLessEqual({"lnn", "delan", "plain"}, set(self.models()))
        np.save(self.directory / "x.npy", np.random.default_rng(0).uniform(-1, 1, (7, 4)))
        for kind in self.models():
            with self.subTest(kind):
                values = settings(COMMON | {"model.kind": kind, "train.optimizer": "lm", "train.lm.iterations": 3,
                                            "train.lm.samples": "[40,60]"})
                self.result("run", "--out", kind, "-q", *TINY, *values)
                run = self.directory / kind
                self.assertEqual(load_safetensors(run / "model.safetensors")[1]["model"], kind)
                self.assertIn("mse", json.loads((run / "eval/summary.json").read_text()))
                self.assertIn(kind, (run / "report.html").read_text())
                rows = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
                accepted = [row[rows[0].index("accepted")] for row in rows[-3:]]  # iterations of lm
                self.assertIn("1", accepted)
                for protocol in ["box", "energy", "links"]:
                    self.result("eval", kind, "--protocol", protocol, "--json", "-q",
                                *settings({"eval.trajectories": 3}))
                flags = ["--model", run / "model.safetensors", "--states", "x.npy", "--out"]
                self.result("accel", *flags, "a.npy", "--force")
                self.result("rollout", *flags, "t.npy", "--steps", 3, "--dt", 1e-4, "--force")
                # a step of a roll-out goes along the accelerations
                path, a = np.load(self.directory / "t.npy"), np.load(self.directory / "a.npy")
                slope = (path[:, 1, 2:] - path[:, 0, 2:]) / 1e-4
                self.assertLess(np.abs(slope - a).max(), 1e-2 * (1 + np.abs(a).max()))

    def test_energies_of_lagrangians_alone(self):
        np.save(self.directory / "x.npy", np.zeros((1, 4)))
        self.trained("plain", "plain")
        for flag, name in [("--energy", "--energy"), ("--lagrangian", "--lagrangian")]:
            line = self.refused(2, "accel", "--model", "plain/model.safetensors", "--states", "x.npy", "--out", "a.npy",
                                flag, "e.npy")
            self.assertIn("plain has no energy", line)
            self.assertIn(name, line)

    def test_forces_of_mass_matrices_alone(self):
        np.save(self.directory / "x.npy", np.zeros((1, 4)))
        np.save(self.directory / "u.npy", np.zeros((1, 2)))
        self.trained("plain", "plain")
        call = ["--model", "plain/model.safetensors", "--states", "x.npy", "--out", "a.npy"]
        for line in [self.refused(2, "accel", *call, "--inputs", "u.npy"),
                     self.refused(2, "forces", *call, "--accelerations", "u.npy")]:
            self.assertIn("plain has no mass matrix", line)

    def test_what_only_lagrangians_have(self):
        for key, value in [("model.mass_prior", 0.1), ("model.damping", "linear"), ("model.init", "definite")]:
            values = settings({"model.kind": "plain"} | COMMON | {key: value})
            self.assertIn(key, self.refused(2, "train", "--out", "x", *TINY, *values))

    def test_plain_is_the_network_in_numpy(self):
        x = np.random.default_rng(1).uniform(-2, 2, (9, 4))
        np.save(self.directory / "x.npy", x)
        for inputs in ["raw", "sincos"]:
            run = self.trained("plain", inputs, **{"model.inputs": inputs, "model.hidden": "[7,5,3]"})
            self.result("accel", "--model", run / "model.safetensors", "--states", "x.npy", "--out", "a.npy", "--force",
                        "--precision", "f64")
            expected = plain_accelerations(*load_safetensors(run / "model.safetensors"), x)
            self.assertLess(np.abs(np.load(self.directory / "a.npy") - expected).max(), 1e-12)

    def test_weights_say_whose_they_are(self):
        run = self.trained("plain", "plain")
        tensors, metadata = load_safetensors(run / "model.safetensors")
        np.save(self.directory / "x.npy", np.zeros((1, 4)))
        for model, said in [("lnn", "outputs"), ("delphic", "delphic")]:
            save_safetensors(self.directory / "other.safetensors", tensors, metadata | {"model": model})
            line = self.refused(4, "accel", "--model", "other.safetensors", "--states", "x.npy", "--out", "a.npy")
            self.assertIn(said, line)
        line = self.refused(4, "train", "--out", "x", "--init-from", "plain/model.safetensors", *TINY)
        self.assertIn("model.kind", line)

    def test_a_sweep_over_models(self):
        self.result("sweep", "--out", "s", "-q", *ON_THE_CPU, *TINY, *settings(COMMON),
                    "--set", "sweep.grid=model.kind=" + ",".join(self.models()))
        table = (self.directory / "s/table.csv").read_text().splitlines()
        self.assertEqual(len(table), 1 + len(self.models()))

    def test_resume_gives_the_same_bits(self):
        values = {"train.steps": 600, "train.checkpoint_every": 1}
        whole = self.trained("plain", "whole", **values)
        part = self.ends(75, "train", "--out", "part", "-q", "--max-time", 1e-3, *TINY,
                         *settings(COMMON | {"model.kind": "plain"} | values))
        self.assertEqual(part.stdout, "")
        self.result("train", "--resume", "part", "-q")
        for name in ["model.safetensors"]:
            self.assertEqual(load_safetensors(whole / name)[0].keys(),
                             load_safetensors(self.directory / "part" / name)[0].keys())
            for key, value in load_safetensors(whole / name)[0].items():
                np.testing.assert_array_equal(value, load_safetensors(self.directory / "part" / name)[0][key])

    def test_many_degrees_of_freedom(self):
        """coordinates of a file: 1 to 32, no more"""
        rng = np.random.default_rng(2)
        for n in [6, 32, 33]:
            t = np.arange(40) * 0.01
            phases = rng.uniform(0, 6, n)
            q, v, a = (f(np.outer(t, np.ones(n)) + phases) for f in [np.sin, np.cos, lambda x: -np.sin(x)])
            names = [f"{k}{i}" for k in "qva" for i in range(1, n + 1)]
            rows = [",".join(["t"] + names)] + [",".join(map(str, row)) for row in np.column_stack([t, q, v, a])]
            self.file("\n".join(rows) + "\n", f"{n}.csv")
            if n > 32:
                self.assertIn("32", self.refused(4, "data", "import", f"{n}.csv", "--out", "d.npz"))
                continue
            for kind in self.models():
                with self.subTest(f"{kind}, {n}"):
                    self.result("run", "--out", f"{kind}{n}", "-q", "--preset", "measured", "--set",
                                f"data.source=file:{n}.csv", *settings(
                                    MEASURED | {"model.kind": kind, "model.mass_prior": 1 if kind == "lnn" else 0,
                                                "model.damping": "none", "model.init": "auto",
                                                "train.optimizer": "lm", "train.lm.iterations": 2,
                                                "train.lm.samples": "[20,20]"}))
                    summary = json.loads((self.directory / f"{kind}{n}/eval/measured.json").read_text())
                    self.assertEqual(len(summary["models"][0]["accelerations"]), n)
            # all of them, the last included, may be angles
            self.result("train", "--out", f"angles{n}", "-q", "--preset", "measured", "--set",
                        f"data.source=file:{n}.csv", "--set", f"data.angles=q1,q{n}", *settings(MEASURED))
            metadata = load_safetensors(self.directory / f"angles{n}/model.safetensors")[1]
            self.assertEqual(metadata["angles"], ",".join(["1"] + ["0"] * (n - 2) + ["1"]))


if __name__ == "__main__":
    unittest.main()
