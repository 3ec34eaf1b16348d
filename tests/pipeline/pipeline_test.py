#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one launch line or example of pipelines/ as a user would, and checks what it prints.

    pipeline_test.py NAME

The build's devenv is in the environment; EKYA_SOURCE is the checkout, EKYA_SHARED the test data (a missing one skips, code 77).
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

SOURCE = pathlib.Path(os.environ["EKYA_SOURCE"])
BUILD = pathlib.Path(os.environ["EKYA_BUILD"])
SHARED = pathlib.Path(os.environ["EKYA_SHARED"])
PIPELINES = SOURCE / "pipelines"
VTEST = pathlib.Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
SKIP = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def need(path):
    if not pathlib.Path(path).exists():
        skip(f"{path} is not here")
    return path


def run(command, seconds, **variables):
    """Runs a command to its end; gives what it printed. Fails on a non-zero exit or past `seconds`."""
    result = subprocess.run([str(c) for c in command], env={**os.environ, **{k: str(v) for k, v in variables.items()}},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds)
    print(result.stdout[-6000:])
    check(result.returncode == 0, f"{command[0]} ended with {result.returncode}")
    check("CRITICAL" not in result.stdout, "a critical warning was printed")
    return result.stdout


def check(condition, message):
    if not condition:
        print(f"FAILED: {message}")
        sys.exit(1)


def inspect():
    """The plugin is listed with its six elements, quickly, and without LibTorch."""
    began = time.monotonic()
    text = run(["gst-inspect-1.0", "ekya"], 30)
    for element in ("ekyainfer", "ekyalabel", "ekyaretrain", "ekyascheduler", "ekyatestsrc", "ekyaoverlay"):
        check(f"  {element}:" in text, f"{element} is not listed")
    print(f"gst-inspect-1.0 took {time.monotonic() - began:.2f} s")
    plugin = next(BUILD.glob("plugins/libgstekya.so"))
    needed = run(["ldd", plugin], 30)
    check("torch" not in needed, "the plugin pulls in LibTorch")
    engine = next(BUILD.glob("gst-ekya-lib/ekya/learner/torch/libekya-torch.so"))
    wants = re.findall(r"NEEDED.*\[(lib(?:torch|c10|cu)[^]]*)\]", run(["readelf", "-d", engine], 30))
    check(sorted(wants) == ["libc10.so", "libtorch_cpu.so"], f"the engine links {wants}")


def models():
    return need(PIPELINES / "models" / "demo-student.safetensors").parent


def test_camera(folder):
    """A live camera through all four elements; labels arrive and shares are granted."""
    text = run([PIPELINES / "test-camera.sh"], 60, MODELS=models(), STATE=folder / "state", FRAMES=150)
    for message in ("ekya-share-request", "ekya-share-grant", "ekya-plan", "ekya-label", "ekya-window"):
        check(message in text, f"no message {message}")


def show(folder):
    """The overlay draws boxes; the pictures are written."""
    run([PIPELINES / "show.sh"], 60, MODELS=models(), FRAMES=30,
        SINK=f"jpegenc ! multifilesink location={folder}/frame-%03d.jpg")
    check(len(list(folder.glob("frame-*.jpg"))) == 30, "30 frames went in, not 30 came out")


def embed_cpp(folder):
    text = run([BUILD / "pipelines" / "embed", models(), folder], 90)
    check(text.rstrip().endswith("done"), "the example did not see all that it did")


def embed_python(folder):
    if not list(BUILD.glob("gst-ekya-lib/gst/ekya/*.typelib")):
        skip("built without introspection")
    text = run(["/usr/bin/python3", PIPELINES / "embedding" / "embed.py", models(), folder], 90)
    check(text.rstrip().endswith("done"), "the example did not see all that it did")


def init_model(path, labels, *options):
    """Fresh random weights."""
    run([BUILD / "tools" / "ekya-models", "init", "--labels", ",".join(labels), *options, "-o", path], 60)


def scenario(folder, name, sprites, labels):
    """The demo plays a scenario with real pictures: labels arrive, samples are kept, windows close, no frame is lost."""
    init_model(folder / f"{name}-student.safetensors", labels)
    # Its labels mean nothing, but it is sure of them: the normalisation makes its inputs, and so its logits, large.
    init_model(folder / f"{name}-golden.safetensors", labels, "--seed", 2, "--std", "0.01,0.01,0.01")
    text = run([BUILD / "tools" / "ekya-demo", "--scenario", name, "--prefix", name, "--models", folder, "--sprites", sprites,
                "--output", folder / "out", "--policy", "thief", "--window", 4, "--windows", 4], 100)
    streams = json.loads((folder / "out" / "report.json").read_text())["runs"][0]["streams"]
    check(len(streams) == 2, "there are two cameras")
    for stream in streams:
        check(re.search(rf"window 4 {stream['id']} ", text), f"the last window of {stream['id']} was not reported")
        check(stream["labels"] > 0, f"{stream['id']} got no labels")
        check(list((folder / "out" / "thief" / "state" / stream["id"] / "samples").rglob("*.jpg")), "no sample was kept")
        # The last one may be inside when the pipeline stops.
        check(0 <= stream["frames_in"] - stream["frames_out"] <= 1, f"{stream['id']} lost frames")
        check(stream["frames_out"] > 0 and stream["out_of_order"] == 0, f"{stream['id']} has no frames, or not in order")


