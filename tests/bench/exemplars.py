#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which exemplars remember best: exemplars.py GTSRB-DRIFT.tar.gz [SPLITS]. Needs numpy.

The traffic signs of five windows, dark to bright, are split by track into halves, SPLITS (20) times. Of the training half each class
keeps a few pictures, chosen in five ways; a classifier that has seen nothing else is tested on the other half. Features: gradients in
8 directions on 4 x 4 cells and the mean colour of each cell, of the picture at 32 x 32. Prints the accuracy over all windows with its
standard error, and that of the worst window.
"""
import csv
import io
import sys
import tarfile

import numpy as np

CLASSES, WINDOWS = 10, 5


def read_ppm(data):
    """A binary PPM, comments and all, as [height, width, 3] in [0, 1]."""
    words, at = [], 0
    while len(words) < 4:
        end = data.index(b"\n", at) if data[at:at + 1] == b"#" else at
        if end == at:
            while not data[end:end + 1].isspace():
                end += 1
            words.append(data[at:end])
        at = end + 1
    width, height = int(words[1]), int(words[2])
    return np.frombuffer(data, np.uint8, width * height * 3, at).reshape(height, width, 3) / 255


def resized(image, size):
    """Bilinear, half-pixel centres."""
    def axis(length):
        at = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, length - 1), at - low
    y0, y1, fy = axis(image.shape[0])
    x0, x1, fx = axis(image.shape[1])
    fy, fx = fy[:, None, None], fx[None, :, None]
    rows = image[y0] * (1 - fy) + image[y1] * fy
    return rows[:, x0] * (1 - fx) + rows[:, x1] * fx


def features(image):
    dy, dx = np.gradient(image.mean(2))
    direction = np.floor(np.arctan2(dy, dx) % (2 * np.pi) / (2 * np.pi) * 8).astype(int) % 8
    cells = [np.bincount(direction[y:y + 8, x:x + 8].ravel(), np.hypot(dx, dy)[y:y + 8, x:x + 8].ravel(), 8)
             for y in range(0, 32, 8) for x in range(0, 32, 8)]
    colours = 3 * image.reshape(4, 8, 4, 8, 3).mean((1, 3))
    return np.concatenate([np.concatenate(cells), colours.ravel()])


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def herding(rows, count):
    """Algorithm 4 of iCaRL, as learner/herding.cpp has it."""
    rows = unit(rows)
    mean = rows.mean(0)
    wanted, chosen, left = mean.copy(), [], np.ones(len(rows), bool)
    for _ in range(min(count, len(rows))):
        best = int(np.where(left, rows @ wanted, -np.inf).argmax())
        chosen.append(best)
        left[best] = False
        wanted += mean - rows[best]
    return chosen


def spread(total, count):
    return [k * total // count for k in range(count)] if count < total else list(range(total))


def choose(how, own, x, count, random):
    """own: indices of a class's pictures by window, in the order of time."""
    everything = np.concatenate(own)
    if how == "newest":
        return everything[-count:]
    if how == "spread over the past":
        return everything[spread(len(everything), count)]
    each = count // WINDOWS
    pick = {"spread over each window": lambda i: spread(len(i), each), "random of each window":
            lambda i: random.permutation(len(i))[:each], "herding in each window": lambda i: herding(x[i], each)}[how]
    return np.concatenate([i[pick(i)] for i in own])


def linear(x, y, tested):
    """Softmax regression, as a retrained head is."""
    mean, deviation = x.mean(0), x.std(0) + 1e-3
    x, tested = ((np.hstack([(v - mean) / deviation, np.ones((len(v), 1))])) for v in (x, tested))
    weights, speed, truth = np.zeros((x.shape[1], CLASSES)), 0, np.eye(CLASSES)[y]
    for _ in range(200):
        p = np.exp(x @ weights - (x @ weights).max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        speed = 0.9 * speed - 0.05 * (x.T @ (p - truth) / len(x) + 1e-3 * weights)
        weights = weights + speed
    return (tested @ weights).argmax(1)


def nearest_mean(x, y, tested):
    return (unit(tested) @ unit(np.array([unit(x[y == k]).mean(0) for k in range(CLASSES)])).T).argmax(1)


def main():
    with tarfile.open(sys.argv[1]) as archive:
        data = {member.name.removeprefix("./"): archive.extractfile(member).read()
                for member in archive.getmembers() if member.isfile()}
    index = list(csv.DictReader(io.StringIO(data["index.csv"].decode())))
    x = np.array([features(resized(read_ppm(data[row["file"]]), 32)) for row in index])
    y = np.unique([int(row["class"]) for row in index], return_inverse=True)[1]
    window = np.array([int(row["window"]) for row in index])
    track = np.array([row["class"] + "/" + row["track"] for row in index])
    ways = ["newest", "spread over the past", "spread over each window", "random of each window", "herding in each window"]
    for count in (5, 10, 20):
        results = {}
        for split in range(int(sys.argv[2]) if len(sys.argv) > 2 else 20):
            random = np.random.default_rng(split)
            test = np.zeros(len(y), bool)
            for k in range(CLASSES):
                for w in range(WINDOWS):
                    names = random.permutation(np.unique(track[(y == k) & (window == w)]))
                    test |= np.isin(track, names[:len(names) // 2])
            for way in ways:
                kept = np.concatenate([choose(way, [np.where((y == k) & (window == w) & ~test)[0]
                                                    for w in range(WINDOWS)], x, count, random) for k in range(CLASSES)])
                for classifier in (linear, nearest_mean):
                    right = classifier(x[kept], y[kept], x[test]) == y[test]
                    results.setdefault((way, classifier.__name__), []).append(
                        (right.mean(), min(right[window[test] == w].mean() for w in range(WINDOWS))))
        for (way, classifier), rows in sorted(results.items(), key=lambda item: item[0][1]):
            mean, error = np.mean(rows, axis=0), np.std(rows, axis=0) / len(rows) ** 0.5
            print(f"{count:2} a class, {classifier:12}, {way:24} {mean[0]:.3f} +- {error[0]:.3f}, worst window {mean[1]:.2f}")


if __name__ == "__main__":
    main()
