"""Draws what a run measured, as an SVG whose words are text; the same results give the same bytes."""

import textwrap

import matplotlib
from matplotlib import figure as figures
from matplotlib import ticker

import report

# The colours of the background, the words, the grid, Postbox, and what it is compared with.
THEMES = {
    "light": {"page": "#ffffff", "words": "#1f2328", "grid": "#d0d7de", "postbox": "#0969da", "others": "#8c959f"},
    "dark": {"page": "#000000", "words": "#e6edf3", "grid": "#30363d", "postbox": "#4493f8", "others": "#768390"},
}
CURVES = ["#0f8a6c", "#c9510c", "#8250df", "#bf3989", "#9a6700"]
MARKERS = "osD^v"
# Works that cost more than this many times the cheapest get an axis of their own.
FAR = 5
# Inches: the width, the height of a bar, that around the bars, and that of the curves.
WIDTH, BAR, MARGIN, CURVE = 9.0, 0.30, 0.75, 3.0
SETTINGS = {
    # Text as text, and ids that do not depend on the run.
    "svg.fonttype": "none", "svg.hashsalt": "postbox",
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"], "font.size": 10,
}


def draw(results, path, theme):
    """Bars of what each work costs, beside bare and nginx; and what it costs with more messages and people."""
    colors = THEMES[theme]
    with matplotlib.rc_context(SETTINGS):
        groups = grouped([row for row in results["rows"] if row["cpu"]])
        against = list(dict.fromkeys(curve["against"] for curve in results["curves"]))
        heights = [BAR * len(group) + MARGIN for group in groups] + [CURVE] * bool(against)
        drawing = figures.Figure(figsize=(WIDTH, sum(heights)), facecolor=colors["page"], layout="constrained")
        drawing.get_layout_engine().set(w_pad=0.12, h_pad=0.08)
        parts = drawing.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, group in zip(parts, groups):
            bars(part.subplots(), group, colors)
        if against:
            axes = parts[-1].subplots(1, len(against), squeeze=False)[0]
            for axis, what in zip(axes, against):
                curves(axis, what, [curve for curve in results["curves"] if curve["against"] == what], colors)
        for part in parts:
            part.set_facecolor(colors["page"])
        title = f"What a request costs, measured on {results['date']}"
        drawing.savefig(path, format="svg", metadata={"Title": title, "Date": None, "Creator": None})


def grouped(rows):
    """Those of about the same cost together, the cheapest first; each later group begins with the dearest that it is compared with."""
    rows = sorted(rows, key=lambda row: row["cpu"])
    if not rows:
        return []
    near = [row for row in rows if row["cpu"] <= FAR * rows[0]["cpu"]]
    far = rows[len(near):]
    others = [row for row in near if is_other(row)]
    return [near, others[-1:] + far] if far else [near]


def is_other(row):
    return row["work"].startswith("*")


def bars(axis, rows, colors):
    names = [textwrap.fill(row["work"].replace("*", "").replace("`", ""), 50) for row in rows]
    drawn = axis.barh(
        range(len(rows)), [row["cpu"] for row in rows], height=0.7,
        color=[colors["others" if is_other(row) else "postbox"] for row in rows])
    axis.bar_label(drawn, [report.figure(row, "cpu") for row in rows], padding=4, color=colors["words"])
    axis.set_yticks(range(len(rows)), names)
    axis.invert_yaxis()
    axis.set_title("CPU time of a request, µs", color=colors["words"], fontsize=11, loc="left")
    axis.margins(x=0.1)
    style(axis, colors)
    axis.grid(axis="x", color=colors["grid"], linewidth=0.6)


def curves(axis, against, several, colors):
    for number, curve in enumerate(several):
        counts, costs = zip(*curve["points"])
        color = CURVES[number % len(CURVES)]
        axis.plot(
            counts, costs, marker=MARKERS[number % len(MARKERS)], color=color, label=f"{curve['name']}, {costs[-1]:.2f} ×", clip_on=False)
    axis.set_xscale("log")
    axis.set_xticks(sorted({count for curve in several for count, _ in curve["points"]}))
    axis.xaxis.set_major_formatter(ticker.FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda cost, _: f"{cost:.1f} ×"))
    axis.set_ylim(0, 1.25 * max(cost for curve in several for _, cost in curve["points"]))
    axis.set_title(f"Cost against the number of {against}", color=colors["words"], fontsize=11, loc="left")
    axis.legend(loc="lower left", frameon=False, labelcolor=colors["words"])
    style(axis, colors)
    axis.grid(axis="y", color=colors["grid"], linewidth=0.6)


def style(axis, colors):
    axis.set_facecolor(colors["page"])
    axis.set_axisbelow(True)
    axis.tick_params(colors=colors["words"], length=0, pad=7)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(colors["grid"])
