#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the planner: planner.py BENCH_PLANNER EKYA_SIM OUTPUT.json [RECORDED].

Times, distances to exhaustive search and floors come from Google Benchmark, accuracies from `ekya-sim compare`. RECORDED is the folder
with the recorded tables and, beside it, examples.json; without it those rows are left out.
"""
import csv
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

SCENARIOS = 2000  # generated, for each curve
DRAWS = 20  # of recorded windows, for each number of devices


def row(name, value, unit, better, at_least=None, aim=None):
    return {"name": name, "value": value, "unit": unit, "better": better, "at_least": at_least, "aim": aim}


def benchmarks(program):
    """Median times in ms and counters, by the benchmark's name."""
    output = subprocess.run([program, "--benchmark_format=json", "--benchmark_repetitions=5",
                             "--benchmark_min_time=0.2"], check=True, capture_output=True, text=True).stdout
    runs = {}
    for run in json.loads(output)["benchmarks"]:
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"], []).append(run)
    return runs


def median_ms(runs, name):
    return statistics.median(run["real_time"] for run in runs[name])


def counter(runs, name, key):
    return max(run[key] for run in runs[name])


def time_rows(runs):
    rows = []
    for streams, devices, at_least, aim in ((10, 8, 10, 1), (100, 16, 200, 20), (1000, 64, 3000, 200)):
        for measured, curve in ((0, "linear"), (1, "measured")):
            name = f"plan/streams:{streams}/devices:{devices}/measured:{measured}"
            rows.append(row(f"plan {streams} streams x {devices} devices x 18 configs, {curve} curve",
                            median_ms(runs, name), "ms", "lower", at_least, aim))
    sizes = [64, 128, 256, 512, 1024]
    times = [median_ms(runs, f"plan/streams:{n}/devices:{n // 16}/measured:0") for n in sizes]
    slope, _ = statistics.linear_regression([math.log(n) for n in sizes], [math.log(t) for t in times])
    rows.append(row("growth of time with streams, exponent", slope, "", "lower", 2, 1.1))
    return rows


def oracle_rows(runs):
    rows = []
    for streams in (2, 3):
        for measured, curve in ((0, "linear"), (1, "measured")):
            name = f"below_brute_force/streams:{streams}/measured:{measured}/iterations:1"
            rows.append(row(f"phased below brute force, {streams} streams, {curve} curve, worst",
                            counter(runs, name, "worst_points"), "points", "lower", 0.5, 0))
    rows.append(row("floors held of those that fit", counter(runs, "floors/iterations:1", "held_percent"), "%", "higher", 100))
    return rows


