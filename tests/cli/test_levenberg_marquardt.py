"""train.optimizer = "lm": what its runs leave, on drawn states and on sets, and what it does where no step helps."""

import json
import math
import unittest

import numpy as np

from program import TINY, ProgramTest, load_safetensors, record, settings

LM = {"train.optimizer": "lm", "train.lm.iterations": 12, "train.lm.samples": "[200, 200]", "train.loss": "l1"}


def rows(run):
    """of metrics.csv, as dictionaries of numbers"""
    lines = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
    return [dict(zip(lines[0], map(float, line))) for line in lines[1:]]


class LevenbergMarquardt(ProgramTest):
    def lm(self, out, values=None, *flags):
        self.result("train", "--out", out, "-q", *flags, *TINY, *settings(LM | (values or {})))
        return self.directory / out

    def test_lowers_the_loss_and_says_how(self):
        run = self.lm("r")
        adam = [row for row in rows(run) if row["step"] <= 60]
        lm = [row for row in rows(run) if row["step"] > 60]
        self.assertEqual([row["step"] for row in lm], list(range(61, 73)))
        self.assertEqual([row["epoch"] for row in lm], list(range(61, 73)))  # 60 steps are 60 hundredths of 1 each
        self.assertLess(lm[-1]["loss"], 0.8 * adam[-1]["loss"])
        self.assertTrue(all(math.isnan(row["cost"]) and math.isnan(row["damping"]) for row in adam))
        self.assertTrue(all(row["cost"] > 0 and row["damping"] > 0 for row in lm))
        self.assertTrue(all(row["accepted"] in (0, 1) for row in lm))
        self.assertTrue(any(row["accepted"] for row in lm))
        # a step by its gain, a try that failed by 4
        allowed = [factor * 4**tries for factor in (1 / 3, 1, 2) for tries in range(6)]
        for before, after in zip(lm, lm[1:]):
            if after["accepted"] and before["accepted"]:
                ratio = after["damping"] / before["damping"]
                self.assertTrue(any(math.isclose(ratio, factor, rel_tol=1e-6) for factor in allowed), ratio)
        self.assertLess(min(row["damping"] for row in lm), lm[0]["damping"])
        self.assertEqual(record(run)["steps"], 72)

    def test_weights_are_kept_in_double(self):
        run = self.lm("r", None, "--precision", "f32")
        for name in ["model.safetensors", "checkpoints/step-000000000072/model.safetensors"]:
            self.assertIn(b'"F64"', (run / name).read_bytes()[:2000], name)
        self.assertNotIn(b'"F64"', (self.train("adam") / "model.safetensors").read_bytes()[:2000])

    def train(self, out, values=None):
        self.result("train", "--out", out, "-q", *TINY, *settings(values or {}))
        return self.directory / out

    def test_continues_from_the_average_of_adam(self):
        """the first iteration begins where Adam alone ends; both see one small set"""
        values = {"data.source": "trajectories", "data.trajectories": 9, "data.points": 2, "train.steps": 0,
                  "train.epochs": 20, "train.loss": "l1"}
        adam = self.train("adam", values)
        run = self.lm("r", values | {"train.lm.iterations": 1})
        again = self.lm("again", values | {"train.lm.iterations": 1, "train.epochs": 0}, "--init-from",
                        adam / "model.safetensors")
        self.assertEqual(rows(again)[0]["loss"], rows(run)[-1]["loss"])

    def test_seeds_side_by_side_are_what_they_are_alone(self):
        pair = self.lm("pair", {"run.seeds": 2})
        for seed in [0, 1]:
            alone = self.lm(f"alone-{seed}", {"run.seed": seed})
            self.assertEqual((pair / f"models/seed-{seed}.safetensors").read_bytes(),
                             (alone / "model.safetensors").read_bytes())

    def test_threads_do_not_change_the_bits(self):
        runs = [self.lm(f"t{threads}", None, "--threads", threads) for threads in [1, 2, 3]]
        weights = {(run / "model.safetensors").read_bytes() for run in runs}
        self.assertEqual(len(weights), 1)

    def test_weight_decay(self):
        """counts in the cost: the mean squared residual of the weights that are left is the loss of the next iteration;
        and where it is all that counts, one step leaves of the weights what the damping does, a thousandth"""
        values = {"data.source": "trajectories", "data.trajectories": 9, "data.points": 2, "train.steps": 0,
                  "train.epochs": 3, "train.lm.delta": 0, "train.loss": "mse", "train.lm.decay": 0.1}

        def norm(run):
            weights = load_safetensors(run / "model.safetensors")[0].values()
            return np.sqrt(sum(np.sum(np.square(w)) for w in weights))

        run = self.lm("r", values | {"train.lm.iterations": 5}, "--precision", "f64")
        more = self.lm("more", values | {"train.lm.iterations": 6}, "--precision", "f64")
        penalty = 0.1 * norm(run) ** 2
        expected = rows(more)[-1]["loss"] + penalty
        self.assertGreater(penalty, 1e-3 * expected)
        self.assertAlmostEqual(rows(run)[-1]["cost"] / expected, 1, delta=1e-6)
        one = values | {"train.lm.iterations": 1}
        none, strong = (self.lm(str(decay), one | {"train.lm.decay": decay}) for decay in [0, 1e12])
        self.assertLess(norm(strong), 0.01 * norm(none))

    def test_a_small_set_is_a_batch(self):
        """of 18 samples: the cost of one iteration is that of the next, before its step"""
        values = {"data.source": "trajectories", "data.trajectories": 9, "data.points": 2, "train.steps": 0,
                  "train.epochs": 3, "train.lm.iterations": 40}
        run = self.lm("r", values)
        costs = [row["cost"] for row in rows(run) if not math.isnan(row["cost"])]
        self.assertEqual(len(costs), 40)
        self.assertTrue(all(b <= a for a, b in zip(costs, costs[1:])), costs)
        self.assertLess(costs[-1], 0.3 * costs[0])

    def test_components_divided_by_their_deviation(self):
        """some 10 in size here: costs are squares of it smaller, and fall"""
        values = {"train.lm.delta": 0, "train.steps": 0}
        plain = rows(self.lm("plain", values))
        scaled = rows(self.lm("scaled", values | {"train.balance": "scale"}))
        self.assertLess(scaled[0]["cost"], 0.1 * plain[0]["cost"])
        self.assertLess(scaled[-1]["cost"], 0.7 * scaled[0]["cost"])

    def test_batches_grow(self):
        """a state of rank-deficient M is counted once, so that the counts are the sizes: from 10 to 1000"""
        values = {"model.hidden": "[1]", "model.mass_prior": 0, "solve.rcond": 1e-6, "train.steps": 0,
                  "train.lm.iterations": 3, "train.lm.samples": "[10, 1000]"}
        counts = [row["truncated"] for row in rows(self.lm("r", values))]
        self.assertEqual(counts, [10, 110, 1110])

    def test_the_estimate_knows_iterations_from_steps(self):
        values = {"model.hidden": "[24, 24]", "train.lm.samples": "[4000, 4000]", "train.lm.iterations": 1000}
        lm = json.loads(self.result("train", "--dry-run", "--json", *TINY, *settings(LM | values)))
        adam = json.loads(self.result("train", "--dry-run", "--json", *TINY, *settings(values)))
        self.assertEqual((lm["steps"], adam["steps"]), (1060, 60))
        self.assertGreater(lm["train_seconds"], 100 * adam["train_seconds"])

    def test_says_where_it_stalls(self):
        """hidden layers of one unit: M has rank 1, and no sample a derivative"""
        values = {"model.hidden": "[1]", "model.mass_prior": 0, "solve.rcond": 1e-6, "train.steps": 0}
        done = self.ends(0, "train", "--out", "r", "--no-progress", *TINY, *settings(LM | values))
        self.assertIn("seed 0: no step lowered the cost in the last 12 iterations", done.stderr)
        self.assertEqual(record(self.directory / "r")["truncated_samples"], [12 * 200])
        self.assertTrue(all(row["accepted"] == 0 for row in rows(self.directory / "r")))
        # each batch is another: the same weights have 12 losses
        self.assertEqual(len({row["loss"] for row in rows(self.directory / "r")}), 12)
        load_safetensors(self.directory / "r/model.safetensors")

    def test_a_failed_model_is_left_alone(self):
        flags = settings({"model.hidden": "[4]", "model.init": "lnn", "model.inputs": "raw", "model.mass_prior": 0,
                          "train.loss": "mse", "train.steps": 40, "train.lr": 100, "train.clip": 0, "train.batch": 2,
                          "train.guard": "none", "train.lm.iterations": 6, "train.lm.samples": "[20,40]", "run.seeds": 8})
        done = self.ends(0, "train", "--out", "r", "--no-progress", "--threads", 1, *flags)
        failed = record(self.directory / "r")["failed_at"]
        self.assertTrue(any(f >= 0 for f in failed) and any(f < 0 for f in failed), failed)
        rows = np.genfromtxt(self.directory / "r" / "metrics.csv", delimiter=",", names=True)
        for seed, at in enumerate(failed):
            iterations = rows[(rows["seed"] == seed) & (rows["step"] > 40)]
            self.assertEqual(bool(np.isnan(iterations["cost"]).all()), at >= 0)
            if at >= 0:
                self.assertEqual(iterations["accepted"].sum(), 0)
                self.assertNotIn(f"seed {seed}: no step lowered", done.stderr)

    def test_more_than_the_memory_holds_is_refused(self):
        for command in (["train"], ["train", "--dry-run"]):
            self.assertIn("(train.optimizer = \"lm\"; narrower model.hidden, or train.optimizer = \"adam\")",
                          self.refused(2, *command, "--preset", "default", "--set", "model.hidden=[1024,1024]"))


if __name__ == "__main__":
    unittest.main()
