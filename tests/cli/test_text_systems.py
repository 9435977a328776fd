"""Systems whose Lagrangian is text: of a configuration through every command, of the catalogue, and what is refused."""

import json
import unittest

import numpy as np

from program import TINY, ProgramTest, load_safetensors, settings

OSCILLATOR = """[system]
kind = "text"
lagrangian = "m/2*(vx^2 + vy^2) - k/2*(x^2 + y^2)"
coordinates = ["x", "y"]
angles = []
parameters = { m = 2.0, k = 8.0 }
"""
# TINY is a double pendulum
SMALL = [word for word in TINY]
del SMALL[SMALL.index("system.kind=double_pendulum") - 1:SMALL.index("system.kind=double_pendulum") + 1]


class TextSystems(ProgramTest):
    def setUp(self):
        super().setUp()
        self.file(OSCILLATOR)
        self.states = np.random.default_rng(0).uniform(-1, 1, (5, 4))
        np.save(self.directory / "x.npy", self.states)

    def array(self, *arguments):
        self.result(*arguments, "--out", "out.npy", "--force", "-q")
        return np.load(self.directory / "out.npy")

    def test_truth_is_that_of_the_text(self):
        flags = ["-c", "c.toml", "--system", "text", "--states", "x.npy"]
        np.testing.assert_allclose(self.array("accel", *flags), -4 * self.states[:, :2], rtol=1e-14)
        other = self.array("accel", *flags, "--set", "system.parameters.k=2")
        np.testing.assert_allclose(other, -self.states[:, :2], rtol=1e-14)
        path = self.array("rollout", *flags, "--dt", 0.001, "--steps", 1000)
        q, v = self.states[:, :2], self.states[:, 2:]
        np.testing.assert_allclose(path[:, -1, :2], q * np.cos(2) + v / 2 * np.sin(2), atol=1e-10)

    def test_goes_through_every_command(self):
        flags = ["-c", "c.toml", *SMALL, "-q"]
        self.result("run", *flags, "--out", "r")
        run = self.directory / "r"
        self.assertEqual(load_safetensors(run / "model.safetensors")[1]["system"], "text")
        self.assertLessEqual({"x", "y"}, set(json.loads((run / "eval/summary.json").read_text())["mse"]))
        self.assertIn("vx^2", (run / "report.html").read_text())
        self.result("eval", "r", "--force", "-q")
        self.result("eval", "--model", "r/model.safetensors", *flags, "--json")
        self.result("train", "--resume", "r", "-q")
        self.result("run", "-c", "r/config.toml", "--out", "again", "-q")
        self.assertEqual((run / "config.toml").read_text(), (self.directory / "again/config.toml").read_text())
        self.assertEqual((run / "model.safetensors").read_bytes(), (self.directory / "again/model.safetensors").read_bytes())
        self.result("data", "gen", "-c", "c.toml", "--out", "d.npz", "-q")
        self.result("sweep", "-c", "c.toml", *SMALL, "-q", "--out", "s", "--set",
                    "sweep.grid=system.parameters.k=1,2")
        self.assertEqual(len((self.directory / "s/table.csv").read_text().splitlines()), 3)

    def test_every_system_of_the_catalogue(self):
        for system in json.loads(self.result("systems", "--json")):
            with self.subTest(system["name"]):
                n = system["dof"]
                np.save(self.directory / "x.npy", np.linspace(0.4, 0.9, 2 * n)[None, :])
                path = self.array("rollout", "--system", system["name"], "--states", "x.npy", "--steps", 5)
                self.assertEqual(path.shape, (1, 6, 2 * n))
                self.assertTrue(np.isfinite(path).all())
                self.result("train", "--out", system["name"], "-q", *TINY, *settings({"system.kind": system["name"], "data.velocity": "[-1,1]",
                                                              "train.steps": 5}))

    def test_states_without_an_acceleration_are_refused(self):
        """faster than light"""
        for source in ["box", "trajectories"]:
            line = self.error_line(self.ends(2, "train", "--out", source, "-q", *TINY, *settings(
                {"system.kind": "relativistic_particle", "data.velocity": "[-30,30]", "data.source": source})))
            self.assertIn("data.velocity", line)

    def said(self, *values):
        done = self.ends(2, "config", "check", "-c", "c.toml", *values)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_mistakes_have_a_caret(self):
        for text, said, column in [("m/2*vx^2 + vy^2 - k/2*z", "z is neither", 22),
                                   ("m/2*vx^2 + vy^2 - kk*x", "did you mean 'k'", 18),
                                   ("m/2*(vx^2 + vy^2", "not closed", 4)]:
            lines = self.said("--set", f"system.lagrangian={text}").splitlines()
            self.assertEqual(len(lines), 3)
            self.assertIn(said, lines[0])
            self.assertEqual(lines[1:], ["  " + text, "  " + " " * column + "^"])

    def test_settings_must_fit(self):
        for value, said in [("system.kind=pendulum", "pendulum has no parameter"), ("system.coordinates=[]", "system.coordinates"),
                            ("system.angles=[\"z\"]", "system.angles"), ("system.parameters=3", "table"),
                            ("system.parameters.k=hard", "finite number"), ("system.parameters.sin=1", "sin"),
                            ("system.parameter.k=1", "did you mean")]:
            with self.subTest(value):
                self.assertIn(said, self.said("--set", value))
        self.file("[system]\nlagrangian = \"vx^2\"\n")
        self.assertIn("system.kind", self.said())


if __name__ == "__main__":
    unittest.main()
