"""Bad input: one line that says what and where, the right exit code, nothing touched."""

import io
import json
import os
import pathlib
import pickle
import shutil
import stat
import subprocess
import time
import unittest
import zipfile

import numpy as np

from program import BINARY, CLEAN, TINY, ProgramTest, save_safetensors, settings


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def with_header(text, data):
    """a .npy whose header says what it likes"""
    header = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def layers(widths, value=0.1):
    tensors = {}
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:]), 1):
        tensors[f"fc{i}.weight"] = np.full((outputs, inputs), value, np.float32)
        tensors[f"fc{i}.bias"] = np.zeros(outputs, np.float32)
    return tensors


class BadInput(ProgramTest):
    def setUp(self):
        super().setUp()
        self.states = self.write("x.npy", npy(np.full((3, 4), 0.5)))
        save_safetensors(self.directory / "m.safetensors", layers([4, 3, 1]), {"activation": "softplus"})

    def write(self, name, content):
        (self.directory / name).write_bytes(content)
        return name

    def accel(self, states="x.npy", out="a.npy", source=("--system", "double_pendulum")):
        return ["accel", *source, "--states", states, "--out", out]

    def rollout(self, states="x.npy", out="t.npy", source=("--system", "double_pendulum")):
        return ["rollout", *source, "--states", states, "--steps", 3, "--out", out]

    def test_what_works(self):
        for source in [("--system", "double_pendulum"), ("--model", "m.safetensors")]:
            self.ends(0, *self.accel(source=source), "--force")
            self.ends(0, *self.rollout(source=source), "--force")

    def test_states(self):
        good = npy(np.full((3, 4), 0.5))
        infinite = np.full((3, 4), 0.5)
        infinite[1, 2] = np.inf
        objects = npy(np.array([["a", 1.0, 2, 3]], dtype=object))
        cases = {
            "garbage": (b"not an array", "not a .npy file"),
            "empty": (b"", "not a .npy file"),
            "magic": (good[:8], "truncated"),
            "header": (good[:40], "truncated"),
            "data": (good[:-8], "promises (3, 4) values"),
            "more": (good + b"\0" * 8, "promises (3, 4) values"),
            "huge": (with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 4), }" % 2**62, b""),
                     "promises"),
            "negative": (with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4), }", b""),
                         "malformed"),
            "columns": (npy(np.zeros((3, 6))), "shape (3, 6); expected (N, 4)"),
            "row": (npy(np.zeros(4)), "shape (4,); expected (N, 4)"),
            "cube": (npy(np.zeros((2, 2, 4))), "shape (2, 2, 4)"),
            "none": (npy(np.zeros((0, 4))), "no states"),
            "nan": (npy(np.array([[0, 0, 0, 0], [np.nan, 0, 0, 0]])), "row 2, column 1 is nan"),
            "inf": (npy(infinite), "row 2, column 3 is inf"),
            "float32": (npy(infinite.astype(np.float32)), "row 2, column 3 is inf"),
            "pickle": (objects, "never loaded"),
            "big": (npy(np.zeros((3, 4), ">f8")), "big-endian"),
            "complex": (npy(np.zeros((3, 4), np.complex128)), "type '<c16' is not read"),
            "fields": (npy(np.zeros(3, [("q", "<f8")])), "structured"),
        }
        for name, (content, line) in cases.items():
            path = self.write(name + ".npy", content)
            for command in [self.accel(path), self.rollout(path)]:
                with self.subTest(name, command=command[0]):
                    error = self.refused(4, *command)
                    self.assertIn(name + ".npy: ", error)
                    self.assertIn(line, error)

    def test_states_that_cannot_be_read(self):
        self.assertIn("cannot read absent.npy: No such file", self.refused(4, *self.accel("absent.npy")))
        self.assertIn("cannot read .: Is a directory", self.refused(4, *self.accel(".")))
        self.assertIn("x.npy/y.npy: Not a directory", self.refused(4, *self.accel("x.npy/y.npy")))

    def test_states_of_another_dof(self):
        self.assertIn("expected (N, 2)", self.refused(4, *self.accel(source=("--system", "pendulum"))))
        save_safetensors(self.directory / "three.safetensors", layers([6, 3, 1]), {"inputs": "raw"})
        self.assertIn("expected (N, 6): q and v of 3",
                      self.refused(4, *self.accel(source=("--model", "three.safetensors"))))

    def test_weights(self):
        good = (self.directory / "m.safetensors").read_bytes()
        pickled = io.BytesIO()
        with zipfile.ZipFile(pickled, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({}))
        cases = {
            "torch.pt": (pickled.getvalue(), "python3 -c \"import torch, safetensors.torch as s; "
                                             "s.save_file(torch.load('torch.pt'), 'torch.safetensors')\""),
            "old.pt": (pickle.dumps({"fc1.weight": 1}, 2), "python3 -c"),
            "empty.safetensors": (b"", "0 bytes are too few"),
            "text.safetensors": (b"weights of a model, they say", "not a safetensors file"),
            "header.safetensors": (good[:20], "truncated"),
            "data.safetensors": (good[:-4], "truncated"),
            "more.safetensors": (good + b"\0\0\0\0", "corrupt"),
            "json.safetensors": ((9).to_bytes(8, "little") + b'{"a": 1]}' + b"\0" * 8, "not valid JSON"),
        }
        for name, (content, line) in cases.items():
            self.write(name, content)
            for command in [self.accel(source=("--model", name)), self.rollout(source=("--model", name)),
                            ["eval", "--model", name], ["train", "--init-from", name, "--out", "r", *TINY]]:
                with self.subTest(name, command=command[0]):
                    error = self.refused(4, *command)
                    self.assertIn(name + ": ", error)
                    self.assertIn(line, error)

    def test_weights_that_make_no_lagrangian(self):
        nan, missing, odd = layers([4, 3, 1]), layers([4, 3, 1]), layers([4, 3, 1])
        nan["fc2.weight"][0, 1] = np.nan
        del missing["fc2.bias"]
        odd["fc2.weight"] = np.zeros((1, 5), np.float32)
        renamed = {name.replace("fc", "layer"): values for name, values in layers([4, 3, 1]).items()}
        cases = {
            "nan": (nan, {}, "value 1 of tensor 'fc2.weight' is nan"),
            "missing": (missing, {}, "expected fc1.weight, fc1.bias"),
            "odd": (odd, {}, "fc2.weight has 5 inputs, the layer before has 3"),
            "renamed": (renamed, {}, "expected fc1.weight and fc1.bias, found layer"),
            "outputs": (layers([4, 3, 2]), {}, "2 outputs"),
            "inputs": (layers([5, 3, 1]), {"inputs": "raw"}, "5 inputs"),
            "none": (layers([4, 0, 1]), {"inputs": "raw"}, "fc1"),
            "linear": (layers([4, 1]), {"inputs": "raw"}, "0 hidden layers"),
            "deep": (layers([4] + [2] * 9 + [1]), {"inputs": "raw"}, "9 hidden layers"),
            "many": (layers([66, 3, 1]), {"inputs": "raw"}, "66 inputs are those of no number of degrees of freedom"),
            "relu": (layers([4, 3, 1]), {"activation": "relu"}, "relu"),
            "hidden": (layers([4, 3, 1]), {"layers": "4,5,1"}, "layers"),
            "scale": (layers([4, 3, 1]), {"velocity_scale": "0"}, "velocity_scale"),
            "word": (layers([4, 3, 1]), {"velocity_scale": "fast"}, "velocity_scale"),
            "angles": (layers([6, 3, 1]), {"inputs": "sincos", "angles": "1,x"}, "angles"),
        }
        for name, (tensors, metadata, line) in cases.items():
            with self.subTest(name):
                save_safetensors(self.directory / f"{name}.safetensors", tensors, metadata)
                error = self.refused(4, *self.accel(source=("--model", f"{name}.safetensors")))
                self.assertIn(f"{name}.safetensors: ", error)
                self.assertIn(line, error)

    def test_first_weights_of_another_model(self):
        save_safetensors(self.directory / "raw.safetensors", layers([4, 8, 8, 1]),
                         {"velocity_scale": "5", "mass_prior": "1"})
        for values in [{"model.inputs": "raw", "model.hidden": "[8]"}, {"model.inputs": "sincos"},
                       {"model.inputs": "raw", "system.kind": "pendulum"},
                       {"model.inputs": "raw", "model.velocity_scale": 2},
                       {"model.inputs": "raw", "model.mass_prior": 0}]:
            with self.subTest(values):
                line = self.refused(4, "train", "--init-from", "raw.safetensors", "--out", "r", *TINY,
                                    *settings(values))
                self.assertIn("raw.safetensors: ", line)
        self.ends(0, "train", "--init-from", "raw.safetensors", "--out", "r", *TINY,
                  "--set", "model.inputs=raw")

    def test_data(self):
        q = np.full((20, 2), 0.5)
        bad = q.copy()
        bad[3, 1] = np.nan
        whole = io.BytesIO()
        np.savez(whole, q=q, v=q, a=q)
        cases = {
            "a.npz": (dict(q=q, v=q), "no accelerations"),
            "v.npz": (dict(q=q, a=q), "no array 'v'"),
            "rows.npz": (dict(q=q, v=q[:5], a=q), "v has shape (5, 2)"),
            "flat.npz": (dict(q=q[:, 0], v=q[:, 0], a=q[:, 0]), "q has shape (20,)"),
            "nan.npz": (dict(q=q, v=q, a=bad), "row 4, column 2 is nan"),
            "dof.npz": (dict(q=q[:, :1], v=q[:, :1], a=q[:, :1]),
                        "1 degrees of freedom, double_pendulum has 2"),
            "zip.npz": (whole.getvalue()[:-30], "not a readable .npz archive"),
            "flip.npz": (whole.getvalue().replace(b"\xe0?", b"\xe1?", 1), "not a readable .npz archive"),
            "field.csv": (b"q1,q2,v1,v2,a1,a2\n1,2,3,4,5\n", "field.csv:2:9: 5 fields, but the header has 6"),
            "word.csv": (b"q1,q2,v1,v2,a1,a2\n1,2,x,4,5,6\n", "word.csv:2:5: v1 is 'x', not a number"),
            "nan.csv": (b"q1,q2,v1,v2,a1,a2\n1,2,3,4,5,nan\n", "nan.csv:2:11: a2 is nan"),
            "head.csv": (b"q1,q2,v1,a1,a2\n1,2,3,4,5\n", "column 'v2' is missing"),
            "noise.csv": (bytes(range(256)), "not a text file"),
        }
        for name, (content, line) in cases.items():
            if isinstance(content, dict):
                np.savez(self.directory / name, **content)
            else:
                self.write(name, content)
            with self.subTest(name):
                error = self.refused(4, "train", "--data", name, "--out", "r", *TINY)
                self.assertTrue(error.startswith(name), error)
                self.assertIn(line, error)
                self.assertIn(line, self.refused(4, "run", "--out", "r", *TINY,
                                                 *settings({"data.source": "file:" + name})))
                if name not in ("a.npz", "dof.npz"):
                    self.assertIn(line, self.refused(4, "data", "info", name))

    def test_targets_that_cannot_be_written(self):
        (self.directory / "d").mkdir()
        commands = [lambda out: self.accel(out=out), lambda out: self.rollout(out=out),
                    lambda out: ["data", "gen", "--samples", 5, "--set", "data.source=box", "--out", out],
                    lambda out: ["eval", "--model", "m.safetensors", *TINY, "-q", "--out", out]]
        for command in commands:
            with self.subTest(command("")[0]):
                self.assertIn("No such file", self.refused(4, *command("absent/o")))
                self.assertIn("Not a directory", self.refused(4, *command("x.npy/o")))
                self.assertIn("Is a directory", self.refused(4, *command("d")))
                self.assertIn("x.npy exists; give --force", self.refused(2, *command("x.npy")))
                self.assertIn("No space left", self.refused(4, *command("/dev/full")))
        for command in ["run", "train"]:
            with self.subTest(command):
                self.assertIn("cannot create x.npy", self.refused(4, command, "--out", "x.npy", *TINY))
                self.assertIn("cannot create x.npy/r", self.refused(4, command, "--out", "x.npy/r", *TINY))

    def test_places_without_permission(self):
        """as one who may neither write here nor read one of the files"""
        program = shutil.copy(BINARY, self.directory / "program")
        (self.directory / "secret.npy").write_bytes((self.directory / "x.npy").read_bytes())
        (self.directory / "secret.npy").chmod(0)
        self.directory.chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IROTH | stat.S_IXOTH)
        self.addCleanup(self.directory.chmod, 0o700)
        person = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}

        def refused(code, *arguments):
            done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                                  cwd=self.directory, env=CLEAN, **person)
            self.assertEqual(done.returncode, code, done.stderr)
            return self.error_line(done)

        self.assertIn("cannot read secret.npy: Permission denied",
                      refused(4, *self.accel("secret.npy", "/dev/null")))
        self.assertIn("cannot write a.npy: Permission denied", refused(4, *self.accel()))
        self.assertIn("Permission denied", refused(4, "train", "--out", "r", *TINY))
        self.assertIn("Permission denied", refused(4, "run", *TINY))

    def test_numbers_of_flags(self):
        for flags in [["--dt", "0"], ["--dt", "-1"], ["--dt", "nan"], ["--dt", "inf"], ["--dt", "x"],
                      ["--steps", "0"],
                      ["--steps", "1.5"], ["--steps", "-3"]]:
            with self.subTest(flags):
                self.assertIn(flags[0],
                              self.refused(2, "rollout", "--system", "double_pendulum", "--states", "x.npy",
                                                     "--out", "t.npy", *flags))
        for value in ["0", "nan", "inf", "soon"]:
            self.assertIn("--max-time", self.refused(2, "train", "--max-time", value, "--out", "r", *TINY))
        self.assertIn("--samples", self.refused(2, "data", "gen", "--samples", "0", "--out", "d.npz"))
        self.assertIn("--trajectories",
                      self.refused(2, "eval", "--model", "m.safetensors", "--trajectories", "0"))

    def test_numbers_beyond_any_lifetime(self):
        """one digit too many is a line that names the limit, not a job for ever"""
        for number in [10**10, 9 * 10**18, 10**20 - 1]:
            with self.subTest(number):
                for flag, most in [("--trajectories", 100000000), ("--repeats", 10000)]:
                    for protocol in ["trajectories", "box", "links", "energy"]:
                        self.assertIn(f"{flag}: '{number}' is not a whole number from 1 to {most}",
                                      self.refused(2, "eval", "--model", "m.safetensors", "--protocol", protocol,
                                                   flag, number))
                self.assertIn("eval.repeats must be an integer from 1 to 10000, not ",
                              self.refused(2, "run", "--out", "r", "--set", f"eval.repeats={number}"))
        for number in [9 * 10**18, 10**20 - 1]:
            self.assertIn("train.steps must be an integer from 0 to 100000000000, not ",
                          self.refused(2, "train", "--out", "r", "--set", f"train.steps={number}"))
            self.assertIn("up to 1000000", self.refused(2, "sweep", "--grid", "train.lr=1,2", "--shard",
                                                        f"0/{min(number, 2**63 - 1)}", "--out", "s"))
        for flags in [["rollout", "--system", "double_pendulum", "--states", "x.npy", "--out", "t.npy", "--steps"],
                      ["data", "gen", "--out", "d.npz", "--samples"]]:
            self.assertIn("from 1 to 100000000000000000", self.refused(2, *flags, 10**20 - 1))

    def test_more_than_memory_holds(self):
        for steps in [10**12, 10**17]:
            self.assertIn("GB of memory",
                          self.refused(2, "rollout", "--system", "double_pendulum", "--states", "x.npy",
                                                       "--out", "t.npy", "--steps", steps))
        self.assertIn("GB of memory", self.refused(2, "data", "gen", "--samples", 10**15, "--out", "d.npz"))
        # 2 * 10^9 trajectory samples, 192 GB of a double pendulum, for each of 64 models
        much = settings({"data.source": "trajectories", "data.trajectories": 10**8, "data.points": 20, "run.seeds": 64})
        if os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 192e9:
            self.assertIn("GB of memory", self.refused(2, "data", "gen", "--out", "d.npz", *much))
        for command in ["run", "train"]:
            self.assertIn("GB of memory", self.refused(2, command, "--preset", "sweetspot", "--out", "r", *much))

    def test_a_target_where_nothing_can_be(self):
        """known before anything is computed"""
        (self.directory / "file").write_text("")
        started = time.monotonic()
        for target, why in [("absent/b.json", "create the directory absent first"), ("file/b.json", "is a file")]:
            self.assertIn(why, self.refused(4, "bench", "--seconds", "5", "--out", target))
        self.assertLess(time.monotonic() - started, 30)  # one measurement takes minutes

    def test_names(self):
        self.assertIn("(did you mean 'double_pendulum'?)",
                      self.refused(2, *self.accel(source=("--system", "double_pendulun"))))
        self.assertIn("--model FILE.safetensors, or the truth by --system NAME",
                      self.refused(2, *self.accel(source=())))
        self.assertIn("--model", self.refused(2, *self.accel(source=("--model", "m.safetensors", "--system",
                                                                     "pendulum"))))
        self.assertIn("--states", self.refused(2, "accel", "--system", "pendulum", "--out", "a.npy"))
        self.assertIn("(did you mean '--states'?)", self.refused(2, "rollout", "--staets=s.npy"))
        self.assertIn("unknown preset 'defalt' (did you mean 'default'?)",
                      self.refused(2, "run", "--preset", "defalt"))
        self.assertIn("(did you mean 'train.steps'?)",
                      self.refused(2, "train", "--set", "train.step=3", "--out", "r"))
        self.assertIn("(did you mean 'gen'?)", self.refused(2, "data", "gne"))
        self.assertIn("--protocol",
                      self.refused(2, "eval", "--model", "m.safetensors", "--protocol", "boxes"))
        self.assertIn("run directory, or weights", self.refused(2, "eval"))
        self.assertIn("--out", self.refused(2, "data", "gen"))


