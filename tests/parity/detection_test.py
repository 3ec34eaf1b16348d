#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the decoded boxes and scores of a built-in detector with those of its original, for the same weights and images.

    detection_test.py NAME

YOLO's original is the cfg file of darknet, run here by a few lines of PyTorch; SSDLite's is torchvision's SSD with
torchvision's MobileNetV2.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from parity import BUILD, check, numpy, randomise, torch, torchvision
from safetensors.torch import save_file

TOLERANCE, LABELS = 1e-3, 5
# Layers as the cfg files have them, one a word: c(onvolution) filters,size,stride; o(utput); p(ool) stride; u(psample);
# s(hortcut) and r(oute) by distance or index; y(olo) with its mask.
TINY = "c16,3 p2 c32,3 p2 c64,3 p2 c128,3 p2 c256,3 p2 c512,3 p1 c1024,3 c256,1 c512,3 o y3,4,5 r-4 c128,1 u r-1,8 c256,3 o y0,1,2"
TINY_ANCHORS = [10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319]
STAGE = "c{0},1 c{1},3 s-3 "
FULL = ("c32,3 c64,3,2 " + STAGE.format(32, 64) + "c128,3,2 " + 2 * STAGE.format(64, 128) + "c256,3,2 "
        + 8 * STAGE.format(128, 256) + "c512,3,2 " + 8 * STAGE.format(256, 512) + "c1024,3,2 "
        + 4 * STAGE.format(512, 1024)
        + "c512,1 c1024,3 c512,1 c1024,3 c512,1 c1024,3 o y6,7,8 r-4 c256,1 u r-1,61 "
        + "c256,1 c512,3 c256,1 c512,3 c256,1 c512,3 o y3,4,5 r-4 c128,1 u r-1,36 "
        + "c128,1 c256,3 c128,1 c256,3 c128,1 c256,3 o y0,1,2")
FULL_ANCHORS = [10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326]


