#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns a state dict of PyTorch (.pth) into safetensors for `ekya-models import`; see docs/models.md.

The file is read with weights_only=True: what it holds beside tensors is refused, never run. Needs the packages torch
(1.13 or newer) and safetensors."""
import argparse
import collections
import json
import sys
import zipfile

import torch
from safetensors.torch import save_file


def is_torchscript(path):
    """PyTorch 1.13 would load one in spite of weights_only."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def read_state_dict(path):
    """{name: tensor}. A checkpoint may keep it under a name, and its names may begin with the wrapper's."""
    if is_torchscript(path):
        raise SystemExit(f"{path} is a TorchScript program; describe it with `ekya-models modelinfo`")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}")
    except Exception:  # Of many types; each means the same here, and some words of PyTorch's would advise to run it.
        raise SystemExit(f"{path} is no file of plain tensors; save one with torch.save(model.state_dict(), FILE)")
    for key in ("state_dict", "model"):
        if isinstance(found, collections.abc.Mapping) and isinstance(found.get(key), collections.abc.Mapping):
            found = found[key]
    if not isinstance(found, collections.abc.Mapping) or not all(torch.is_tensor(value) for value in found.values()):
        raise SystemExit(f"{path} holds no state dict; save one with torch.save(model.state_dict(), FILE)")
    return {name.removeprefix("module."): value for name, value in found.items()}


def stored(tensor):
    """F32 and F16 are what a weights file may hold."""
    return tensor.contiguous() if tensor.dtype == torch.float16 else tensor.float().contiguous()


def read_labels(arguments):
    if arguments.labels:
        return arguments.labels.split(",")
    with open(arguments.labels_file, encoding="utf-8") as file:
        return file.read().splitlines()


def numbers(text):
    values = [float(part) for part in text.split(",")]
    if len(values) != 3:
        raise argparse.ArgumentTypeError("three numbers are needed, as in 0.5,0.5,0.5")
    return values


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("file", help="written by torch.save(model.state_dict(), FILE)")
    parser.add_argument("--architecture", required=True, help="see `ekya-models list`")
    labels = parser.add_mutually_exclusive_group(required=True)
    labels.add_argument("--labels", help="comma-separated class names, in the order of the outputs")
    labels.add_argument("--labels-file", help="one class name a line")
    parser.add_argument("--input-size", type=int, default=224, help="side in pixels (224)")
    parser.add_argument("--mean", type=numbers, default=[0.485, 0.456, 0.406], help="of R, G, B (torchvision's)")
    parser.add_argument("--std", type=numbers, default=[0.229, 0.224, 0.225], help="of R, G, B (torchvision's)")
    parser.add_argument("-o", "--output", required=True)
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    # PyTorch counts batches for a kind of averaging that these networks do not use.
    tensors = {name: stored(value) for name, value in read_state_dict(options.file).items()
               if not name.endswith(".num_batches_tracked")}
    save_file(tensors, options.output, {
        "ekya.architecture": options.architecture, "ekya.labels": json.dumps(read_labels(options)),
        "ekya.input_size": str(options.input_size), "ekya.mean": json.dumps(options.mean),
        "ekya.std": json.dumps(options.std), "ekya.origin": "convert.py of a PyTorch state dict"})


if __name__ == "__main__":
    main(sys.argv[1:])
