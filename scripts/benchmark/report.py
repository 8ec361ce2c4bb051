"""The table: ratios first, absolute figures after them."""

import datetime
import os
import platform
import statistics
import subprocess


def median(measurements):
    """The median of each figure by itself."""
    first = measurements[0]
    figures = {}
    for name in vars(first):
        values = [getattr(measurement, name) for measurement in measurements]
        figures[name] = None if None in values else statistics.median(values)
    return type(first)(**figures)


def number(value, digits=1):
    return "" if value is None else f"{value:,.{digits}f}"


def output(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return "unknown"
    return (run.stdout + run.stderr).strip().split("\n")[0] or "unknown"


def machine(options):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    versions = ", ".join(
        f"{package} {output('dpkg-query', '--show', '--showformat=${Version}', package)}"
        for package in ("libmicrohttpd12", "libsqlite3-0", "wrk")
    )
    if options.nginx:
        versions += ", " + output(options.nginx, "-v")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {(models or ['unknown'])[0]}, "
        f"{os.cpu_count()} cores, Linux {platform.release()}, load {load} at the end",
        f"Postbox {revision(options)}, {versions}",
    ]


def revision(options):
    """The program's version, and of which commit it is, or which program was given."""
    return f"{output(options.program, '--version')} ({options.commit or options.program})"


class Report:
    def __init__(self, options):
        self.options = options
        self.rows = []
        self.notes = []

    def row(self, work, must, measured, reached, *, figures=None):
        """`measured` is what `must` is about; `figures` is a Measurement."""
        self.rows.append((work, must, measured, {True: "yes", False: "**no**", None: ""}[reached], figures))

    def note(self, text):
        self.notes.append(text)

    def text(self):
        lines = [
            "| work | measured | must | reached | CPU µs/request | requests/s | p50 ms | p99 ms |",
            "|---|---|---|---|--:|--:|--:|--:|",
        ]
        for work, must, measured, reached, figures in self.rows:
            absolute = [
                number(getattr(figures, name, None), digits)
                for name, digits in (("cpu", 2), ("rate", 0), ("p50", 2), ("p99", 2))
            ]
            lines.append(f"| {work} | {measured} | {must} | {reached} | {' | '.join(absolute)} |")
        return "\n".join([*machine(self.options), "", *lines, "", *(f"- {note}" for note in self.notes), ""])
