#!/usr/bin/python3
"""The references judged by themselves: automatic differentiation against closed forms and finite differences,
the golden files against the code that wrote them, and the safetensors files against their bytes."""

import json
import os
import struct
import sys
import tempfile
import unittest

from reference import GOLDEN, exit_code, torch

import numpy as np

import lnn_io
import seed_lnn
import true_systems
from seed_model import LNN, load, save

SYSTEMS = {
    "double_pendulum": (2, {"m": [0.7, 1.9], "l": [1.3, 0.6], "g": 9.1}),
    "spring_pendulum": (2, {"m": 1.7, "k": 7.0, "r0": 1.2, "g": 9.8}),
    "spring_pendulum_seed": (2, {"k": 10.0, "r0": 1.0, "g": 10.0}),
    "pendulum": (1, {"m": 1.7, "l": 0.8, "g": 9.8}),
    "harmonic_oscillator": (1, {"m": 1.7, "k": 3.1}),
}


def lagrangian_of(system, p):
    """L(q, v) of a system, as a function on torch tensors of shape (n)"""
    cos = torch.cos
    if system == "double_pendulum":
        (m1, m2), (l1, l2), g = p["m"], p["l"], p["g"]
        return lambda q, v: (0.5 * (m1 + m2) * l1**2 * v[0]**2 + 0.5 * m2 * l2**2 * v[1]**2
                             + m2 * l1 * l2 * v[0] * v[1] * cos(q[0] - q[1])
                             + (m1 + m2) * g * l1 * cos(q[0]) + m2 * g * l2 * cos(q[1]))
    if system == "spring_pendulum":
        return lambda q, v: (0.5 * p["m"] * (v[0]**2 + q[0]**2 * v[1]**2)
                             + p["m"] * p["g"] * q[0] * cos(q[1]) - 0.5 * p["k"] * (q[0] - p["r0"])**2)
    if system == "spring_pendulum_seed":
        return lambda q, v: (0.5 * (v[0]**2 + q[0]**2 * v[1]**2) - p["g"] * q[0] * (1 - cos(q[1]))
                             - p["k"] * (q[0] - p["r0"])**2)
    if system == "pendulum":
        return lambda q, v: 0.5 * p["m"] * p["l"]**2 * v[0]**2 + p["m"] * p["g"] * p["l"] * cos(q[0])
    return lambda q, v: 0.5 * p["m"] * v[0]**2 - 0.5 * p["k"] * q[0]**2


class TrueSystems(unittest.TestCase):
    def test_closed_forms_agree_with_automatic_differentiation(self):
        rng = np.random.default_rng(1)
        for system, (dof, parameters) in SYSTEMS.items():
            with self.subTest(system):
                model = LNN([2 * dof, 1, 1]).double()
                model.lagrangian = lagrangian_of(system, parameters)
                states = rng.uniform(0.3, 2.5, (20, 2 * dof)) * rng.choice([-1, 1], (20, 2 * dof))
                accelerations, energies = getattr(true_systems, system)(states, **parameters)
                x = torch.tensor(states)
                np.testing.assert_allclose(model(x).detach().numpy(), accelerations, rtol=1e-10, atol=1e-10)
                for row, energy in zip(x, energies):
                    jacobian, _ = model.derivatives(row)
                    expected = jacobian[dof:] @ row[dof:] - model.lagrangian(row[:dof], row[dof:])
                    self.assertAlmostEqual(float(expected), energy, delta=1e-12 * (1 + abs(energy)))

    def test_hanging_links_known_by_hand(self):
        # both links horizontal and at rest: the upper falls like one pendulum, the lower is carried along
        a, energy = true_systems.double_pendulum([[np.pi / 2, np.pi / 2, 0, 0]], [1, 1], [1, 1], 9.8)
        np.testing.assert_allclose(a, [[-9.8, 0]], atol=1e-12)
        self.assertAlmostEqual(energy[0], 0, delta=1e-12)


