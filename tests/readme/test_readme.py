"""The README's commands run as they stand, in its order; its Python works; its links lead somewhere.

What costs minutes is cut short by settings of the environment, which stand below the flags of a command. Scripts that
install or build are not run here: that they exist, and that the program knows the flags handed to it, is asked.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LNN_GPU_BINARY", str(ROOT / "build" / "lnn_gpu"))
TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHORT = {"LNN_GPU_RUN_THREADS": "1", "LNN_GPU_TRAIN_STEPS": "50", "LNN_GPU_TRAIN_LM_ITERATIONS": "2", "LNN_GPU_EVAL_TRAJECTORIES": "20", "LNN_GPU_EVAL_FILM": "0.5"}
# presets that count epochs are cut by them: of two the one of higher rank counts
SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("LNN_GPU_")} | SHORT


def commands():
    for language, block in BLOCKS:
        if language == "sh":
            yield from (line for line in block.splitlines() if line.strip())


def write_film(path):
    """what the README says of film.csv"""
    t = np.arange(0, 3, 0.02)
    left, right = 40 * np.cos(3.1 * t), 30 * np.cos(3.1 * t + 0.4) + 5 * np.sin(7.7 * t)
    np.savetxt(path, np.column_stack([1000 * t, left, right]), delimiter=",", header="ms,left,right", comments="")


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        (cls.directory / "build").mkdir()
        (cls.directory / "build" / "lnn_gpu").symlink_to(BINARY)
        (cls.directory / "tools").symlink_to(ROOT / "tools")
        write_film(cls.directory / "film.csv")

    def test_1_commands(self):
        ran = 0
        for line in commands():
            with self.subTest(line):
                words = shlex.split(line, comments=True)
                if words[0].startswith("./tools/"):
                    self.assertTrue(os.access(ROOT / words[0], os.X_OK))
                    continue
                self.assertEqual(words[0], "build/lnn_gpu", "a command this test does not know")
                done = subprocess.run(line, shell=True, cwd=self.directory, env=SETTINGS, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                ran += 1
        self.assertGreater(ran, 5)

    def test_2_python(self):
        try:
            import torch  # noqa: F401
        except ImportError:
            if os.environ.get("LNN_REQUIRE_TORCH") == "1":
                raise
            self.skipTest("no PyTorch")
        snippets = [block for language, block in BLOCKS if language == "python"]
        self.assertGreater(len(snippets), 0)
        for snippet in snippets:
            done = subprocess.run([sys.executable, "-c", snippet], cwd=self.directory, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("tensor", done.stdout)

    def test_links(self):
        links = re.findall(r"\]\(([^)#]+)\)", TEXT) + re.findall(r'(?:src|srcset)="([^"]+)"', TEXT)
        links = [link for link in links if "://" not in link]
        self.assertGreater(len(links), 5)
        for link in links:
            self.assertTrue((ROOT / link).exists(), link)

    def test_what_is_named_in_passing(self):
        """`lnn_gpu ...` in the text: the command exists; keys are those of the program; files in backticks are there"""
        help_text = subprocess.run([BINARY, "--help"], capture_output=True, text=True).stdout
        for command in re.findall(r"`(?:build/)?lnn_gpu (\w+)", TEXT):
            self.assertRegex(help_text, rf"(?m)^ +{command}\b", command)
        keys = subprocess.run([BINARY, "config", "show"], capture_output=True, text=True).stdout
        sections = re.findall(r"^\[(\w+)\]", keys, re.MULTILINE)
        for section, key in re.findall(r"`(%s)\.(\w+)" % "|".join(sections), TEXT):
            body = keys.split(f"[{section}]")[1].split("\n[")[0]
            self.assertRegex(body, rf"(?m)^{key} = ", f"{section}.{key}")
        for path in re.findall(r"`((?:include|kernels|host|tests|tools|data)/[\w./-]*)`", TEXT):
            self.assertTrue((ROOT / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
