"""The three browser engines of Debian, without a screen and without the network. Each runs scripts in its windows, and types into them.

Keys are those of WebDriver: characters, and for the others the private ones that selenium names.
"""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import websocket
from selenium.webdriver.common.action_chains import ActionChains

from chromium import open_chromium, until

# A script is the body of an async function; what it returns and what it is given goes through JSON.
CALL = "async text => { const args = JSON.parse(text); return JSON.stringify(await (async () => { %s })() ?? null) }"


class Engine:
    """A browser; what is opened, run and typed goes to the window that was opened or looked at last."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()

    def texts(self, selector):
        """What the elements that a selector finds say."""
        return self.run("return [...document.querySelectorAll(args[0])].map(node => node.textContent)", selector)


class Chromium(Engine):
    """Chromium says over its debugging protocol what was on the wire."""

    def __init__(self, trusted_key=None):
        # Chromium caches nothing that comes with a certificate it does not trust, unless its key is named.
        trusted = [f"--ignore-certificate-errors-spki-list={trusted_key}"] if trusted_key else []
        self.browser = open_chromium(*trusted, performance="ALL")
        self.exchanges = {}

    def open(self, url):
        self.browser.get(url)

    def open_window(self, url):
        """Opens one more window; returns what `look` takes to come back to it."""
        self.browser.switch_to.new_window("window")
        self.open(url)
        return self.window

    @property
    def window(self):
        return self.browser.current_window_handle

    def look(self, window):
        self.browser.switch_to.window(window)

    def resize(self, width, height):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def type(self, keys):
        ActionChains(self.browser).send_keys(keys).perform()

    def run(self, body, *arguments):
        outcome = self.browser.execute_async_script(
            f"const done = arguments[1]; ({CALL % body})(arguments[0]).then(value => done([value]), error => done(String(error)))",
            json.dumps(arguments))
        assert isinstance(outcome, list), outcome
        return json.loads(outcome[0])

    def quit(self):
        self.browser.quit()

    def wire(self):
        """The requests so far, in order: what was sent, what the wire answered, and what the page saw."""
        for entry in self.browser.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            found = self.exchanges.setdefault(event["params"].get("requestId"), {})
            match event["method"].partition(".")[2], event["params"]:
                case "requestWillBeSent", {"request": request}:
                    found |= {"method": request["method"], "url": request["url"]}
                case "requestWillBeSentExtraInfo", {"headers": headers}:
                    found["fields"] = {name.lower(): value for name, value in headers.items()}
                case "responseReceivedExtraInfo", {"statusCode": status}:
                    found["status"] = status
                case "responseReceived", {"response": response}:
                    found |= {"seen": response["status"], "protocol": response["protocol"]}
        return [exchange for exchange in self.exchanges.values() if "url" in exchange]


class WebKit(Engine):
    """WebKitGTK, on a screen in memory."""

    def __init__(self, trusted_key=None):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.window = 0
        reading, writing = os.pipe()
        self.screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1300x850x24", "-nolisten", "tcp"], pass_fds=[writing],
            stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as number:
            display = number.readline().strip()
        assert display, "Xvfb did not start"
        # The system's Python has the bindings.
        self.browser = subprocess.Popen(
            ["/usr/bin/python3", "-B", Path(__file__).parent / "webkit_browser.py", self.folder.name,
             "trusting" if trusted_key else "strict"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "DISPLAY": f":{display}"})

    def order(self, **order):
        self.browser.stdin.write(json.dumps(order) + "\n")
        self.browser.stdin.flush()
        outcome = json.loads(self.browser.stdout.readline() or '{"error": "the browser has ended"}')
        assert "error" not in outcome, outcome["error"]
        return outcome["value"]

    def open(self, url):
        self.order(open=url)

    def open_window(self, url):
        self.window = self.order(window=url)
        return self.window

    def look(self, window):
        self.window = self.order(look=window)

    def resize(self, width, height):
        self.order(width=width, height=height)
        until(lambda: self.run("return innerWidth") == width, "the window has its new size")

    def type(self, keys):
        self.order(type=keys)

    def run(self, body, *arguments):
        return json.loads(self.order(run=f"return await ({CALL % body})(text)", arguments=json.dumps(arguments)))

    def quit(self):
        for process in (self.browser, self.screen):
            process.terminate()
            process.wait(timeout=15)
        self.folder.cleanup()


class Firefox(Engine):
    """Firefox, over WebDriver BiDi, which it speaks without a driver."""

    def __init__(self, trusted_key=None):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        log = Path(self.profile.name) / "log"
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", self.profile.name, "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=log.open("wb"))
        address = until(lambda: re.search(r"WebDriver BiDi listening on (ws://\S+)\n", log.read_text()), "Firefox listens", within=30)
        self.connection = websocket.create_connection(f"{address[1]}/session", timeout=30, suppress_origin=True)
        self.last = 0
        self.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": trusted_key is not None}})
        self.window = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method, **parameters):
        self.last += 1
        self.connection.send(json.dumps({"id": self.last, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.connection.recv())
            if answer.get("id") == self.last:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url):
        self.command("browsingContext.navigate", context=self.window, url=url, wait="complete")

    def open_window(self, url):
        self.window = self.command("browsingContext.create", type="window")["context"]
        self.open(url)
        return self.window

    def look(self, window):
        self.window = window

    def resize(self, width, height):
        self.command("browsingContext.setViewport", context=self.window, viewport={"width": width, "height": height})

    def type(self, keys):
        self.command("browsingContext.activate", context=self.window)
        actions = [{"type": way, "value": key} for key in keys for way in ("keyDown", "keyUp")]
        self.command("input.performActions", context=self.window, actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def run(self, body, *arguments):
        outcome = self.command(
            "script.callFunction", functionDeclaration=CALL % body, awaitPromise=True, target={"context": self.window},
            arguments=[{"type": "string", "value": json.dumps(arguments)}])
        assert outcome["type"] == "success", outcome["exceptionDetails"]
        return json.loads(outcome["result"]["value"])

    def quit(self):
        self.command("browser.close")
        self.connection.close()
        self.process.wait(timeout=15)
        self.profile.cleanup()


ENGINES = {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}
