// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ekya/learner/accuracy.h"

namespace ekya::learner {

struct GateOptions {
  double tolerance = 0.02;     ///< The mean over recent and earlier labels may fall by at most this.
  double forgetting = 0.15;    ///< Accuracy on labels of earlier windows may fall by at most this.
  double collapse = 0.25;      ///< Accuracy on one class, less its false alarms, may fall by at most this.
  double significance = 0.10;  ///< A gain on recent labels that chance gives more often than this is none.
  int min_recent = 12;         ///< Fewer recent labels decide nothing.
  int min_class = 6;           ///< A class with fewer labels is not judged by itself.
};

/// How often each model gave a class as its answer to labels of other classes.
struct FalseAlarms {
  int live = 0, candidate = 0;
};

/// What the live model and the candidate answered on labels that neither was trained on.
struct GateEvidence {
  PairedCounts recent;                ///< Labels of the recent scene; "old" is the live model, "new" the candidate.
  PairedCounts earlier;               ///< Exemplars of earlier windows; may be empty.
  std::vector<std::string> labels;    ///< Names of the classes.
  std::vector<PairedCounts> classes;  ///< [labels]: recent and earlier together.
  std::vector<FalseAlarms> alarms;    ///< [labels]: the same; may be empty.
  std::string fault;                  ///< Why the candidate could not answer (not finite, say); empty: it could.
};

/// Adds answers to the evidence. truth, live, candidate: [count], class indices; `recent` tells which counts.
void add_answers(GateEvidence& evidence, bool recent, std::span<const int> truth, std::span<const int> live,
                 std::span<const int> candidate);

struct GateDecision {
  enum class Verdict { kAccepted, kRejected, kUndecided };
  Verdict verdict = Verdict::kUndecided;
  std::string reason;             ///< In words, with the numbers.
  double live_accuracy = 0;       ///< On recent labels.
  double candidate_accuracy = 0;  ///< On recent labels.
  bool accepted() const { return verdict == Verdict::kAccepted; }
};

/// Whether the candidate may replace the live model. Everything must hold: it answers at all; enough recent labels; no
/// class collapses; earlier windows are not forgotten; the mean over recent and earlier labels does not fall; on recent
/// labels it is better, and not by chance (sign test on the labels that just one of the two got right). A pure
/// function. Source: docs/algorithms/gate.md.
GateDecision decide(const GateEvidence& evidence, const GateOptions& options = {});

/// Whether the model before the live one answers new labels better by more than `margin`, and not by chance.
/// shadow: "old" is the model before, "new" the live one. Gives the reason for taking the live one back; empty: keep
/// it.
std::optional<std::string> reason_to_roll_back(const PairedCounts& shadow, double margin, int min_labels = 20,
                                               double significance = 0.10);

}  // namespace ekya::learner
