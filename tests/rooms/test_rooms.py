#!/usr/bin/python3
"""test_rooms.py ROOM...: the rooms of host/, the lowest first. What is in a room includes files of its own room and of
those below it; some libraries belong to one room or file, and headers leave the body of JSON to those who need it."""

import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOOR = {"lnn"}  # include/lnn, below every room
AT_HOME = {"CLI": "commands/arguments.cpp", "toml++": "settings/"}  # a library and the one place that includes it
JSON = "nlohmann/json.hpp"  # 25 thousand lines; a header names the type by json_fwd.hpp, but for those that hold a value
HOLD_JSON = {"evaluation/write.hpp", "files/checkpoint.hpp", "report/contents.hpp", "run/session.hpp",
             "sweep/directory.hpp", "sweep/table.hpp"}


def complaints(host, rooms):
    for path in sorted(host.glob("*/*")):
        if path.suffix not in (".cpp", ".hpp"):
            continue
        room = path.parent.name
        if room not in rooms:
            yield f"{path}: no room of rooms.cmake"
            continue
        below = set(rooms[:rooms.index(room) + 1]) | DOOR
        for bracket, name in re.findall(r'^\s*#\s*include\s*(["<])([^">]+)', path.read_text(), re.MULTILINE):
            place = name.split("/")[0]
            if bracket == '"' and place not in below:
                yield f"{path}: includes {name}, which is in no room below"
            if bracket == "<" and not f"{room}/{path.name}".startswith(AT_HOME.get(place, "")):
                yield f"{path}: includes {name}, which is for {AT_HOME[place]} alone"
            if name == JSON and path.suffix == ".hpp" and f"{room}/{path.name}" not in HOLD_JSON:
                yield f"{path}: includes {name}, which a header leaves to others; name the type by nlohmann/json_fwd.hpp"


class Rooms(unittest.TestCase):
    rooms = []

    def test_arrows_point_down(self):
        self.assertEqual([*complaints(ROOT / "host", self.rooms)], [])

    def test_every_room_is_there(self):
        self.assertEqual({path.name for path in (ROOT / "host").iterdir() if path.is_dir()}, set(self.rooms))

    def test_others_are_found(self):
        for text, complaint in [('#include "files/json.hpp"\n#include "lnn/error.hpp"\n#include "settings/a.hpp"\n', None),
                                ('#include "run/session.hpp"\n', "run/session.hpp"),
                                ('  # include "session.hpp"\n', "session.hpp"),
                                ("#include <vector>\n#include <toml++/toml.h>\n", None),
                                ("#include <CLI/CLI.hpp>\n", "commands/arguments.cpp alone"),
                                ("#include <nlohmann/json_fwd.hpp>\n", None),
                                ("#include <nlohmann/json.hpp>\n", "json_fwd.hpp")]:
            with tempfile.TemporaryDirectory() as host:
                room = pathlib.Path(host) / "settings"
                room.mkdir()
                (room / "a.hpp").write_text(text)
                found = [*complaints(pathlib.Path(host), ["files", "settings", "run"])]
                self.assertEqual(len(found), 1 if complaint else 0, text)
                if complaint:
                    self.assertIn(complaint, found[0])
                self.assertEqual(len([*complaints(pathlib.Path(host), ["files"])]), 1)


if __name__ == "__main__":
    Rooms.rooms = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
