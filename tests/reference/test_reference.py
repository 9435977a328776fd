#!/usr/bin/python3
"""The program against PyTorch, live: fresh random networks through `lnn_gpu accel`, weights there and back.

Environment: LNN_BINARY, the program. Without PyTorch: skipped with a printed line (exit 77), or a failure
where LNN_REQUIRE_TORCH=1.
"""

import os
import subprocess
import sys
import tempfile
import unittest

from reference import exit_code, torch

import numpy as np

import lnn_io
import seed_lnn
import true_systems
from seed_model import load, save

WELL_CONDITIONED = 1e4

# hidden, coordinates that are angles, options of the network
NETWORKS = [
    ([5], [0], {}),
    ([16, 16, 16], [0, 0], {"init": "lnn-seed"}),
    ([33, 17], [1, 1], {"velocity_scale": 5.0, "definite": True}),
    ([64, 64, 64], [1, 1], {"velocity_scale": 5.0, "mass_prior": 0.5}),
    ([256, 256], [0, 0], {}),
    ([7, 16, 9, 16], [1, 0], {"velocity_scale": 0.5}),
    ([16, 17], [0, 1, 1], {"definite": True}),
    ([16, 16], [0, 1], {"mass_prior": 1.0, "damping": True}),
    ([16, 16], [1, 1], {"kind": "delan"}),
    ([9, 17], [0, 1, 0], {"kind": "delan", "mass_prior": 0.1, "damping": True}),
    ([8], [1, 0, 1, 0, 0, 0, 0], {"kind": "delan", "mass_prior": 0.5}),
]


