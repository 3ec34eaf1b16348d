#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes report.html, one file that opens offline, from what ekya-demo left in a folder."""
import base64
import html
import io
import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.image
import matplotlib.patches
import matplotlib.pyplot as plt

COLOURS = {"no-retraining": "#b0413e", "uniform": "#d9a441", "thief": "#2a7f62"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1080px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.6em } h2 { font-size: 1.2em; margin-top: 2em } svg, img { max-width: 100%; height: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3em .6em; border-bottom: 1px solid #ddd; text-align: right } th:first-child, td:first-child,
td:nth-child(2), th:nth-child(2) { text-align: left } .crops { display: flex; flex-wrap: wrap; gap: 8px }
figure { margin: 0; text-align: center; font-size: 12px } .wrong { color: #b0413e }
.table { overflow-x: auto } .note { color: #666 }
"""


def read_trace(folder, policy):
    path = folder / policy / "trace.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def svg(figure):
    """The figure as inline SVG."""
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight")
    plt.close(figure)
    return text.getvalue()[text.getvalue().index("<svg"):]


def smooth(values, width=3):
    """Mean over `width` seconds, leaving out seconds without an object (-1)."""
    out = []
    for i in range(len(values)):
        near = [v for v in values[max(0, i - width + 1):i + 1] if v >= 0]
        out.append(sum(near) / len(near) if near else float("nan"))
    return out


def accuracy_chart(runs, traces):
    streams = runs[0]["streams"]
    figure, axes = plt.subplots(len(streams), 1, figsize=(10, 3.1 * len(streams)), sharex=True, squeeze=False)
    for index, (axis, stream) in enumerate(zip(axes[:, 0], streams)):
        for run in runs:
            line = smooth(run["streams"][index]["accuracy_each_second"])
            axis.plot([100 * v for v in line], color=COLOURS.get(run["policy"]), label=run["policy"], lw=2)
            for event in traces[run["policy"]]:
                if event["type"] == "swap" and event["stream"] == stream["id"] and event["status"] == "accepted":
                    second = min(int(event["time"]), len(line) - 1)
                    axis.plot(event["time"], 100 * line[second], "^", color=COLOURS.get(run["policy"]), ms=8)
        axis.axvspan(stream["drift_begin_s"], max(stream["drift_end_s"], stream["drift_begin_s"] + .3), color="#ccd")
        golden = max(run["streams"][index]["golden_accuracy"] for run in runs)
        axis.axhline(100 * golden, color="#888", ls=":", label="golden")
        axis.set(title=f"{stream['id']}: {stream['title']}", ylabel="accuracy, %", ylim=(0, 102))
        axis.grid(alpha=.3)
    axes[0, 0].legend(loc="lower left", ncols=4)
    axes[-1, 0].set_xlabel("seconds (shaded: the drift; ▲: a retrained model goes live)")
    return svg(figure)


def share_chart(run, trace):
    plans = [event for event in trace if event["type"] == "plan"]
    if not plans:
        return ""
    end = max(event["time"] for event in trace)
    names = [f"{s['id']} {kind}" for s in run["streams"] for kind in ("inference", "labelling", "retraining")]
    colours = [plt.get_cmap("tab20")(i) for i in (0, 1, 3, 4, 5, 7)] * 8
    figure, axis = plt.subplots(figsize=(10, 2.4))
    for plan, after in zip(plans, plans[1:] + [{"time": end}]):
        bottom = 0
        shares = {f"{s['id']} {kind}": s[kind] for s in plan["streams"] for kind in ("inference", "labelling", "retraining")}
        for name, colour in zip(names, colours):
            height = shares.get(name, 0)
            axis.bar(plan["time"], height, width=after["time"] - plan["time"], bottom=bottom, align="edge", color=colour)
            bottom += height
    handles = [matplotlib.patches.Patch(color=c, label=n) for n, c in zip(names, colours)]
    axis.legend(handles=handles, ncols=3, fontsize=8, loc="upper center", bbox_to_anchor=(.5, -.25))
    axis.set(title=f"{run['policy']}: shares of the device as planned", ylabel="devices", ylim=(0, 1.02), xlim=(0, end))
    return svg(figure)


def picture(path):
    return "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()


def frame_picture(folder, event):
    """The frame with its regions: green where the student is right, red where it is wrong."""
    image = matplotlib.image.imread(folder / event["file"], format="jpg")
    figure, axis = plt.subplots(figsize=(5.2, 3))
    axis.imshow(image)
    axis.axis("off")
    for region in event["regions"]:
        colour = "#3d6" if region["label"] == region["truth"] else "#f44"
        axis.add_patch(matplotlib.patches.Rectangle((region["x"], region["y"]), region["w"], region["h"], fill=False, ec=colour, lw=1.5))
        axis.text(region["x"], region["y"] - 4, region["label"] or "?", color=colour, fontsize=8)
    data = io.BytesIO()
    figure.savefig(data, format="jpg", bbox_inches="tight", pad_inches=0.02, dpi=110)
    plt.close(figure)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def frames_section(folder, runs, traces):
    """One frame before and one well after the drift of every stream, for the first and the last run."""
    parts = []
    for stream in runs[0]["streams"]:
        for run in (runs[0], runs[-1]):
            frames = [e for e in traces[run["policy"]] if e["type"] == "frame" and e["stream"] == stream["id"]]
            before = [e for e in frames if e["time"] < stream["drift_begin_s"]][-1:]
            for event in before + frames[-1:]:
                caption = f"{run['policy']}, {stream['id']} at {event['time']:.0f} s"
                parts.append(f'<figure><img src="{frame_picture(folder / run["policy"], event)}" width="500">'
                             f"<figcaption>{html.escape(caption)}</figcaption></figure>")
    return '<div class="crops">' + "".join(parts) + "</div>"


def crops_section(folder, run, trace, count=24):
    crops = [e for e in trace if e["type"] == "crop"]
    chosen = crops[::max(1, len(crops) // count)][:count]
    parts = []
    for event in chosen:
        wrong = "" if event["label"] == event["truth"] else ' class="wrong"'
        parts.append(f'<figure><img src="{picture(folder / run["policy"] / event["file"])}" width="72" height="72">'
                     f"<figcaption{wrong}>{html.escape(event['label'])}</figcaption></figure>")
    return '<div class="crops">' + "".join(parts) + "</div>"


def percent(value):
    return "–" if value < 0 else f"{100 * value:.1f} %"


def table(runs):
    head = ("policy", "stream", "before drift", "after drift", "last window", "golden", "labels", "frames in", "frames out",
            "late", "swaps", "worst swap latency")
    rows = []
    for run in runs:
        for s in run["streams"]:
            cells = (run["policy"], s["id"], percent(s["accuracy_before_drift"]), percent(s["accuracy_after_drift"]),
                     percent(s["accuracy_last_window"]), percent(s["golden_accuracy"]), f"{s['labels']:.0f}",
                     s["frames_in"], s["frames_out"], s["late_frames"], s["swaps"], f"{s['worst_swap_latency_ms']:.1f} ms")
            rows.append("<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in cells) + "</tr>")
    return ('<div class="table"><table><tr>' + "".join(f"<th>{h}</th>" for h in head) + "</tr>" + "".join(rows)
            + "</table></div>")


def main(folder):
    folder = pathlib.Path(folder)
    runs = json.loads((folder / "report.json").read_text())["runs"]
    traces = {run["policy"]: read_trace(folder, run["policy"]) for run in runs}
    chart = accuracy_chart(runs, traces)
    (folder / "accuracy.svg").write_text(chart)
    body = [
        "<h1>Ekya for GStreamer: a student model drifts, and comes back while it plays</h1>",
        "<p>Two live test cameras at 15 frames a second, the same seeds in every run. Accuracy is measured against the "
        "ground truth of the test source, which the elements never read.</p>",
        "<h2>Accuracy over time</h2>", chart,
        "<h2>In numbers</h2>", table(runs),
        '<p class="note">After drift: the first window after the drift is complete. Late: out of ekyainfer more than one '
        "frame period after it came in. Worst swap latency: of the frames beside a swap, above the median.</p>",
        "<h2>Who held which share</h2>", *(share_chart(run, traces[run["policy"]]) for run in runs),
        "<h2>What the cameras saw</h2>", frames_section(folder, runs, traces),
        "<h2>What the golden model labelled</h2>", crops_section(folder, runs[-1], traces[runs[-1]["policy"]]),
        '<p class="note">Red: the golden model was wrong.</p>',
    ]
    page = (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Ekya demo</title><style>{STYLE}</style><body>{''.join(body)}</body></html>")
    (folder / "report.html").write_text(page)
    print(f"{folder / 'report.html'}: {len(page) // 1024} kB")


if __name__ == "__main__":
    main(sys.argv[1])
