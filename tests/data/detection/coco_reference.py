# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes coco_reference.json: random detections and truth boxes, and what pycocotools says of them.

    python3 -m venv venv && venv/bin/pip install numpy pycocotools
    venv/bin/python coco_reference.py >coco_reference.json

The numbers in the committed file come from pycocotools 2.0.11. Boxes are x1, y1, x2, y2 in 1/1024 of the frame and
confidences in 1/128, so that floats hold them exactly; few values, so that ties occur.
"""
import contextlib
import importlib.metadata
import io
import json
import random

import numpy
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

IMAGES, LABELS, UNIT = 40, 4, 1024


def random_box(source):
    x, y = source.randrange(0, 824), source.randrange(0, 824)
    return [x, y, x + source.randrange(16, 200), y + source.randrange(16, 200)]


def near(source, box):
    moved = [v + source.randint(-30, 30) for v in box]
    return [moved[0], moved[1], max(moved[2], moved[0] + 4), max(moved[3], moved[1] + 4)]


def make_image(source, number):
    """Truth [x1, y1, x2, y2, label] and detections [x1, y1, x2, y2, label, confidence]; label 3 is never there."""
    truth = [random_box(source) + [source.randrange(0, LABELS - 1)] for _ in range(source.randrange(0, 7))]
    found = []
    for t in truth:
        for _ in range(source.choice([0, 1, 1, 1, 2])):
            label = t[4] if source.random() < 0.85 else source.randrange(0, LABELS)
            found.append(near(source, t) + [label, source.randrange(20, 128)])
    for _ in range(source.randrange(0, 4)):
        found.append(random_box(source) + [source.randrange(0, LABELS), source.randrange(1, 90)])
    if number == 7:  # More than the 100 that count.
        found += [random_box(source) + [0, source.randrange(1, 100)] for _ in range(150)]
    source.shuffle(found)
    return {"truth": truth, "found": found}


def xywh(box):
    return [box[0] / UNIT, box[1] / UNIT, (box[2] - box[0]) / UNIT, (box[3] - box[1]) / UNIT]


def as_coco(images):
    truth = [(i, t) for i, image in enumerate(images, 1) for t in image["truth"]]
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": i} for i in range(1, len(images) + 1)],
        "categories": [{"id": c} for c in range(LABELS)],
        "annotations": [{"id": n, "image_id": i, "category_id": t[4], "bbox": xywh(t), "iscrowd": 0,
                         "area": xywh(t)[2] * xywh(t)[3]} for n, (i, t) in enumerate(truth, 1)],
    }
    coco.createIndex()
    found = [{"image_id": i, "category_id": d[4], "bbox": xywh(d), "score": d[5] / 128}
             for i, image in enumerate(images, 1) for d in image["found"]]
    return coco, coco.loadRes(found)


def average_precision(images, thresholds):
    truth, found = as_coco(images)
    evaluation = COCOeval(truth, found, "bbox")
    evaluation.params.iouThrs = numpy.array(thresholds)
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]  # [thresholds, recalls, labels]; all areas, 100 detections.
    result = []
    for i, threshold in enumerate(thresholds):
        each = [float(precision[i, :, c].mean()) for c in range(LABELS)]
        known = precision[i][precision[i] > -1]
        result.append({"iou": threshold, "of_class": each, "mean": float(known.mean())})
    return result


def main():
    source = random.Random(20)
    images = [make_image(source, number) for number in range(IMAGES)]
    with contextlib.redirect_stdout(io.StringIO()):
        expected = average_precision(images, [0.3, 0.5, 0.75])
    print(json.dumps({"pycocotools": importlib.metadata.version("pycocotools"), "labels": LABELS,
                      "average_precision": expected, "images": images}, separators=(",", ":")))


main()
