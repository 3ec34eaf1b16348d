#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the tables that `ekya-sim reproduce --output FOLDER` wrote there: NAME.svg beside each NAME.csv.

Usage: plot.py FOLDER [--paper paper-figures.json] [--format svg|png]
With --paper the values of the paper's own figures are drawn too, dashed."""
import argparse
import csv
import json
import math
import pathlib
import re

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

STYLE = {  # the same colour for a line in every diagram
    "phased": ("#1b6ca8", "o"), "thief-wide": ("#d95f02", "s"), "thief": ("#e6a817", "^"), "exact": ("#7b5ea7", "v"),
    "uniform": ("#3a9d5d", "D"), "uniform 3_15": ("#8fc79a", "d"), "best-no-retraining": ("#444444", "x"),
    "fixed-config": ("#c2185b", "P"), "fixed-share": ("#7f6a4f", "*"), "cloud": ("#00a3b4", "P"),
    "cached": ("#c2185b", "P"), "phased from cache": ("#7fb3da", "o"), "best plan from cache": ("#e28fb3", "s"),
}
PAPER = {"ekya": ("paper: Ekya", "#d95f02"), "uniform_cfg1_50": ("paper: uniform, config 1, 50 %", "#3a9d5d"),
         "uniform_cfg2_90": ("paper: uniform, config 2, 90 %", "#8fc79a"), "no_retrain": ("paper: no retraining", "#444444")}


def paper_lines(paper, figure, names):
    """(name, x, y) of some lines of one of the paper's figures."""
    lines = paper.get(figure, {})
    return [(n, lines[n].get("x"), lines[n]["y"]) if isinstance(lines[n], dict) else (n, lines["x"], lines[n])
            for n in names if n in lines]


def fig6(paper, panel):
    gpus = panel.split(" ")[0]
    return paper_lines(paper, f"fig6a_cityscapes_{gpus}gpu", ["ekya", "uniform_cfg1_50", "uniform_cfg2_90"])


def fig8(paper, panel):
    return paper_lines(paper, "fig8a_cityscapes", ["ekya", "uniform_cfg1_50", "uniform_cfg2_90"])


def fig10b(paper, panel):
    return paper_lines(paper, "fig10b_window_s", ["ekya", "no_retrain"])


SWEEPS = {  # name: (label of x, logarithmic base of x or None, diagrams a row, lines of the paper)
    "streams": ("streams", None, 4, fig6),
    "gpus": ("GPUs", 2, 4, fig8),
    "ablations": ("GPUs", 2, 4, None),
    "window": ("window in s", 10, 3, fig10b),
    "delta": ("quantum in GPUs", 10, 3, None),
    "error": ("relative error of the estimates", None, 3, None),
    "cloud": ("network, times", 10, 4, None),
    "cached": ("stored / best retrained accuracy", None, 4, None),
}


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def axes_of(panels, columns, share_y="row"):
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.1 * columns, 2.7 * rows + 0.7), squeeze=False,
                                sharex="col", sharey=share_y)
    for axis in axes.flat[len(panels):]:
        axis.set_visible(False)
    return figure, list(axes.flat)


def draw_bars(axis, x, low, high, colour):
    """Error bars as one path, which keeps the file small."""
    gap = [math.nan] * len(x)
    axis.plot([v for three in zip(x, x, gap) for v in three], [v for three in zip(low, high, gap) for v in three],
              color=colour, linewidth=0.8)


def draw_line(axis, rows, scale):
    colour, marker = STYLE[rows[0]["line"]]
    x = [float(r["x"]) for r in rows]
    mean = [scale * float(r["mean"]) for r in rows]
    half_width = [scale * float(r["half_width"]) for r in rows]
    axis.plot(x, mean, label=rows[0]["line"], color=colour, marker=marker, markersize=4, linewidth=1.3)
    draw_bars(axis, x, [m - h for m, h in zip(mean, half_width)], [m + h for m, h in zip(mean, half_width)], colour)


def finish_axis(axis, title, x_label, base, xs):
    axis.set_title(title, fontsize=9)
    axis.set_xlabel(x_label, fontsize=8)
    axis.tick_params(labelsize=8, bottom=False, left=False)
    axis.grid(axis="y", color="#dddddd", linewidth=0.5)
    axis.set_axisbelow(True)
    if base:
        axis.set_xscale("log", base=base)
        axis.set_xticks(xs, [f"{x:g}" for x in xs], rotation=45 if len(xs) > 6 else 0)
        axis.minorticks_off()


def legend(figure, axes):
    found = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels()):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), loc="lower center", ncol=min(len(found), 5), fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0.45 / figure.get_figheight(), 1, 1))


