#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/models/darknet_weights.py on a small network whose every value is known.

    darknet_weights_test.py DARKNET_WEIGHTS.PY
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
CFG = """[net]
width=416  # and height
[convolutional]
batch_normalize=1
filters=2
size=3
[maxpool]
size=2
[convolutional]
batch_normalize=1
filters=3
size=1
[route]
layers = -1, 0
[convolutional]
filters=18
size=1
[yolo]
anchors = 10,14,  23,27
"""
# Darknet's order: of a normalised convolution bias, scale, mean, variance, kernel; else bias, kernel.
SHAPES = [("0.batch_norm_0.bias", [2]), ("0.batch_norm_0.weight", [2]), ("0.batch_norm_0.running_mean", [2]),
          ("0.batch_norm_0.running_var", [2]), ("0.conv_0.weight", [2, 3, 3, 3]), ("2.batch_norm_2.bias", [3]),
          ("2.batch_norm_2.weight", [3]), ("2.batch_norm_2.running_mean", [3]), ("2.batch_norm_2.running_var", [3]),
          ("2.conv_2.weight", [3, 2, 1, 1]), ("4.conv_4.bias", [18]), ("4.conv_4.weight", [18, 5, 1, 1])]


def product(shape):
    count = 1
    for length in shape:
        count *= length
    return count


VALUES = sum(product(shape) for _, shape in SHAPES)


class DarknetWeights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "net.cfg").write_text(CFG)
        (self.folder / "names").write_text("car\n\nbus\n")

    def convert(self, values, version=(0, 2)):
        head = struct.pack("<3i", *version, 0) + struct.pack("<q" if version >= (0, 2) else "<i", 32)
        (self.folder / "weights").write_bytes(head + struct.pack(f"<{len(values)}f", *values))
        command = [sys.executable, PROGRAM, "net.cfg", "weights", "names", "-o", "out.safetensors"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)

    def read(self):
        data = (self.folder / "out.safetensors").read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        return json.loads(data[8:8 + length]), data[8 + length:]

    def test_names_and_places_each_value(self):
        for version in [(0, 1), (0, 2)]:
            result = self.convert(range(VALUES), version)
            self.assertEqual(result.returncode, 0, result.stderr)
            header, data = self.read()
            at = 0
            for name, shape in SHAPES:
                entry = header["module_list." + name]
                self.assertEqual(entry["shape"], shape)
                begin, end = entry["data_offsets"]
                found = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
                self.assertEqual(list(found), list(range(at, at + product(shape))))
                at += product(shape)

    def test_describes_the_model(self):
        self.convert(range(VALUES))
        words = self.read()[0]["__metadata__"]
        self.assertEqual(words["ekya.task"], "detection")
        self.assertEqual(words["ekya.input_size"], "416")
        self.assertEqual(json.loads(words["ekya.labels"]), ["car", "bus"])
        self.assertEqual(json.loads(words["ekya.anchors"]), [10, 14, 23, 27])

    def test_refuses_weights_of_another_network(self):
        for values in (VALUES - 1, VALUES + 1):
            self.assertNotEqual(self.convert(range(values)).returncode, 0)


unittest.main()
