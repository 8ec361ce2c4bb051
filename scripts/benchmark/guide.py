"""Puts a run into the Performance guide: its table and its charts. See scripts/bench --publish.

Arguments: the results of a run, and the folder with the guide.
"""

import json
import os
import re
import sys
import textwrap

import chart
import report

# As the documentation finds a picture for a dark page.
CHARTS = {"light": "costs.svg", "dark": "costs~dark.svg"}
BEGIN, END = "<!-- Written by scripts/bench --publish -->", "<!-- Until here -->"


def publish(results, folder):
    path = os.path.join(folder, "Performance.md")
    with open(path, encoding="utf-8") as file:
        guide = file.read()
    section = f"{BEGIN}\n\n{text(results)}\n\n{END}"
    guide, places = re.subn(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: section, guide, flags=re.DOTALL)
    if places != 1:
        sys.exit(f"{path} has {places} places for a table, between {BEGIN} and {END}")
    for theme, name in CHARTS.items():
        chart.draw(results, os.path.join(folder, name), theme)
    with open(path, "w", encoding="utf-8") as file:
        file.write(guide)


def text(results):
    about = f"The latest full run, {results['date']}: {results['machine']}; {results['programs']}."
    picture = f"![What a request costs beside bare and nginx, and with more messages and people]({CHARTS['light']})"
    paragraph = textwrap.fill(" ".join([about, *results["notes"]]), 150, break_on_hyphens=False)
    return "\n\n".join([paragraph, picture, report.table(results)])


def main(results, folder):
    with open(results, encoding="utf-8") as file:
        publish(json.load(file), folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
