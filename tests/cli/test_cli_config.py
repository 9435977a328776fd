"""The binary from outside: commands, flags, configuration; exit codes, and which stream says what."""

import json
import shutil
import subprocess
import unittest

from program import BINARY, CLEAN, ProgramTest, tree


class CommandLine(ProgramTest):
    def test_no_command_is_an_overview_and_usage(self):
        done = self.lnn_gpu()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("Commands:", done.stderr)

    def test_help_comes_on_stdout_with_examples_first(self):
        for arguments in [["--help"], ["-h"], ["config", "--help"], ["config", "show", "-h"],
                          ["systems", "--help"],
                          ["models", "--help"], ["completion", "--help"]]:
            with self.subTest(arguments):
                text = self.result(*arguments)
                self.assertLess(text.index("Examples:"), text.index("Usage:"))

    def test_every_listed_command_has_help(self):
        listed = self.result("--help").split("Commands:\n")[1].splitlines()
        names = [line.split()[0] for line in listed]
        self.assertIn("config", names)
        for name in names:
            with self.subTest(name):
                self.assertIn(f"Usage: lnn_gpu {name}", self.result(name, "--help"))

    def test_version(self):
        self.assertRegex(self.result("--version"), r"^lnn_gpu \d+\.\d+\.\d+\n(.*\n)*compiler: \w+ \d+")

    def test_unknown_names(self):
        self.assertIn("unknown command 'confg' (did you mean 'config'?)", self.refused(2, "confg"))
        self.assertNotIn("did you mean", self.refused(2, "xyzzy"))
        self.assertIn("unknown flag '--verison' (did you mean '--version'?)", self.refused(2, "--verison"))
        self.assertIn("config: unknown subcommand 'shwo' (did you mean 'show'?)",
                      self.refused(2, "config", "shwo"))
        self.assertIn("config show: unknown flag '--prest' (did you mean '--preset'?)",
                      self.refused(2, "config", "show", "--prest=x"))
        self.assertIn("systems: unexpected argument 'x'", self.refused(2, "systems", "x"))
        self.assertIn("expected a subcommand: show, check", self.refused(2, "config"))
        self.assertIn("unknown command ''", self.refused(2, ""))

    def test_flags_without_their_value(self):
        self.assertIn("--preset", self.refused(2, "config", "show", "--preset"))
        self.assertIn("--set", self.refused(2, "config", "show", "--set"))

    def test_an_empty_value_is_none(self):
        """an unset variable in a script must not start another job"""
        for command in ["train --resume", "train --data", "train --init-from", "train -c", "run --preset", "run --out",
                        "bench --compare", "bench --out", "sweep --resume", "sweep --grid", "report", "eval", "eval --model",
                        "data info", "data gen --out", "data import", "config check", "accel --states x --out y --system", "train --backend"]:
            with self.subTest(command):
                self.assertIn("is empty; give it a value", self.refused(2, *command.split(), ""))
        self.assertEqual(tree(self.directory), {})

    def test_an_error_is_one_line(self):
        self.assertIn("1\\x0a[(", self.refused(2, "config", "show", "--set", "train.lr=1\n[("))

    def test_unwritable_stdout(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "config", "show"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=CLEAN)
        self.assertEqual(done.returncode, 4)
        self.assertIn("cannot write to stdout: No space left on device", done.stderr)


