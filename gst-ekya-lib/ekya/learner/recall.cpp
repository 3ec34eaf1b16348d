// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/recall.h"

#include <algorithm>
#include <cstdio>

namespace ekya::learner {
namespace {

std::string words(const PairedCounts& counts) {
  char text[160];
  std::snprintf(text, sizeof text, "%.2f against the live model's %.2f on %d fresh labels: %d gained, %d lost",
                counts.new_accuracy(), counts.old_accuracy(), counts.total(), counts.gained, counts.lost);
  return text;
}

}  // namespace

Recall::Recall(int candidates, const RecallOptions& options)
    : options_(options), counts_(static_cast<std::size_t>(std::max(0, candidates))) {
  decide();
}

void Recall::add(bool live_right, const std::vector<bool>& right) {
  if (verdict_ != Verdict::kOpen || right.size() != counts_.size()) return;
  for (std::size_t i = 0; i < right.size(); ++i) counts_[i].add(live_right, right[i]);
  ++labels_;
  decide();
}

bool Recall::passes(const PairedCounts& counts) const {
  return sign_test(counts.gained, counts.lost) <= options_.significance;
}

bool Recall::may_pass_yet(const PairedCounts& counts) const {
  const int left = options_.most_labels - labels_;
  return left > 0 && sign_test(counts.gained + left, counts.lost) <= options_.significance;
}

void Recall::decide() {
  int best = -1;
  const auto accuracy = [&](int i) { return counts_[static_cast<std::size_t>(i)].new_accuracy(); };
  for (int i = 0; i < static_cast<int>(counts_.size()); ++i)
    if (passes(counts_[static_cast<std::size_t>(i)]) && (best < 0 || accuracy(i) > accuracy(best))) best = i;
  if (best >= 0) {
    verdict_ = Verdict::kSwap;
    chosen_ = best;
    reason_ = "a stored model: " + words(counts_[static_cast<std::size_t>(best)]);
  } else if (std::ranges::none_of(counts_, [&](const PairedCounts& counts) { return may_pass_yet(counts); })) {
    verdict_ = Verdict::kKeep;
    const auto top = std::ranges::max_element(counts_, {}, &PairedCounts::new_accuracy);
    reason_ = top == counts_.end() ? "no stored model" : "no stored model is better; the best: " + words(*top);
  }
}

}  // namespace ekya::learner
