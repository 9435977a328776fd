"""Guards of a training that would fail: what they do to one model, and that its neighbours do not feel it."""

import csv
import unittest

from program import TINY, ProgramTest, load_safetensors, record, settings

# 500 steps: a period is 5, and a row of metrics.csv a step. Some periods of 40 samples are worse than this by chance
HARSH = {"train.steps": 500, "train.guard": "rollback", "train.rollback_above": 1.6, "train.lr": 0.02,
         "train.schedule.kind": "step", "train.schedule.gamma": 1, "train.clip": 0}
PERIOD, TENTH = 5, 50


def rows(run):
    with open(run / "metrics.csv") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


class Rollback(ProgramTest):
    def guarded(self, name, values, code=0, command="train"):
        done = self.ends(code, command, "--out", name, "--no-progress", *TINY, *settings(HARSH | values))
        return self.directory / name, done.stderr

    def test_a_bad_period_is_taken_back_at_half_the_rate(self):
        run, talk = self.guarded("r", {})
        table, count = rows(run), record(run)["rolled_back"][0]
        self.assertTrue(0 < count <= TENTH, count)
        self.assertEqual(count % PERIOD, 0)
        self.assertIn(f"seed 0: {count} of 500 steps rolled back", talk)
        self.assertEqual(table[-1]["rolled_back"], count)
        taken_back = table[0]["rolled_back"] > 0
        for before, after in zip(table, table[1:]):
            back = after["rolled_back"] - before["rolled_back"]
            self.assertIn(back, (0, PERIOD))
            self.assertEqual(after["step"] % PERIOD == 0 or back == 0, True)
            self.assertAlmostEqual(after["lr"] / before["lr"], 0.5 if taken_back else 1, places=6)
            taken_back = back > 0

    def test_neighbours_do_not_feel_it(self):
        values = {"run.seeds": 12}
        guarded, _ = self.guarded("guarded", values)
        plain, _ = self.guarded("plain", values | {"train.guard": "skip"})
        counts = record(guarded)["rolled_back"]
        self.assertEqual(record(plain)["rolled_back"], [0] * 12)
        self.assertTrue(any(counts) and not all(counts), counts)
        for seed, count in enumerate(counts):
            with self.subTest(seed=seed, rolled_back=count):
                name = f"models/seed-{seed}.safetensors"
                same = (guarded / name).exists() and (guarded / name).read_bytes() == (plain / name).read_bytes()
                self.assertEqual(same, count == 0)
        # nor does a model that goes back know of them: it goes back to its own weights
        seed = next(seed for seed, count in enumerate(counts) if seed > 0 and 0 < count <= TENTH)
        alone, _ = self.guarded("alone", {"run.seed": seed})
        self.assertEqual((alone / "model.safetensors").read_bytes(),
                         (guarded / f"models/seed-{seed}.safetensors").read_bytes())

    def test_more_than_a_tenth_is_a_failure(self):
        run, talk = self.guarded("r", {"train.rollback_above": 1.0001}, code=5)
        done = record(run)
        self.assertEqual(done["rolled_back"], [TENTH + PERIOD])
        self.assertTrue(0 < done["failed_at"][0] < 500)
        self.assertIn(f"seed 0: rolled back {TENTH + PERIOD} steps, more than a tenth of them all, by step "
                      f"{done['failed_at'][0]}", talk)
        self.assertIn("rolled back too often in all 1 models", talk)
        self.assertFalse((run / "model.safetensors").exists())

    def test_lost_weights_come_back(self):
        """a first step to infinity: back to the start at once, not at the end of the period"""
        run, _ = self.guarded("r", {"train.lr": 1e300, "train.steps": 5000, "train.rollback_above": 1e6}, code=5)
        table = rows(run)
        self.assertEqual(table[0]["rolled_back"], table[0]["step"])
        load_safetensors(run / "checkpoints/step-000000000000/model.safetensors")

    def test_a_healthy_run_has_the_same_bits(self):
        quiet = {"train.lr": 1e-3, "train.rollback_above": 100}
        guarded, _ = self.guarded("guarded", quiet)
        plain, _ = self.guarded("plain", quiet | {"train.guard": "skip"})
        self.assertEqual(record(guarded)["rolled_back"], [0])
        self.assertEqual((guarded / "model.safetensors").read_bytes(), (plain / "model.safetensors").read_bytes())


class Floor(ProgramTest):
    def test_counts_what_lies_below(self):
        """with a mass prior of 1 and hardly a network all eigenvalues of M are near 1"""
        values = {"model.mass_prior": 1, "model.hidden": "[2]", "train.lr": 1e-9, "train.steps": 10}
        for floor, share in ((0, 0), (1e-3, 0), (1e3, 1)):
            with self.subTest(floor=floor):
                run = self.train(f"floor-{floor}", values=values | {"solve.floor": floor})
                self.assertEqual({row["truncated_share"] for row in rows(run)}, {share})
                self.assertEqual(record(run)["truncated_samples"], [80 * share])

    def test_conditions_are_ordered(self):
        for row in rows(self.train("r", values={"model.mass_prior": 0})):
            self.assertTrue(2 <= row["cond_p50"] <= row["cond_p99"] <= row["cond_max"], row)


if __name__ == "__main__":
    unittest.main()
