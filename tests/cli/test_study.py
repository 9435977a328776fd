"""`study preferred-coordinate`: stopped and given again it says the same; what it refuses."""

import json
import signal
import unittest

from program import ProgramTest, settings, tree

TINY = settings({"model.hidden": "[4,4]", "data.trajectories": 8, "train.batch": 4, "train.lm.iterations": 2,
                 "train.lm.samples": "[50,50]", "eval.t_end": 0.1})
STUDY = ["study", "preferred-coordinate", "--trajectories", 40, *TINY, "--models"]


class Study(ProgramTest):
    def study(self, name, *arguments):
        return json.loads(self.result(*STUDY, 3, "--out", name, "-q", "--json", *arguments))

    def test_answer(self):
        study = self.study("s")
        self.assertEqual(study, json.loads((self.directory / "s/study.json").read_text()))
        self.assertEqual([s["setting"] for s in study["settings"]],
                         ["sweetspot", "sweetspot-balanced", "small", "small-balanced"])
        for setting in study["settings"]:
            self.assertEqual(setting["models"] + setting["failed"], 3)
        self.assertEqual(study["answer"].count("\n"), 6)
        rows = (self.directory / "s/per_model.csv").read_text().splitlines()
        self.assertEqual(rows[0], "setting,seed,median_mse_theta1,mean_mse_theta1,median_mse_theta2,mean_mse_theta2,"
                                  "median_log10_ratio")
        self.assertEqual(len(rows) - 1, sum(setting["models"] for setting in study["settings"]))
        page = (self.directory / "s/report.html").read_text()
        self.assertIn("Is one coordinate of double_pendulum preferred?", page)
        self.assertNotIn("http", page.replace("http://www.w3.org", ""))
        # balance is what differs between the pairs
        config = (self.directory / "s/small-balanced/config.toml").read_text()
        self.assertIn('balance = "scale"', config)

    def test_stopped_and_given_again(self):
        whole = self.study("whole")
        flags = [*STUDY, 3, "--out", "s", "-q"]
        process = self.start(*flags)
        metrics = self.directory / "s/small/metrics.csv"
        self.wait_for(lambda: metrics.exists() and metrics.read_text().count("\n") > 10, process)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(process.returncode, 75)
        seen = metrics.read_text()
        first = tree(self.directory / "s/sweetspot")
        self.assertEqual(self.study("s"), whole)
        self.assertEqual({k: v for k, v in tree(self.directory / "s/sweetspot").items() if k != ".lock"},
                         {k: v for k, v in first.items() if k != ".lock"})  # not trained again
        self.assertTrue(metrics.read_text().startswith(seen))  # a clock's column among them: gone on with
        for name in ["per_model.csv", "study.json", "report.html"]:
            self.assertEqual((self.directory / "s" / name).read_bytes(), (self.directory / "whole" / name).read_bytes())

    def test_refusals(self):
        self.study("s")
        self.assertIn("s holds a complete study; give --force", self.refused(2, *STUDY, 3, "--out", "s"))
        (self.directory / "s/study.json").unlink()
        other = self.refused(2, *STUDY, 4, "--out", "s", "-q")
        self.assertIn("s/sweetspot was started with another run.seeds", other)

    def test_force_begins_all_anew(self):
        self.study("s")
        config = self.directory / "s/sweetspot/config.toml"
        before = config.stat().st_mtime_ns
        process = self.start(*STUDY, 3, "--out", "s", "-q", "--force")
        self.wait_for(lambda: config.exists() and config.stat().st_mtime_ns != before, process)
        process.kill()
        process.wait()
        self.assertFalse((self.directory / "s/small-balanced/config.toml").exists())

    def test_files_of_others(self):
        for name in ["report.html", "per_model.csv", "study.json", "figures"]:
            room = self.directory / name.replace(".", "_")
            room.mkdir()
            (room / name).write_text("mine")
            for force in [[], ["--force"]]:
                self.assertIn(f"its {name} would be overwritten", self.refused(2, *STUDY, 3, "--out", room.name, *force))

    def test_plan(self):
        plan = json.loads(self.result(*STUDY, 3, "--out", "s", "--dry-run", "--json"))
        self.assertEqual(list(plan), ["sweetspot", "sweetspot-balanced", "small", "small-balanced"])
        self.assertEqual([job["models"] for job in plan.values()], [3] * 4)
        self.assertFalse((self.directory / "s").exists())
        self.assertIn("leave out --preset", self.refused(2, *STUDY, 3, "--preset", "default"))
        self.assertIn("has one coordinate", self.refused(2, *STUDY, 3, "--set", "system.kind=pendulum"))
        self.refused(2, "study", "preferred-colour")
        self.assertEqual(self.study("s", "--force")["settings"][0]["models"], 3)


if __name__ == "__main__":
    unittest.main()