def sweep(name, rows, paper):
    x_label, base, columns, of_paper = SWEEPS[name]
    panels = list(dict.fromkeys(r["panel"] for r in rows))
    figure, axes = axes_of(panels, columns, share_y="none" if name == "delta" else "row")
    for axis, panel in zip(axes, panels):
        here = [r for r in rows if r["panel"] == panel]
        milliseconds = panel.startswith("ms ")
        for line in dict.fromkeys(r["line"] for r in here):
            draw_line(axis, [r for r in here if r["line"] == line], 1 if milliseconds else 100)
        for line, x, y in of_paper(paper, panel) if of_paper else []:
            axis.plot(x, [100 * v for v in y], "--", color=PAPER[line][1], linewidth=1.1, label=PAPER[line][0])
        below = panels.index(panel) + columns >= len(panels)
        finish_axis(axis, panel, x_label if below else "", base, sorted({float(r["x"]) for r in here}))
        if milliseconds:
            axis.set_yscale("log")
        elif panel == panels[0] or panels.index(panel) % columns == 0:
            axis.set_ylabel("mean accuracy in %", fontsize=8)
    legend(figure, axes)
    return figure


def worked_example(rows, paper):
    figure, axis = plt.subplots(figsize=(7, 3.2))
    for k, part in enumerate(["window 1", "window 2", "mean"]):
        at = [i + 0.27 * (k - 1) for i in range(len(rows))]
        values = [100 * float(r[part]) for r in rows]
        bars = axis.bar(at, [v - 40 for v in values], 0.25, bottom=40, label="both windows" if part == "mean" else part,
                        color=["#b7d3e9", "#7fb3da", "#1b6ca8"][k])
        axis.bar_label(bars, [f"{v:.1f}" for v in values], fontsize=7)
    text = paper.get("text", {})
    for name, label, place in [("fig4_uniform", "paper: uniform", "#3a9d5d"), ("fig4_optimal", "paper: accuracy-optimised", "#d95f02")]:
        if name in text:
            axis.axhline(100 * text[name], linestyle="--", linewidth=1.1, color=place, label=label)
    axis.set_xticks(range(len(rows)), [r["line"] for r in rows], fontsize=8)
    axis.set_ylabel("mean accuracy in %", fontsize=8)
    axis.set_ylim(40, 100)
    axis.legend(fontsize=7, frameon=False, ncol=3, loc="upper left")
    figure.tight_layout()
    return figure


def capacity(rows, paper):
    targets = list(dict.fromkeys(r["target"] for r in rows))
    lines = list(dict.fromkeys(r["line"] for r in rows))
    figure, axes = axes_of(targets, len(targets))
    for axis, target in zip(axes, targets):
        for line in lines:
            here = [r for r in rows if r["target"] == target and r["line"] == line]
            y = [float(r["streams"]) for r in here]
            x = [float(r["gpus"]) * (1 + 0.025 * (lines.index(line) - 3)) for r in here]  # side by side, not on top
            axis.plot(x, y, label=line, color=STYLE[line][0], marker=STYLE[line][1], markersize=4, linewidth=1.1)
            draw_bars(axis, x, [float(r["least"]) for r in here], [float(r["most"]) for r in here], STYLE[line][0])
        if target == "0.75":
            for name in ("ekya", "uniform_cfg1_50", "uniform_cfg2_90"):
                values = paper.get("table2_capacity_acc0.75", {}).get(name)
                if values:
                    axis.plot([1, 2], values, "--", color=PAPER[name][1], linewidth=1.1, label=PAPER[name][0])
        finish_axis(axis, f"at least {100 * float(target):g} %", "GPUs", 2, [1, 2, 4])
    axes[0].set_ylabel("most streams", fontsize=8)
    legend(figure, axes)
    return figure


