#!/bin/sh
# A conveyor-belt camera: real images of clothes (Debian's dataset-fashion-mnist) as moving objects; the light fades.
# STUDENT: a weights file with the data set's ten labels 0..9 (`ekya-models init --labels 0,1,2,3,4,5,6,7,8,9`). Labels come from the truth that
# the test source attaches, as a human's would.
: "${STUDENT:?a student .safetensors}"
SPRITES=${SPRITES:-/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz} STATE=${STATE:-/tmp/ekya-conveyor} FRAMES=${FRAMES:--1}
exec gst-launch-1.0 -m \
  ekyascheduler policy=thief window-duration=10 \
  ekyatestsrc is-live=true num-buffers="$FRAMES" sprites="$SPRITES" drift=abrupt drift-start=15 light-after=0.2 \
  ! tee name=camera \
  camera. ! queue ! ekyainfer stream-id=belt model-file="$STUDENT" ! fakesink sync=false \
  camera. ! queue leaky=downstream max-size-buffers=2 \
  ! ekyalabel stream-id=belt task=metadata sample-rate=4 \
  ! ekyaretrain stream-id=belt model-file="$STUDENT" state-folder="$STATE"