class MissingPieces(ProgramTest):
    """exit 3: a backend, a precision or an instruction set that is not there; and no trace of the attempt"""

    def commands(self):
        np.save(self.directory / "x.npy", np.full((3, 4), 0.5))
        save_safetensors(self.directory / "m.safetensors", layers([4, 3, 1]), {"inputs": "raw"})
        return [["run", "--out", "r", *TINY], ["train", "--out", "r", *TINY], ["run", *TINY],
                ["accel", "--model", "m.safetensors", "--states", "x.npy", "--out", "a.npy"],
                ["rollout", "--model", "m.safetensors", "--states", "x.npy", "--out", "t.npy"],
                ["eval", "--model", "m.safetensors"]]

    def refused_everywhere(self, flags, line, commands=None):
        for command in commands or self.commands():
            with self.subTest(command[0], flags=flags):
                self.assertIn(line,
                              self.refused(3, *command, *flags, environment={"CUDA_VISIBLE_DEVICES": ""}))

    def test_backend(self):
        self.refused_everywhere(["--backend", "cuda"], "CUDA")
        # doctor says what it found all the same
        done = self.lnn_gpu("doctor", "--backend", "cuda", environment={"CUDA_VISIBLE_DEVICES": ""})
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, r"\Alnn_gpu: error: .*CUDA.*\n\Z")
        self.assertIn("would use: nothing", done.stdout)

    def test_precision(self):
        for backend in ["auto", "cpu", "cuda"]:
            self.refused_everywhere(["--backend", backend, "--precision", "tf32x3"],
                                    '--precision: run.precision must be one of "f32", "f64", not \'tf32x3\', '
                                    "which no backend offers yet")
        self.assertNotIn("tf32x3", self.result("config", "show", "--defaults") + self.result("completion", "bash"))

    def test_solver(self):
        self.refused_everywhere(["--backend", "cpu", "--set", "solve.pinv=cusolver"],
                                "solve.pinv = \"fused\"")

    def test_an_old_run_survives(self):
        run = self.train("old")
        before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
        for flags in [["--backend", "cuda"], ["--precision", "tf32x3"], ["--set", "solve.pinv=cusolver"]]:
            self.refused(3, "train", "--out", "old", "--force", *TINY, *flags,
                         environment={"CUDA_VISIBLE_DEVICES": ""})
        self.assertEqual({path: path.read_bytes() for path in run.rglob("*") if path.is_file()}, before)

    def test_instruction_set(self):
        """of the processor, and of an older one that qemu plays where it is installed"""
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
        absent = [isa for isa, flag in [("avx2", "avx2"), ("avx512", "avx512bw")] if flag not in flags]
        for isa in absent:
            self.refused_everywhere(["--backend", "cpu", "--set", "run.isa=" + isa],
                                    "this processor has no " + isa)
        if qemu := shutil.which("qemu-x86_64"):
            for isa in ["avx2", "avx512"]:
                done = subprocess.run([qemu, "-cpu", "Nehalem", BINARY, "doctor", "--set", "run.isa=" + isa],
                                      capture_output=True, text=True, timeout=60, env=CLEAN)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn("this processor has no " + isa, self.error_line(done))
        elif not absent:
            self.skipTest("this processor has every instruction set, and qemu-x86_64, which plays an older one, is missing")

    def test_doctor(self):
        found = json.loads(self.result("doctor", "--json", environment={"CUDA_VISIBLE_DEVICES": ""}))
        self.assertEqual((found["self_test"], found["would_use"]), (True, "cpu"))
        self.assertIn("missing", found["cuda"])
        self.assertIn("self-test: passed", self.result("doctor"))


if __name__ == "__main__":
    unittest.main()
