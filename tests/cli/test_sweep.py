"""A sweep gives one table, whatever is done to it: shards, threads, models that fail beside others."""

import csv
import json
import unittest

from program import CLEAN, EMULATED, ON_THE_CPU, TINY, ProgramTest, load_safetensors, record, start_few_threads

GRID = ["--grid", "train.lr=1e-2,1e-3", "--grid", "model.hidden=[8,8],[6]", "--seeds", "0:2", "-q"]
LONG = 600 if EMULATED else 60000  # steps that take a fraction of a second a model
SAME = ("config.toml", "table.csv", "table.json", "summary.json")


class Sweep(ProgramTest):
    def sweep(self, name, *arguments):
        self.result("sweep", *TINY, *GRID, "--out", name, "--json", *arguments)
        return self.directory / name

    def assert_same(self, ours, theirs, names=SAME):
        for name in names:
            self.assertEqual((ours / name).read_bytes(), (theirs / name).read_bytes(), name)
        models = [{path.name: path.read_bytes() for path in (run / "models").iterdir()} for run in (ours, theirs)]
        self.assertEqual(len(models[1]), 5)
        self.assertEqual(*models)

    def rows(self, run):
        return list(csv.DictReader((run / "table.csv").read_text().splitlines()))

    def test_table(self):
        rows = self.rows(self.sweep("s"))
        self.assertEqual([row["id"] for row in rows], [str(k) for k in range(8)])
        self.assertEqual([row["seed"] for row in rows], ["0", "1"] * 4)
        self.assertEqual([row["model.hidden"] for row in rows], ["[8,8]"] * 2 + ["[6]"] * 2 + ["[8,8]"] * 2 + ["[6]"] * 2)
        self.assertEqual(len({row["relative_error"] for row in rows}), 8)
        self.assertEqual(len(json.loads((self.directory / "s/table.json").read_text())), 8)

    def test_a_shard_without_models_and_a_merge_into_itself(self):
        for k in range(9):
            self.sweep(f"shard{k}", "--shard", f"{k}/9")
        self.assertEqual(self.rows(self.directory / "shard8"), [])
        shards = [f"shard{k}" for k in range(9)]
        self.assertIn("is one of the shards", self.refused(2, "merge", *shards, "--out", "shard0", "--force"))
        self.result("merge", *shards, "--out", "m", "-q", "--json")
        self.assertEqual(len(self.rows(self.directory / "m")), 8)

    def test_shards(self):
        whole = self.sweep("whole")
        for k in range(3):
            self.sweep(f"shard{k}", "--shard", f"{k}/3")
        self.assertIn("of 8 models are there", self.refused(4, "merge", "shard0", "shard2", "--out", "m"))
        self.assertIn("in another shard", self.refused(4, "merge", "shard0", "shard0", "--out", "m"))
        self.result("merge", "shard2", "shard0", "shard1", "--out", "m", "-q")
        self.assert_same(self.directory / "m", whole)

    def test_a_merge_that_is_broken_off(self):
        """is no sweep yet, whose models --resume would train again"""
        for k in range(2):
            self.sweep(f"shard{k}", "--shard", f"{k}/2")
        model = next((self.directory / "shard1/models").iterdir())
        weights = model.read_bytes()
        model.unlink()
        model.mkdir()
        merge = ["merge", "shard0", "shard1", "--out", "m"]
        self.error_line(self.ends(4, *merge))
        model.rmdir()
        model.write_bytes(weights)
        self.assertIn("not a run directory", self.refused(4, "sweep", "--resume", "m"))
        self.assertIn("--force", self.refused(2, *merge))
        self.result(*merge, "--force", "-q", "--json")
        self.assert_same(self.directory / "m", self.sweep("whole"))

    def test_halving(self):
        """rungs of 8, 4 and 2 models; the last have all steps, as if trained alone; stopped anywhere, the same table"""
        flags = ["--set", "sweep.halving=3", "--set", f"train.steps={LONG}"]
        whole = self.sweep("whole", *flags)
        rows = self.rows(whole)
        self.assertEqual(sorted(row["rung"] for row in rows), ["0"] * 4 + ["1"] * 2 + ["2"] * 2)
        plain = {row["id"]: row["relative_error"] for row in self.rows(self.sweep("plain", "--set", f"train.steps={LONG}"))}
        for row in rows:
            self.assertEqual(row["relative_error"] == plain[row["id"]], row["rung"] == "2")
        rung = {unit["row"]["id"]: unit["row"]["relative_error"] for path in (whole / "results").glob("0-*.json")
                for unit in json.loads(path.read_text())}
        self.assertEqual({int(row["id"]) for row in rows if row["rung"] != "0"}, set(sorted(rung, key=rung.get)[:4]))
        process = self.start("sweep", *TINY, *GRID, *flags, "--out", "cut")
        done = self.directory / "cut/results"  # each file holds models that were trained side by side
        self.wait_for(lambda: sum(len(json.loads(path.read_text())) for path in done.glob("[0-9]*.json")) >= 9, process)
        process.kill()
        process.wait()
        self.result("sweep", "--resume", "cut", "-q", "--json")
        self.assert_same(self.directory / "cut", whole)
        self.assertIn("halving compares all models", self.refused(2, "sweep", *TINY, *GRID, *flags, "--shard", "0/2"))
        self.assertIn("no shard", self.refused(2, "merge", "whole", "--out", "merged"))

    def test_threads(self):
        self.assert_same(self.sweep("one", "--threads", "1"), self.sweep("two", "--threads", "2"), SAME[1:])

    def test_threads_that_do_not_start(self):
        done = self.ends(0, "sweep", *TINY, *GRID, "--out", "few", "--json", "--threads", 8, *ON_THE_CPU,
                         preexec_fn=start_few_threads)
        self.assertRegex(done.stderr, r"\A\d of \d threads could not be started: working with [1-4];.*\n\Z")
        self.assert_same(self.directory / "few", self.sweep("all", "--threads", "8", *ON_THE_CPU))

    def test_a_failure_leaves_its_neighbours_alone(self):
        flags = [*TINY, "--set", "train.guard=none", "--set", "train.clip=0", "-q"]
        self.result("sweep", *flags, "--grid", "train.lr=1e-3,1e30", "--out", "both", "--json")
        self.result("sweep", *flags, "--grid", "train.lr=1e-3", "--out", "alone", "--json")
        good, bad = self.rows(self.directory / "both")
        self.assertEqual(good, self.rows(self.directory / "alone")[0])
        self.assertEqual((bad["status"], bad["relative_error"]), ("failed", ""))

    def test_random_points_do_not_depend_on_their_number(self):
        flags = [*TINY, "--set", "train.steps=2", "--space", "train.lr=log(1e-4,1e-2)", "--space", "model.hidden=layers(1:2,4:8)", "-q", "--json"]
        self.result("sweep", *flags, "--random", "3", "--out", "three")
        self.result("sweep", *flags, "--random", "5", "--out", "five")
        three, five = self.rows(self.directory / "three"), self.rows(self.directory / "five")
        self.assertEqual(three, five[:3])
        self.assertEqual(len({row["train.lr"] for row in five}), 5)

    def data_files(self):
        for seed, name in enumerate(["a.npz", "b,c.npz"]):
            self.result("data", "gen", *TINY, "--samples", "64", "--seed", seed, "--out", name, "-q")
        return "data.source=file:a.npz,'file:b,c.npz'"

    def test_files_are_found_from_another_directory(self):
        sources = self.data_files()
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        for k, flags in enumerate([["--grid", sources], ["--random", "4", "--space", sources]]):
            process = self.start("sweep", *TINY, *flags, "--set", f"train.steps={LONG}", "--out", f"s{k}", "-q")
            run = self.directory / f"s{k}"
            self.wait_for((run / "config.toml").exists, process)
            process.kill()
            process.wait()
            self.assertFalse((run / "table.csv").exists())
            self.assertIn(f"file:{self.directory.resolve()}/a.npz", (run / "config.toml").read_text())
            self.result("sweep", "--resume", run, "-q", "--json", cwd=elsewhere)
            self.assertEqual({row["data.source"] for row in self.rows(run)},
                             {f"file:{self.directory.resolve()}/{name}" for name in ["a.npz", "b,c.npz"]})

    def test_each_file_has_a_scale_of_its_own(self):
        """files alone name the data: no system, and velocities in units of each file's largest"""
        for name, speed in [("slow", 1), ("fast", 4)]:
            self.result("data", "gen", *TINY, "--samples", "64", "--set", f"data.velocity=[-{speed},{speed}]", "--out",
                        f"{name}.npz", "-q")
        self.result("sweep", "--preset", "measured", "--grid", "data.source=file:slow.npz,file:fast.npz", "--set",
                    "train.steps=20", "--set", "train.lm.iterations=2", "--out", "s", "-q", "--json")
        slow, fast = [float(load_safetensors(self.directory / f"s/models/00000{k}.safetensors")[1]["velocity_scale"])
                      for k in range(2)]
        self.assertLess(slow, 0.51)
        self.assertGreater(fast, 1.5)

    def test_models_that_are_ranked_by_their_own_samples(self):
        """where a file holds none out; a line says so"""
        self.result("data", "gen", *TINY, "--samples", "64", "--out", "d.npz", "-q")
        for hold_out, said in [(0.5, 0), (0, 1)]:
            done = self.ends(0, "sweep", "--preset", "measured", "--grid", "train.lr=1e-2,1e-3", "--set",
                             "data.source=file:d.npz", "--set", f"data.hold_out={hold_out}", "--set", "train.steps=4",
                             "--set", "train.lm.iterations=1", "--out", f"s{said}", "--json")
            self.assertEqual(done.stderr.count("ranked by the samples that they are trained on"), said)

    def test_a_missing_file_is_refused_at_the_start(self):
        sources = self.data_files() + ",file:none.npz"
        single = self.refused(4, "train", *TINY, "--set", "data.source=file:none.npz", "--out", "s")
        for flags in [["--grid", sources], ["--random", "9", "--space", sources]]:
            for last in [["--out", "s"], [], ["--dry-run"]]:
                line = self.refused(4, "sweep", *TINY, *flags, *last)
                self.assertEqual(line, single.replace("none.npz", f"{self.directory.resolve()}/none.npz"))

    def stopped(self, name):
        process = self.start("sweep", *TINY, *GRID, "--set", f"train.steps={LONG}", "--out", name)
        self.wait_for(lambda: list((self.directory / name / "results").glob("*.json")), process)
        process.terminate()
        process.communicate()
        self.assertEqual(process.returncode, 75)
        return self.directory / name

    def test_an_unfinished_sweep_is_no_run(self):
        run = self.stopped("s")
        before = (run / "run.json").read_bytes()
        self.assertIn("go on with: lnn_gpu sweep --resume s", self.refused(4, "train", "--resume", "s"))
        self.assertIn("go on with: lnn_gpu sweep --resume s", self.refused(2, "sweep", *TINY, *GRID, "--out", "s"))
        self.assertEqual((run / "run.json").read_bytes(), before)

    def test_it_goes_on_with_what_it_began_with(self):
        """an instruction set has bits of its own: the one that began is written down, and merge tells of another"""
        for k, isa in enumerate(["auto", "portable"]):
            self.result("sweep", *TINY, *GRID, "--shard", f"{k}/2", "--set", f"run.isa={isa}", "--out", f"s{k}", "--json")
        first, second = (record(self.directory / f"s{k}") for k in range(2))
        config = (self.directory / "s0/config.toml").read_text()
        self.assertIn(f'backend = "{CLEAN.get("LNN_GPU_RUN_BACKEND", "auto")}"', config)  # what was asked for
        self.assertIn(first["backend"], ["cpu", "cuda"])
        if first["backend"] == "cpu":
            self.assertIn(f'isa = "{first["isa"]}"', config)
        said = self.ends(0, "merge", "s0", "s1", "--out", "m").stderr
        self.assertEqual("s0 and s1 differ in the isa used" in said, first["isa"] != second["isa"])

    def test_damaged_results(self):
        run = self.stopped("s")
        piece = next((run / "results").glob("*.json"))
        other = json.loads(piece.read_text())
        del other[0]["row"]["settings"]["train.lr"]
        for damage in ["{", "[{}]", '[{"row": {"id": "x"}, "seconds": 1}]', json.dumps(other)]:
            with self.subTest(damage):
                piece.write_text(damage)
                self.assertIn("remove it, and its models are trained again", self.refused(4, "sweep", "--resume", "s"))
        piece.unlink()
        self.result("sweep", "--resume", "s", "-q", "--json")

    def test_damaged_record(self):
        run = self.stopped("s")
        good = (run / "run.json").read_text()
        for field, value in [("status", 3), ("shard", {"index": 0, "count": 0}), ("shard", {"index": 5, "count": 2})]:
            with self.subTest(field, value=value):
                (run / "run.json").write_text(json.dumps(json.loads(good) | {field: value}))
                for command in (["sweep", "--resume", "s"], ["merge", "s", "s", "--out", "m"]):
                    self.assertIn(f"s/run.json: '{field}", self.refused(4, *command))
        (run / "run.json").write_text('{"a":' * 30000 + "0" + "}" * 30000)
        self.assertIn("s/run.json: nests more than 64 deep", self.refused(4, "sweep", "--resume", "s"))

    def test_a_finished_one_is_told_of_by_its_pieces(self):
        """summary.json is for people"""
        run = self.sweep("s")
        told = self.result("sweep", "--resume", "s")
        (run / "summary.json").write_text('{"best": [{"relative_error": "x"}]}')
        self.assertEqual(self.result("sweep", "--resume", "s"), told)

    def test_a_finished_one_without_a_piece_trains_it_again(self):
        run = self.sweep("s")
        table = (run / "table.csv").read_text()
        piece = next((run / "results").glob("*.json"))
        rows = [unit["row"] for unit in json.loads(piece.read_text())]
        piece.unlink()
        told = json.loads(self.result("sweep", "--resume", "s", "-q", "--json"))
        self.assertEqual(told["models"], len(table.splitlines()) - 1)
        self.assertEqual([unit["row"] for unit in json.loads(piece.read_text())], rows)
        self.assertEqual((run / "table.csv").read_text(), table)

    def test_heat_map_names_its_cells(self):
        run = self.sweep("s")
        rows = list(csv.DictReader((run / "figures/heat_map.csv").read_text().splitlines()))
        self.assertEqual({(row["train.lr"], row["model.hidden"]) for row in rows},
                         {(lr, hidden) for lr in ("0.01", "0.001") for hidden in ("[8,8]", "[6]")})

    def test_refusals(self):
        for arguments, words in [
            ([], "nothing to sweep"),
            (["--grid", "train.lt=1"], "did you mean 'train.lr'"),
            (["--grid", "train.lr"], "expected KEY=VALUES"),
            (["--grid", "train.lr=1,-1"], "train.lr must be"),
            (["--grid", "train.lr=log(1,2)"], "is for --space"),
            (["--grid", "run.seed=1,2"], "use --seeds"),
            (["--grid", "data.source=box,file:"], "file:PATH"),
            (["--random", "2"], "--space"),
            (["--space", "train.lr=log(1,2)"], "--random N"),
            (["--random", "2", "--space", "train.lr=log(2,1)"], "a <= b"),
            (["--grid", "train.lr=1", "--shard", "2/2"], "--shard"),
            (["--grid", "train.lr=1", "--seeds", "3:3"], "--seeds"),
        ]:
            with self.subTest(arguments):
                self.assertIn(words, self.refused(2, "sweep", *TINY, "--out", "s", *arguments))


if __name__ == "__main__":
    unittest.main()
