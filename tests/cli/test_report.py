"""report.html as people meet it, in a browser: it fetches nothing, its film plays, and it fits a telephone."""

import json
import os
import shutil
import time
import unittest

import numpy as np

from browser import Browser
from program import TINY, ProgramTest, settings

KINDS = {"double_pendulum": {},
         "pendulum": {},
         "spring_pendulum": {"data.position": "[0.8,1.2]"},
         "harmonic_oscillator": {}}

# what the page shows: the slider, what the button offers, the places of the bobs
STATE = """(() => {
    const bob = path => [...document.querySelectorAll(`.stage .${path} .bob`)]
        .map(b => [Number(b.getAttribute('cx')), Number(b.getAttribute('cy'))]);
    return {time: Number(document.querySelector('#film input').value),
            button: document.querySelector('#film button').textContent,
            clock: document.querySelector('#film output').textContent,
            errors: [...document.querySelectorAll('.panel .error')].map(e => e.textContent),
            truth: bob('truth'), model: bob('model'),
            shown: document.querySelector('.stage .model').style.display !== 'none'};
})()"""

# texts that are hard to read: contrast with what is behind them, by WCAG 2.1, below 4.5
PALE = """(() => {
    const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => {
        for (; element; element = element.parentElement) {
            const colour = parse(getComputedStyle(element).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), pale = new Set();
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest('script, noscript, title')) continue;
        const style = getComputedStyle(element), ink = parse(element.closest('svg') ? style.fill : style.color);
        const [low, high] = [light(ink), light(behind(element))].sort((a, b) => a - b);
        if ((high + 0.05) / (low + 0.05) < 4.5) pale.add(`${element.tagName} ${walker.currentNode.data}`);
    }
    return [...pale];
})()"""


class RunTest(ProgramTest):
    def run_of(self, kind):
        self.result("run", "-q", "--out", kind, *TINY, *settings({"system.kind": kind, **KINDS[kind]}))
        return self.directory / kind

    def run_on_a_file(self):
        self.result("data", "gen", "--out", "d.npz", "-q", *TINY,
                    *settings({"data.source": "trajectories", "data.trajectories": 2, "data.points": 60, "data.t_end": 3}))
        self.result("run", "-q", "--out", "measured",
                    *settings({"data.source": "file:d.npz", "data.angles": "q1,q2", "train.steps": 60, "model.hidden": "[8,8]"}))
        return self.directory / "measured"


