#!/bin/sh
# playlist.sh LOOPS FILE...: prints a SOURCE for real-video.sh that plays the files one after another, LOOPS times over.
# Each change of clip is an abrupt drift. All decoders are made at the start, so keep LOOPS times FILEs below 50.
[ $# -ge 2 ] || { echo "usage: $0 LOOPS FILE..." >&2; exit 2; }
loops=$1; shift
while [ "$loops" -gt 0 ]; do
  for file; do printf 'filesrc location=%s ! decodebin ! videoconvert ! playlist. ' "$file"; done
  loops=$((loops - 1))
done
printf 'concat name=playlist\n'
