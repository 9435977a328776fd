"""`compare`: one table of models on systems, its runs, what goes on after a stop, and what is refused."""

import csv
import json
import signal
import statistics
import unittest

from program import EMULATED, ON_THE_CPU, TINY, ProgramTest, load_safetensors, settings

SHORT = [*TINY, *settings({"model.mass_prior": 0, "train.steps": 200}), *(ON_THE_CPU if EMULATED else [])]


class Compare(ProgramTest):
    def compare(self, name, *arguments):
        return json.loads(self.result("compare", "--out", name, "-q", "--json", *SHORT, *arguments))

    def test_table(self):
        rows = self.compare("c", "--systems", "double_pendulum,henon_heiles", "--models", "lnn,delan,plain", "--seeds", "3:5")
        self.assertEqual(rows, json.loads((self.directory / "c/table.json").read_text()))
        self.assertEqual([(row["system"], row["model"]) for row in rows],
                         [(s, m) for s in ["double_pendulum", "henon_heiles"] for m in ["lnn", "delan", "plain"]])
        with open(self.directory / "c/table.csv") as file:
            lines = list(csv.DictReader(file))
        self.assertEqual(len(lines), 12)
        for row in rows:
            with self.subTest(f"{row['model']} on {row['system']}"):
                # as many weights as the first, within a twentieth
                first = next(other for other in rows if other["system"] == row["system"])
                self.assertLess(abs(row["weights"] / first["weights"] - 1), 0.05)
                run = self.directory / "c" / row["system"] / row["model"]
                tensors = load_safetensors(run / "models/seed-3.safetensors")[0]
                self.assertEqual(sum(t.size for t in tensors.values()), row["weights"])
                self.assertIn("complete", (run / "run.json").read_text())
                # a row is of its seeds, and of the evaluation of its run
                own = [line for line in lines if (line["system"], line["model"]) == (row["system"], row["model"])]
                self.assertEqual([line["seed"] for line in own], ["3", "4"])
                for name in ["accelerations", "motion", "energy", "valid_time"]:
                    values = [float(line[name]) for line in own]
                    self.assertAlmostEqual(row[name]["median"] / statistics.median(values), 1, delta=1e-6)
                    self.assertAlmostEqual(row[name]["highest"] / max(values), 1, delta=1e-6)
                summary = json.loads((run / "eval/summary.json").read_text())
                motion = sum(error["median"] for error in summary["models"][0]["mse"].values()) ** 0.5
                self.assertAlmostEqual(row["by_seed"][0]["motion"] / motion, 1, delta=1e-6)
                self.assertEqual(row["failed"], 0)
        self.assertEqual(rows[0]["accelerations_ratio"], {"median": 1, "lowest": 1, "highest": 1})
        ratio = [b["accelerations"] / a["accelerations"] for a, b in zip(rows[0]["by_seed"], rows[1]["by_seed"])]
        self.assertAlmostEqual(rows[1]["accelerations_ratio"]["highest"] / max(ratio), 1, delta=1e-9)
        page = (self.directory / "c/report.html").read_text()
        self.assertIn("delan", page)
        for system in ["double_pendulum", "henon_heiles"]:
            self.assertTrue((self.directory / f"c/figures/accelerations_{system}.svg").exists())
        self.assertNotIn("http", page.replace("http://www.w3.org", ""))

    def test_the_error_is_that_of_the_accelerations(self):
        """weights that are nothing: their accelerations are off by as much as there is"""
        rows = self.compare("c", "--models", "plain", "--seeds", "0:1", *settings(
            {"train.optimizer": "lm", "train.steps": 0, "train.lm.iterations": 1, "train.lm.samples": "[50,50]",
             "train.lm.decay": 1e12, "train.lm.damping": 1e-6}))
        self.assertAlmostEqual(rows[0]["accelerations"]["median"], 1, delta=1e-3)

    def test_stopped_and_given_again(self):
        flags = ["--models", "plain,lnn", "--seeds", "0:2", "--set", "train.steps=30000"]
        whole = self.compare("whole", *flags)
        process = self.start("compare", "--out", "c", "-q", *SHORT, *flags)
        metrics = self.directory / "c/double_pendulum/lnn/metrics.csv"
        self.wait_for(lambda: metrics.exists() and metrics.read_text().count("\n") > 4, process)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(process.returncode, 75)
        plain = (self.directory / "c/double_pendulum/plain/run.json").read_bytes()
        again = self.compare("c", *flags)
        for row in again + whole:
            row.pop("train_seconds")
        self.assertEqual(again, whole)
        self.assertEqual((self.directory / "c/double_pendulum/plain/run.json").read_bytes(), plain)  # not done again

    def test_a_model_that_fails_is_a_row(self):
        rows = self.compare("c", "--models", "lnn,plain", "--seeds", "0:1", *settings(
            {"train.lr": 1e30, "train.clip": 0, "train.guard": "none"}))
        self.assertEqual([row["failed"] for row in rows], [1, 1])
        self.assertIsNone(rows[0]["accelerations"])

    def test_refusals(self):
        for flags, said in [(["--models", "lnn,delann"], "delann"), (["--systems", "pendulum,pendulum"], "twice"),
                            (["--systems", "none"], "none"), (["--seeds", "4:4"], "--seeds"), (["--models", ""], "--models")]:
            self.assertIn(said, self.refused(2, "compare", "--out", "c", *SHORT, *flags))
        self.compare("c", "--models", "plain", "--seeds", "0:1")
        self.assertIn("complete comparison", self.refused(2, "compare", "--out", "c", *SHORT, "--models", "plain"))
        (self.directory / "c/table.json").unlink()
        self.assertIn("was started with another", self.refused(2, "compare", "--out", "c", "-q", *SHORT, "--models", "plain",
                                                               "--seeds", "0:1", "--set", "train.lr=1e-5"))
        plan = self.result("compare", "--dry-run", "--out", "d", *SHORT, "--models", "lnn,plain")
        self.assertIn("d/double_pendulum/plain", plan)
        self.assertFalse((self.directory / "d").exists())


if __name__ == "__main__":
    unittest.main()
