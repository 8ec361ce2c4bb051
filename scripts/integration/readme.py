#!/usr/bin/env python3
"""The blocks of code in Markdown files, and what it takes to run some of them."""

import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import urllib.parse


def blocks(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            yield from re.findall(r"^ *```(\S*)\n(.*?)^ *```$", file.read(), re.MULTILINE | re.DOTALL)


def text(language, mark, *paths):
    """The one block of a language with a mark in it."""
    found = [body for name, body in blocks(paths) if name == language and mark in body]
    assert len(found) == 1, f"{len(found)} blocks of {language} have {mark!r} in them"
    print(found[0], end="")


def check(*paths):
    """Fails unless each block belongs to exactly one of the lines "language mark" of standard input."""
    rules = [line.rstrip("\n").split(" ", 1) for line in sys.stdin]
    for name, body in blocks(paths):
        owners = [mark for language, mark in rules if language == name and mark in body]
        assert len(owners) == 1, f"{owners or 'no rule'} for this block:\n```{name}\n{body}```"
    assert len(list(blocks(paths))) == len(rules), "there are more rules than blocks"


def headings(path):
    """The anchors of a file's headings, as forges make them."""
    with open(path, encoding="utf-8") as file:
        lines = re.findall(r"^#+ (.*)$", re.sub(r"^ *```.*?^ *```$", "", file.read(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def links(*paths):
    """Fails unless each link to a file leads to one, and to a heading in it where it names one."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            content = file.read()
        assert "<doc:" not in content, f"{path}: a forge does not follow <doc:…>; write [Title](Name.md)"
        for link, image in re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", content):
            if link.startswith(("https:", "http:")):
                continue
            name, _, anchor = (link or image).partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            assert os.path.isfile(target), f"{path}: {link or image} leads nowhere"
            assert not anchor or anchor in headings(target), f"{path}: {link} leads to no heading"


def console(path):
    """Runs each command after "$ ", as it stands there, and compares what comes out with what stands there, as far as it stands there.

    "…" at the end of a line stands for the rest of it. Names of states are others each time: those of the first ETag and X-Cursor that
    stand there are replaced by those that come.
    """
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^\$ ", file.read(), flags=re.MULTILINE)[1:]
    renamed = {}

    def current(line):
        for old in sorted(renamed, key=len, reverse=True):
            line = line.replace(old, renamed[old])
        return line

    for part in parts:
        command, _, shown = part.partition("\n")
        head, _, body = subprocess.run(
            ["bash", "-c", command.replace("curl ", "curl -s ", 1)], capture_output=True, text=True, check=True
        ).stdout.replace("\r", "").partition("\n\n")
        shown_head, _, shown_body = shown.strip().partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.splitlines()[1:])
        for line in shown_head.splitlines()[1:]:
            name, value = line.split(": ", 1)
            if name in ("ETag", "X-Cursor"):
                renamed.setdefault(value, fields[name])
        if '"' in "".join(renamed):
            renamed.update({old.strip('"'): new.strip('"') for old, new in list(renamed.items())})
        for line in shown_head.splitlines():
            expected = current(line)
            matches = [l for l in head.splitlines() if l == expected or expected.endswith("…") and l.startswith(expected[:-1])]
            assert matches, f"{expected!r} is not in\n{head}"
        assert (json.loads(shown_body) if shown_body else "") == (json.loads(body) if body else ""), body


def development_server(path):
    """Passes on what a proxy.conf.json says, by the prefix of the path as Angular's does, and answers all else with the page."""
    with open(path, encoding="utf-8") as file:
        rules = json.load(file)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target = next((rule["target"] for prefix, rule in rules.items() if self.path.startswith(prefix)), None)
            if target is None:
                status, fields, body = 200, [], b"the page"
            else:
                connection = http.client.HTTPConnection(urllib.parse.urlsplit(target).netloc, timeout=20)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                status, fields, body = answer.status, answer.getheaders(), answer.read()
            self.send_response_only(status)
            for name, value in fields:
                if name.lower() not in ("content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    {"text": text, "check": check, "links": links, "console": console, "development-server": development_server}[command](*arguments)
