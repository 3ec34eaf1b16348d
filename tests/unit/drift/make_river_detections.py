#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes river_detections.json: what the detectors of the Python package river say of seeded series.

    python3 -m venv /tmp/river && /tmp/river/bin/pip install river==0.26.1
    /tmp/river/bin/python tests/unit/drift/make_river_detections.py > tests/unit/drift/river_detections.json

The test makes the same series from the segments and the seed.
"""
import json
from importlib.metadata import version

from river import drift

MASK = (1 << 64) - 1
# Name, seed, width of the noise (0: Bernoulli draws), segments [length, level at the beginning, level at the end].
SERIES = [
    ("errors that become more", 1, 0, [[1500, 0.1, 0.1], [1500, 0.4, 0.4]]),
    ("errors that become fewer", 2, 0, [[2000, 0.5, 0.5], [1000, 0.15, 0.15]]),
    ("errors that creep up", 3, 0, [[1000, 0.1, 0.1], [2000, 0.1, 0.6]]),
    ("errors as before", 4, 0, [[4000, 0.3, 0.3]]),
    ("levels in turn", 5, 1.0, [[500, 0, 0], [500, 1, 1], [500, 0.4, 0.4], [500, 0.9, 0.9], [700, 0.8, 0.8]]),
    ("a large step", 6, 4.0, [[1000, 2, 2], [500, 5, 5], [1000, -3, -3]]),
    ("a slope", 7, 2.0, [[4000, 0, 8]]),
]


def mix(a, b):
    z = (a + 0x9E3779B97F4A7C15 * (b + 1)) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(seed):
    """ekya::Random::uniform()."""
    state = seed
    while True:
        yield (mix(state, 0) >> 11) * 2.0**-53
        state = (state + 0x9E3779B97F4A7C15) & MASK


def values(seed, noise, segments):
    draw = uniform(seed)
    for length, begin, end in segments:
        for i in range(length):
            level = begin + (end - begin) * i / length
            u = next(draw)
            yield level + (u - 0.5) * noise if noise else float(u < level)


def detections(detector, series):
    found = []
    for i, value in enumerate(series):
        detector.update(value)
        if detector.drift_detected:
            found.append(i)
    return found


def main():
    rows = []
    for name, seed, noise, segments in SERIES:
        series = list(values(seed, noise, segments))
        rows.append({"name": name, "seed": seed, "noise": noise, "segments": segments,
                     "adwin": detections(drift.ADWIN(), series),
                     "adwin_eager": detections(drift.ADWIN(delta=0.2, clock=1, max_buckets=3), series),
                     "page_hinkley": detections(drift.PageHinkley(), series),
                     "page_hinkley_up": detections(
                         drift.PageHinkley(min_instances=20, delta=0.1, threshold=5, alpha=1.0, mode="up"), series),
                     "page_hinkley_down": detections(drift.PageHinkley(threshold=5, mode="down"), series)})
    print(f'{{"river": "{version("river")}", "series": [')
    print(",\n".join(json.dumps(row) for row in rows))
    print("]}")


main()
