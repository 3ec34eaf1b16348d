// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "ekya/learner/accuracy.h"
#include "ekya/learner/betting_test.h"

// Watches a model after its release: the model before it goes on answering some frames. docs/algorithms/canary.md.
namespace ekya::learner {

/// Compares the released model with the one before it on each label that comes in, and says as soon as the released one
/// is worse by more than `margin`. A release that is no worse than that is taken back with a chance of at most
/// kFalseAlarm, however often one asks. Not thread-safe.
class Canary {
 public:
  static constexpr int kLabels = 200;          ///< After so many the comparison is over.
  static constexpr double kFalseAlarm = 0.05;  ///< Of a release.
  static constexpr double kMargin = 0.01;

  /// margin: a fall of accuracy that is tolerated, 0 .. 0.9.
  explicit Canary(double margin = kMargin);

  void add(bool old_right, bool new_right);

  const PairedCounts& counts() const { return counts_; }  ///< "old": the model before, "new": the released one.
  bool is_over() const { return counts_.total() >= kLabels; }
  /// In words, with the numbers; nothing: it may stay.
  std::optional<std::string> reason_to_roll_back() const;

 private:
  PairedCounts counts_;
  BettingTest fall_;
};

/// Compares both on frames without labels. Where they differ says nothing about who is right, so it takes no model
/// back: it says that labels are wanted now. At most one release in ten that behaves as the gate saw it asks for
/// labels. The frames must lie apart, for neighbours are alike: one in kOneIn. Not thread-safe.
class ShadowAgreement {
 public:
  static constexpr int kOneIn = 20;            ///< Frames.
  static constexpr double kSlack = 0.05;       ///< More disagreement than the gate saw that is tolerated ...
  static constexpr double kConfidence = 0.05;  ///< ... and a mean fall of the confidence.
  static constexpr double kFalseAlarm = 0.05;  ///< Of each of the two.

  /// expected: the share of the gate's samples on which the two models' answers differed, 0 .. 1.
  explicit ShadowAgreement(double expected);

  /// Whether both models answer this frame.
  bool next_frame() { return frames_++ % kOneIn == 0; }
  /// Their answers for a region of it, confidences in [0, 1].
  void add(int old_label, double old_confidence, int new_label, double new_confidence);

  /// In words, with the numbers; nothing: labels can wait.
  std::optional<std::string> reason_to_label() const;

 private:
  int frames_ = 0, regions_ = 0, differ_ = 0;
  double expected_, fall_sum_ = 0;
  BettingTest disagreement_, fall_;
};

}  // namespace ekya::learner