class Page(RunTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, page, width=1400, **media):
        self.browser.media(**{"prefers_reduced_motion": "no-preference", "prefers_color_scheme": "light", **media})
        self.browser.size(width)
        self.browser.open(page)

    def clean(self):
        """nothing went wrong in the page, and nothing was asked for beyond its own file"""
        self.assertEqual(self.browser.named("Runtime.exceptionThrown"), [])
        self.assertEqual(self.browser.named("Runtime.consoleAPICalled"), [])
        self.assertEqual(self.browser.named("Log.entryAdded"), [])
        asked = [event["request"]["url"] for event in self.browser.named("Network.requestWillBeSent")]
        self.assertEqual([url for url in asked if not url.startswith("file://") or not url.endswith(".html")], [])
        self.assertEqual(len(asked), 1)

    def fits(self):
        wide, room = self.browser.value("[document.scrollingElement.scrollWidth, innerWidth]")
        self.assertLessEqual(wide, room)

    def state(self):
        return self.browser.value(STATE)

    def until(self, condition):
        deadline = time.monotonic() + 10
        while not condition(state := self.state()):
            self.assertLess(time.monotonic(), deadline, state)
            time.sleep(0.02)
        return state

    def scrub(self, share):
        self.browser.value("(() => { const slider = document.querySelector('#film input');"
                           f"slider.value = {share} * slider.max; slider.dispatchEvent(new Event('input')); }})()")
        return self.state()

    def moves(self):
        """plays at once, pauses, goes on, and shows what its slider says"""
        first = self.state()
        self.assertEqual(first["button"], "Pause")
        later = self.until(lambda s: s["time"] > first["time"])
        self.assertNotEqual(later["truth"], first["truth"])
        self.browser.value("document.querySelector('#film button').click()")
        paused = self.state()
        time.sleep(0.2)
        self.assertEqual(self.state(), paused)
        self.assertEqual(paused["button"], "Play")
        self.assertNotEqual(self.scrub(0.9)["truth"], self.scrub(0.2)["truth"])
        self.browser.press(" ")
        self.assertEqual(self.state()["button"], "Play")  # nothing has the focus
        self.browser.value("document.querySelector('#film input').focus()")
        self.browser.press(" ")
        self.until(lambda s: s["button"] == "Pause" and s["time"] > 0.2 * 0.1)

    def test_every_kind(self):
        for kind in [*KINDS, "measured"]:
            with self.subTest(kind):
                page = (self.run_on_a_file() if kind == "measured" else self.run_of(kind)) / "report.html"
                self.open(page)
                self.moves()
                self.fits()
                self.clean()
                for scheme in ("light", "dark"):
                    self.open(page, 400, prefers_color_scheme=scheme)
                    self.fits()
                    self.assertEqual(self.browser.value(PALE), [])
                    self.clean()

    def test_bobs_are_where_the_trajectories_are(self):
        run = self.run_of("double_pendulum")
        samples = np.load(run / "eval" / "trajectories.npy")
        self.open(run / "report.html", prefers_reduced_motion="reduce")
        self.assertEqual(self.browser.value("document.querySelector('#film select').options.length"), 8)
        pivot = np.array(self.browser.value("['cx', 'cy'].map(name => "
                                            "Number(document.querySelector('.pivot').getAttribute(name)))"))
        for sample in (0, 5):
            self.browser.value(f"document.querySelector('#film select').selectedIndex = {sample};"
                               "document.querySelector('#film select').dispatchEvent(new Event('change'))")
            self.assertEqual(self.state()["time"], 0)
            shown = self.scrub(0.7)  # of ten steps
            self.assertEqual(shown["clock"], "0.07 s of 0.10 s")
            scale = None
            for row, path in enumerate(("truth", "model")):
                q = samples[row, sample, 7, :2]
                places = np.cumsum(np.stack([np.sin(q), np.cos(q)], axis=1), axis=0)  # y downwards, as on the page
                found = np.array(shown[path]) - pivot
                scale = scale or np.linalg.norm(found[0])  # pixels a metre: the first rod is a metre long
                np.testing.assert_allclose(found / scale, places, atol=2e-3)
            off = np.abs(samples[0, sample, 7, :2] - samples[1, sample, 7, :2])
            for text, error in zip(shown["errors"], off):
                self.assertAlmostEqual(float(text.split()[1]), error, delta=0.06 * error + 1e-4)

    def test_a_measured_run_shows_what_was_held_out(self):
        run = self.run_on_a_file()
        self.open(run / "report.html", prefers_reduced_motion="reduce")
        self.assertIn("d.npz", self.browser.value("document.querySelector('h1').textContent"))
        self.assertEqual(self.browser.value("document.querySelector('.legend .truth').textContent"), "measured")
        # two motions, each with its one segment
        choices = self.browser.value("[...document.querySelectorAll('#film option')].map(o => o.textContent)")
        self.assertEqual([choice.split(",")[0] for choice in choices],
                         ["all that was held out", "segment 1"] * 2)
        rows = np.genfromtxt(run / "eval" / "rollouts.csv", delimiter=",", names=True)
        q = rows[(rows["motion"] == 0) & (rows["segment"] == 0)]["q1_measured"]
        self.scrub(1)
        self.assertEqual(float(self.browser.value("document.querySelector('.panel .truth').textContent")),
                         float(f"{q[-1]:.3g}"))
        text = self.browser.value("document.body.textContent")
        for words in ["predicting the mean", "Learned friction", "which a measured file does not have"]:
            self.assertIn(words, text)
        self.assertNotIn("Energy over time", text)

    def test_keys_step(self):
        self.open(self.run_of("pendulum") / "report.html", prefers_reduced_motion="reduce")
        self.browser.value("document.querySelector('#film button').focus()")
        for key, expected in (("ArrowRight", 0.001), ("ArrowRight", 0.002), ("ArrowLeft", 0.001)):
            self.browser.press(key)
            self.assertAlmostEqual(self.state()["time"], expected)

    def test_waits_where_motion_is_unwelcome(self):
        self.open(self.run_of("pendulum") / "report.html", prefers_reduced_motion="reduce")
        time.sleep(0.3)
        state = self.state()
        self.assertEqual((state["time"], state["button"]), (0, "Play"))
        self.browser.value("document.querySelector('#film button').click()")
        self.until(lambda s: s["time"] > 0)
        self.assertEqual(self.scrub(1)["time"], 0.1)
        self.browser.value("document.querySelector('#film button').click()")
        self.until(lambda s: 0 < s["time"] < 0.05)  # from the end on it begins again

    def test_model_that_left_the_numbers_vanishes(self):
        run = self.run_of("double_pendulum")
        path = run / "eval" / "trajectories.npy"
        samples = np.load(path)
        samples[1, 0, 6:] = np.inf
        np.save(path, samples)
        self.result("report", run)
        self.open(run / "report.html", prefers_reduced_motion="reduce")
        self.assertTrue(self.scrub(0.4)["shown"])
        self.assertFalse(self.scrub(0.8)["shown"])
        self.assertTrue(self.scrub(0.3)["shown"])
        self.clean()

    def test_a_drawing_without_anchor_and_links(self):
        page = self.run_of("double_pendulum") / "report.html"
        text = page.read_text()
        self.assertIn('"link":"rod","anchor":[0,0]', text)
        page.write_text(text.replace('"link":"rod","anchor":[0,0]', '"link":"none","anchor":null'))
        self.open(page)
        self.moves()
        self.clean()

    def test_without_gnuplot_the_film_still_plays(self):
        run = self.run_of("pendulum")
        shutil.rmtree(run / "figures")
        done = self.ends(0, "report", run, environment={"PATH": ""})
        self.assertIn("gnuplot is not installed", done.stderr)
        self.open(run / "report.html")
        self.moves()
        self.clean()

    def test_several_side_by_side(self):
        runs = [self.run_of("double_pendulum"), self.run_of("harmonic_oscillator")]
        done = self.ends(0, "report", *runs, "--out", "both.html")
        self.assertEqual(done.stdout.split(), [str(run / "report.html") for run in runs] + ["both.html"])
        for width, scheme in ((1400, "light"), (400, "light"), (400, "dark")):
            self.open(self.directory / "both.html", width, prefers_color_scheme=scheme)
            self.fits()
            self.assertEqual(self.browser.value(PALE), [])
            self.clean()
        self.assertEqual(self.browser.value("document.querySelectorAll('figure svg').length"), 4)


