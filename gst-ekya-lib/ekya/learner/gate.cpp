// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/gate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

namespace ekya::learner {
namespace {

/// "81.2 %"
std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * value);
  return text;
}

std::string from_to(const PairedCounts& counts) {
  return percent(counts.old_accuracy()) + " -> " + percent(counts.new_accuracy()) + " of " +
         std::to_string(counts.total()) + " labels";
}

/// One or two labels more wrong than before are noise however few labels there are.
constexpr int kFewestLost = 3;

/// A fall larger than `limit`.
bool falls(const PairedCounts& counts, double limit) {
  return counts.old_accuracy() - counts.new_accuracy() > limit + 1e-9 && counts.lost - counts.gained >= kFewestLost;
}

/// By how much the accuracy on class `index` falls, less what the live model had only from giving that answer to other
/// classes too. Source: the accuracy less the false alarm rate is W. J. Youden's index, 1950.
double fall_of_class(const GateEvidence& evidence, std::size_t index, int total) {
  const PairedCounts& counts = evidence.classes[index];
  const double fall = counts.old_accuracy() - counts.new_accuracy();
  const int others = total - counts.total();
  if (index >= evidence.alarms.size() || others == 0) return fall;
  const FalseAlarms& alarms = evidence.alarms[index];
  return fall - static_cast<double>(alarms.live - alarms.candidate) / others;
}

std::optional<std::string> collapsed_class(const GateEvidence& evidence, const GateOptions& options) {
  const std::size_t known = std::min(evidence.labels.size(), evidence.classes.size());
  int total = 0;
  for (const PairedCounts& counts : evidence.classes) total += counts.total();
  for (std::size_t i = 0; i < known; ++i) {
    const PairedCounts& counts = evidence.classes[i];
    if (counts.total() < options.min_class || counts.lost - counts.gained < kFewestLost) continue;
    if (fall_of_class(evidence, i, total) > options.collapse + 1e-9)
      return "class \"" + evidence.labels[i] + "\" collapses: " + from_to(counts);
  }
  return std::nullopt;
}

struct Worst {
  PairedCounts recent;
  std::size_t index = 0;  ///< The class in doubt.
  int doubted = 0;        ///< Of the gained.
};

/// The recent counts as they are at worst if the labels call one class by another name. Then what the live model
/// answered with that class against the label was right, and the candidate turns away from it as often as it does where
/// label and live model agree on the class (upper end of the interval; always where they never do).
Worst at_worst(const GateEvidence& evidence, const GateOptions& options) {
  Worst worst{evidence.recent};
  int doubted = 0;
  const int count = evidence.recent.total();
  const int mean = static_cast<int>(std::lround(options.confusion * count));
  const double most = mean > 0 ? count * wilson_interval(mean, count).high : 0;
  for (std::size_t i = 0; i < std::min(evidence.departures.size(), evidence.classes.size()); ++i) {
    const Departures& from = evidence.departures[i];
    const PairedCounts& kept = evidence.classes[i];
    const double turned = wilson_interval(kept.lost, kept.both + kept.lost).high;
    const int lost = std::min(from.gained + from.neither,
                              static_cast<int>(std::lround(turned * std::min<double>(from.total(), most))));
    if (lost <= doubted) continue;
    doubted = lost;
    worst.index = i;
    worst.doubted = std::min(from.gained, lost);
  }
  worst.recent.gained -= worst.doubted;
  worst.recent.neither -= doubted - worst.doubted;
  worst.recent.lost += doubted;
  return worst;
}

double mean_change(const GateEvidence& evidence) {
  const double recent = evidence.recent.new_accuracy() - evidence.recent.old_accuracy();
  if (evidence.earlier.total() == 0) return recent;
  return 0.5 * (recent + evidence.earlier.new_accuracy() - evidence.earlier.old_accuracy());
}

std::optional<std::string> reason_of_no_gain(const GateEvidence& evidence, const GateOptions& options) {
  const PairedCounts& recent = evidence.recent;
  if (recent.gained <= recent.lost) return "no better on recent labels: " + from_to(recent);
  const std::string counts =
      from_to(recent) + ", " + std::to_string(recent.gained) + " gained and " + std::to_string(recent.lost) + " lost";
  if (sign_test(recent.gained, recent.lost) > options.significance)
    return "the gain on recent labels may be chance: " + counts;
  const Worst worst = at_worst(evidence, options);
  if (worst.recent.lost > recent.lost && sign_test(worst.recent.gained, worst.recent.lost) > options.confusion_chance)
    return "the gain may be of wrong labels: " + counts + ", " + std::to_string(worst.doubted) +
           " of the gained if labels call \"" + evidence.labels[worst.index] + "\" by another name";
  return std::nullopt;
}

std::optional<std::string> reason_to_reject(const GateEvidence& evidence, const GateOptions& options) {
  if (auto collapsed = collapsed_class(evidence, options)) return collapsed;
  if (falls(evidence.earlier, options.forgetting)) return "forgets earlier windows: " + from_to(evidence.earlier);
  if (const double change = mean_change(evidence); change < -options.tolerance - 1e-9)
    return "worse by " + percent(-change) + " on the mean of recent and earlier labels, tolerance " +
           percent(options.tolerance);
  return reason_of_no_gain(evidence, options);
}

}  // namespace

void add_answers(GateEvidence& evidence, bool recent, std::span<const int> truth, std::span<const int> live,
                 std::span<const int> candidate) {
  evidence.classes.resize(evidence.labels.size());
  evidence.alarms.resize(evidence.labels.size());
  evidence.departures.resize(evidence.labels.size());
  const auto known = [&](int label) { return label >= 0 && static_cast<std::size_t>(label) < evidence.labels.size(); };
  const std::size_t count = std::min({truth.size(), live.size(), candidate.size()});
  for (std::size_t i = 0; i < count; ++i) {
    const bool live_right = live[i] == truth[i], candidate_right = candidate[i] == truth[i];
    (recent ? evidence.recent : evidence.earlier).add(live_right, candidate_right);
    if (known(truth[i])) evidence.classes[static_cast<std::size_t>(truth[i])].add(live_right, candidate_right);
    if (!live_right && known(live[i])) ++evidence.alarms[static_cast<std::size_t>(live[i])].live;
    if (!candidate_right && known(candidate[i])) ++evidence.alarms[static_cast<std::size_t>(candidate[i])].candidate;
    if (!recent || live_right || !known(live[i])) continue;
    Departures& from = evidence.departures[static_cast<std::size_t>(live[i])];
    ++(candidate_right ? from.gained : candidate[i] == live[i] ? from.stayed : from.neither);
  }
}

GateDecision decide(const GateEvidence& evidence, const GateOptions& options) {
  GateDecision decision;
  decision.live_accuracy = evidence.recent.old_accuracy();
  decision.candidate_accuracy = evidence.recent.new_accuracy();
  if (!evidence.fault.empty()) {
    decision.verdict = GateDecision::Verdict::kRejected;
    decision.reason = "the retrained model cannot answer: " + evidence.fault;
  } else if (evidence.recent.total() < options.min_recent) {
    decision.reason = "only " + std::to_string(evidence.recent.total()) + " recent held-back labels, " +
                      std::to_string(options.min_recent) + " are needed";
  } else if (auto reason = reason_to_reject(evidence, options)) {
    decision.verdict = GateDecision::Verdict::kRejected;
    decision.reason = *std::move(reason);
  } else {
    decision.verdict = GateDecision::Verdict::kAccepted;
    decision.reason = "better on recent labels: " + from_to(evidence.recent);
  }
  return decision;
}

}  // namespace ekya::learner
