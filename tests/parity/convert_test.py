#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Converts files of PyTorch with tools/models/convert.py and lets ekya-models judge the result.

    convert_test.py NAME
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from parity import MODELS, SOURCE, check, torch, torchvision

LABELS = "car,truck,person"


def run(*command):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(result.stdout)
    return result


def convert(path, output, architecture="shufflenet_v2_x0_5"):
    return run(sys.executable, SOURCE / "tools" / "models" / "convert.py", path, "--architecture", architecture,
               "--labels", LABELS, "--input-size", 64, "-o", output)


def state_dict():
    torch.manual_seed(1)
    return torchvision.models.shufflenet_v2_x0_5(num_classes=3).state_dict()


def expect_model(folder, content):
    """The converted file is imported, and is the model that was saved."""
    torch.save(content, folder / "model.pth")
    check(convert(folder / "model.pth", folder / "foreign.safetensors").returncode == 0, "it was not converted")
    imported = run(MODELS, "import", folder / "foreign.safetensors", "-o", folder / "model.safetensors")
    check(imported.returncode == 0, "ekya-models refused what was converted")
    text = run(MODELS, "info", folder / "model.safetensors").stdout
    for words in ("shufflenet_v2_x0_5", '["car", "truck", "person"]', "282, 352819 values", "complete"):
        check(words in text, f"ekya-models does not say {words}")


def expect_refusal(folder, words):
    result = convert(folder / "model.pth", folder / "foreign.safetensors")
    check(result.returncode != 0, "it was converted")
    check(words in result.stdout and "Traceback" not in result.stdout, f"the message does not say: {words}")
    check(not (folder / "foreign.safetensors").exists(), "a file was left behind")


def nested_state_dict(folder):
    """As scripts keep it beside the epoch, from a model that was spread over GPUs."""
    expect_model(folder, {"epoch": 3, "model": {f"module.{name}": value for name, value in state_dict().items()}})


class Program:
    def __reduce__(self):
        return os.mkdir, (os.environ["EKYA_TEST_MARK"],)


def pickled_program(folder):
    """A file that would run a program when it is loaded the ordinary way."""
    os.environ["EKYA_TEST_MARK"] = str(folder / "it-ran")
    torch.save({"a": torch.zeros(1), "b": Program()}, folder / "model.pth")
    torch_loads = subprocess.run([sys.executable, "-c", "import sys, torch; torch.load(sys.argv[1], weights_only=False)",
                                  folder / "model.pth"], check=False)
    check(torch_loads.returncode == 0 and (folder / "it-ran").is_dir(), "the file is harmless, so shows nothing")
    (folder / "it-ran").rmdir()
    expect_refusal(folder, "no file of plain tensors")
    check(not (folder / "it-ran").exists(), "the program ran")


def torchscript(folder):
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "model.pth"))
    expect_refusal(folder, "is a TorchScript program")


def wrong_architecture(folder):
    """What convert.py cannot know is found by ekya-models."""
    torch.save(state_dict(), folder / "model.pth")
    check(convert(folder / "model.pth", folder / "foreign.safetensors", "mobilenet_v2").returncode == 0, "not converted")
    imported = run(MODELS, "import", folder / "foreign.safetensors", "-o", folder / "model.safetensors")
    check(imported.returncode == 1 and "mobilenet_v2" in imported.stdout, "ekya-models took it")
    check(not (folder / "model.safetensors").exists(), "a file was left behind")


TESTS = {"state_dict": lambda folder: expect_model(folder, state_dict()), "nested_state_dict": nested_state_dict,
         "pickled_program": pickled_program, "torchscript": torchscript, "wrong_architecture": wrong_architecture}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        TESTS[sys.argv[1]](pathlib.Path(name))