def conveyor(folder):
    """Debian's fashion-mnist on conveyor belts."""
    scenario(folder, "conveyor", need("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"), [str(i) for i in range(10)])


def signs(folder):
    """The traffic signs, whose windows are shown one after another."""
    with tarfile.open(need(SHARED / "data" / "images" / "gtsrb-drift.tar.gz")) as archive:
        archive.extractall(folder / "signs")
    rows = (folder / "signs" / "index.csv").read_text().splitlines()[1:]
    scenario(folder, "signs", folder / "signs", sorted({row.split(",")[1] for row in rows}))


def real_video_setup(folder):
    """Models for real video in `folder`: the shared detectors with our descriptions beside them, and a fresh student."""
    variables = {"STATE": folder / "state", "STUDENT": folder / "student.safetensors", "SYNC": "false"}
    for name, variable in (("yolo-fastest-1.1-320", "DETECTOR"), ("yolo-fastest-1.1-xl-320", "GOLDEN")):
        model = need(SHARED / "data" / "models" / f"{name}.ts.pt")
        variables[variable] = folder / model.name
        shutil.copy(model, folder / model.name)
        shutil.copy(PIPELINES / "models" / "yolo-fastest.modelinfo", folder / f"{model.name}.modelinfo")
        shutil.copy(SHARED / "data" / "models" / "coco.names", folder / "coco.names")
    init_model(variables["STUDENT"], ["person", "vehicle", "other"])
    return variables


def real_video(folder, video, *expected):
    variables = real_video_setup(folder)
    text = run([PIPELINES / "real-video.sh"], 240, SOURCE=f"filesrc location={need(video)} ! decodebin", WINDOW=4,
               **variables)
    for message in ("ekya-share-grant", "ekya-label", *expected):
        check(message in text, f"no message {message}")


def pedestrians(folder):
    real_video(folder, VTEST)


def motorway(folder):
    real_video(folder, SHARED / "data" / "videos" / "motorway.avi")


def agreement(folder):
    """A fresh student comes to say what the golden model says, while the clip plays over and over. A busy machine labels
    less and needs more loops, so they are played until it does."""
    variables = {**real_video_setup(folder), "SYNC": "true", "WINDOW": 10, "LAUNCH": BUILD / "tools" / "ekya-agreement"}
    video = need(SHARED / "data" / "videos" / "vehicle-surveillance.mp4")
    variables["SOURCE"] = run([PIPELINES / "playlist.sh", 15, video], 10).strip()
    player = subprocess.Popen([PIPELINES / "real-video.sh"], env={**os.environ, **{k: str(v) for k, v in variables.items()}},
                              stdout=subprocess.PIPE, text=True)
    found = []
    try:
        for line in player.stdout:
            print(line, end="")
            if match := re.match(r"clip \d+: \d+ labels, agreement ([\d.]+) %", line):
                found.append(float(match[1]))
            if found and found[-1] >= found[0] + 15:
                return
    finally:
        player.kill()
        player.wait()
    # It starts as one answer to everything, which is right on the few regions where the golden model finds nothing.
    check(False, f"the agreement did not rise: {found}")


def rtsp(folder):
    """The same line with rtspsrc in front, against a local server that plays real video."""
    variables = real_video_setup(folder)
    variables["SYNC"] = "true"
    line = (f"( filesrc location={need(VTEST)} ! decodebin ! videoconvert ! videoscale ! video/x-raw,width=384,height=288 "
            "! jpegenc ! rtpjpegpay name=pay0 )")
    server = subprocess.Popen([BUILD / "tests" / "pipeline" / "rtsp-server", line], stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip()
        source = f"rtspsrc location=rtsp://127.0.0.1:{port}/street latency=100 ! decodebin ! identity eos-after=120"
        text = run([PIPELINES / "real-video.sh"], 120, SOURCE=source, WINDOW=4, **variables)
    finally:
        server.kill()
        server.wait()
    for message in ("ekya-share-grant", "ekya-label"):
        check(message in text, f"no message {message}")


def main(name):
    test = globals()[name]
    with tempfile.TemporaryDirectory(prefix="ekya-test-") as folder:
        test(pathlib.Path(folder)) if test is not inspect else test()


if __name__ == "__main__":
    main(sys.argv[1])
