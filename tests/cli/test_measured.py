"""Runs that learn from a measured file: no system is assumed, the end of the time is held out, friction is learned."""

import json
import os
import pathlib
import unittest

import numpy as np

from program import EMULATED, ON_THE_CPU, ROOT, ProgramTest, record, settings

FRICTION = 0.8  # 1/s
SHARED = pathlib.Path(os.environ.get("LNN_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILMED = SHARED / "schmidt-lipson-2009" / "real_double_pend_trial0.txt"

SHORT = settings({"run.threads": 1, "model.hidden": "[32,32]", "train.steps": 6000, "train.lr": 5e-3, "train.batch": 32})


def swinging(start, dt=0.02, samples=150):
    """instants, angle, velocity, acceleration of a pendulum with friction"""
    def slope(x):
        return np.array([x[1], -9.8 * np.sin(x[0]) - FRICTION * x[1]])

    x, states = np.array(start, dtype=float), []
    for _ in range(samples):
        states.append(x)
        k1 = slope(x)
        k2 = slope(x + dt / 2 * k1)
        k3 = slope(x + dt / 2 * k2)
        x = x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + slope(x + dt * k3))
    states = np.array(states)
    return dt * np.arange(samples), states[:, 0], states[:, 1], np.array([slope(x)[1] for x in states])


class Measured(ProgramTest):
    def write(self, name="d.csv", gap=True, header="trial,t,theta,omega,alpha"):
        """three trials, of which the second has a gap in the part that is held out"""
        rows = []
        for trial, start in enumerate([(2.5, 0), (1.0, 4.0), (-2.0, 3.0)]):
            t, q, v, a = swinging(start)
            keep = (t < 2.4) | (t > 2.6) if gap and trial == 1 else np.full(len(t), True)
            rows.append(np.column_stack([np.full(len(t), trial), t, q, v, a])[keep])
        np.savetxt(self.directory / name, np.vstack(rows), delimiter=",", header=header, comments="")
        return name

    def run_on(self, data, name, *arguments, also_emulated=False):
        where = ON_THE_CPU if EMULATED and not also_emulated else []
        self.ends(0, "run", "--set", f"data.source=file:{data}", "--out", name, *SHORT, *arguments, *where)
        return json.loads((self.directory / name / "eval" / "measured.json").read_text())

    def accelerations(self, model, states):
        np.save(self.directory / "x.npy", states)
        self.result("accel", "--model", model, "--states", "x.npy", "--out", "a.npy", "--force", "-q")
        return np.load(self.directory / "a.npy")[:, 0]

    def test_learns_friction_and_predicts_what_it_has_not_seen(self):
        measured = self.run_on(self.write(), "r", also_emulated=True)
        t = swinging((0, 0))[0]
        later = t > 0.7 * t[-1]
        self.assertEqual(measured["training_samples"], 3 * (~later).sum())
        self.assertEqual(measured["held_out_samples"], 3 * later.sum() - ((t >= 2.4) & (t <= 2.6)).sum())
        model = measured["models"][0]
        own = model["accelerations"]["q1"]
        self.assertLess(own["normalised_error"], 0.05)
        self.assertGreater(own["predict_the_mean"], 0.99)
        self.assertAlmostEqual(own["normalised_error"], own["rms_error"] / own["deviation"])
        # the first of the held-out motions; across a gap; and four segments
        self.assertAlmostEqual(model["rollout"]["from"], t[later][0])
        self.assertAlmostEqual(model["rollout"]["length"], t[-1] - t[later][0])
        self.assertEqual(model["segments"]["count"], 4)
        self.assertEqual(model["rollout"]["valid_time"], model["rollout"]["length"])
        self.assertEqual(model["segments"]["valid_to_the_end"], 4)
        # the part of the acceleration that is odd in the velocity is friction
        v = np.linspace(0.5, 3, 6)
        q = np.full(6, 0.3)
        forth, back = self.accelerations("r/model.safetensors", np.column_stack([q, v])), self.accelerations("r/model.safetensors", np.column_stack([q, -v]))
        np.testing.assert_allclose((forth - back) / (2 * v), -FRICTION, atol=0.06)

        rows = np.genfromtxt(self.directory / "r" / "eval" / "rollouts.csv", delimiter=",", names=True)
        self.assertEqual(sorted(set(rows["motion"])), [0, 1, 2])
        self.assertEqual([len(set(rows["segment"][rows["motion"] == motion])) for motion in range(3)], [2, 3, 2])
        first = rows[(rows["motion"] == 0) & (rows["segment"] == 0)]
        np.testing.assert_allclose(first["t"], t[later], rtol=1e-6)
        np.testing.assert_allclose(first["q1_measured"], swinging((2.5, 0))[1][later], rtol=1e-6)
        self.assertLess(np.abs(first["q1_model"] - first["q1_measured"]).max(), 0.1)
        self.assertEqual(first["q1_model"][0], first["q1_measured"][0])
        # evaluated anew, with the same words
        again = json.loads(self.ends(0, "eval", "r", "--json").stdout)
        self.assertEqual(again, measured)

    def test_without_damping_it_cannot_know_friction(self):
        data = self.write()
        with_damping, without = (self.run_on(data, name, "--set", f"model.damping={kind}")
                                 for name, kind in (("r", "linear"), ("s", "none")))
        error = [m["models"][0]["accelerations"]["q1"]["normalised_error"] for m in (with_damping, without)]
        self.assertGreater(error[1], 3 * error[0])
        self.assertNotIn("damping", without["models"][0])

    def test_what_the_file_says_is_kept_in_the_run(self):
        self.run_on(self.write(), "r")
        text = (self.directory / "r" / "config.toml").read_text()
        for line in ['kind = "none"', "dof = 1", 'angles = "q1"', "hold_out = 0.3", 'damping = "linear"']:
            self.assertIn(line, text)
        t, _, v, _ = swinging((1.0, 4.0))
        fastest = max(np.abs(swinging(start)[2]).max() for start in [(2.5, 0), (1.0, 4.0), (-2.0, 3.0)])
        scale = [line for line in text.splitlines() if line.startswith("velocity_scale")][0].split(" = ")[1]
        self.assertAlmostEqual(float(scale), fastest / 2, places=6)
        self.assertEqual(record(self.directory / "r")["status"], "complete")
        self.assertTrue((self.directory / "r" / "report.html").exists())
        self.assertFalse((self.directory / "r" / "eval" / "summary.json").exists())
        # names that say nothing of angles: a coordinate on a line
        self.run_on(self.write("line.csv", header="trial,t,q1,v1,a1"), "s")
        text = (self.directory / "s" / "config.toml").read_text()
        self.assertIn('angles = "none"', text)
        self.assertIn('angles = "q1"', (self.directory / "r" / "config.toml").read_text())

    def test_an_imported_file_is_the_same(self):
        self.ends(0, "data", "import", self.write(), "--out", "d.npz", "-q")
        with np.load(self.directory / "d.npz") as data:
            self.assertEqual(data["angles"].tolist(), [1])
            self.assertEqual(sorted(set(data["trial"])), [0, 1, 2])
            self.assertEqual(sorted(set(data["trajectory"])), [0, 1, 2, 3])
        self.assertEqual(self.run_on("d.npz", "r")["models"], self.run_on("d.csv", "s")["models"])

    def test_a_known_system_is_compared_too(self):
        self.write()
        self.ends(0, "run", "--preset", "measured", "--set", "data.source=file:d.csv", "--set", "system.kind=pendulum",
                  "--set", "eval.trajectories=20", "--out", "r", *SHORT)
        self.assertTrue((self.directory / "r" / "eval" / "summary.json").exists())
        self.assertTrue((self.directory / "r" / "eval" / "measured.json").exists())

    def test_seeds_side_by_side(self):
        """their errors, and that of the median of what they predict"""
        measured = self.run_on(self.write(gap=False), "r", "--set", "run.seeds=3", "--set", "train.steps=300")
        self.assertEqual([model["seed"] for model in measured["models"]], [0, 1, 2])
        _, t, q, v, a = np.loadtxt(self.directory / "d.csv", delimiter=",", skiprows=1).T
        later = t > 0.7 * t[-1]
        learned = np.array([self.accelerations(f"r/models/seed-{seed}.safetensors", np.column_stack([q, v])[later])
                            for seed in range(3)])
        of_models = [model["accelerations"]["q1"]["normalised_error"] for model in measured["models"]]
        of_median = measured["median"]["accelerations"]["q1"]["normalised_error"]
        for error, predicted in zip([*of_models, of_median], [*learned, np.median(learned, 0)]):
            self.assertAlmostEqual(error, np.sqrt(np.mean((predicted - a[later]) ** 2)) / a[later].std(), places=4)
        self.assertEqual(len(set(of_models)), 3)
        self.assertIn("median of models q1", self.result("eval", "r", "--protocol", "measured", "-q"))
        self.assertIn("median of the models, q1", (self.directory / "r" / "report.html").read_text())

    def test_the_start_may_be_held_out(self):
        measured = self.run_on(self.write(gap=False), "r", "--set", "data.hold_out_at=start", "--set", "train.steps=50")
        t = swinging((0, 0))[0]
        self.assertEqual(measured["held_out_samples"], 3 * (t < 0.3 * t[-1]).sum())
        self.assertEqual(measured["models"][0]["rollout"]["from"], 0)
        self.assertNotIn("median", measured)

    def test_refused(self):
        data = self.write()
        source = ["--set", f"data.source=file:{data}"]
        self.assertIn("has no equations to make data from", self.refused(2, "run", "--preset", "measured"))
        self.assertIn("velocity_scale = 0", self.refused(2, "run", "--set", "model.velocity_scale=0"))
        self.assertIn("data.hold_out must be", self.refused(2, "run", *source, "--set", "data.hold_out=1"))
        self.assertIn("data.angles must be", self.refused(2, "run", *source, "--set", "data.angles=q1,x"))
        self.assertIn("has coordinates up to q1", self.refused(2, "run", *source, "--set", "data.angles=q2"))
        self.assertIn("data.dof has 2; set it to 0 or to match", self.refused(4, "run", *source, "--set", "data.dof=2"))
        self.write("bare.csv", header="trial,t,theta,omega,light")
        self.assertIn("lnn_gpu data import derives", self.refused(4, "run", "--set", "data.source=file:bare.csv"))
        self.ends(0, "train", *source, "--set", "data.hold_out=0", "--out", "r", "-q", *SHORT, "--set", "train.steps=10")
        self.assertIn("nothing was held out", self.refused(2, "eval", "r"))
        # nor may another share be told later, when it has been trained on
        self.assertIn("has its own data.hold_out", self.refused(2, "eval", "r", "--set", "data.hold_out=0.9"))
        (self.directory / "still.csv").write_text("t,q1,v1,a1\n" + "1,2,3,4\n" * 9)
        self.assertIn("holds none of the 9 samples", self.refused(2, "run", "--set", "data.source=file:still.csv"))
        (self.directory / "two.csv").write_text("t,q1,q2,v1,v2,a1,a2\n" + "".join(f"{i},1,2,3,4,5,{i}\n" for i in range(20)))
        self.assertIn("2 degrees of freedom, the model has 1",
                      self.refused(4, "eval", "--model", "r/model.safetensors", "--protocol", "measured", "-q", "--preset",
                                   "measured", "--set", "data.source=file:two.csv"))
        self.assertIn("there are no true equations", self.refused(2, "eval", "r", "--protocol", "box"))

    def test_times_may_be_late_and_steps_short(self):
        """seconds since 1970, at 10 kHz: instants stay apart, and the roll-out goes in steps of the data"""
        t, q, v, a = swinging((0.5, 0), samples=200)
        np.savetxt(self.directory / "late.csv", np.column_stack([1.7e9 + t / 128, q, 128 * v, 128 ** 2 * a]), delimiter=",",
                   fmt="%.17g", header="t,theta,omega,alpha", comments="")
        measured = self.run_on("late.csv", "r")
        rows = np.genfromtxt(self.directory / "r" / "eval" / "rollouts.csv", delimiter=",", names=True)
        self.assertGreater(np.diff(rows["t"][rows["segment"] == 0]).min(), 0)
        self.assertGreater(measured["models"][0]["rollout"]["valid_time"], 0)
        self.assertNotIn("inf times", (self.directory / "r" / "report.html").read_text())

    def test_samples_that_are_no_motion(self):
        t, q, v, a = swinging((0.5, 0))
        np.savetxt(self.directory / "d.csv", np.column_stack([q, v, a]), delimiter=",", header="theta,omega,alpha", comments="")
        done = self.ends(0, "run", "--set", "data.source=file:d.csv", "--out", "r", *SHORT, "--set", "train.steps=50")
        self.assertIn("no roll-outs: the held-out samples are no motion", done.stdout)
        self.assertNotIn("evaluate the run again", done.stderr)
        self.assertFalse((self.directory / "r" / "eval" / "rollouts.csv").exists())
        self.assertIn("no motion with rising times", (self.directory / "r" / "report.html").read_text())

    def test_dry_run(self):
        out = self.result("run", "--set", f"data.source=file:{self.write()}", "--dry-run", "--json", *SHORT)
        self.assertEqual(json.loads(out)["steps"], 6000)

    @unittest.skipUnless(FILMED.exists() or os.environ.get("LNN_REQUIRE_DATA") == "1", f"no measured data in {SHARED}")
    def test_filmed_double_pendulum(self):
        """a real one, with default settings: errors of the accelerations of the last 30 % of the time"""
        for damping in ("linear", "none"):
            with self.subTest(damping):
                self.ends(0, "run", "--set", f"data.source=file:{FILMED}", "--out", damping, "--set", f"model.damping={damping}", "--threads", 1,
                          *(ON_THE_CPU if EMULATED else []))
                measured = json.loads((self.directory / damping / "eval" / "measured.json").read_text())
                error = measured["models"][0]["accelerations"]
                self.assertLess(error["q1"]["normalised_error"], 0.05)
                self.assertLess(error["q2"]["normalised_error"], 0.07)
                self.assertGreater(measured["models"][0]["rollout"]["valid_time"], 0.2)


if __name__ == "__main__":
    unittest.main()
