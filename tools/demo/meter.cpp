// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meter.h"

#include <algorithm>

namespace ekya::demo {
namespace {

template <typename Time>
Score score(const std::vector<Frame>& frames, Time time, std::int64_t begin, std::int64_t end) {
  Score sum;
  for (const Frame& frame : frames) {
    if (frame.*time < begin || frame.*time >= end) continue;
    sum.correct += frame.correct;
    sum.objects += frame.objects;
  }
  return sum;
}

double median_latency(const std::vector<Frame>& frames) {
  std::vector<double> latencies;
  for (const Frame& frame : frames) latencies.push_back(frame.latency_ms);
  const auto middle = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() / 2);
  std::nth_element(latencies.begin(), middle, latencies.end());
  return *middle;
}

}  // namespace

void Meter::frame_in(std::int64_t pts_ns, std::int64_t now_ns) {
  MutexLock lock(mutex_);
  ++frames_in_;
  entered_[pts_ns] = now_ns;
}

void Meter::frame_out(Frame frame) {
  MutexLock lock(mutex_);
  if (const auto found = entered_.find(frame.pts_ns); found != entered_.end()) {
    frame.latency_ms = static_cast<double>(frame.out_ns - found->second) / 1e6;
    entered_.erase(found);
  }
  frames_.push_back(frame);
}

void Meter::label(bool correct) {
  MutexLock lock(mutex_);
  ++golden_.objects;
  golden_.correct += correct;
}

Score Meter::by_pts(std::int64_t begin_ns, std::int64_t end_ns) const {
  MutexLock lock(mutex_);
  return score(frames_, &Frame::pts_ns, begin_ns, end_ns);
}

Score Meter::by_clock(std::int64_t begin_ns, std::int64_t end_ns) const {
  MutexLock lock(mutex_);
  return score(frames_, &Frame::out_ns, begin_ns, end_ns);
}

Score Meter::golden() const {
  MutexLock lock(mutex_);
  return golden_;
}

long Meter::frames_in() const {
  MutexLock lock(mutex_);
  return frames_in_;
}

long Meter::frames_out() const {
  MutexLock lock(mutex_);
  return static_cast<long>(frames_.size());
}

long Meter::late_frames(double period_ms) const {
  MutexLock lock(mutex_);
  return std::ranges::count_if(frames_, [&](const Frame& frame) { return frame.latency_ms > period_ms; });
}

long Meter::out_of_order() const {
  MutexLock lock(mutex_);
  long count = 0;
  for (std::size_t i = 1; i < frames_.size(); ++i) count += frames_[i].pts_ns <= frames_[i - 1].pts_ns;
  return count;
}

std::int64_t Meter::last_pts() const {
  MutexLock lock(mutex_);
  return frames_.empty() ? 0 : frames_.back().pts_ns;
}

double Meter::worst_swap_latency_ms() const {
  MutexLock lock(mutex_);
  if (frames_.empty()) return 0;
  const double usual = median_latency(frames_);
  double worst = 0;
  for (std::size_t i = 1; i < frames_.size(); ++i) {
    if (frames_[i].generation == frames_[i - 1].generation) continue;
    const std::size_t last = std::min(i + 1, frames_.size() - 1);
    for (std::size_t beside = i - 1; beside <= last; ++beside)
      worst = std::max(worst, frames_[beside].latency_ms - usual);
  }
  return worst;
}

std::vector<Frame> Meter::frames() const {
  MutexLock lock(mutex_);
  return frames_;
}

}  // namespace ekya::demo
