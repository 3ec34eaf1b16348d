#!/bin/sh
# The test camera with boxes and labels drawn on the picture, in a window. SINK: another sink, e.g. "jpegenc ! multifilesink
# location=frame-%03d.jpg".
MODELS=${MODELS:-$(dirname "$0")/models} FRAMES=${FRAMES:--1} SINK=${SINK:-autovideosink}
# shellcheck disable=SC2086
exec gst-launch-1.0 \
  ekyatestsrc is-live=true num-buffers="$FRAMES" drift=gradual drift-start=5 drift-duration=20 light-after=0.1 \
  ! ekyainfer model-file="$MODELS/demo-student.safetensors" ! videoconvert ! ekyaoverlay ! videoconvert ! $SINK
