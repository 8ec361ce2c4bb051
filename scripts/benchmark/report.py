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
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{(models or ['unknown'])[0]}, {os.cpu_count()} cores, Linux {platform.release()}, load {load} at the end"


def programs(options):
    versions = [
        f"{package} {output('dpkg-query', '--show', '--showformat=${Version}', package)}"
        for package in ("libmicrohttpd12", "libsqlite3-0", "wrk")
    ]
    if options.nginx:
        versions.append(output(options.nginx, "-v"))
    return ", ".join([f"Postbox {revision(options)}", *versions])


def revision(options):
    """The program's version, and of which commit it is, or which program was given."""
    return f"{output(options.program, '--version')} ({options.commit or options.program})"


class Report:
    """What a run measured: its table and its charts are both made from `results`."""

    def __init__(self, options):
        self.options = options
        self.rows = []
        self.curves = []
        self.notes = []

    def row(self, work, must, measured, reached, *, figures=None):
        """`measured` is what `must` is about; `figures` is a Measurement. A `work` in asterisks is what others are compared with."""
        words = {True: "yes", False: "**no**", None: ""}
        self.rows.append({
            "work": work, "measured": measured, "aim": must, "reached": words[reached],
            **{name: getattr(figures, name, None) for name in FIGURES},
        })

    def curve(self, against, name, points):
        """The cost of a work for several numbers of `against`: pairs of that number and the cost, as a ratio to that of the first."""
        self.curves.append({"against": against, "name": name, "points": points})

    def note(self, text):
        self.notes.append(text)

    def results(self):
        return {
            "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}", "machine": machine(self.options),
            "programs": programs(self.options), "rows": self.rows, "curves": self.curves, "notes": self.notes,
        }


# How many digits after the point each figure has.
FIGURES = {"cpu": 1, "rate": 0, "p50": 2, "p99": 1}


def figure(row, name):
    """A figure of a row as it is shown, in the table and in the charts."""
    return number(row[name], 0 if name == "cpu" and (row[name] or 0) >= 100 else FIGURES[name])


def table(results):
    lines = [
        "| Work | Measured | Aim | Reached | CPU µs a request | Requests/s | p50 ms | p99 ms |",
        "|---|---|---|---|--:|--:|--:|--:|",
    ]
    for row in results["rows"]:
        cells = [row["work"], row["measured"], row["aim"], row["reached"], *(figure(row, name) for name in FIGURES)]
        lines.append("|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|")
    return "\n".join(lines)


def text(results):
    """A run as Markdown."""
    about = f"Measured on {results['date']}: {results['machine']}; {results['programs']}."
    return "\n".join([about, "", table(results), "", *(f"- {note}" for note in results["notes"]), ""])