class Darknet(torch.nn.Module):
    def __init__(self, layers, anchors):
        super().__init__()
        self.layers = [(word[0], [int(n) for n in word[1:].split(",") if n]) for word in layers.split()]
        self.anchors = torch.tensor(anchors).view(-1, 2)
        self.module_list = torch.nn.ModuleList()
        channels = []
        for index, (kind, numbers) in enumerate(self.layers):
            self.module_list.append(self.module(index, kind, numbers, channels[-1] if channels else 3))
            channels.append(self.channels(index, kind, numbers, channels))

    @staticmethod
    def channels(index, kind, numbers, before):
        if kind == "c":
            return numbers[0]
        if kind == "r":
            return sum(before[at if at >= 0 else index + at] for at in numbers)
        return before[-1]

    @staticmethod
    def module(index, kind, numbers, before):
        sequence = torch.nn.Sequential()
        if kind == "c":
            filters, size, stride = (numbers + [1])[:3]
            sequence.add_module(f"conv_{index}", torch.nn.Conv2d(before, filters, size, stride, size // 2, bias=False))
            sequence.add_module(f"batch_norm_{index}", torch.nn.BatchNorm2d(filters))
            sequence.add_module(f"leaky_{index}", torch.nn.LeakyReLU(0.1))
        elif kind == "o":
            sequence.add_module(f"conv_{index}", torch.nn.Conv2d(before, 3 * (5 + LABELS), 1))
        elif kind == "p" and numbers == [1]:  # What is beyond the border is never the largest.
            sequence.add_module("pad", torch.nn.ConstantPad2d((0, 1, 0, 1), -1e30))
            sequence.add_module("pool", torch.nn.MaxPool2d(2, 1))
        elif kind == "p":
            sequence.add_module("pool", torch.nn.MaxPool2d(2, 2))
        elif kind == "u":
            sequence.add_module("up", torch.nn.Upsample(scale_factor=2))
        return sequence

    def forward(self, images):
        known, rows, x = [], [], images
        for index, (kind, numbers) in enumerate(self.layers):
            if kind == "r":
                x = torch.cat([known[at if at >= 0 else index + at] for at in numbers], 1)
            elif kind == "s":
                x = known[-1] + known[numbers[0] + index]
            elif kind == "y":
                rows.append(self.decode(x, self.anchors[numbers], images.shape[-1]))
            else:
                x = self.module_list[index](x)
            known.append(x)
        return torch.cat(rows, 1)

    @staticmethod
    def decode(x, anchors, size):
        """Centre, size, objectness and scores; anchors in pixels of the input."""
        count, _, cells, _ = x.shape
        x = x.view(count, 3, 5 + LABELS, cells, cells).permute(0, 1, 3, 4, 2)
        row, column = torch.meshgrid(torch.arange(cells), torch.arange(cells), indexing="ij")
        centre = (x[..., :2].sigmoid() + torch.stack([column, row], -1)) / cells
        extent = x[..., 2:4].exp() * anchors.view(1, 3, 1, 1, 2) / size
        return torch.cat([centre, extent, x[..., 4:].sigmoid()], -1).reshape(count, -1, 5 + LABELS)


class Trunk(torch.nn.Module):
    """MobileNetV2 with the maps of SSDLite."""

    def __init__(self):
        from torchvision.models.detection.ssdlite import _extra_block
        super().__init__()
        self.features = torchvision.models.mobilenet_v2().features
        self.extra = torch.nn.ModuleList(_extra_block(into, out, torch.nn.BatchNorm2d) for into, out in
                                         ((1280, 512), (512, 256), (256, 256), (256, 128)))

    def forward(self, x):
        for block in self.features[:14]:
            x = block(x)
        expanded = self.features[14].conv[0](x)
        x = self.features[14].conv[1:](expanded)
        for block in self.features[15:]:
            x = block(x)
        maps = [expanded, x]
        for block in self.extra:
            maps.append(block(maps[-1]))
        return maps


class SsdLite(torch.nn.Module):
    def __init__(self):
        from torchvision.models.detection import _utils, anchor_utils, ssdlite
        super().__init__()
        self.backbone = Trunk()
        self.head = ssdlite.SSDLiteHead([576, 1280, 512, 256, 256, 128], [6] * 6, LABELS + 1, torch.nn.BatchNorm2d)
        self.boxes = anchor_utils.DefaultBoxGenerator([[2, 3]] * 6, min_ratio=0.2, max_ratio=0.95)
        self.coder = _utils.BoxCoder((10, 10, 5, 5))

    def forward(self, images):
        from torchvision.models.detection.image_list import ImageList
        maps, size = self.backbone(images), images.shape[-1]
        found = self.head(maps)
        bases = self.boxes(ImageList(images, [(size, size)] * len(images)), maps)
        rows = []
        for i, base in enumerate(bases):
            box = self.coder.decode_single(found["bbox_regression"][i], base) / size
            scores = found["cls_logits"][i].softmax(-1)[:, 1:]
            rows.append(torch.cat([(box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2], scores], 1))
        return torch.stack(rows)


def save(model, path, architecture, size, anchors):
    words = {"ekya.architecture": architecture, "ekya.task": "detection", "ekya.input_size": str(size),
             "ekya.labels": json.dumps([f"class{i}" for i in range(LABELS)]), "ekya.mean": "[0,0,0]",
             "ekya.std": "[1,1,1]"}
    if anchors:
        words["ekya.anchors"] = json.dumps(anchors)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, str(path), words)


def compare(folder, model, architecture, size, anchors):
    torch.manual_seed(2)
    images = torch.randn(2, 3, size, size)
    save(model, folder / "weights", architecture, size, anchors)
    (folder / "images").write_bytes(images.numpy().astype("<f4").tobytes())
    ran = subprocess.run([BUILD / "tests" / "parity" / "parity-boxes", folder / "weights", folder / "images"],
                         stdout=subprocess.PIPE, check=True)
    with torch.no_grad():
        expected = model(images)
    both = torch.from_numpy(numpy.frombuffer(ran.stdout, "<f4").copy()).view(2, *expected.shape)
    for found, what in zip(both, ("as trained", "folded")):
        error = (found - expected).abs() / expected.abs().clamp(min=1)  # Relative where a box is larger than the frame.
        boxes, scores = (error[..., part].max().item() for part in (slice(0, 4), slice(4, None)))
        print(f"{architecture}, {size} pixels, {what}: {expected.shape[1]} boxes differ by at most {boxes:.1e}, scores by "
              f"{scores:.1e}; scores have a deviation of {expected[..., 4:].std():.2f}")
        check(boxes <= TOLERANCE and scores <= TOLERANCE, f"more than {TOLERANCE}")
    check(expected[..., 4:].std() > 0.01, "the scores are all alike, so that nothing is shown")


def main(name):
    torch.manual_seed(1)
    model, size, anchors = {"yolov3_tiny": lambda: (Darknet(TINY, TINY_ANCHORS), 96, TINY_ANCHORS),
                            "yolov3": lambda: (Darknet(FULL, FULL_ANCHORS), 96, None),
                            "ssdlite_mobilenet_v2": lambda: (SsdLite(), 300, None)}[name]()
    with tempfile.TemporaryDirectory() as folder:
        compare(pathlib.Path(folder), randomise(model, torch.randn(8, 3, size, size)), name, size, anchors)


if __name__ == "__main__":
    main(sys.argv[1])