class Gradients(unittest.TestCase):
    def central_difference(self, model, states, targets, direction, h, **options):
        losses = []
        for sign in (1, -1):
            for parameter, d in zip(model.parameters(), direction):
                parameter.data += sign * h * d
            losses.append(float(seed_lnn.loss(model(states, options.get("rcond", 1e-15)), targets,
                                              **{k: v for k, v in options.items() if k != "rcond"})))
            for parameter, d in zip(model.parameters(), direction):
                parameter.data -= sign * h * d
        return (losses[0] - losses[1]) / (2 * h)

    def check(self, model, seed, **options):
        rng = np.random.default_rng(seed)
        n = model.dof
        states, targets = rng.normal(0, 1, (4, 2 * n)), rng.normal(0, 1, (4, n))
        _, gradients = seed_lnn.gradient(model, states, targets, **options)
        for _ in range(3):
            direction = [torch.tensor(rng.normal(0, 1, p.shape)) for p in model.parameters()]
            along = sum(float((torch.tensor(g) * d).sum()) for g, d in zip(gradients.values(), direction))
            found = self.central_difference(model, torch.tensor(states), torch.tensor(targets), direction,
                                            1e-5, **options)
            # a central difference of step 1e-5 is good to about its square
            self.assertAlmostEqual(along / found, 1, delta=1e-5)

    def test_gradients_are_the_slopes_of_the_loss(self):
        rng = np.random.default_rng(2)
        for options in ({"kind": "mse"}, {"kind": "l1"}, {"kind": "huber", "delta": 0.3},
                        {"kind": "mse", "scale": [2.0, 0.3]}, {"kind": "huber", "balance": "large"}):
            with self.subTest(**options):
                model = seed_lnn.random_model(rng, [8, 7], 2, [True, False], 2.0, 0.5, definite=True)
                self.check(model, 3, **options)

    def test_gradients_of_a_rank_deficient_mass_matrix(self):
        model = seed_lnn.random_model(np.random.default_rng(4), [1, 5], 2)
        self.check(model, 5, kind="mse", rcond=1e-8)
        model = seed_lnn.random_model(np.random.default_rng(6), [2, 5], 3)
        self.check(model, 7, kind="mse", rcond=1e-8)

    def test_losses_by_hand(self):
        predicted, target = torch.tensor([[1.0, 2.0], [3.0, 8.0]]), torch.tensor([[1.5, 2.0], [0.0, 6.0]])
        self.assertAlmostEqual(float(seed_lnn.loss(predicted, target, "mse")), (0.25 + 0 + 9 + 4) / 4)
        self.assertAlmostEqual(float(seed_lnn.loss(predicted, target, "l1")), (0.5 + 0 + 3 + 2) / 4)
        self.assertAlmostEqual(float(seed_lnn.loss(predicted, target, "huber", delta=1.0)),
                               (0.125 + 0 + 2.5 + 1.5) / 4)
        self.assertAlmostEqual(float(seed_lnn.loss(predicted, target, "l1", balance="large")),
                               (0.5 + np.sqrt(9 + 4)) / np.sqrt(2) / 2, places=6)


class Golden(unittest.TestCase):
    """what stands in data/golden is what the references say today"""

    def close(self, found, expected, tolerance):
        self.assertLessEqual(np.linalg.norm(found - expected), tolerance * np.linalg.norm(expected))

    def setUp(self):
        with open(os.path.join(GOLDEN, "manifest.json")) as file:
            self.manifest = json.load(file)

    def test_networks(self):
        for case in self.manifest["networks"] + self.manifest["deficient"]:
            with self.subTest(case["name"]):
                model = load(os.path.join(GOLDEN, case["name"] + ".safetensors")).double()
                arrays = np.load(os.path.join(GOLDEN, case["name"] + ".npz"))
                a, e, lagrangians, _ = seed_lnn.values(model, arrays["states"][:5], case["rcond"])
                # 1e-9: amplified by the condition of M where the samples are not selected
                self.close(a, arrays["accelerations"][:5], 1e-9)
                self.close(e, arrays["energies"][:5], 1e-12)
                self.close(lagrangians, arrays["lagrangians"][:5], 1e-12)

    def test_systems(self):
        for case in self.manifest["systems"]:
            with self.subTest(case["name"]):
                arrays = np.load(os.path.join(GOLDEN, f"system_{case['name']}.npz"))
                for i, parameters in enumerate(case["parameters"]):
                    arguments = {k: v if len(v) > 1 else v[0] for k, v in parameters.items()}
                    a, e = getattr(true_systems, case["name"])(arrays["states"][i], **arguments)
                    self.close(a, arrays["accelerations"][i], 1e-12)
                    self.close(e, arrays["energies"][i], 1e-12)


