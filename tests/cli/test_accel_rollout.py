"""Accelerations and trajectories against numpy: the truth by hand-derived equations, a model by its own
accelerations.
"""

import io
import os
import pathlib
import subprocess
import threading
import unittest

import numpy as np

from program import BINARY, CLEAN, ProgramTest, true_systems

PENDULUM = {"m": (1.0, 1.0), "l": (1.0, 1.0), "g": 9.8}


def rk4(f, x, dt, steps):
    """(N, steps + 1, 2n) of dx/dt = f(x)"""
    path = [x]
    for _ in range(steps):
        k1 = f(x)
        k2 = f(x + dt / 2 * k1)
        k3 = f(x + dt / 2 * k2)
        k4 = f(x + dt * k3)
        x = x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(x)
    return np.stack(path, 1)


def field(acceleration):
    """(q, v) -> (v, a) on rows of states"""
    return lambda x: np.concatenate([x[:, x.shape[1] // 2:], acceleration(x)], 1)


class AccelRollout(ProgramTest):
    def states(self, rows, columns=4, seed=0):
        x = np.random.default_rng(seed).uniform(-1.5, 1.5, (rows, columns))
        np.save(self.directory / "x.npy", x)
        return x

    def accel(self, *flags, states="x.npy"):
        self.result("accel", "--states", states, "--out", "a.npy", "--force", *flags)
        return np.load(self.directory / "a.npy")

    def rollout(self, *flags, states="x.npy"):
        self.result("rollout", "--states", states, "--out", "t.npy", "--force", *flags)
        return np.load(self.directory / "t.npy")

    def test_truth_of_odd_sizes(self):
        for rows in [1, 7, 16, 17, 33]:
            with self.subTest(rows):
                x = self.states(rows, seed=rows)
                a, e = true_systems.double_pendulum(x, **PENDULUM)
                got = self.accel("--system", "double_pendulum", "--energy", "e.npy")
                self.assertEqual((got.dtype, got.shape, got.flags.c_contiguous),
                                 (np.float64, (rows, 2), True))
                np.testing.assert_allclose(got, a, rtol=1e-12, atol=1e-12)
                np.testing.assert_allclose(np.load(self.directory / "e.npy"), e, rtol=1e-13, atol=1e-13)

                path = rk4(field(lambda y: true_systems.double_pendulum(y, **PENDULUM)[0]), x, 0.01, 50)
                got = self.rollout("--system", "double_pendulum", "--dt", 0.01, "--steps", 50)
                self.assertEqual((got.dtype, got.shape), (np.float64, (rows, 51, 4)))
                np.testing.assert_array_equal(got[:, 0], x)
                np.testing.assert_allclose(got, path, rtol=0, atol=1e-11)

    def test_parameters_of_the_truth(self):
        x = self.states(5)
        parameters = {"m": (2.0, 0.5), "l": (0.7, 1.3), "g": 1.6}
        flags = [word for key, value in parameters.items()
                 for word in ("--set", f"system.{key}={list(value) if key != 'g' else value}")]
        np.testing.assert_allclose(self.accel("--system", "double_pendulum", *flags),
                                   true_systems.double_pendulum(x, **parameters)[0], rtol=1e-12)
        x = np.column_stack([self.states(5)[:, 0] + 3, self.states(5)[:, 1:]])
        np.save(self.directory / "x.npy", x)
        np.testing.assert_allclose(self.accel("--system", "spring_pendulum", "--set", "system.k=20"),
                                   true_systems.spring_pendulum(x, m=1, k=20, r0=1, g=10)[0], rtol=1e-12)

    def test_error_falls_with_the_fourth_power_of_the_step(self):
        """of the state and of its energy: halve the step, a sixteenth is left (until the energy's own terms
        of order 5, which grow with time, take over)"""
        x = self.states(17)
        ends = [self.rollout("--system", "double_pendulum", "--dt", 0.01 / 2**k, "--steps", 40 * 2**k)[:, -1]
                for k in range(4)]
        start = true_systems.double_pendulum(x, **PENDULUM)[1]
        drift = [np.abs(true_systems.double_pendulum(end, **PENDULUM)[1] - start).sum() for end in ends]
        change = [np.abs(a - b).sum() for a, b in zip(ends, ends[1:])]
        for errors in [drift, change]:
            for coarse, fine in zip(errors, errors[1:]):
                self.assertAlmostEqual(coarse / fine, 16, delta=1.6)

    def test_a_model_moves_by_its_own_accelerations(self):
        model = self.train("r", "--precision", "f64") / "model.safetensors"
        flags = ["--model", model, "--precision", "f64"]

        def acceleration(x):
            np.save(self.directory / "y.npy", x)
            return self.accel(*flags, states="y.npy")

        x = self.states(7)
        path = rk4(field(acceleration), x, 0.05, 3)
        np.testing.assert_allclose(self.rollout(*flags, "--dt", 0.05, "--steps", 3), path, rtol=1e-12,
                                   atol=1e-12)
        self.assertGreater(np.abs(path[:, -1] - path[:, 0]).max(), 0.01)

    def test_energy_and_lagrangian_of_a_model(self):
        """a = M^+ (dL/dq - C v) keeps E = v . dL/dv - L: dE/dt = 0 along a roll-out"""
        model = self.train("r", "--precision", "f64") / "model.safetensors"
        x = self.states(7)
        flags = ["--model", model, "--precision", "f64"]
        end = self.rollout(*flags, "--dt", 0.001, "--steps", 100)[:, -1]
        energies = []
        for states in [x, end]:
            np.save(self.directory / "y.npy", states)
            self.accel(*flags, "--energy", "e.npy", "--lagrangian", "l.npy", states="y.npy")
            energies.append(np.load(self.directory / "e.npy"))
            self.assertEqual(np.load(self.directory / "l.npy").shape, (7,))
        np.testing.assert_allclose(energies[1], energies[0], rtol=1e-6, atol=1e-6)
        self.assertIn("--lagrangian is for a model",
                      self.refused(2, "accel", "--system", "double_pendulum", "--states", "x.npy", "--out",
                                   "b.npy",
                                   "--lagrangian", "m.npy"))

    def forces(self, *flags):
        self.result("forces", "--states", "x.npy", "--accelerations", "a.npy", "--out", "f.npy", "--force", *flags)
        return np.load(self.directory / "f.npy")

    def test_forces_of_a_motion_under_inputs_are_the_inputs(self):
        """M a = f + u, of a model, a system and one that is text"""
        model = self.train("r", "--precision", "f64") / "model.safetensors"
        x, u = self.states(7), np.random.default_rng(1).uniform(-3, 3, (7, 2))
        np.save(self.directory / "u.npy", u)
        for source in [("--model", model, "--precision", "f64"), ("--system", "double_pendulum"),
                       ("--system", "planar_arm_2")]:
            with self.subTest(source[1]):
                free, moved = self.accel(*source), self.accel(*source, "--inputs", "u.npy")
                self.assertGreater(np.abs(moved - free).max(), 0.1)
                np.testing.assert_allclose(self.forces(*source), u, atol=1e-9)
        # by hand: the same accelerations of a mass of 3 on a spring of 2
        np.save(self.directory / "x.npy", x[:, :2])
        np.save(self.directory / "a.npy", u[:, :1])
        got = self.forces("--system", "harmonic_oscillator", "--set", "system.m=3", "--set", "system.k=2")
        np.testing.assert_allclose(got, 3 * u[:, :1] + 2 * x[:, :1], rtol=1e-13)

    def test_forces_that_are_refused(self):
        self.states(7)
        np.save(self.directory / "u.npy", np.zeros((6, 2)))
        call = ["--system", "double_pendulum", "--states", "x.npy", "--out", "b.npy"]
        self.assertIn("expected (7, 2): forces", self.refused(4, "accel", *call, "--inputs", "u.npy"))
        self.assertIn("expected (7, 2): accelerations", self.refused(4, "forces", *call, "--accelerations", "u.npy"))
        self.assertIn("--accelerations", self.refused(2, "forces", *call))
        np.save(self.directory / "u.npy", np.full((7, 2), np.nan))
        self.assertIn("u.npy", self.refused(4, "forces", *call, "--accelerations", "u.npy"))

    def test_kinds_of_npy(self):
        x = np.random.default_rng(3).uniform(-1, 1, (17, 4)).astype(np.float32)
        kinds = {"c8": np.ascontiguousarray(x, np.float64), "f8": np.asfortranarray(x, np.float64),
                 "c4": np.ascontiguousarray(x), "f4": np.asfortranarray(x)}
        got = {}
        for name, array in kinds.items():
            np.save(self.directory / f"{name}.npy", array)
            got[name] = self.accel("--system", "double_pendulum", states=f"{name}.npy").tobytes()
        with open(self.directory / "v2.npy", "wb") as file:
            np.lib.format.write_array(file, kinds["f8"], version=(2, 0))
        got["v2"] = self.accel("--system", "double_pendulum", states="v2.npy").tobytes()
        self.assertEqual(len(set(got.values())), 1)
        np.save(self.directory / "i.npy", np.array([[1, 0, 2, -3]]))
        np.testing.assert_allclose(self.accel("--system", "double_pendulum", states="i.npy"),
                                   true_systems.double_pendulum([[1, 0, 2, -3]], **PENDULUM)[0], rtol=1e-12)

    def test_threads_do_not_change_a_bit(self):
        model = self.train("r") / "model.safetensors"
        self.states(33)
        for precision in ["f32", "f64"]:
            for state in ["f32", "f64"]:
                source = ["--model", model, "--precision", precision, "--state", state]
                runs = {threads: (self.accel(*source, "--threads", threads).tobytes(),
                                  self.rollout(*source, "--steps", 20, "--threads", threads).tobytes())
                        for threads in [1, 2, 3]}
                self.assertEqual(len(set(runs.values())), 1)

    def test_instruction_sets(self):
        """registers of any width give the same bits; without fused multiply-add, the same numbers"""
        model = self.train("r") / "model.safetensors"
        self.states(33)
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
        fused = [isa for isa, flag in [("avx2", "avx2"), ("avx512", "avx512bw")] if flag in flags]
        for precision, tolerance in [("f32", 1e-4), ("f64", 1e-12)]:
            for source in [["--model", model, "--precision", precision], ["--system", "double_pendulum"]]:
                portable, *got = [self.accel(*source, "--set", "run.isa=" + isa) for isa in ["portable",
                                                                                             *fused]]
                self.assertLessEqual(len({a.tobytes() for a in got}), 1)
                for a in got:
                    np.testing.assert_allclose(portable, a, rtol=tolerance, atol=tolerance)

    def test_rows_do_not_depend_on_their_neighbours(self):
        model = self.train("r") / "model.safetensors"
        x = self.states(33)
        whole = self.accel("--model", model)
        for row in [0, 16, 32]:
            np.save(self.directory / "y.npy", x[row:row + 1])
            self.assertEqual(self.accel("--model", model, states="y.npy").tobytes(),
                             whole[row:row + 1].tobytes())

    def test_divergence_is_counted_not_an_error(self):
        x = np.array([[1.0, 1, 1, 1], [1, 1, 1e200, 1e200]])
        np.save(self.directory / "x.npy", x)
        call = ["rollout", "--system", "double_pendulum", "--states", "x.npy", "--steps", 5, "--out", "t.npy",
                "--force"]
        done = self.ends(0, *call)
        self.assertIn("1 of 2 trajectories diverged", done.stderr)
        self.result(*call, "-q")
        t = np.load(self.directory / "t.npy")
        self.assertEqual([bool(np.isfinite(row).all()) for row in t], [True, False])

    def test_targets_that_are_not_files(self):
        x = self.states(3)
        call = ["accel", "--system", "double_pendulum", "--states", "x.npy", "--out"]
        expected, _ = true_systems.double_pendulum(x, **PENDULUM)
        for target in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]:
            done = self.ends(0, *call, target, text=False)
            np.testing.assert_allclose(np.load(io.BytesIO(done.stdout)), expected, rtol=1e-12)
        with open(self.directory / "log", "wb") as log:
            log.write(b"before ")
            log.flush()
            subprocess.run([BINARY, *call, "/dev/stdout"], stdout=log, check=True, cwd=self.directory,
                           env=CLEAN)
        self.assertTrue((self.directory / "log").read_bytes().startswith(b"before \x93NUMPY"))
        self.result(*call, "/dev/null")
        self.assertFalse(os.path.isfile("/dev/null"))

        os.mkfifo(self.directory / "pipe")
        got = []
        reader = threading.Thread(target=lambda: got.append((self.directory / "pipe").read_bytes()),
                                  daemon=True)
        reader.start()
        self.result(*call, "pipe")
        reader.join(60)
        np.testing.assert_allclose(np.load(io.BytesIO(got[0])), expected, rtol=1e-12)

    def test_each_result_has_a_file_of_its_own(self):
        self.states(3)
        (self.directory / "a.npy").write_bytes(b"old")
        (self.directory / "link.npy").symlink_to("a.npy")
        for name in ["a.npy", "./a.npy", self.directory / "a.npy", "link.npy"]:
            self.assertIn("named twice", self.refused(2, "accel", "--system", "double_pendulum", "--states", "x.npy",
                                                      "--out", "a.npy", "--energy", name, "--force"))

    def test_links_stay_links(self):
        self.states(3)
        (self.directory / "real.npy").write_bytes(b"old")
        (self.directory / "link.npy").symlink_to("real.npy")
        call = ["accel", "--system", "double_pendulum", "--states", "x.npy", "--out", "link.npy"]
        self.assertIn("exists", self.refused(2, *call))
        self.result(*call, "--force")
        self.assertTrue((self.directory / "link.npy").is_symlink())
        self.assertEqual(np.load(self.directory / "real.npy").shape, (3, 2))


if __name__ == "__main__":
    unittest.main()