class Files(RunTest):
    def test_a_page_is_made_of_runs_alone(self):
        (self.directory / "report.html").write_text("mine")
        self.assertIn("neither a run nor a sweep", self.refused(4, "report", "."))
        self.assertEqual((self.directory / "report.html").read_text(), "mine")

    def test_a_picture_is_whole_or_not_there(self):
        """gnuplot that stops half-way leaves no half of a picture, in the directory or on the page"""
        run = self.run_of("pendulum")
        gnuplot = self.directory / "gnuplot"
        gnuplot.write_text("#!/bin/sh\ntest -t 1 || echo '<svg><title>half'\nexit 1\n")
        gnuplot.chmod(0o755)
        done = self.ends(0, "report", run, environment={"PATH": f"{self.directory}:{os.environ['PATH']}"})
        self.assertIn("gnuplot could not draw", done.stderr)
        self.assertEqual(list((run / "figures").glob("*.svg*")), [])
        self.ends(0, "report", run)
        pictures = list((run / "figures").glob("*.svg"))
        self.assertGreater(len(pictures), 3)
        for picture in pictures:
            self.assertTrue(picture.read_text().rstrip().endswith("</svg>"), picture)


class Command(ProgramTest):
    def setUp(self):
        super().setUp()
        for name, lr in (("a", 2e-3), ("b", 1e-3)):
            self.result("run", "-q", "--out", name, *TINY, "--set", f"train.lr={lr}")

    def test_json(self):
        result = json.loads(self.result("report", "a", "b", "--json"))
        self.assertEqual(result["comparison"], "comparison.html")
        self.assertTrue((self.directory / "comparison.html").is_file())
        for name, run in zip("ab", result["runs"]):
            self.assertEqual((run["run"], run["report"]), (name, f"{name}/report.html"))
            summary = json.loads((self.directory / name / "eval/summary.json").read_text())
            self.assertEqual(run["results"]["median_mse"], {c: m["median"] for c, m in summary["mse"].items()})
            self.assertEqual(run["results"]["trajectories"], 40)
            self.assertEqual(len(run["figures"]), 8)
            for figure in run["figures"]:
                self.assertTrue((self.directory / figure).is_file())
        self.assertNotIn("comparison", json.loads(self.result("report", "a", "--json")))

    def test_a_page_that_is_there_stays(self):
        self.result("report", "a", "b")
        self.assertIn("comparison.html", self.refused(2, "report", "a", "b"))
        self.assertIn("--out", self.refused(2, "report", "a", "--out", "page.html"))
        self.assertEqual(self.result("report", "a", "b", "--force").split()[-1], "comparison.html")

    def test_help_says_where_the_page_goes(self):
        self.assertIn("comparison.html", self.result("report", "--help"))


if __name__ == "__main__":
    unittest.main()
