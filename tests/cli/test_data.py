"""`data gen` and `data info`: samples that numpy agrees with, there and back."""

import io
import json
import unittest

import numpy as np

from program import TINY, ProgramTest, metrics, settings, true_systems

PENDULUM = {"m": (1.0, 1.0), "l": (1.0, 1.0), "g": 9.8}


class Data(ProgramTest):
    def gen(self, *flags, out="d.npz", values=None):
        self.result("data", "gen", "--out", out, "-q", *settings(values or {}), *flags)
        with np.load(self.directory / out) as data:
            return {name: data[name] for name in data}

    def test_states_drawn_directly(self):
        values = {"data.source": "box", "data.angle": "[0,1]", "data.velocity": "[-3,-2]"}
        d = self.gen("--samples", 1001, values=values)
        self.assertEqual({name: (array.shape, array.dtype.str) for name, array in d.items()},
                         {"q": ((1001, 2), "<f8"), "v": ((1001, 2), "<f8"), "a": ((1001, 2), "<f8")})
        self.assertTrue(0 <= d["q"].min() < 0.01 and 0.99 < d["q"].max() <= 1)
        self.assertTrue(-3 <= d["v"].min() < -2.99 and -2.01 < d["v"].max() <= -2)
        a, _ = true_systems.double_pendulum(np.hstack([d["q"], d["v"]]), **PENDULUM)
        np.testing.assert_allclose(d["a"], a, rtol=1e-12, atol=1e-12)
        # a longer set begins with the shorter one, another seed does not
        more = self.gen("--samples", 1500, out="e.npz", values=values)
        np.testing.assert_array_equal(more["q"][:1001], d["q"])
        self.assertFalse((self.gen("--samples", 9, "--seed", 1, out="f.npz",
                                   values=values)["q"] == d["q"][:9]).any())

    def test_trajectories(self):
        d = self.gen("--preset", "sweetspot")
        self.assertEqual(d["q"].shape, (2048, 2))
        self.assertEqual(sorted(set(d["t"])), [0, 1 / 3, 2 / 3, 1])
        self.assertEqual(sorted(set(d["trajectory"])), list(range(512)))
        first = d["t"] == 0
        self.assertLessEqual(np.abs(d["q"][first]).max(), np.pi / 2)
        x = np.hstack([d["q"], d["v"]])
        a, e = true_systems.double_pendulum(x, **PENDULUM)
        np.testing.assert_allclose(d["a"], a, rtol=1e-11, atol=1e-11)
        for number in [0, 511]:
            own = d["trajectory"] == number
            self.assertEqual(list(d["t"][own]), [0, 1 / 3, 2 / 3, 1])
            self.assertLess(np.ptp(e[own]), 1e-3)  # an RK4 step of 0.01 s
            self.assertGreater(np.ptp(d["q"][own]), 1e-2)

    def test_the_same_bytes_again(self):
        for threads in [1, 3]:
            self.gen("--preset", "sweetspot", "--threads", threads, out=f"{threads}.npz")
        self.assertEqual((self.directory / "1.npz").read_bytes(), (self.directory / "3.npz").read_bytes())

    def test_info(self):
        d = self.gen("--preset", "sweetspot")
        info = json.loads(self.result("data", "info", "d.npz", "--json"))
        self.assertEqual([info[key] for key in ["file", "samples", "dof", "accelerations", "times",
                                                "trajectories"]],
                         ["d.npz", 2048, 2, True, True, 512])
        self.assertEqual(info["ranges"]["v2"], [d["v"][:, 1].min(), d["v"][:, 1].max()])
        self.assertIn("2048 samples, 2 degrees of freedom, 512 trajectories",
                      self.result("data", "info", "d.npz"))
        self.assertIn("No such file", self.refused(4, "data", "info", "absent.npz"))

    def test_streams(self):
        done = self.ends(0, "data", "gen", "--samples", 5, "--set", "data.source=box", "--out", "d.npz")
        self.assertEqual((done.stdout, done.stderr), ("", "5 samples of double_pendulum in d.npz\n"))
        told = json.loads(self.result("data", "gen", "--samples", 5, "--set", "data.source=box", "--out",
                                      "e.npz", "--json"))
        self.assertEqual((told["file"], told["samples"]), ("e.npz", 5))
        piped = self.ends(0, "data", "gen", "--samples", 5, "--set", "data.source=box", "--out",
                          "/dev/stdout", text=False)
        with np.load(io.BytesIO(piped.stdout)) as data:
            self.assertEqual(data["q"].shape, (5, 2))

    def test_dry_run_and_force(self):
        call = ["data", "gen", "--samples", 5, "--set", "data.source=box", "--out", "d.npz", "-q"]
        self.assertIn("5 samples", self.result(*call, "--dry-run"))
        self.assertEqual(json.loads(self.result(*call, "--dry-run", "--json"))["samples"], 5)
        self.assertFalse((self.directory / "d.npz").exists())
        self.result(*call)
        self.assertIn("exists", self.refused(2, *call))
        self.result(*call, "--force", "--seed", 3)
        self.assertIn("data gen generates",
                      self.refused(2, *call[:3], 5, "--set", "data.source=file:d.npz", "--out", "f"))

    def test_training_from_a_file_is_training_from_what_it_holds(self):
        """generated on the way, from .npz and from .csv: the same bits"""
        values = {"data.source": "trajectories", "data.trajectories": 15, "train.epochs": 4, "train.steps": 0,
                  "data.shuffle": "epoch"}
        direct = self.train("r", values=values)
        d = self.gen(values=values | {"train.batch": 8})
        names = [f"{name}{i}" for name in "qva" for i in (1, 2)]
        np.savetxt(self.directory / "d.csv", np.hstack([d["q"], d["v"], d["a"]]), fmt="%.17g", delimiter=",",
                   header=",".join(names), comments="")
        for name in ["d.npz", "d.csv"]:
            run = self.train("s", "--force", "--preset", "default", "--data", name,
                             values={"train.epochs": 4, "train.steps": 0, "data.shuffle": "epoch"})
            self.assertEqual((run / "model.safetensors").read_bytes(),
                             (direct / "model.safetensors").read_bytes(), name)
            self.assertEqual(metrics(run), metrics(direct))

    def test_unknown_columns_are_told(self):
        self.file("q1,q2,v1,v2,a1,a2,mood\n" + "0.1,0.2,0.3,0.4,0.5,0.6,9\n" * 3, "d.csv")
        done = self.ends(0, "data", "info", "d.csv", "--json")
        self.assertEqual(json.loads(done.stdout)["samples"], 3)
        self.assertIn("columns ignored: mood", done.stderr)
        self.assertIn("columns ignored: mood",
                      self.ends(0, "train", "--data", "d.csv", "--out", "r", *TINY).stderr)


if __name__ == "__main__":
    unittest.main()
