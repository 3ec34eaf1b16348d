// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ekya/learner/accuracy.h"

namespace ekya::learner {

struct GateOptions {
  double tolerance = 0.02;         ///< The mean over recent and earlier labels may fall by at most this.
  double forgetting = 0.15;        ///< Accuracy on labels of earlier windows may fall by at most this.
  double collapse = 0.25;          ///< Accuracy on one class, less its false alarms, may fall by at most this.
  double significance = 0.02;      ///< A gain on recent labels that chance gives more often than this is none.
  double confusion = 0;            ///< So large a share of the labels may be wrong by a rule: one class called another.
  double confusion_chance = 0.05;  ///< The same as significance, once these labels are counted as wrong.
  int min_recent = 12;             ///< Fewer recent labels decide nothing.
  int min_class = 6;               ///< A class with fewer labels is not judged by itself.
};

/// How often each model gave a class as its answer to labels of other classes.
struct FalseAlarms {
  int live = 0, candidate = 0;
};

/// Recent samples for which the live model answered one class and the label says another.
struct Departures {
  int gained = 0;   ///< The candidate answers the label.
  int neither = 0;  ///< The candidate answers a third class.
  int stayed = 0;   ///< The candidate answers as the live model.
  int total() const { return gained + neither + stayed; }
};

/// What the live model and the candidate answered on labels that neither was trained on.
struct GateEvidence {
  PairedCounts recent;                 ///< Labels of the recent scene; "old" is the live model, "new" the candidate.
  PairedCounts earlier;                ///< Exemplars of earlier windows; may be empty.
  std::vector<std::string> labels;     ///< Names of the classes.
  std::vector<PairedCounts> classes;   ///< [labels]: recent and earlier together.
  std::vector<FalseAlarms> alarms;     ///< [labels]: the same; may be empty.
  std::vector<Departures> departures;  ///< [labels], by the live model's answer; may be empty.
  std::string fault;                   ///< Why the candidate could not answer (not finite, say); empty: it could.
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
/// labels it is better, not by chance (sign test on the labels that just one of the two got right) and not only by what
/// a rule that calls one class by another name would look like. A pure function. Source: docs/algorithms/gate.md.
GateDecision decide(const GateEvidence& evidence, const GateOptions& options = {});

}  // namespace ekya::learner
