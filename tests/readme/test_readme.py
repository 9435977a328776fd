"""The papers of the house (README.md, CONTRIBUTING.md and the README of each room): their commands run as they stand, in
their order; their Python works; their C++ and CMake stand in a file of this repository; their links lead somewhere; and
what they name is there.

Each paper's commands run in a directory of their own. What costs minutes is cut short by settings of the environment,
which stand below the flags of a command. Scripts that install, build or test are not run: that they are there is asked,
and whether the program takes the arguments that they hand to it.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import tomllib
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LNN_BINARY", str(ROOT / "build" / "lnn_gpu"))
BUILD = pathlib.Path(BINARY).parent
SHORT = {"LNN_GPU_RUN_THREADS": "1", "LNN_GPU_TRAIN_STEPS": "50", "LNN_GPU_TRAIN_LM_ITERATIONS": "2", "LNN_GPU_EVAL_TRAJECTORIES": "20", "LNN_GPU_EVAL_FILM": "0.5"}
# presets that count epochs are cut by them: of two the one of higher rank counts
SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("LNN_GPU_")} | SHORT
ROOMS = ["include", "kernels", "host", "tests", "tools", "data"]
# but not the list of changes, which names what has been
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md",
          *sorted(path for room in ROOMS for path in (ROOT / room).rglob("README.md"))]


def name_of(paper):
    return str(paper.relative_to(ROOT))


def blocks(paper, *languages):
    """the texts of the fenced blocks in these languages"""
    found = re.findall(r"^```(\w*)\n(.*?)^```", paper.read_text(), re.MULTILINE | re.DOTALL)
    return [block for language, block in found if language in languages]


def configurations(paper):
    return [block for block in blocks(paper, "toml") if block.startswith("[system]")]


def prose(paper):
    """the text without its fenced blocks"""
    return re.sub(r"^```.*?^```", "", paper.read_text(), flags=re.MULTILINE | re.DOTALL)


def spans(paper):
    """what stands between backticks; a line may end within"""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(paper))]


def anchors(paper):
    """the names that GitHub gives to headings"""
    headings = re.findall(r"^#+ (.*)$", prose(paper), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def lnn_gpu(*words, **how):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, env=SETTINGS, **how)


def is_placeholder(text):
    """NAME, PATH, ... in place of what a person gives"""
    return re.search(r"\b(?!README\b)[A-Z]+\b|\.\.\.", text) is not None


def rows(paper, heading):
    """the first cells of the table below a heading, without their backticks and links"""
    table = prose(paper).split(f"\n{heading}\n")[1].split("\n#")[0]
    cells = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)[1:]
    return [re.sub(r"[\[`]+([\w./-]+?)/?`.*", r"\1", cell) for cell in cells]


def write_film(path):
    """what the papers say of film.csv"""
    t = np.arange(0, 3, 0.02)
    left, right = 40 * np.cos(3.1 * t), 30 * np.cos(3.1 * t + 0.4) + 5 * np.sin(7.7 * t)
    np.savetxt(path, np.column_stack([1000 * t, left, right]), delimiter=",", header="ms,left,right", comments="")


class Papers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.help = lnn_gpu("--help").stdout
        cls.settings = tomllib.loads(lnn_gpu("config", "show", "--defaults").stdout)

    def room_of(self, paper):
        """where a paper's commands run: the root of a clone, as far as they see it"""
        room = self.directory / name_of(paper).replace("/", "-")
        if not room.exists():
            (room / "build").mkdir(parents=True)
            (room / "build" / "lnn_gpu").symlink_to(BINARY)
            (room / "tools").symlink_to(ROOT / "tools")
            write_film(room / "film.csv")
            for block in configurations(paper):
                (room / "oscillator.toml").write_text(block)
        return room

    def run_here(self, paper, line):
        done = subprocess.run(line, shell=True, cwd=self.room_of(paper), env=SETTINGS, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def look_at_script(self, paper, words):
        self.assertTrue(os.access(ROOT / words[0], os.X_OK), words[0])
        script = re.sub(r"(?m)^ *#.*", "", (ROOT / words[0]).read_text())
        own = words[1:words.index("--")] if "--" in words else words[1:]
        if words[0] == "./tools/run.sh" or "--" in words:
            given = words[words.index("--") + 1:] if "--" in words else own
            own = own if "--" in words else []
            self.run_here(paper, shlex.join(["build/lnn_gpu", "run", "--dry-run", *given]))
        for word in own:
            if not is_placeholder(word) and not word[0].isdigit():
                self.assertRegex(script, rf"(?<![\w-]){re.escape(word)}(?![\w-])")

    def look_at_cmake(self, words):
        presets = {preset["name"] for preset in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
        if "--preset" in words:
            self.assertIn(words[words.index("--preset") + 1], presets)
        else:
            self.assertIn(words[1], ["--build", "--install"])

    def look_at_ctest(self, words):
        if not (BUILD / "CTestTestfile.cmake").exists():
            return
        where = words.index("--test-dir") + 1
        done = subprocess.run([*words[:where], str(BUILD), *words[where + 1:], "-N"], capture_output=True, text=True)
        self.assertRegex(done.stdout, r"Total Tests: [1-9]", done.stderr)

    def test_1_commands(self):
        ran = 0
        for paper in PAPERS:
            for line in (line for block in blocks(paper, "sh") for line in block.splitlines() if line.strip()):
                with self.subTest(f"{name_of(paper)}: {line}"):
                    words = shlex.split(re.sub(r"^(\w+=\S+ )+", "", line), comments=True)
                    if words[0] == "build/lnn_gpu":
                        self.run_here(paper, line)
                        ran += 1
                    elif words[0] == "cmake":
                        self.look_at_cmake(words)
                    elif words[0] == "ctest":
                        self.look_at_ctest(words)
                    else:
                        self.assertRegex(words[0], r"^\./(tools|tests)/", "a command this test does not know")
                        self.look_at_script(paper, words)
        self.assertGreater(ran, 20)

    def test_2_python(self):
        try:
            import torch  # noqa: F401
        except ImportError:
            if os.environ.get("LNN_REQUIRE_TORCH") == "1":
                raise
            self.skipTest("no PyTorch")
        snippets = [(paper, block) for paper in PAPERS for block in blocks(paper, "python")]
        self.assertGreater(len(snippets), 0)
        for paper, snippet in snippets:
            done = subprocess.run([sys.executable, "-c", snippet], cwd=self.room_of(paper), capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("tensor", done.stdout)

    def test_code_is_that_of_a_file(self):
        def flat(text):
            return " ".join(text.split())

        sources = [flat(path.read_text()) for room in ROOMS[:4] for path in (ROOT / room).rglob("*")
                   if path.suffix in (".hpp", ".cpp") or path.name == "CMakeLists.txt"]
        sources += [flat(path.read_text()) for path in (ROOT / "data" / "systems").glob("*.toml")]
        found = [(paper, block) for paper in PAPERS for block in blocks(paper, "cpp", "cmake", "toml")
                 if block not in configurations(paper)]
        self.assertGreater(len(found), 2)
        for paper, block in found:
            code = flat(textwrap.dedent(block))
            self.assertTrue(any(code in source for source in sources), f"{name_of(paper)}: {block}")

    def test_no_other_blocks(self):
        for paper in PAPERS:
            self.assertEqual(blocks(paper, ""), [], f"{name_of(paper)}: a block without a language")

    def test_links(self):
        number = 0
        for paper in PAPERS:
            text = prose(paper)
            links = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
            for link in links:
                if "://" in link:
                    continue
                path, _, anchor = link.partition("#")
                target = paper.parent / path if path else paper
                self.assertTrue(target.exists(), f"{name_of(paper)}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(target), f"{name_of(paper)}: {link}")
                number += 1
        self.assertGreater(number, 20)

    def test_commands_in_passing(self):
        for paper in PAPERS:
            for span in spans(paper):
                named = re.match(r"(?:build/)?lnn_gpu ([a-z]\w*)(.*)", span)
                if not named:
                    continue
                command, rest = named.groups()
                with self.subTest(f"{name_of(paper)}: {span}"):
                    self.assertRegex(self.help, rf"(?m)^ +{command}\b")
                    inner = re.findall(r"^ ([a-z]+)", rest) if command == "data" else []
                    text = lnn_gpu(command, *inner, "--help").stdout
                    for flag in re.findall(r"(?<!\w)--[a-z][\w-]*", rest):
                        self.assertRegex(text, rf"(?<![\w-]){flag}(?![\w-])")

    def test_settings_in_passing(self):
        keys = {f"{section}.{name}" for section, body in self.settings.items() for name in body}
        keys |= {f"train.{inner}.{name}" for inner in ("schedule", "lm") for name in self.settings["train"][inner]}
        number = 0
        for paper in PAPERS:
            for span in spans(paper):
                for preset in re.findall(r"(?<!cmake )--preset ([a-z][\w-]*)", span):
                    self.assertTrue((ROOT / "data" / "presets" / f"{preset}.toml").exists(), f"{name_of(paper)}: {span}")
                for preset in re.findall(r"cmake --preset ([a-z][\w-]*)", span):
                    self.look_at_cmake(["cmake", "--preset", preset])
                said = re.fullmatch(r"((?:%s)(?:\.\w+)+)(?: ?= ?(.*))?" % "|".join(self.settings), span)
                if not said or said[1].endswith((".toml", ".json", ".safetensors", ".sh")):
                    continue
                with self.subTest(f"{name_of(paper)}: {span}"):
                    self.assertIn(said[1], keys)
                    if said[2] and not is_placeholder(said[2]):
                        done = lnn_gpu("config", "show", "--set", f"{said[1]}={said[2]}")
                        self.assertEqual(done.returncode, 0, done.stderr)
                    number += 1
        self.assertGreater(number, 20)

    def test_paths_in_passing(self):
        for paper in PAPERS:
            for span in spans(paper):
                named = re.match(r"(?:\./)?((?:%s)/[\w./-]*)(?: |$)" % "|".join(ROOMS), span)
                if named and not is_placeholder(named[1]):
                    self.assertTrue((ROOT / named[1]).exists(), f"{name_of(paper)}: {span}")

    def test_lists_are_whole(self):
        rooms = re.search(r"set\(LNN_ROOMS (.*?)\)", (ROOT / "host" / "rooms.cmake").read_text())[1].split()
        self.assertEqual(rows(ROOT / "host" / "README.md", "## Rooms"), rooms)
        presets = sorted(path.stem for path in (ROOT / "data" / "presets").glob("*.toml"))
        self.assertEqual(sorted(rows(ROOT / "data" / "README.md", "## Presets")), presets)
        tests = sorted(path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name not in rooms)
        self.assertEqual(sorted(rows(ROOT / "tests" / "README.md", "## What is where")), tests)


if __name__ == "__main__":
    unittest.main()