class Comparison:
    """Scores of `ekya-sim compare`, by case and policy."""

    def __init__(self, program, policies, arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "scores.csv"
            subprocess.run([program, "compare", "--policies", ",".join(policies), "--csv", path, *arguments], check=True,
                           stdout=subprocess.DEVNULL)
            self.cases = {}
            for line in csv.DictReader(path.open()):
                self.cases.setdefault(line["case"], {})[line["policy"]] = {
                    key: float(value) for key, value in line.items() if key not in ("case", "policy")}

    def differences(self, other):
        """phased less another policy, in points. Cases in which that one breaks more floors do not count."""
        return [100 * (scores["phased"]["accuracy"] - scores[other]["accuracy"]) for scores in self.cases.values()
                if scores[other]["below_floor"] <= scores["phased"]["below_floor"] + 1e-9]

    def gaps(self):
        return [100 * (scores["phased"]["upper_bound"] - scores["phased"]["accuracy"]) for scores in self.cases.values()]


def interval(values):
    return f"+- {1.96 * statistics.stdev(values) / math.sqrt(len(values)):.2f}"


def generated_rows(program):
    rows = []
    for curve in ("linear", "mps"):
        others = ["exact", "thief", "no-retraining"]
        scores = Comparison(program, ["phased", *others], ["--generate", str(SCENARIOS), "--curve", curve])
        for other in others:
            differences = scores.differences(other)
            rows.append(row(f"phased - re-planned {other}, {len(differences)} generated scenarios, {curve} curve, least",
                            min(differences), "points", "higher", -0.1))
            rows.append(row(f"phased - re-planned {other}, generated, {curve} curve, mean {interval(differences)}",
                            statistics.mean(differences), "points", "higher"))
        rows.append(row(f"reported gap, generated scenarios, {curve} curve, mean", statistics.mean(scores.gaps()), "points",
                        "lower", 1, 0.3))
    return rows


def recorded_rows(program, recorded):
    """The better of the two thieves, each planned again when a job ends, and of the wide one, which plans that itself."""
    rows = []
    thieves, draws = "thief+thief-wide", ["--recorded", recorded, "--streams", "10", "--devices", "1-8", "--draws", str(DRAWS)]
    for curve, aims in (("linear", (1.0, 1.3)), ("mps", (None, 1.0))):
        policies = ["phased", thieves, "exact", "no-retraining"]
        again = Comparison(program, policies, [*draws, "--curve", curve])
        once = Comparison(program, policies, [*draws, "--curve", curve, "--once"])
        best = [100 * (a["phased"]["accuracy"] - max(a[thieves]["accuracy"], o[thieves]["accuracy"]))
                for a, o in zip(again.cases.values(), once.cases.values())]
        differences = again.differences(thieves)
        rows.append(row(f"phased - re-planned thief, {len(differences)} recorded cases, {curve} curve, mean "
                        f"{interval(differences)}", statistics.mean(differences), "points", "higher", *aims))
        rows.append(row(f"phased - best of thieves, recorded, {curve} curve, mean", statistics.mean(best), "points", "higher"))
        rows.append(row(f"phased - best of thieves, recorded, {curve} curve, least", min(best), "points", "higher", -0.1))
        for other in ("exact", "no-retraining"):
            rows.append(row(f"phased - re-planned {other}, recorded, {curve} curve, least", min(again.differences(other)),
                            "points", "higher", -0.1))
        left = statistics.mean(again.gaps())
        cached = statistics.mean(Comparison(program, ["phased"], [*draws, "--curve", curve, "--work-scale", "0.1"]).gaps())
        rows.append(row(f"distance to the bound, recorded, {curve} curve, mean", left, "points", "lower"))
        rows.append(row(f"the same with retraining at a tenth of its cost, {curve} curve", cached, "points", "lower", None,
                        left / 2))
    examples = str(pathlib.Path(recorded).parent / "examples.json")
    scores = Comparison(program, ["phased", thieves], ["--cases", examples])
    once = Comparison(program, ["phased", thieves], ["--cases", examples, "--once"])
    best = [100 * (a["phased"]["accuracy"] - max(a[thieves]["accuracy"], o[thieves]["accuracy"]))
            for a, o in zip(scores.cases.values(), once.cases.values())]
    rows.append(row("phased - best of thieves, the 14 examples, mean", statistics.mean(best), "points", "higher", 1.0, 1.3))
    rows.append(row("phased - best of thieves, the 14 examples, least", min(best), "points", "higher", -0.1))
    return rows


def main():
    bench, sim, output = sys.argv[1:4]
    recorded = sys.argv[4] if len(sys.argv) > 4 else None
    runs = benchmarks(bench)
    rows = time_rows(runs) + oracle_rows(runs) + generated_rows(sim)
    if recorded and pathlib.Path(recorded).is_dir():
        rows += recorded_rows(sim, recorded)
    pathlib.Path(output).write_text(json.dumps(rows, indent=1) + "\n")
    for r in rows:
        bounds = "".join(f"  {key.replace('_', ' ')} {r[key]:g}" for key in ("at_least", "aim") if r[key] is not None)
        print(f"{r['name']:<90} {r['value']:9.3f} {r['unit']:<7}{bounds}")


if __name__ == "__main__":
    main()
