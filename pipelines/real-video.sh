#!/bin/sh
# Real video: a small detector finds regions, a student says what they are (person, vehicle, other), and a larger detector
# labels a sample of frames to retrain it. SOURCE is anything that makes raw video: a file, rtspsrc, v4l2src.
#   SOURCE="filesrc location=street.mp4 ! decodebin"
#   SOURCE="rtspsrc location=rtsp://127.0.0.1:8554/street latency=100 ! decodebin"
#   SOURCE="v4l2src device=/dev/video0"
#   SOURCE="$(pipelines/playlist.sh 5 street.mp4 motorway.mp4)"   files one after another, five times over
# DETECTOR, GOLDEN: TorchScript detectors with a .modelinfo beside them (docs/models.md). STUDENT: a weights file with the
# labels person, vehicle, other (`ekya-models init` makes a fresh one). SYNC=false plays as fast as it goes.
# LAUNCH=build/tools/ekya-agreement prints for each clip how far the student agrees with the golden model.
: "${SOURCE:?e.g. filesrc location=street.mp4 ! decodebin}" "${DETECTOR:?a detector .ts.pt}" "${GOLDEN:?a larger detector .ts.pt}"
: "${STUDENT:?a student .safetensors}"
STREAM=${STREAM:-street} STATE=${STATE:-/tmp/ekya-real-video} WINDOW=${WINDOW:-10} SYNC=${SYNC:-true} SINK=${SINK:-fakesink}
MAP="person=person,car=vehicle,bus=vehicle,truck=vehicle,motorbike=vehicle,bicycle=vehicle,none=other,*=other"
# shellcheck disable=SC2086
exec ${LAUNCH:-gst-launch-1.0 -m} \
  ekyascheduler policy=phased window-duration="$WINDOW" \
  $SOURCE ! videoconvert ! video/x-raw,format=RGB \
  ! ekyainfer name=detector stream-id="$STREAM" task=detect model-file="$DETECTOR" allow-torchscript=true threshold=0.3 \
  ! tee name=camera \
  camera. ! queue ! ekyainfer name=student stream-id="$STREAM" model-file="$STUDENT" ! $SINK sync="$SYNC" \
  camera. ! queue leaky=downstream max-size-buffers=2 \
  ! ekyalabel name=golden stream-id="$STREAM" model-file="$GOLDEN" allow-torchscript=true label-map="$MAP" sample-rate=3 \
  ! ekyaretrain stream-id="$STREAM" model-file="$STUDENT" state-folder="$STATE"
