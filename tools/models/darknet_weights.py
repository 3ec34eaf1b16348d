#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns a darknet network (.cfg and .weights) into safetensors for `ekya-models import`; see docs/models.md.

    darknet_weights.py yolov3-tiny.cfg yolov3-tiny.weights coco.names -o foreign.safetensors

Needs nothing but Python. Parameters are named as in github.com/eriklindernoren/PyTorch-YOLOv3.
"""
import argparse
import array
import json
import struct
import sys

ARCHITECTURES = {(13, 2): "yolov3_tiny", (75, 3): "yolov3"}  # By convolutions and outputs.


def read_cfg(path):
    """Sections in order: (name, {key: value})."""
    sections = []
    for line in open(path, encoding="utf-8"):
        line = line.split("#")[0].strip()
        if line.startswith("["):
            sections.append((line.strip("[]"), {}))
        elif line:
            key, value = line.split("=", 1)
            sections[-1][1][key.strip()] = value.strip()
    return sections


def numbers(text):
    return [int(float(number)) for number in text.split(",")]


def convolutions(layers):
    """Of each convolution: index, channels in and out, kernel, whether it is normalised."""
    channels, found = [], []
    for index, (kind, values) in enumerate(layers):
        before = channels[-1] if channels else 3
        if kind == "convolutional":
            out = int(values["filters"])
            found.append((index, before, out, int(values["size"]), values.get("batch_normalize", "0") == "1"))
            channels.append(out)
        elif kind == "route":
            channels.append(sum(channels[at if at >= 0 else index + at] for at in numbers(values["layers"])))
        elif kind in ("maxpool", "upsample", "shortcut", "yolo"):
            channels.append(before)
        else:
            sys.exit(f"layer {index} is a [{kind}], which is not known")
    return found


def tensors_of(index, inputs, out, kernel, normalised):
    """Names and shapes in the order of a .weights file."""
    conv, norm = f"module_list.{index}.conv_{index}", f"module_list.{index}.batch_norm_{index}"
    if normalised:
        for part in ("bias", "weight", "running_mean", "running_var"):
            yield f"{norm}.{part}", [out]
    else:
        yield f"{conv}.bias", [out]
    yield f"{conv}.weight", [out, inputs, kernel, kernel]


def read_values(path):
    """All floats of a .weights file, behind a header of three numbers and a count of images, which has 8 bytes from
    version 0.2 on."""
    data = open(path, "rb").read()
    major, minor, _ = struct.unpack_from("<3i", data)
    values = array.array("f")
    values.frombytes(data[12 + (8 if major * 10 + minor >= 2 else 4):])
    if sys.byteorder == "big":
        values.byteswap()
    return values


def write_safetensors(path, metadata, tensors):
    header, offset = {"__metadata__": metadata}, 0
    for name, shape, data in tensors:
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors:
            file.write(data)


def convert(cfg, weights, labels):
    sections = read_cfg(cfg)
    net, layers = sections[0][1], sections[1:]
    values, at, tensors = read_values(weights), 0, []
    layout = convolutions(layers)
    for convolution in layout:
        for name, shape in tensors_of(*convolution):
            count = 1
            for length in shape:
                count *= length
            if at + count > len(values):
                sys.exit(f"{weights} ends within {name}")
            tensors.append((name, shape, values[at:at + count].tobytes()))
            at += count
    if at != len(values):
        sys.exit(f"{weights} has {len(values)} values, the network of {cfg} {at}")
    yolo = [settings for kind, settings in layers if kind == "yolo"]
    metadata = {"ekya.task": "detection", "ekya.architecture": ARCHITECTURES.get((len(layout), len(yolo)), "darknet"),
                "ekya.labels": json.dumps(labels), "ekya.input_size": net["width"], "ekya.mean": "[0,0,0]",
                "ekya.std": "[1,1,1]", "ekya.anchors": json.dumps(numbers(yolo[0]["anchors"]))}
    return metadata, tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cfg")
    parser.add_argument("weights")
    parser.add_argument("names", help="labels, one a line")
    parser.add_argument("-o", "--output", required=True)
    arguments = parser.parse_args()
    labels = [line.strip() for line in open(arguments.names, encoding="utf-8") if line.strip()]
    write_safetensors(arguments.output, *convert(arguments.cfg, arguments.weights, labels))


if __name__ == "__main__":
    main()
