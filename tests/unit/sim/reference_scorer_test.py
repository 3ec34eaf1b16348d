#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every plan of a recorded case is worth what the reference scorer says: reference_scorer_test.py EKYA_SIM PLANNING_FOLDER.

The scorer (score.py there) integrates any plan whose shares change over time and refuses one that uses more GPUs than there are.
"""
import json
import pathlib
import subprocess
import sys
import unittest

EKYA_SIM, PLANNING = sys.argv[1], pathlib.Path(sys.argv[2])
LATTICE = 0.0125  # distance of the shares for which inference has a config, in GPUs
POLICIES = ("phased", "exact", "no-retraining")  # those whose accuracy does not depend on planning again


def problem_of(scorer, case):
    full = case["infer_full_gpus"]
    shares = [LATTICE * k for k in range(1, round(full / LATTICE) + 2)]
    streams = []
    for v, stream in enumerate(case["streams"]):
        streams.append({
            "id": f"v{v}",
            "accuracy": stream["start_acc"],
            "inference": [{"id": f"{share:.4f}", "demand": share, "factor": scorer.scale(case, v, share)} for share in shares],
            "retraining": [{"id": c["id"], "work_s": c["gpu_s"], "accuracy": c["acc"], "max_share": case["gpus"]}
                           for c in stream["configs"]]})
    return {"window_s": case["window_s"], "quantum": case["delta"], "min_accuracy": 0,
            "devices": [{"id": "gpus", "capacity": case["gpus"]}], "streams": streams}


def plan(problem, policy):
    answer = subprocess.run([EKYA_SIM, "plan", "-", "--policy", policy, "--format", "json"], input=json.dumps(problem),
                            capture_output=True, text=True, check=True).stdout
    return json.loads(answer)


def segments_of(answer):
    """The plan's phases in the scorer's form."""
    phases = [stream["phases"] or [{"begin_s": 0, **stream}] for stream in answer["streams"]]
    segments = []
    for begin in sorted({phase["begin_s"] for stream in phases for phase in stream}):
        now = [max((p for p in stream if p["begin_s"] <= begin), key=lambda p: p["begin_s"]) for stream in phases]
        train = [[v, answer["streams"][v]["retraining_config"], phase["retraining_share"]]
                 for v, phase in enumerate(now) if phase["retraining_share"] > 0]
        segments.append({"t": begin, "infer_gpus": [phase["inference_share"] for phase in now], "train": train})
    return segments


class ReferenceScorer(unittest.TestCase):
    def test_scores_our_plans_as_we_do(self):
        if not (PLANNING / "score.py").exists():
            self.skipTest(f"{PLANNING} is not there")
        sys.path.insert(0, str(PLANNING))
        sys.dont_write_bytecode = True
        import score as scorer
        cases = json.loads((PLANNING / "examples.json").read_text())
        for case in cases["cases"]:
            case["infer_profiles"] = cases["infer_profiles"]
            problem = problem_of(scorer, case)
            for policy in POLICIES:
                with self.subTest(case=case["id"], policy=policy):
                    answer = plan(problem, policy)
                    mean, _ = scorer.score_timeline(case, segments_of(answer))
                    self.assertAlmostEqual(mean, answer["mean_accuracy"], delta=1e-6)
                    self.assertLessEqual(mean, case["upper_bound"] + 1e-9)

    def test_finds_phased_above_every_recorded_decision(self):
        if not (PLANNING / "score.py").exists():
            self.skipTest(f"{PLANNING} is not there")
        sys.path.insert(0, str(PLANNING))
        import score as scorer
        cases = json.loads((PLANNING / "examples.json").read_text())
        for case in cases["cases"]:
            case["infer_profiles"] = cases["infer_profiles"]
            with self.subTest(case=case["id"]):
                reached = plan(problem_of(scorer, case), "phased")["mean_accuracy"]
                for name, result in case["results"].items():
                    recorded = (result.get("score") or {}).get("P_ct")
                    if recorded is not None:
                        self.assertGreaterEqual(reached, recorded - 1e-3, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
