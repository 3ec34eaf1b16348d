# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the parity tests share. Without what `./run parity` installs, importing this ends the test as skipped."""
import json
import os
import pathlib
import subprocess
import sys

SKIP = 77
SOURCE = pathlib.Path(os.environ["EKYA_SOURCE"])
BUILD = pathlib.Path(os.environ["EKYA_BUILD"])
MODELS = BUILD / "tools" / "ekya-models"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


try:
    import numpy
    import torch
    import torchvision  # noqa: F401: the tests use it.
    from safetensors.torch import save_file
except ImportError as missing:
    skip(f"{missing}; `./run parity` installs it")


def check(condition, message):
    if not condition:
        print(f"FAILED: {message}")
        sys.exit(1)


def randomise(model, images):
    """Gives each batch normalisation a scale, shift and statistics of its own.

    The statistics are near those of the images, so that the activations keep their size through 100 layers. Where a
    bottleneck of ResNet ends (bn3) the scale is small, as after training: otherwise rounding grows from block to block,
    and ResNet50 in float32 is already 9e-5 from itself in float64."""
    norms = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.BatchNorm2d)}
    with torch.no_grad():
        for name, norm in norms.items():
            torch.nn.init.uniform_(norm.weight, *((0.1, 0.4) if name.endswith("bn3") else (0.5, 1.5)))
            torch.nn.init.normal_(norm.bias, 0, 0.2)
            norm.momentum = 1
        model.train()
        model(images)
        for norm in norms.values():
            norm.running_mean += 0.2 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
            norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.7, 1.4)
    return model.eval()


def save(model, path, architecture, size, labels, mean=(0.0,) * 3, std=(1.0,) * 3):
    """Writes a state dict as a weights file of another origin."""
    words = {"ekya.architecture": architecture, "ekya.input_size": str(size),
             "ekya.labels": json.dumps([f"class{i}" for i in range(labels)]),
             "ekya.mean": json.dumps(mean), "ekya.std": json.dumps(std)}
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, str(path), words)


def ours(what, weights, images, folder):
    """The values that our network has for "logits" or "maps", see network.cpp, flat."""
    path = folder / "images"
    path.write_bytes(images.numpy().astype("<f4").tobytes())
    ran = subprocess.run([BUILD / "tests" / "parity" / "parity-network", what, weights, path], stdout=subprocess.PIPE,
                         check=True)
    return torch.from_numpy(numpy.frombuffer(ran.stdout, "<f4").copy())
