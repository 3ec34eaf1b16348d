// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>

#include "glue/ptr.h"

namespace ekya::gst::label {

/// What the element has done since it was started; each counter is written by one thread or atomically.
struct Counters {
  std::atomic<guint64> frames_in{0};
  std::atomic<guint64> sampled{0};       ///< Frames taken for labelling.
  std::atomic<guint64> labelled{0};      ///< Frames passed on.
  std::atomic<guint64> labels{0};        ///< Regions labelled, doubtful ones included.
  std::atomic<guint64> doubtful{0};      ///< Of the labels.
  std::atomic<guint64> compared{0};      ///< Labels compared with another of the same object (label-agreement).
  std::atomic<guint64> differed{0};      ///< Of those, how many differed from it.
  std::atomic<guint64> unlabelled{0};    ///< Sampled frames in which there was nothing to label.
  std::atomic<guint64> dropped{0};       ///< Sampled frames given up: queue full, no turn, flushed, older segment, EOS.
  std::atomic<guint64> stalled{0};       ///< Frames that took the golden model longer than stall-timeout.
  std::atomic<guint64> invalid{0};       ///< Answers of the golden model that could not be used.
  std::atomic<double> golden_ms{0};      ///< Its computing time for a frame, smoothed.
  std::atomic<double> noise{0};          ///< Share of wrong labels, estimated from those, 0..1.
  std::atomic<double> share{0};          ///< Granted, in devices.
  std::atomic<guint64> drift_alarms{0};  ///< Heard of the stream.
  std::atomic<double> rate_factor{1};    ///< Of sample-rate, for drift.

  void reset() {
    for (auto* counter : {&frames_in, &sampled, &labelled, &labels, &doubtful, &compared, &differed, &unlabelled,
                          &dropped, &stalled, &invalid, &drift_alarms})
      *counter = 0;
    golden_ms = noise = share = 0;
    rate_factor = 1;
  }

  StructurePtr stats() const {
    const auto count = [](const std::atomic<guint64>& counter) { return counter.load(); };
    return StructurePtr(gst_structure_new(
        "ekya-label-stats", "frames-in", G_TYPE_UINT64, count(frames_in), "sampled", G_TYPE_UINT64, count(sampled),
        "labelled", G_TYPE_UINT64, count(labelled), "labels", G_TYPE_UINT64, count(labels), "doubtful", G_TYPE_UINT64,
        count(doubtful), "compared", G_TYPE_UINT64, count(compared), "differed", G_TYPE_UINT64, count(differed),
        "unlabelled", G_TYPE_UINT64, count(unlabelled), "dropped", G_TYPE_UINT64, count(dropped), "stalled",
        G_TYPE_UINT64, count(stalled), "invalid", G_TYPE_UINT64, count(invalid), "golden-ms", G_TYPE_DOUBLE,
        golden_ms.load(), "label-noise", G_TYPE_DOUBLE, noise.load(), "share-granted", G_TYPE_DOUBLE, share.load(),
        "drift-alarms", G_TYPE_UINT64, count(drift_alarms), "rate-factor", G_TYPE_DOUBLE, rate_factor.load(), nullptr));
  }
};

}  // namespace ekya::gst::label
