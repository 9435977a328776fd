"""`data import`: a person's own measured trajectories become a data set, or one line says what to mend."""

import io
import json
import pickle
import unittest

import numpy as np

from program import ProgramTest, metrics, settings, true_systems

PENDULUM = {"m": (1.0, 1.0), "l": (1.0, 1.0), "g": 9.8}


def swing(samples=400, dt=0.01):
    """instants, angles, velocities of a double pendulum that turns over, and its accelerations"""
    def slope(x):
        return np.concatenate([x[2:], true_systems.double_pendulum(x[None], **PENDULUM)[0][0]])

    states = [np.array([2.5, 2.0, 0.0, 3.0])]
    for _ in range(samples - 1):
        x = states[-1]
        k1 = slope(x)
        k2 = slope(x + dt / 2 * k1)
        k3 = slope(x + dt / 2 * k2)
        k4 = slope(x + dt * k3)
        states.append(x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    x = np.array(states)
    return dt * np.arange(samples), x[:, :2], x[:, 2:], true_systems.double_pendulum(x, **PENDULUM)[0]


class Import(ProgramTest):
    def imported(self, *arguments, out="d.npz"):
        told = json.loads(self.result("data", "import", *arguments, "--out", out, "--json", "-q"))
        with np.load(self.directory / out) as data:
            return told, {name: data[name] for name in data}

    def write(self, name, content):
        (self.directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    def table(self, name, header, columns, **options):
        np.savetxt(self.directory / name, np.column_stack(columns), fmt="%.17g", header=header,
                   **{"delimiter": ",", "comments": ""} | options)
        return name

    def test_wrapped_degrees_and_milliseconds(self):
        """angles alone, as a camera logs them; velocities and accelerations come close to the truth"""
        t, q, v, a = swing()
        self.assertGreater(np.abs(q).max(), np.pi)
        wrapped = np.degrees(np.angle(np.exp(1j * q)))
        keep = (t < 1.2) | (t > 1.5)
        self.table("log.txt", "ms left right", [c[keep] for c in (1000 * t, wrapped)], delimiter=" ", comments="# ")
        told, d = self.imported("log.txt", "--columns", "t=ms,q1=left,q2=right", "--system", "double_pendulum",
                                "--degrees", "--time-unit", "ms")
        np.testing.assert_allclose(d["t"], t[keep], rtol=1e-12)
        self.assertEqual((d["trajectory"] == (t[keep] > 1.4)).all(), True)
        # up to whole turns, which are lost in a gap
        turns = (d["q"] - q[keep]) / (2 * np.pi)
        np.testing.assert_allclose(turns, np.round(turns), atol=1e-9)
        for segment in (0, 1):
            self.assertEqual(np.ptp(np.round(turns[d["trajectory"] == segment]), axis=0).tolist(), [0, 0])
        # the fits at the ends of a segment, with samples on one side only, make most of these errors (5.1 % of a)
        for mine, truth, share in [(d["v"], v[keep], 0.01), (d["a"], a[keep], 0.06)]:
            error = np.sqrt(np.mean((mine - truth) ** 2) / np.mean(truth ** 2))
            self.assertLess(error, share)
        about = told["imported"]
        self.assertEqual((told["samples"], told["dof"], told["trajectories"]), (keep.sum(), 2, 2))
        self.assertEqual((about["from"], about["trials"], about["gaps"], about["short_segments"]),
                         ("log.txt", 1, 1, 0))
        self.assertEqual(about["derived"], ["v1", "v2", "a1", "a2"])
        self.assertGreater(about["unwrapped"], 0)
        self.assertAlmostEqual(told["median_step"], 0.01)
        # info tells the same of the file
        info = json.loads(self.result("data", "info", "d.npz", "--json"))
        del told["imported"]
        self.assertEqual(info, told)

    def test_talk(self):
        t, q, v, a = swing(60)
        self.table("d.csv", "time;theta1;theta2;omega1;omega2;light", [t, q, v, t], delimiter=";")
        done = self.ends(0, "data", "import", "d.csv", "--out", "d.npz")
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines()[:3],
                         ["d.csv: columns ignored: light",
                          "accelerations derived from velocities by Savitzky-Golay, window 11, order 4",
                          "d.npz: 60 samples, 2 degrees of freedom, 1 trajectories, median step 0.01 s"])
        self.assertEqual(done.stderr.splitlines()[3:],
                         self.result("data", "info", "d.npz").splitlines()[1:])
        self.assertEqual(self.ends(0, "data", "import", "d.csv", "--out", "d.npz", "--force", "-q").stderr, "")
        self.assertIn("60 samples", self.ends(0, "data", "import", "d.csv", "--dry-run").stderr)

    def test_forms_of_one_table(self):
        """delimiters, line ends, marks, comments, no header, .npz: the same data"""
        t, q, v, _ = swing(30)
        self.table("d.csv", "t,q1,q2,v1,v2", [t, q, v])
        want = self.imported("d.csv")[1]
        text = (self.directory / "d.csv").read_text()
        head, rows = text.split("\n", 1)
        numbers = ["--columns", "t=1,q1=2,q2=3,v1=4,v2=5"]
        for name, content, flags in [
                ("semicolon.txt", text.replace(",", ";"), []), ("tab.txt", text.replace(",", "\t"), []),
                ("blank.txt", text.replace(",", "   "), []), ("mark.csv", "\ufeff" + text, []),
                ("crlf.csv", text.replace("\n", "\r\n"), []), ("comment.csv", "% a film\n#" + text, []),
                ("noend.csv", text.rstrip(), []), ("remark.csv", head + "\n\n# as of here\n" + rows, []),
                ("bare.csv", rows, numbers), ("renamed.csv", "a,b,c,d,e\n" + rows, numbers)]:
            with self.subTest(name):
                data = self.imported(self.write(name, content), *flags, "--force")[1]
                for key, array in want.items():
                    np.testing.assert_array_equal(data[key], array)
        np.savez(self.directory / "own.npz", q=q, v=v, t=t)
        np.savez(self.directory / "apart.npz", x=q[:, 0], y=q[:, 1], vx=v[:, 0], vy=v[:, 1], time=t)
        for name, flags in [("own.npz", []), ("apart.npz", ["--columns", "q1=x,q2=y,v1=vx,v2=vy,t=time"])]:
            data = self.imported(name, *flags, "--force")[1]
            np.testing.assert_array_equal(data["a"], want["a"])

    def test_training_takes_it(self):
        t, q, v, a = swing(64)
        self.table("d.csv", "t,q1,q2,v1,v2,a1,a2", [t, q, v, a])
        self.imported("d.csv")
        values = {"train.epochs": 2, "train.steps": 0}
        runs = [self.train(name, "--data", data, values=values) for name, data in [("r", "d.npz"), ("s", "d.csv")]]
        self.assertEqual(metrics(runs[0]), metrics(runs[1]))

    def test_malformed_files(self):
        """each is refused with its place and what to do, and no file appears"""
        good = "t,q1,v1,a1\n0,1,2,3\n1,2,3,4\n2,3,4,5\n"
        truncated = io.BytesIO()
        np.savez(truncated, t=np.arange(9.0), q=np.arange(9.0), v=np.arange(9.0))
        objects = io.BytesIO()
        np.savez(objects, t=np.arange(9.0), q=np.array([{}] * 9, dtype=object), v=np.arange(9.0))
        uneven = io.BytesIO()
        np.savez(uneven, t=np.arange(9.0), q=np.arange(8.0), v=np.arange(9.0), a=np.arange(9.0))
        nan = io.BytesIO()
        np.savez(nan, t=np.arange(2.0), q=np.array([0, np.nan]), v=np.arange(2.0), a=np.arange(2.0))
        cases = {
            "empty.csv": ("", ":1:1: empty; begin the file with a line"),
            "header.csv": ("t,q1,v1,a1\n", ":1:1: a header without a row of numbers; write a row"),
            "bare.csv": ("0,1,2\n1,2,3\n", ":1:1: no columns q1, v1, ... by name", "--columns q1=1,...", "3 columns"),
            "names.csv": (good.replace("q1", "angle").replace("v1", "speed"), ":1:1: no columns q1", "t,angle,speed,a1"),
            "missing.csv": ("t,q1,q2,v1\n0,1,2,3\n", ":1:1: column 'v2' is missing", "give every one its column"),
            "twice.csv": ("t,q1,q1,v1\n0,1,2,3\n", ":1:6: column 'q1' a second time; give it a name"),
            "less.csv": (good + "3,4,5\n", ":5:5: 3 fields, but the header has 4; write the same"),
            "more.csv": (good + "3,4,5,6,7\n", ":5:9: more fields than the 4 of the header; write the same"),
            "word.csv": (good.replace("2,3,4,5", "2,3,four,5"), ":4:5: v1 is 'four', not a number; mend or remove"),
            "blank.csv": (good.replace("2,3,4,5", "2,3,,5"), ":4:5: v1 is empty; give a number"),
            "nan.csv": (good.replace("2,3,4,5", "2,3,4,NaN"), ":4:7: a1 is NaN; every value must be finite: mend or"),
            "inf.csv": (good.replace("2,3,4,5", "2,-inf,4,5"), ":4:3: q1 is -inf; every value must be finite"),
            "huge.csv": (good.replace("2,3,4,5", "2,1e999,4,5"), ":4:3: q1 is 1e999; every value must be finite"),
            "comma.txt": ("t;q1;v1\n0;0,5;1\n", ":2:3: q1 is '0,5', with a decimal comma; write 0.5"),
            "back.csv": (good + "1.5,1,1,1\n", ":5: time 1.5 comes after 2 of", "back.csv:4; sort the rows"),
            "again.csv": (good + "2,1,1,1\n", ":5: time 2 comes a second time; sort the rows, remove"),
            "single.csv": ("t,q1,v1,a1\n0,1,2,3\n", ":2: a single sample", "give two rows or more"),
            "few.csv": ("t,q1\n0,1\n1,2\n2,3\n", ":2: too few samples for a derivative", "give a smaller --window"),
            "timeless.csv": ("q1,v1\n0,1\n1,2\n", ":1:1: no column of times", "--columns t=NAME"),
            "trial.csv": (good.replace("t,", "t,trial,").replace("0,1,", "0,0.5,1,").replace("1,2,3,4", "1,1,2,3,4")
                          .replace("2,3,4,5", "2,1,3,4,5"), ":2: trial is 0.5, not an integer; number the"),
            "pickle.csv": (pickle.dumps({"q": [1.0]}, 4), ":1:1: a pickle, which is never loaded; save"),
            "noise.txt": (bytes(range(256)) * 9, ":1:1: not a text file; give a .csv"),
            "late.csv": (good.encode() + b"1,2\0,3,4\n", "late.csv:", "not a text file; give"),
            "wide.csv": (good.encode("utf-16"), ":1:1: text in UTF-16; save it in UTF-8"),
            "mac.csv": (good.replace("\n", "\r"), ":1:1: its lines end in CR alone; convert"),
            "long.csv": (good + "7" * (3 << 19), ":5:1: a line of more than 1048576 bytes; write one row a line"),
            "truncated.npz": (truncated.getvalue()[:-99], ": not a readable .npz archive", "copy it again"),
            "objects.npz": (objects.getvalue(), ": q: holds pickled Python objects, which are never loaded; save"),
            "uneven.npz": (uneven.getvalue(), ": v has 9 rows, but q has 8; save one row a sample"),
            "nan.npz": (nan.getvalue(), ": q: row 2, column 1 is nan; every value must be finite: mend or"),
            "text.npz": (good, ": not a readable .npz archive", "copy it again"),
        }
        for name, (content, *parts) in cases.items():
            with self.subTest(name):
                self.write(name, content)
                error = self.refused(4, "data", "import", name, "--out", "d.npz")
                self.assertTrue(error.startswith(name + ":"), error)
                for part in parts:
                    self.assertIn(part, error)

    def test_mappings(self):
        self.write("d.csv", "when,left,right\n0,1,2\n1,2,3\n")

        def refused(code, told, *flags):
            return self.refused(code, "data", "import", "d.csv", "--out", "d.npz", "--columns", told, *flags)

        self.assertIn("d.csv:1:1: no column 'lift' for q1 (did you mean 'left'?)", refused(4, "q1=lift"))
        self.assertIn("d.csv:1:1: no column 7 for q1: there are 3; count from 1", refused(4, "q1=7"))
        self.assertIn("both q1 and q2", refused(4, "q1=left,q2=left"))
        self.assertIn("write q1=NAME", refused(2, "q1:left"))
        self.assertIn("d.csv:1:1: 2 coordinates q1, ..., but the system has 1",
                      refused(4, "t=when,q1=left,q2=right", "--system", "pendulum"))
        self.assertIn("--angles q1,p: expected coordinates", refused(2, "t=when,q1=left", "--angles", "q1,p"))
        self.assertIn("no q2 that --angles", refused(4, "t=when,q1=left", "--angles", "q2"))
        self.assertIn("say it by --angles", refused(2, "t=when,q1=left", "--degrees"))
        self.assertIn("(did you mean 'pendulum'?)", refused(2, "t=when,q1=left", "--system", "pendulun"))
        self.assertIn("--window 4: a polynomial of order 4", refused(2, "t=when,q1=left", "--window", "4"))
        for flags in [["--gap", "0"], ["--gap", "nan"], ["--window", "2"], ["--order", "1"], ["--time-unit", "h"]]:
            self.assertIn(flags[0], refused(2, "t=when,q1=left", *flags))

    def test_places(self):
        self.write("d.csv", "t,q1,v1,a1\n0,1,2,3\n1,2,3,4\n")
        call = ["data", "import", "d.csv", "--out"]
        self.assertIn("where to? give --out", self.refused(2, *call[:3]))
        self.assertIn("cannot read absent.csv: No such file", self.refused(4, "data", "import", "absent.csv", *call[3:], "e"))
        self.assertIn("cannot read .: Is a directory; name a file", self.refused(4, "data", "import", ".", *call[3:], "e"))
        self.assertIn("create the directory absent first", self.refused(4, *call, "absent/d.npz"))
        self.assertIn("No space left", self.refused(4, *call, "/dev/full"))
        self.ends(0, *call, "d.npz")
        self.assertIn("d.npz exists; give --force", self.refused(2, *call, "d.npz"))
        self.ends(0, *call, "d.npz", "--force")
        piped = self.ends(0, *call, "/dev/stdout", text=False)
        with np.load(io.BytesIO(piped.stdout)) as data:
            self.assertEqual(data["q"].tolist(), [[1], [2]])


if __name__ == "__main__":
    unittest.main()
