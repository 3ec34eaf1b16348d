#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ekya-models as a user calls it: what it prints and writes, and how it ends.

    ekya_models_test.py EKYA-MODELS FOLDER-OF-TORCHSCRIPT-FILES
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
TORCHSCRIPT = pathlib.Path(sys.argv.pop(1))


def call(*arguments):
    """Gives the exit status, the standard output and the standard error."""
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return result.returncode, result.stdout, result.stderr


class EkyaModels(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def torchscript(self, name):
        return shutil.copy(TORCHSCRIPT / name, self.folder / name)

    def test_list_shows_task_and_size(self):
        status, text, _ = call("list")
        self.assertEqual(status, 0)
        self.assertIn(["mobilenet_v2", "classification", "3504872"], [line.split() for line in text.splitlines()])

    def test_modelinfo_describes_a_classifier_that_runs(self):
        path = self.torchscript("classifier.pt")
        status, _, error = call("modelinfo", path, "--input-size", 32, "--labels", "a,b,c,d", "--mean", "0.5,0.4,0.3")
        self.assertEqual(status, 0, error)
        self.assertEqual((self.folder / "classifier.pt.modelinfo").read_text().splitlines(), [
            "[modelinfo]", "version=1.0", "", "[ekya]", "task=classification", "input-size=32", "labels=a;b;c;d;",
            "mean=0.5;0.4;0.3", "std=1;1;1"])

    def test_modelinfo_describes_a_detector_that_runs(self):
        path = self.torchscript("detector.pt")
        (self.folder / "labels.txt").write_text("car\nbus\n")
        status, _, error = call("modelinfo", path, "--task", "detection", "--input-size", 64, "--labels-file",
                                self.folder / "labels.txt", "--boxes", "cxcywh", "--threshold", 0.25)
        self.assertEqual(status, 0, error)
        self.assertEqual((self.folder / "detector.pt.modelinfo").read_text().splitlines()[4:], [
            "task=detection", "input-size=64", "labels=car;bus;", "mean=0;0;0", "std=1;1;1", "boxes=cxcywh",
            "boxes-unit=pixels", "objectness=false", "threshold=0.25", "iou-threshold=0.5"])

    def test_modelinfo_writes_nothing_for_what_does_not_fit(self):
        for name, arguments, words in [
                ("classifier.pt", ["--labels", "a,b,c"], "expected [1, 3]"),
                ("classifier.pt", ["--labels", "a,b,c,c"], "label 4, 'c', is there twice"),
                ("classifier.pt", [], "--labels or --labels-file is needed"),
                ("detector.pt", ["--task", "detection", "--labels", "car,bus", "--objectness"], "refused"),
                ("raises.pt", ["--labels", "a"], "refused")]:
            with self.subTest(name=name, arguments=arguments):
                status, _, error = call("modelinfo", self.torchscript(name), "--input-size", 32, *arguments)
                self.assertEqual(status, 1)
                self.assertIn(words, error)
                self.assertFalse((self.folder / f"{name}.modelinfo").exists())


if __name__ == "__main__":
    unittest.main()
