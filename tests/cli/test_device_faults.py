"""A device that fails, seen from outside: LNN_EMULATED says how. Only of a program built for the emulated device."""

import json
import unittest

from program import ProgramTest, TINY, metrics, record, settings, tree

GRID = ["--grid", "train.lr=1e-2,1e-3", "--seeds", "0:4"]
LM = settings({"train.optimizer": "lm", "train.lm.iterations": 4, "train.lm.samples": "[64,128]"})


def emulated(text):
    return {"LNN_EMULATED": text}


class DeviceFaults(ProgramTest):
    def failed(self, *arguments, device, says):
        done = self.ends(3, *arguments, environment=emulated(device))
        line = done.stderr.splitlines()[-1]
        self.assertTrue(line.startswith("lnn_gpu: error: "), done.stderr)
        self.assertIn(says, line)
        return line

    def goes_on_as_if_nothing_had_been(self, *flags):
        """of a training that fails at some call, early and late: what was finished is kept, and resumed bit for bit"""
        self.ends(0, "train", "--out", "whole", "-q", *TINY, *flags, environment={"LNN_EMULATED_COUNTS": "counts"})
        counts = json.loads((self.directory / "counts").read_text())
        counts["copies"] = counts["uploads"] + counts["downloads"]
        for fault, counted in [("copy:{}:address", "copies"), ("launch:{}:timeout", "launches"),
                               ("synchronize:{}:lost", "synchronizations"), ("clear:{}:failure", "clears"),
                               ("allocate:{}:memory", "allocations")]:
            for share in (0.3, 0.9):
                with self.subTest(fault, share=share):
                    run = f"{counted}-{share}"
                    number = int(share * counts[counted])
                    line = self.failed("train", "--out", run, "-q", *TINY, *flags, device="fail=" + fault.format(number),
                                       says=f"go on with: lnn_gpu train --resume {run}")
                    self.assertRegex(line, "nvidia-smi|--backend cpu")
                    # not the last regular checkpoint, which is the first: all but the slice that failed
                    newest = max(path.name for path in (self.directory / run / "checkpoints").iterdir())
                    steps = int(newest.removeprefix("step-"))
                    self.assertGreater(steps, 0)
                    self.assertEqual(steps, int(metrics(self.directory / run)[-1][0]))
                    self.result("train", "--resume", run, "-q")
                    self.assertEqual((self.directory / run / "model.safetensors").read_bytes(),
                                     (self.directory / "whole/model.safetensors").read_bytes())
                    self.assertEqual(metrics(self.directory / run), metrics(self.directory / "whole"))

    def test_training_by_adam(self):
        self.goes_on_as_if_nothing_had_been()

    def test_training_by_lm(self):
        self.goes_on_as_if_nothing_had_been(*LM)

    def test_the_default_settings_cut_short(self):
        """steps and samples fewer, all else as it comes: data, Adam, lm, evaluation and report on the device"""
        short = settings({"train.steps": 30, "train.lm.iterations": 2, "eval.trajectories": 10, "eval.repeats": 1,
                          "model.hidden": "[8,8]", "train.lm.samples": "[64,64]", "eval.t_end": 0.1, "eval.film": 0.1})
        done = self.ends(0, "run", "--out", "r", "-q", *short)
        self.assertEqual(done.stderr, "")
        self.assertEqual(record(self.directory / "r")["backend"], "cuda")
        self.assertIn("emulated device", record(self.directory / "r")["device"])
        self.assertIn('backend = "auto"', (self.directory / "r/config.toml").read_text())

    def test_a_device_that_is_gone_later(self):
        """what was asked for was auto: the run goes on, on the CPU, with a line"""
        run = self.train("r")
        for command in [["eval", run], ["train", "--resume", run]]:
            done = self.ends(0, *command, environment=emulated("devices=0"))
        self.assertEqual(done.stderr, "")  # it is complete: nothing to compute
        said = self.ends(0, "eval", run, environment=emulated("devices=0")).stderr
        self.assertIn("running on the CPU: no CUDA device here", said)
        self.ends(75, "train", "--out", "s", "-q", "--max-time", "1e-9", *TINY)
        said = self.ends(0, "train", "--resume", "s", "--no-progress", environment=emulated("devices=0")).stderr
        self.assertIn("running on the CPU: no CUDA device here", said)
        self.assertIn("s was begun on the backend cuda: the last bits may differ", said)
        self.assertEqual(record(self.directory / "s")["backend"], "cpu")
        # asked for by name, it is missed
        self.ends(75, "train", "--out", "t", "-q", "--max-time", "1e-9", "--backend", "cuda", *TINY)
        self.failed("train", "--resume", "t", device="devices=0", says="no CUDA device here")

    def test_a_run_of_the_cpu_stays_there(self):
        self.ends(75, "train", "--out", "s", "-q", "--max-time", "1e-9", *TINY, environment=emulated("devices=0"))
        self.assertEqual(record(self.directory / "s")["backend"], "cpu")
        self.result("train", "--resume", "s", "-q")
        self.assertEqual(record(self.directory / "s")["backend"], "cpu")

    def test_a_sweep_without_memory_for_all(self):
        self.result("sweep", *TINY, *GRID, "--out", "whole", "-q", "--json")
        done = self.ends(0, "sweep", *TINY, *GRID, "--out", "s", "--no-progress",
                         environment=emulated("fail=allocate:9:memory"))
        self.assertIn("out of device memory: going on with 4 models at once", done.stderr)
        for name in ["table.csv", "models/000005.safetensors"]:
            self.assertEqual((self.directory / "s" / name).read_bytes(), (self.directory / "whole" / name).read_bytes())
        # not even for one
        self.failed("sweep", *TINY, *GRID, "--out", "t", "-q", device="fail=allocate:9+:memory",
                    says="go on with: lnn_gpu sweep --resume t")
        self.failed("sweep", *TINY, *GRID, "--out", "u", "-q", device="memory=1K", says="out of device memory")
        self.result("sweep", "--resume", "t", "-q", "--json")
        self.assertEqual((self.directory / "t/table.csv").read_bytes(), (self.directory / "whole/table.csv").read_bytes())

    def test_a_sweep_whose_device_fails(self):
        self.result("sweep", *TINY, *GRID, "--out", "whole", "-q", "--json")
        self.failed("sweep", *TINY, *GRID, "--out", "s", "-q", device="fail=synchronize:3:failure",
                    says="go on with: lnn_gpu sweep --resume s")
        self.result("sweep", "--resume", "s", "-q", "--json")
        self.assertEqual((self.directory / "s/table.csv").read_bytes(), (self.directory / "whole/table.csv").read_bytes())

    def test_libraries(self):
        for device, says in [("cublas=missing", "cuBLAS"), ("cusolver=missing", "cuSOLVER")]:
            self.failed("train", "--out", "r", "--backend", "cuda", "-q", *TINY, *LM, device=device, says=says)
            self.assertFalse((self.directory / "r").exists())
            done = self.ends(0, "train", "--out", "a" + device[:5], "--no-progress", *TINY, *LM,
                             environment=emulated(device))
            self.assertIn("running on the CPU: lib", done.stderr)
        self.failed("train", "--out", "r", "-q", *TINY, *LM, device="fail=cusolver:4:failure",
                    says="cuSOLVER failed with status")
        self.failed("train", "--out", "q", "-q", *TINY, *LM, device="fail=cublas:5:failure",
                    says="cuBLAS failed with status")

    def test_a_device_that_is_no_use(self):
        for device, says in [("driver=old", "install a newer NVIDIA driver"), ("code=none", "no code for this card"),
                             ("devices=0", "no CUDA device here")]:
            with self.subTest(device):
                before = tree(self.directory)
                self.failed("train", "--out", "r", "--backend", "cuda", "-q", *TINY, device=device, says=says)
                self.assertEqual(tree(self.directory), before)
        done = self.ends(0, "doctor", environment=emulated("driver=old"))
        self.assertIn("install a newer NVIDIA driver", done.stdout + done.stderr)
        self.assertIn("emulated device", self.ends(0, "doctor").stdout)


if __name__ == "__main__":
    unittest.main()
