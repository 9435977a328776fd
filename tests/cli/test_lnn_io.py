"""tools/lnn_io.py reads what the program writes, and the program what it writes."""

import unittest

import numpy as np

from program import TINY, ProgramTest, settings  # also finds tools/

import lnn_io


class Files(ProgramTest):
    def test_a_run(self):
        self.result("run", "--out", "r", "-q", *TINY, *settings({"run.seeds": 2, "run.seed": 5}))
        run = lnn_io.load_run(self.directory / "r")
        self.assertEqual(run.config["model"]["hidden"], [8, 8])
        self.assertEqual(run.record["status"], "complete")
        self.assertEqual(sorted(run.models), [5, 6])
        tensors, metadata = run.models[6]
        self.assertEqual(tensors["fc1.weight"].shape, (8, 6))
        self.assertEqual(metadata["system"], "double_pendulum")
        self.assertFalse(np.array_equal(tensors["fc1.weight"], run.models[5][0]["fc1.weight"]))
        self.assertEqual(run.metrics["step"].max(), 60)
        self.assertEqual(set(run.metrics["seed"]), {5, 6})
        self.assertTrue(np.isfinite(run.metrics["loss"]).all())
        # the median of the table is the median of the rows
        for name in ("theta1", "theta2"):
            self.assertAlmostEqual(run.summary["mse"][name]["median"], np.median(run.per_trajectory[f"mse_{name}"]),
                                   delta=1e-7 * run.summary["mse"][name]["median"])
        self.assertEqual(run.trajectories.shape, (2, 8, 11, 4))
        self.assertTrue(np.array_equal(run.trajectories[0, :, 0], run.trajectories[1, :, 0]))
        self.assertIsNone(run.measured)

    def test_a_run_that_was_only_trained(self):
        run = lnn_io.load_run(self.train("r"))
        self.assertEqual(list(run.models), [0])
        self.assertIsNone(run.summary)
        with self.assertRaisesRegex(FileNotFoundError, "lnn_gpu run"):
            lnn_io.load_run(self.directory)

    def test_a_data_set_there_and_back(self):
        rng = np.random.default_rng(1)
        q, v, a = rng.normal(size=(3, 40, 2))
        t = np.arange(40) * 0.1
        lnn_io.save_dataset(self.directory / "d.npz", q, v, a, t=t)
        data = lnn_io.load_dataset(self.directory / "d.npz")
        for mine, theirs in ((q, data.q), (v, data.v), (a, data.a), (t, data.t)):
            self.assertTrue(np.array_equal(mine, theirs))
        self.assertIsNone(data.trajectory)
        self.assertIn("40 samples, 2 degrees of freedom", self.result("data", "info", "d.npz"))
        self.ends(0, "train", "--data", "d.npz", "--out", "r", "-q", "--set", "train.steps=5")
        self.result("data", "gen", "--samples", 7, "--out", "g.npz", "-q")
        self.assertEqual(lnn_io.load_dataset(self.directory / "g.npz").a.shape, (7, 2))
        for bad in ({"q": q, "v": v[:9]}, {"q": q[:, 0], "v": v[:, 0]}, {"q": q, "v": v * np.nan},
                    {"q": q, "v": v, "t": t[:9]}):
            with self.assertRaises(ValueError):
                lnn_io.save_dataset(self.directory / "bad.npz", **bad)


if __name__ == "__main__":
    unittest.main()
