#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether twenty crops tell which scene it is: scenes.py GTSRB-DRIFT.tar.gz [SPLITS]. Needs numpy.

The traffic signs of five windows, dark to bright, are split by track into halves, SPLITS (40) times. Statistics of each window's first
half are a model zoo's entries, those of 20 signs of a window's other half the question. Prints how often the nearest scene is the
right one, and how often it is among the nearest three. Statistics and distance are those of learner/scene_statistics.cpp.
"""
import csv
import io
import sys
import tarfile

import numpy as np

from exemplars import WINDOWS, read_ppm, resized


def features(image):
    grey = image @ [0.299, 0.587, 0.114]
    inner = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    red, green, blue = image.mean((0, 1))
    return [grey.mean(), grey.std(), np.abs(inner).mean(), red - green, blue - green]


def scene(x, y):
    counts = np.bincount(y, minlength=10) + 1
    return x.mean(0), np.maximum(x.var(0), 1e-4), counts / counts.sum()


def distance(a, b):
    sum_of_variances = a[1] + b[1]
    apart = (a[0] - b[0]) ** 2 / (4 * sum_of_variances) + np.log(sum_of_variances / (2 * np.sqrt(a[1] * b[1]))) / 2
    return apart.mean() - np.log(np.sqrt(a[2] * b[2]).sum())


def main():
    with tarfile.open(sys.argv[1]) as archive:
        data = {member.name.removeprefix("./"): archive.extractfile(member).read()
                for member in archive.getmembers() if member.isfile()}
    index = list(csv.DictReader(io.StringIO(data["index.csv"].decode())))
    x = np.array([features(resized(read_ppm(data[row["file"]]), 64)) for row in index])
    y = np.unique([int(row["class"]) for row in index], return_inverse=True)[1]
    window = np.array([int(row["window"]) for row in index])
    track = np.array([row["class"] + "/" + row["track"] for row in index])
    splits = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    places = []
    for split in range(splits):
        random = np.random.default_rng(split)
        names = random.permutation(np.unique(track))
        asked = np.isin(track, names[:len(names) // 2])
        zoo = [scene(x[(window == w) & ~asked], y[(window == w) & ~asked]) for w in range(WINDOWS)]
        for w in range(WINDOWS):
            crops = random.permutation(np.where((window == w) & asked)[0])[:20]
            question = scene(x[crops], y[crops])
            places.append(np.argsort([distance(question, entry) for entry in zoo]).tolist().index(w))
    places = np.array(places)
    print(f"nearest {np.mean(places == 0):.3f}, among two {np.mean(places < 2):.3f}, among three {np.mean(places < 3):.3f}")


if __name__ == "__main__":
    main()
