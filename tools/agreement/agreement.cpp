// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agreement.h"

namespace ekya::tools {

long ClipScore::regions() const {
  long sum = 0;
  for (const auto& [name, label] : labels) sum += label.golden;
  return sum;
}

double ClipScore::agreement() const {
  long agreed = 0;
  for (const auto& [name, label] : labels) agreed += label.agreed;
  return labels.empty() ? 0 : static_cast<double>(agreed) / static_cast<double>(regions());
}

double ClipScore::mean_over_classes() const {
  double sum = 0;
  for (const auto& [name, label] : labels) sum += static_cast<double>(label.agreed) / static_cast<double>(label.golden);
  return labels.empty() ? 0 : sum / static_cast<double>(labels.size());
}

void Agreement::compare(int clip, const std::string& golden, const std::string& student) {
  ClipScore::Label& label = scores_[clip].labels[golden];
  ++label.golden;
  label.agreed += golden == student;
}

void Agreement::student(const RegionKey& region, const std::string& label) {
  MutexLock lock(mutex_);
  if (const auto found = waiting_.find(region); found != waiting_.end()) {
    compare(std::get<0>(region), found->second, label);
    waiting_.erase(found);
  } else {
    answers_[region] = label;
  }
}

void Agreement::golden(const RegionKey& region, const std::string& label) {
  MutexLock lock(mutex_);
  const auto found = answers_.find(region);
  if (found == answers_.end()) {
    waiting_[region] = label;
    return;
  }
  compare(std::get<0>(region), label, found->second);
  const auto& [clip, time, x, y, width, height] = region;
  answers_.erase(answers_.begin(), answers_.lower_bound({clip, time, 0, 0, 0, 0}));
}

int Agreement::clip() const {
  MutexLock lock(mutex_);
  return scores_.empty() ? 0 : scores_.rbegin()->first;
}

ClipScore Agreement::score(int clip) const {
  MutexLock lock(mutex_);
  const auto found = scores_.find(clip);
  return found == scores_.end() ? ClipScore{} : found->second;
}

}  // namespace ekya::tools
