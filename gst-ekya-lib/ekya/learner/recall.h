// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/learner/accuracy.h"

namespace ekya::learner {

struct RecallOptions {
  int most_labels = 40;        ///< After so many labels without a clear answer the live model stays.
  double significance = 0.01;  ///< Of the sign test, which is repeated after each label.
};

/// Whether a model of an earlier scene is to take the live one's place, now that the scene has changed: the candidates
/// and the live model answer the same fresh labels, until one candidate is better and not by chance, or none can be any
/// more. A pure state machine; not thread-safe.
///
/// Source: the paired sign test (McNemar's in its exact form), repeated after each label. At the defaults a candidate
/// that is no better than the live model is taken with a chance of at most 0.033, one of three with at most 0.10; at
/// least 7 labels are needed. docs/algorithms/model-zoo.md.
class Recall {
 public:
  enum class Verdict { kOpen, kSwap, kKeep };

  explicit Recall(int candidates, const RecallOptions& options = {});

  /// One label that none of the models was trained on. right: [candidates]. Does nothing once it is decided; a `right`
  /// of another length is a fault of the caller's and is left out.
  void add(bool live_right, const std::vector<bool>& right);

  Verdict verdict() const { return verdict_; }
  int chosen() const { return chosen_; }                 ///< Of kSwap: index of the candidate; else -1.
  const std::string& reason() const { return reason_; }  ///< In words, with the numbers; empty while open.
  int labels() const { return labels_; }
  const std::vector<PairedCounts>& counts() const { return counts_; }  ///< "old" is the live model. [candidates]

 private:
  bool passes(const PairedCounts& counts) const;
  bool may_pass_yet(const PairedCounts& counts) const;
  void decide();

  const RecallOptions options_;
  std::vector<PairedCounts> counts_;
  int labels_ = 0;
  Verdict verdict_ = Verdict::kOpen;
  int chosen_ = -1;
  std::string reason_;
};

}  // namespace ekya::learner
