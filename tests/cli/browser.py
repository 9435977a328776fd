"""A headless Chromium, driven over the pipe of its DevTools protocol: messages of JSON that end in NUL.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe"]


class Browser:
    def __init__(self):
        if not PROGRAM:
            if os.environ.get("LNN_REQUIRE_BROWSER") == "1":
                raise FileNotFoundError("LNN_REQUIRE_BROWSER=1, but there is no browser: apt install chromium")
            raise unittest.SkipTest("no browser: apt install chromium")
        self.profile = tempfile.mkdtemp()
        command, self.commands = os.pipe()  # its descriptor 3 reads, its 4 writes
        self.answers, answer = os.pipe()
        os.set_inheritable(command, True), os.set_inheritable(answer, True)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3<&{command} 4>&{answer}', "sh", PROGRAM, *FLAGS,
             f"--user-data-dir={self.profile}", "about:blank"],
            close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(command), os.close(answer)
        self.count, self.buffer, self.events, self.session = 0, b"", [], None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.commands), os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], max(0, deadline - time.monotonic()))[0]:
                raise OSError("chromium does not answer")
            part = os.read(self.answers, 1 << 16)
            if not part:
                raise OSError("chromium ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        """the result of a command; events that come meanwhile are kept"""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 30
        while (answer := self.message(deadline)).get("id") != self.count:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def media(self, **features):
        """prefers_color_scheme="dark", prefers_reduced_motion="reduce", ..."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": name.replace("_", "-"), "value": value}
                                                          for name, value in features.items()])

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, path):
        """the page, loaded; `events` are those of this page"""
        self.events.clear()
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        deadline = time.monotonic() + 30
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message(deadline))

    def value(self, expression):
        """of JavaScript in the page"""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def named(self, method):
        """parameters of the events of a kind so far"""
        return [event["params"] for event in self.events if event.get("method") == method]

    def press(self, key):
        """a key: " " or "ArrowRight\""""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code="Space" if key == " " else key,
                      text=key if len(key) == 1 and kind == "keyDown" else "")

    def picture(self, path, top=0, height=None):
        """of the whole page, or of `height` pixels from `top`"""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": top, "width": size["width"], "height": height or size["height"] - top, "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))