def allocation(rows, paper):
    """Shares over time, stacked: inference and retraining of each stream, one diagram for each policy."""
    policies = list(dict.fromkeys(r["policy"] for r in rows))
    kinds = [("v0", "inference", "#7fb3da"), ("v0", "retraining", "#1b6ca8"), ("v1", "inference", "#f4bd8a"), ("v1", "retraining", "#d95f02")]
    figure, axes = plt.subplots(len(policies), 1, figsize=(9, 2.3 * len(policies) + 0.5), sharex=True, squeeze=False)
    for axis, policy in zip(axes.flat, policies):
        here = [r for r in rows if r["policy"] == policy]
        times = sorted({float(r["at_s"]) for r in here}) + [1200.0]
        shares = []
        for stream, kind, _ in kinds:
            changes = {float(r["at_s"]): float(r["share"]) for r in here if (r["stream"], r["kind"]) == (stream, kind)}
            values, now = [], 0.0
            for t in times:
                now = changes.get(t, now)
                values.append(now)
            shares.append(values)
        axis.stackplot(times, shares, step="post", colors=[c for _, _, c in kinds],
                       labels=[f"{'first' if s == 'v0' else 'second'} stream, {k}" for s, k, _ in kinds], linewidth=0)
        for edge in range(0, 1201, 200):
            axis.axvline(edge, color="#333333", linewidth=0.6, linestyle=":")
        axis.set_title(policy, fontsize=9)
        axis.set_ylabel("share of the GPU", fontsize=8)
        axis.tick_params(labelsize=8)
        axis.set_xlim(0, 1200)
        axis.set_ylim(0, 1.02)
    axes.flat[-1].set_xlabel("time in s; dotted: a window begins", fontsize=8)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncol=4, fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure


def micro_profile(rows, paper):
    bins = [r for r in rows if not r["from"].startswith("median")]
    median = next(r for r in rows if r["from"].startswith("median"))
    figure, axis = plt.subplots(figsize=(6, 3))
    axis.bar([100 * float(r["from"]) for r in bins], [int(r["count"]) for r in bins], 5, align="edge", color="#7fb3da",
             edgecolor="white", linewidth=0.5)
    axis.set_xlabel("predicted − actual accuracy in points", fontsize=8)
    axis.set_ylabel("configs", fontsize=8)
    axis.set_title(f"{median['count']} predictions; median of the absolute error {100 * float(median['to']):.2f} points", fontsize=9)
    axis.tick_params(labelsize=8)
    figure.tight_layout()
    return figure


def shrink(path):
    """Makes an SVG a third of its size: no metadata, no ids of groups, short names, each style and marker once."""
    svg = path.read_text(encoding="utf-8")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    svg = re.sub(r"<[^>]*>", lambda m: re.sub(r"(\d\.\d)\d+", r"\1", m[0]), svg)  # in tags, not in texts
    svg = re.sub(r' clip-path="[^"]*"| transform="rotate\(-0 [^"]*"', "", svg)  # nothing is drawn outside its axes
    svg = re.sub(r"M (\S+) (\S+)\s+L \1 (\S+)", r"M\1 \2V\3", svg)
    seen = set()
    svg = re.sub(r'<defs>\s*<path id="([^"]*)"[^>]*>\s*</defs>',
                 lambda m: "" if m[1] in seen else seen.add(m[1]) or m[0], svg)
    svg = re.sub(r'<g>(\s*<use [^>]*?) (style="[^"]*")/>((?:\s*<use [^>]*? \2/>)*)\s*</g>',
                 lambda m: f"<g {m[2]}>{m[1]}/>{m[3].replace(' ' + m[2], '')}</g>", svg)
    names = {}
    svg = re.sub(r"\b[mp][0-9a-f]{10}\b", lambda m: names.setdefault(m[0], f"i{len(names)}"), svg)
    styles = {}
    svg = re.sub(r'style="([^"]*)"', lambda m: f'class="{styles.setdefault(m[1], f"c{len(styles)}")}"', svg)
    rules = "".join(f".{name}{{{style}}}\n" for style, name in styles.items())
    svg = svg.replace("</style>", rules + "</style>", 1)
    for _ in range(3):  # groups of one element, and empty ones
        svg = re.sub(r"<g>\s*(<[^<>]*/>)?\s*</g>", lambda m: m[1] or "", svg)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    svg = re.sub(r"\n(?=[ML] -?\d)", " ", svg)
    path.write_text(svg, encoding="utf-8")


DRAWINGS = {"worked-example": worked_example, "capacity": capacity, "allocation": allocation, "micro-profile": micro_profile}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--paper", type=pathlib.Path)
    parser.add_argument("--format", choices=["svg", "png"], default="svg")
    arguments = parser.parse_args()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ekya", "path.simplify": True})
    paper = json.loads(arguments.paper.read_text()) if arguments.paper else {}
    for path in sorted(arguments.folder.glob("*.csv")):
        if path.stem not in SWEEPS and path.stem not in DRAWINGS:
            continue
        rows = rows_of(path)
        figure = sweep(path.stem, rows, paper) if path.stem in SWEEPS else DRAWINGS[path.stem](rows, paper)
        target = path.with_suffix("." + arguments.format)
        figure.savefig(target, dpi=90, metadata={"Date": None} if arguments.format == "svg" else None)
        plt.close(figure)
        if arguments.format == "svg":
            shrink(target)
        print(target)


if __name__ == "__main__":
    main()
