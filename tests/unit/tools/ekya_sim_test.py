#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ekya-sim as a user calls it: what it prints, and how it ends.

    ekya_sim_test.py EKYA-SIM
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
PROBLEM = """{"window_s": 200, "quantum": 0.1, "min_accuracy": 0.4, "devices": [{"id": "gpu", "capacity": 1}],
  "streams": [{"id": "cam0", "accuracy": 0.6, "inference": [{"id": "full", "demand": 0.25, "factor": 1}],
               "retraining": [{"id": "g", "work_s": 15, "accuracy": 0.8}]}]}"""


def call(*arguments, text=""):
    """Gives the exit status, the standard output and the standard error."""
    result = subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60)
    return result.returncode, result.stdout, result.stderr


class EkyaSim(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def generated(self, *options):
        path = self.folder / "scenario.json"
        status, text, _ = call("generate", "--streams", 3, *options)
        self.assertEqual(status, 0)
        path.write_text(text)
        return path

    def test_plan_prints_what_each_stream_gets(self):
        status, table, _ = call("plan", "-", "--policy", "phased", "--explain", text=PROBLEM)
        self.assertEqual(status, 0)
        self.assertRegex(table, r"cam0 +full +g +gpu")
        # 15 s on three quarters of the device, then all: (20 * 0.6 + 180 * 0.8) / 200.
        self.assertIn("mean accuracy 78.00 %, upper bound", table)
        self.assertIn("cam0: inference gets", table)

    def test_plan_prints_json(self):
        for policy in ("phased", "thief", "no-retraining"):
            status, text, _ = call("plan", "-", "--policy", policy, "--format", "json", text=PROBLEM)
            self.assertEqual(status, 0)
            self.assertEqual(json.loads(text)["policy"], policy)

    def test_reproduce_writes_the_table_of_an_experiment(self):
        status, names, _ = call("reproduce", "--list")
        self.assertEqual(status, 0)
        self.assertEqual(len(names.splitlines()), 12)
        status, path, _ = call("reproduce", "worked-example", "--output", self.folder)
        self.assertEqual((status, path), (0, f"{self.folder}/worked-example.csv\n"))
        with open(self.folder / "worked-example.csv", newline="", encoding="utf-8") as file:
            means = {row["line"]: row["mean"] for row in csv.DictReader(file)}
        self.assertEqual((means["thief"], means["phased"]), ("0.73017", "0.76094"))

    def test_reproduce_tells_what_it_lacks(self):
        status, _, error = call("reproduce", "streams")
        self.assertEqual(status, 1)
        self.assertIn("--recorded: the folder with the recorded tables is needed", error)
        status, _, error = call("reproduce", "nothing")
        self.assertEqual(status, 1)
        self.assertIn("no experiment 'nothing'", error)

    def test_bad_input_is_an_error_that_names_the_place(self):
        status, _, error = call("plan", "-", text=PROBLEM.replace("15", "-1"))
        self.assertEqual(status, 1)
        self.assertIn("standard input: streams[0].retraining[0].work_s: -1 is not > 0", error)
        status, _, error = call("run", self.folder / "missing.json")
        self.assertEqual(status, 1)
        self.assertIn("missing.json", error)
        status, _, error = call("replay", "-", text="{}\n")
        self.assertEqual(status, 1)
        self.assertIn("standard input: line 1: type: is missing", error)

    def test_a_wrong_command_line_ends_with_2(self):
        for arguments in ([], ["plan"], ["plan", "-", "--policy", "greedy"], ["generate", "--streams", "0"]):
            status, _, error = call(*arguments)
            self.assertEqual(status, 2, arguments)
            self.assertNotEqual(error, "")
        self.assertEqual(call("--help")[0], 0)

    def test_the_same_seed_gives_the_same_scenario_and_trace(self):
        traces = []
        for name in ("a", "b"):
            path = self.generated("--seed", 5, "--windows", 2)
            self.assertEqual(call("run", path, "--trace", self.folder / name)[0], 0)
            traces.append((self.folder / name).read_bytes())
        self.assertEqual(traces[0], traces[1])

    def test_run_tells_every_window_and_stream(self):
        status, text, _ = call("run", self.generated("--windows", 2), "--policy", "thief", "--format", "json")
        self.assertEqual(status, 0)
        result = json.loads(text)
        self.assertEqual([len(window) for window in result["windows"]], [3, 3])

    def test_replay_compares_with_what_was_measured(self):
        trace = self.folder / "trace.jsonl"
        self.assertEqual(call("run", self.generated("--windows", 3), "--policy", "thief", "--trace", trace)[0], 0)
        status, text, _ = call("replay", trace, "--scenario", self.folder / "again.json")
        self.assertEqual(status, 0)
        self.assertIn("recorded under thief, replayed under thief, 3 windows measured", text)
        self.assertEqual(call("run", self.folder / "again.json")[0], 0)

    def test_compare_writes_a_score_for_each_case_and_policy(self):
        scores = self.folder / "scores.csv"
        status, text, _ = call("compare", "--generate", 4, "--policies", "phased,thief+exact", self.generated(), "--csv", scores)
        self.assertEqual(status, 0)
        self.assertIn("5 cases", text)
        with scores.open() as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 10)
        self.assertEqual({row["policy"] for row in rows}, {"phased", "thief+exact"})


if __name__ == "__main__":
    unittest.main()
