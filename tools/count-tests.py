#!/usr/bin/env python3
"""Prints `N passed, N failed, N skipped` over JUnit files of meson test, and the names of what failed.

Exits with 1 when something failed or nothing ran."""
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    """'failed', 'skipped' or 'passed' of one <testcase>."""
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    # GoogleTest inside meson: a skipped case has a <skipped> child or its result attribute says so.
    if "skipped" in kinds or case.get("result") == "skipped" or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            result = outcome(case)
            counts[result] += 1
            if result != "passed":
                print(f"{result}: {case.get('classname', '')} {case.get('name')}")
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