class Live(unittest.TestCase):
    def setUp(self):
        self.binary = os.environ.get("LNN_BINARY")
        self.assertTrue(self.binary and os.access(self.binary, os.X_OK),
                        "LNN_BINARY does not name the program: set it to build/lnn_gpu")
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.seed = int.from_bytes(os.urandom(4), "little")  # fresh each time; a failure prints it
        self.rng = np.random.default_rng(self.seed)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def lnn_gpu(self, *arguments):
        command = [self.binary, *map(str, arguments)]
        # the program takes LNN_GPU_* for settings
        settled = {name: value for name, value in os.environ.items() if not name.startswith("LNN_GPU_")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=settled)
        self.assertEqual(done.returncode, 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}")

    def accel(self, source, states, precision="f64", rcond=1e-15):
        """accelerations (N, n), energies (N), lagrangians (N; None for a system) as the program has them"""
        np.save(self.path("x.npy"), states)
        outputs = ["--out", self.path("a.npy"), "--energy", self.path("e.npy")]
        if source[0] == "--model":
            outputs += ["--lagrangian", self.path("l.npy")]
        self.lnn_gpu("accel", *source, "--states", self.path("x.npy"), *outputs, "--precision", precision,
                     "--set", f"solve.rcond={rcond!r}", "--force")
        found = [np.load(self.path(name)) if os.path.exists(self.path(name)) else None
                 for name in ("a.npy", "e.npy", "l.npy")]
        self.assertEqual(found[0].dtype, np.float64)
        return found

    def fresh(self, hidden, angles, options, samples=40):
        model = seed_lnn.random_model(self.rng, hidden, len(angles), [bool(a) for a in angles], **options)
        n = len(angles)
        limits = np.repeat([np.pi, 3.0], n)
        states = self.rng.uniform(-limits, limits, (samples, 2 * n))
        return model, states

    def relative(self, found, expected, rows):
        """error of each row's vector relative to its norm"""
        self.assertEqual(found.shape, expected.shape)
        return (np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1))[rows]

    def test_accelerations_f64(self):
        for hidden, angles, options in NETWORKS:
            with self.subTest(hidden=hidden, angles=angles, seed=self.seed):
                model, states = self.fresh(hidden, angles, options)
                save(model, self.path("m.safetensors"))
                a, e, lagrangians = self.accel(["--model", self.path("m.safetensors")], states)
                expected, energies, expected_lagrangians, conditions = seed_lnn.values(model, states)
                good = conditions < WELL_CONDITIONED
                self.assertGreater(good.sum(), 0)
                self.assertLess(self.relative(a, expected, good).max(), 1e-10)
                # L and E = v . p - L are sums of terms of about the largest of them
                size = np.abs(expected_lagrangians).max() + np.abs(energies).max()
                self.assertLess(np.abs(lagrangians - expected_lagrangians).max(), 1e-12 * size)
                self.assertLess(np.abs(e - energies).max(), 1e-12 * size)

    def test_accelerations_f32(self):
        errors = []
        for hidden, angles, options in NETWORKS:
            model, states = self.fresh(hidden, angles, options)
            save(model, self.path("m.safetensors"))
            a, _, _ = self.accel(["--model", self.path("m.safetensors")], states, "f32")
            expected, _, _, conditions = seed_lnn.values(model, states)
            # for n = 1 the condition is 1 even where M nearly vanishes
            good = (conditions < WELL_CONDITIONED) & (len(angles) > 1)
            errors.append(self.relative(a, expected, good))
        self.assertLess(np.quantile(np.concatenate(errors), 0.99), 2e-4, f"seed {self.seed}")

    def test_rank_deficient(self):
        for hidden, angles in (([1, 16], [0, 0]), ([1, 5], [1, 1]), ([2, 9], [0, 0, 0])):
            with self.subTest(hidden=hidden, seed=self.seed):
                model, states = self.fresh(hidden, angles, {})
                save(model, self.path("m.safetensors"))
                a, _, _ = self.accel(["--model", self.path("m.safetensors")], states, rcond=1e-8)
                expected, _, _, conditions = seed_lnn.values(model, states, 1e-8)
                self.assertLess(self.relative(a, expected, conditions < WELL_CONDITIONED).max(), 1e-10)

    def test_rcond_cuts_where_it_says(self):
        model, states = self.fresh([16, 16], [1, 0], {}, samples=200)
        save(model, self.path("m.safetensors"))
        _, _, _, conditions = seed_lnn.values(model, states)
        rcond = 1 / float(np.median(conditions))  # half of the samples lose an eigenvalue
        away = (np.abs(conditions * rcond - 1) > 1e-6) & (conditions < WELL_CONDITIONED)
        a, _, _ = self.accel(["--model", self.path("m.safetensors")], states, rcond=rcond)
        expected, _, _, _ = seed_lnn.values(model, states, rcond)
        self.assertLess(self.relative(a, expected, away).max(), 1e-10, f"seed {self.seed}")

    def test_systems(self):
        arguments = {"m": self.rng.uniform(0.3, 3, 2), "l": self.rng.uniform(0.3, 2, 2),
                     "g": self.rng.uniform(1, 20)}
        states = self.rng.uniform(-3, 3, (50, 4))
        expected, energies = true_systems.double_pendulum(states, **arguments)
        settings = []
        for key, value in arguments.items():
            text = str([float(x) for x in value]) if key != "g" else repr(float(value))
            settings += ["--set", f"system.{key}={text}"]
        a, e, _ = self.accel(["--system", "double_pendulum", *settings], states)
        self.assertLess(self.relative(a, expected, slice(None)).max(), 1e-10, f"seed {self.seed}")
        np.testing.assert_allclose(e, energies, rtol=1e-12, atol=1e-12 * np.abs(energies).max())

    def test_weights_from_torch_and_back(self):
        # the program trains a little and saves; PyTorch takes the file, strictly, and says the same; PyTorch
        # changes the weights and saves; the program takes that
        for kind, inputs, prior, damping in (("lnn", "raw", 0.0, "none"), ("lnn", "sincos", 0.5, "none"),
                                             ("lnn", "sincos", 0.0, "linear"), ("delan", "sincos", 0.1, "linear")):
            with self.subTest(kind, inputs=inputs, damping=damping, seed=self.seed):
                run = self.path(f"run_{kind}_{inputs}_{damping}")
                settings = [f"model.kind={kind}", "model.init=auto", "model.hidden=[9,16]", f"model.inputs={inputs}", f"model.mass_prior={prior}",
                            f"model.damping={damping}",
                            "data.source=box", "train.steps=20"]
                self.lnn_gpu("train", "--out", run, "--no-progress", "-q",
                             *[part for setting in settings for part in ("--set", setting)])
                path = os.path.join(run, "model.safetensors")
                model = load(path).double()
                self.assertEqual(model.mass_prior, prior)
                self.assertEqual(model.angles, [inputs == "sincos"] * 2)
                tensors, metadata = lnn_io.load_safetensors(path)
                self.assertEqual(list(tensors),
                                 [f"fc{i}.{part}" for i in (1, 2, 3) for part in ("weight", "bias")] +
                                 ["damping"] * (damping == "linear"))
                self.assertEqual(metadata["model"], kind)
                self.assertEqual(metadata["layers"], {"lnnraw": "4,9,16,1", "lnnsincos": "6,9,16,1",
                                                      "delansincos": "4,9,16,4"}[kind + inputs])
                self.compare(model, path)

                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter += 0.01 * torch.randn_like(parameter)
                save(model, self.path("changed.safetensors"))
                self.compare(model, self.path("changed.safetensors"))

    def compare(self, model, path):
        states = np.hstack([self.rng.uniform(-1, 1, (30, 2)), self.rng.uniform(-3, 3, (30, 2))])
        a, _, lagrangians = self.accel(["--model", path], states)
        expected, _, expected_lagrangians, conditions = seed_lnn.values(model, states)
        np.testing.assert_allclose(lagrangians, expected_lagrangians, rtol=0,
                                   atol=1e-12 * np.abs(expected_lagrangians).max())
        self.assertLess(self.relative(a, expected, conditions < WELL_CONDITIONED).max(), 1e-10)

    def test_weights_without_metadata(self):
        # what torch's own safetensors package would write: softplus and raw inputs are understood
        model, states = self.fresh([6, 5], [0, 0], {})
        tensors = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
        lnn_io.save_safetensors(self.path("bare.safetensors"), tensors)
        a, _, _ = self.accel(["--model", self.path("bare.safetensors")], states)
        expected, _, _, conditions = seed_lnn.values(model, states)
        good = conditions < WELL_CONDITIONED
        self.assertLess(self.relative(a, expected, good).max(), 1e-10, f"seed {self.seed}")


if __name__ == "__main__":
    sys.exit(exit_code(unittest.main(exit=False)))
