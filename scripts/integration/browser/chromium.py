"""Debian's Chromium, without a screen and without the network."""

import time

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def open_chromium(*further, **logs):
    """With further command line arguments, and with further logs: their names and levels."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (
        "--headless=new", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage", "--lang=en-GB", "--window-size=1300,850",
        # Tests run as root in containers, where Chromium's own sandbox cannot be set up. It opens pages of loopback only.
        "--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", *further,
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", **logs})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    browser.set_script_timeout(20)
    return browser


def until(condition, what, within=10):
    """Waits until a condition gives something true, and gives it."""
    end = time.monotonic() + within
    while True:
        try:
            found = condition()
        except (NoSuchElementException, StaleElementReferenceException):
            found = None
        if found:
            return found
        assert time.monotonic() < end, f"waited {within} s in vain until {what}"
        time.sleep(0.05)


class Page:
    """One window with our page."""

    def __init__(self, browser, url):
        self.browser = browser
        self.handle = browser.current_window_handle
        browser.get(url)
        # A page that is loaded again has lost this.
        browser.execute_script("window.wasNeverLeft = true")

    def look(self):
        self.browser.switch_to.window(self.handle)
        return self

    def find(self, selector):
        self.look()
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def script(self, text, *arguments):
        self.look()
        return self.browser.execute_script(text, *arguments)

    def contents(self):
        return self.script("return [...document.querySelectorAll('#messages .content')].map(node => node.textContent)")

    def shows(self, content, within=10):
        until(lambda: content in self.contents(), f"{content!r} is shown in {self.contents()}", within)

    def tick(self, content):
        """What the mark beside the newest message with this content says."""
        return self.script(
            "return [...document.querySelectorAll('#messages .message')].findLast(node =>"
            " node.querySelector('.content').textContent === arguments[0])?.querySelector('.tick')?.dataset.state", content)

    def badge(self, conversation):
        """The unread messages of a conversation, as the list says."""
        return self.script(
            "const badge = document.querySelector(`#conversations [data-id='${arguments[0]}'] .badge`);"
            "return badge === null ? null : badge.hidden ? 0 : Number(badge.textContent)", conversation)

    def listed(self):
        """The ids of the conversations, as the list has them."""
        return self.script("return [...document.querySelectorAll('#conversations .row')].map(row => row.dataset.id)")

    def open(self, conversation):
        until(lambda: self.find(f"#conversations [data-id='{conversation}']"), f"{conversation} is listed").click()

    def write(self, text, *keys):
        self.find("#text").send_keys(text, *keys)

    def send(self, text):
        self.write(text, Keys.ENTER)

    def state(self):
        return self.find("#connection").get_attribute("data-state")

    def nameless(self):
        """What can be used, but has no name that a screen reader could say."""
        used = ("button", "textbox", "combobox", "link", "image", "DisclosureTriangle")
        nodes = self.look().browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        seen = [node for node in nodes if not node["ignored"] and node.get("role", {}).get("value") in used]
        assert len(seen) >= 3, "the accessibility tree is empty"
        return [node for node in seen if not node.get("name", {}).get("value")]

    def complaints(self):
        """What the browser's console says of the page's script and of its policy."""
        self.look()
        return [e["message"] for e in self.browser.get_log("browser") if e["source"] in ("javascript", "security")]


class Windows:
    """A browser; its first window is taken by the first page that is opened."""

    def __init__(self, *further):
        self.browser = open_chromium(*further)
        self.is_first = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.quit()

    def open(self, url):
        if not self.is_first:
            self.browser.switch_to.new_window("window")
        self.is_first = False
        return Page(self.browser, url)