class ConfigCommand(ProgramTest):
    def show(self, *arguments, **options):
        return json.loads(self.result("config", "show", "--json", *arguments, **options))

    def test_defaults_document_every_key_and_read_back(self):
        text = self.result("config", "show", "--defaults")
        lines = text.splitlines()
        keys = [i for i, line in enumerate(lines) if " = " in line and not line.startswith("#")]
        self.assertGreater(len(keys), 40)
        for i in keys:
            self.assertTrue(lines[i - 1].startswith("#"), lines[i])
        self.file(text)
        self.assertEqual(self.show("-c", "c.toml"), self.show())

    def test_resolved_text_reads_back_to_itself(self):
        for preset in ["default", "thorough", "links", "adam", "measured", "sweetspot", "sweetspot-rule"]:
            text = self.result("config", "show", "--preset", preset, "--set", "train.lr=0.30000000000000004")
            self.file(text)
            self.assertEqual(self.result("config", "show", "c.toml"), text)

    def test_order_of_authority(self):
        self.file("[train]\nlr = 0.25\nbatch = 8\nema = 0.5\n")
        environment = {"LNN_GPU_TRAIN_LR": "0.125", "LNN_GPU_TRAIN_BATCH": "16"}
        train = self.show("-c", "c.toml", "--preset", "sweetspot", "--set", "train.batch=32",
                          environment=environment)["train"]
        self.assertEqual([train[key] for key in ("beta1", "epochs", "ema", "lr", "batch")],
                         [0.9, 100, 0.5, 0.125, 32])

    def test_flags_of_run(self):
        run = self.show("--backend", "cpu", "--device", "2", "--threads", 3, "--precision", "f64",
                        "--state", "f32",
                        "--seed", 9)["run"]
        expected = {"seed": 9, "backend": "cpu", "device": "2", "threads": 3, "precision": "f64",
                    "state": "f32"}
        self.assertEqual(run, run | expected)

    def test_sweetspot_needs_no_source_tree(self):
        lone = shutil.copy(BINARY, self.directory / "lone")
        done = subprocess.run([lone, "config", "show", "--preset", "sweetspot"], cwd="/", env=CLEAN,
                              text=True,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('init = "lnn-seed"', done.stdout)

    def test_check(self):
        self.file("[train]\nlr = 0.25\n")
        self.assertIn("valid", self.result("config", "check", "c.toml"))
        self.assertEqual(json.loads(self.result("config", "check", "--json", "-c", "c.toml")), {"ok": True})
        self.assertEqual(self.refused(2, "config", "check", self.file("[train]\nlrr = 0.25\n")),
                         "c.toml:2:1: unknown key 'train.lrr' (did you mean 'train.lr'?)")
        self.assertEqual(self.refused(2, "config", "check", self.file("[trani]\nlr = 0.25\n")),
                         "c.toml:1:2: unknown section 'trani' (did you mean 'train'?)")
        self.assertTrue(self.refused(2, "config", "check", self.file("[train\n")).startswith("c.toml:1:"))

    def test_files_that_cannot_be_read(self):
        self.assertIn("No such file or directory", self.refused(4, "config", "check", "absent.toml"))
        self.assertIn("Is a directory", self.refused(4, "config", "check", "."))

    def test_bad_settings(self):
        for value, line in {
            "train.lr=fast": "train.lr must be a finite number above 0, not 'fast'",
            "train.lr=inf": "train.lr must be a finite number above 0, not inf",
            "train.lr": "expected key=value",
            "train.batc=4": "unknown key 'train.batc' (did you mean 'train.batch'?)",
            "lr=4": "unknown key 'lr' (did you mean 'train.lr'?)",
            "model.hidden=[]": "a list of 1 to 8 integers from 1 to 4096",
            "model.hidden=[64,5000]": "not [ 64, 5000 ]",
            "data.angle=[1,-1]": "must not exceed",
            "data.source=disk": "expected \"box\", \"trajectories\" or \"file:PATH\"",
            "system.kind=double_pendulun": "(did you mean 'double_pendulum'?)",
            "system.m=[1]": "a list of 2 finite numbers",
            "train.epochs=1": "train.epochs needs a set of samples",
        }.items():
            with self.subTest(value):
                self.assertIn(line, self.refused(2, "config", "check", "--set", value))

    def test_bad_device(self):
        for device in ["0,1", "x", "-1", "1e3", "0x1", ""]:
            line = f"run.device must be the number of one device, as in \"0\" (a process uses one), not '{device}'"
            with self.subTest(device):
                setting = "run.device=" + device
                self.assertEqual(self.refused(2, "config", "check", "--set", setting), f"--set {setting}: {line}")
                self.assertEqual(self.refused(2, "config", "check", self.file(f'[run]\ndevice = "{device}"\n')),
                                 "c.toml:2:10: " + line)
                self.assertEqual(self.refused(2, "config", "check", environment={"LNN_GPU_RUN_DEVICE": device}),
                                 "environment LNN_GPU_RUN_DEVICE: " + line)
        self.assertTrue(self.refused(2, "run", "--device", "0,1").startswith("--device: run.device must be the number"))

    def test_bad_environment(self):
        self.assertIn("unknown variable LNN_GPU_TRAIN_LRR (did you mean 'LNN_GPU_TRAIN_LR'?)",
                      self.refused(2, "config", "check", environment={"LNN_GPU_TRAIN_LRR": "1"}))
        self.assertIn("environment LNN_GPU_TRAIN_LR: train.lr must be",
                      self.refused(2, "config", "check", environment={"LNN_GPU_TRAIN_LR": "fast"}))

    def test_unknown_preset(self):
        self.assertIn("unknown preset 'sweatspot' (did you mean 'sweetspot'?); there are adam, default",
                      self.refused(2, "config", "show", "--preset", "sweatspot"))

    def test_file_twice(self):
        self.file("")
        self.assertIn("--config", self.refused(2, "config", "show", "c.toml", "-c", "c.toml"))


class Lists(ProgramTest):
    def test_systems(self):
        text = self.result("systems")
        self.assertIn("theta1 (angle), theta2 (angle)", text)
        listed = json.loads(self.result("systems", "--json"))
        pendulum = next(system for system in listed if system["name"] == "double_pendulum")
        self.assertEqual([c["name"] for c in pendulum["coordinates"]], ["theta1", "theta2"])
        self.assertEqual([len(p["defaults"]) for p in pendulum["parameters"] if p["name"] in "ml"], [2, 2])
        for system in listed:
            with self.subTest(system["name"]):
                self.assertIn(system["name"] + ":", text)
                self.assertEqual(len(system["coordinates"]), system["dof"])
                self.result("config", "check", "--set", "system.kind=" + system["name"])

    def test_models(self):
        self.assertIn("lnn-seed", self.result("models"))
        listed = json.loads(self.result("models", "--json"))
        self.assertIn("lnn", [model["name"] for model in listed["model.kind"]])


class Completion(ProgramTest):
    def complete(self, *words):
        """what bash offers for the last of the words"""
        script = self.result("completion", "bash") + (
            '\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lnn_gpu; printf "%s\\n" "${COMPREPLY[@]}"\n')
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_bash(self):
        self.assertIn("config", self.complete("lnn_gpu", "co"))
        self.assertEqual(self.complete("lnn_gpu", "config", "s"), ["show"])
        self.assertEqual(self.complete("lnn_gpu", "config", "show", "--def"), ["--defaults"])
        self.assertEqual(self.complete("lnn_gpu", "config", "check", "--def"), [])
        self.assertIn("sweetspot", self.complete("lnn_gpu", "config", "show", "--preset", ""))
        self.assertEqual(self.complete("lnn_gpu", "config", "show", "--set", "train.schedule.k"),
                         ["train.schedule.kind="])
        self.assertEqual(self.complete("lnn_gpu", "config", "show", "--backend", "cu"), ["cuda"])

    def test_every_command_is_in_every_script(self):
        listed = self.result("--help").split("Commands:\n")[1].splitlines()
        self.assertNotIn("--isa", self.result("completion", "bash"))  # a setting, but no flag of a command
        for shell in ["bash", "zsh", "fish"]:
            script = self.result("completion", shell)
            for line in listed:
                self.assertIn(line.split()[0], script)
        self.assertIn("(did you mean 'bash'?)", self.refused(2, "completion", "bsah"))


if __name__ == "__main__":
    unittest.main()
