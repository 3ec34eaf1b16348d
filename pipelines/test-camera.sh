#!/bin/sh
# One live test camera whose scene turns to night and rain after 15 seconds. Watch the messages (-m): ekya-label counts labels,
# ekya-plan hands out shares, ekya-model-swap tells when a retrained student goes live.
# MODELS: folder with the demo's models. STATE: where samples and checkpoints are kept. FRAMES: how many to play, -1 for ever.
MODELS=${MODELS:-$(dirname "$0")/models} STATE=${STATE:-/tmp/ekya-test-camera} FRAMES=${FRAMES:--1}
exec gst-launch-1.0 -m \
  ekyascheduler policy=phased window-duration=10 \
  ekyatestsrc is-live=true num-buffers="$FRAMES" drift=abrupt drift-start=15 light-after=0.1 weather-after=rain \
  ! tee name=camera \
  camera. ! queue ! ekyainfer stream-id=street model-file="$MODELS/demo-student.safetensors" ! fakesink sync=false \
  camera. ! queue leaky=downstream max-size-buffers=2 \
  ! ekyalabel stream-id=street model-file="$MODELS/demo-golden.safetensors" sample-rate=4 \
  ! ekyaretrain stream-id=street model-file="$MODELS/demo-student.safetensors" state-folder="$STATE"