class Safetensors(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "x.safetensors")

    def tearDown(self):
        self.directory.cleanup()

    def test_bytes(self):
        lnn_io.save_safetensors(self.path, {"fc1.bias": np.array([1.0, -2.0], np.float32)}, {"seed": 7})
        with open(self.path, "rb") as file:
            content = file.read()
        (length,) = struct.unpack("<Q", content[:8])
        self.assertEqual(json.loads(content[8 : 8 + length]),
                         {"__metadata__": {"seed": "7"},
                          "fc1.bias": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
        self.assertEqual(length % 8, 0)
        self.assertEqual(content[8 + length :], struct.pack("<ff", 1.0, -2.0))

    def test_round_trip(self):
        tensors = {"b": np.arange(6.0).reshape(2, 3).T, "a": np.float32([[1]]), "none": np.zeros((0, 3))}
        lnn_io.save_safetensors(self.path, tensors, {"text": "é \"quoted\""})
        found, metadata = lnn_io.load_safetensors(self.path)
        self.assertEqual(list(found), list(tensors))
        for name, array in tensors.items():
            np.testing.assert_array_equal(found[name], array)
            self.assertEqual(found[name].dtype, array.dtype)
        self.assertEqual(metadata, {"text": "é \"quoted\""})

    def test_refuses_what_lies(self):
        lnn_io.save_safetensors(self.path, {"a": np.arange(4.0)})
        with open(self.path, "rb") as file:
            content = file.read()
        for broken in (b"", content[:5], content[:-1], content.replace(b"[4]", b"[5]"),
                       struct.pack("<Q", 1 << 40) + content[8:], content.replace(b"F64", b"I64")):
            with open(self.path, "wb") as file:
                file.write(broken)
            with self.assertRaises(ValueError):
                lnn_io.load_safetensors(self.path)
        with self.assertRaises(ValueError):
            lnn_io.save_safetensors(self.path, {"a": np.arange(4)})

    def test_model_round_trip(self):
        model = seed_lnn.random_model(np.random.default_rng(8), [5, 3], 3, [True, False, True], 2.5, 0.125)
        save(model, self.path, seed=8)
        again = load(self.path)
        self.assertEqual((again.angles, again.velocity_scale, again.mass_prior),
                         ([True, False, True], 2.5, 0.125))
        for (name, expected), (found_name, found) in zip(model.named_parameters(), again.named_parameters()):
            self.assertEqual(name, found_name)
            self.assertTrue(torch.equal(expected, found))

    def test_other_models_are_refused(self):
        """of one coordinate a network of accelerations has the shape of a Lagrangian"""
        model = seed_lnn.random_model(np.random.default_rng(9), [5], 1)
        save(model, self.path)
        tensors, metadata = lnn_io.load_safetensors(self.path)
        lnn_io.save_safetensors(self.path, tensors, metadata | {"model": "lnn"})
        load(self.path)
        lnn_io.save_safetensors(self.path, tensors, metadata | {"model": "plain"})
        with self.assertRaisesRegex(ValueError, "plain"):
            load(self.path)


if __name__ == "__main__":
    sys.exit(exit_code(unittest.main(exit=False)))
