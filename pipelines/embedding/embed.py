#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ekya inside a Python application: builds a pipeline, listens to its messages, steers a share, and adds and removes a
camera while playing.

    embed.py MODELS_FOLDER STATE_FOLDER
"""
import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstEkya", "1.0")
from gi.repository import Gst, GstEkya


def camera_line(stream, models, state):
    """One camera: live video through the student, and a leaky branch that labels and retrains."""
    student = f"stream-id={stream} model-file={models}/demo-student.safetensors"
    return (f"ekyatestsrc is-live=true ! tee name=t ! queue ! ekyainfer {student} ! fakesink sync=false "
            f"t. ! queue leaky=downstream max-size-buffers=2 ! ekyalabel stream-id={stream} "
            f"model-file={models}/demo-golden.safetensors ! ekyaretrain {student} state-folder={state}/{stream}")


class App:
    def __init__(self, models, state):
        self.models, self.state = models, state
        self.grants = []
        self.pipeline = Gst.Pipeline.new("cameras")
        self.scheduler = Gst.ElementFactory.make("ekyascheduler", "scheduler")
        self.scheduler.set_property("window-duration", 4.0)
        self.pipeline.add(self.scheduler)

    def add_camera(self, stream):
        camera = Gst.parse_bin_from_description(camera_line(stream, self.models, self.state), False)
        camera.set_name(stream)
        self.pipeline.add(camera)
        camera.sync_state_with_parent()
        return camera

    def remove_camera(self, camera):
        self.pipeline.remove(camera)
        camera.set_state(Gst.State.NULL)

    def listen(self, seconds):
        bus, end = self.pipeline.get_bus(), time.monotonic() + seconds
        while time.monotonic() < end:
            message = bus.timed_pop(50 * Gst.MSECOND)
            if message is None:
                continue
            if message.type == Gst.MessageType.ERROR:
                raise SystemExit(f"embed.py: {message.parse_error()[0].message}")
            structure = message.get_structure()
            if message.type == Gst.MessageType.ELEMENT and structure.has_name("ekya-share-grant"):
                grant = tuple(structure.get_value(field) for field in ("stream-id", "kind", "share"))
                print("grant: %s %s %.2f" % grant)
                self.grants.append(grant)


def main(models, state):
    app = App(models, state)
    app.add_camera("one")
    app.pipeline.set_state(Gst.State.PLAYING)
    app.listen(2)
    # The shared object behind the element, through introspection.
    shared = app.scheduler.get_property("scheduler")
    shared.pin_share("one", GstEkya.ClientKind.RETRAINING, 0.25)
    app.listen(2)
    second = app.add_camera("two")
    app.listen(4)
    app.remove_camera(second)
    app.listen(2)
    print("why:\n" + shared.explain())
    app.pipeline.set_state(Gst.State.NULL)
    good = ("one", "retraining", 0.25) in app.grants and any(grant[0] == "two" for grant in app.grants)
    print("done" if good else "something was not seen")
    return 0 if good else 1


if __name__ == "__main__":
    Gst.init(None)
    if len(sys.argv) != 3:
        raise SystemExit("usage: embed.py MODELS_FOLDER STATE_FOLDER")
    sys.exit(main(*sys.argv[1:]))
