#!/usr/bin/env python3
"""Fails unless the charts show, as text, each figure that the table of the Performance guide has for them: GUIDE CHART…"""

import re
import sys
import xml.etree.ElementTree


def table(path):
    """The cells of the rows of the table of costs."""
    with open(path, encoding="utf-8") as file:
        _, rows = file.read().split("| CPU µs a request |", 1)
    lines = rows.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def shown(path):
    """The words of a chart; a name of two lines counts as one."""
    texts = xml.etree.ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in texts]


def main(guide, *charts):
    rows = table(guide)
    costs = [row[4] for row in rows if row[4]]
    growth = next(row[1] for row in rows if row[0].startswith(("from 10,000 to", "growth from")))
    ratios = re.findall(r"[\d.]+ ×", growth)
    people = [re.search(r"CPU ([\d.]+ ×)", row[1])[1] for row in rows if "people in turn" in row[0]]
    assert costs and len(ratios) == 4 and len(people) == 2, f"the table has changed: {costs}, {ratios}, {people}"
    for chart in charts:
        words = shown(chart)
        missing = [cost for cost in costs if words.count(cost) < costs.count(cost)]
        missing += [ratio for ratio in ratios + people if not any(word.endswith(f", {ratio}") for word in words)]
        assert not missing, f"{chart} does not show {missing}"


if __name__ == "__main__":
    main(*sys.argv[1:])
