// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "ekya/device/preprocess.h"

// Tells which labels of a golden model contradict each other. docs/algorithms/labelling.md.
namespace ekya::gst::label {

/// How often two answers about one object were compared, and differed.
struct AgreementCounts {
  unsigned tested = 0, differed = 0;
};

/// The share of labels that is wrong, from how often two of one object differ, in [0, (classes - 1) / classes]: with
/// errors that are independent and even over the classes two labels agree with chance (1 - r)² + r² / (classes - 1).
/// Errors that both answers share are not seen. 0 where nothing was tested; classes >= 2.
double label_noise(const AgreementCounts& counts, int classes);

/// Follows objects through consecutive labelled frames and doubts a label that the labels of the same object outvote.
/// Not thread-safe. Cost of a frame: that of match_boxes() for its regions and those of the frame before.
class TrackFilter {
 public:
  static constexpr double kIou = 0.3;       ///< Least overlap of an object with itself in the frame before.
  static constexpr std::size_t kVotes = 5;  ///< Labels of an object that vote, its newest.

  /// rects, labels: [labels] of the next frame. Gives for each whether it is in doubt: the object had a label in the
  /// frame before, and of its newest kVotes labels, this one included, no more than half are this one.
  std::vector<bool> add(std::span<const device::Rect> rects, std::span<const std::string> labels);

  /// Labels compared with the one of the same object in the frame before, in the last call of add().
  const AgreementCounts& counts() const { return counts_; }
  void reset() { *this = {}; }

 private:
  struct Track {
    device::Rect rect;
    std::deque<std::string> labels;  ///< Newest last, at least one.
  };
  std::vector<Track> tracks_;  ///< Of the frame before.
  AgreementCounts counts_;
};

}  // namespace ekya::gst::label
