// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/traffic.h"

#include <algorithm>
#include <cmath>

#include "ekya/base/random.h"

namespace ekya::scene {
namespace {

constexpr double kGap = 22;  ///< Between two objects of a lane.

bool allowed(const Lane& lane, int label) { return label >= 32 || (lane.kinds >> label & 1u); }

}  // namespace

Traffic::Traffic(Options options, Decide decide) : options_(std::move(options)), decide_(std::move(decide)) {
  restart();
}

void Traffic::restart() {
  movers_.clear();
  next_id_ = 1;
  now_ = 0;
  free_.assign(options_.lanes.size(), -1e9);
  for (int i = 0; i < options_.objects; ++i) movers_.push_back(enter(0, true));
}

int Traffic::choose_lane(const Arrival& object, double seconds, std::uint64_t id) const {
  const int count = static_cast<int>(options_.lanes.size());
  const int first = Random(options_.seed, id).below(count);
  int best = -1;
  for (int i = 0; i < count; ++i) {
    const int lane = (first + i) % count;
    if (!allowed(options_.lanes[lane], object.label)) continue;
    if (best < 0 || std::max(free_[lane], seconds) < std::max(free_[best], seconds)) best = lane;
  }
  return best < 0 ? first : best;
}

// At the start (`anywhere`) objects are spread over the picture as if they had entered one after the other.
Mover Traffic::enter(double seconds, bool anywhere) {
  Mover mover;
  mover.id = next_id_++;
  mover.object = decide_(mover.id, seconds);
  Random random(options_.seed, mix(mover.id, 1));
  const double earliest = anywhere ? -1e9 : seconds;
  mover.lane = choose_lane(mover.object, earliest, mover.id);
  const Lane& lane = options_.lanes[mover.lane];
  const double speed = std::fabs(lane.speed), length = mover.object.length * lane.scale;
  const double way = options_.width + 2 * options_.margin + length;
  const double pause = random.uniform(0, anywhere ? 0.25 * way : 40) / speed;
  double& free = free_[mover.lane];
  if (anywhere && free < -1e8) free = -0.85 * way / speed;
  mover.since = std::max(earliest, free) + pause;
  mover.until = mover.since + way / speed;
  free = mover.since + (length + kGap) / speed;
  return mover;
}

const std::vector<Mover>& Traffic::at(double seconds) {
  if (seconds < now_) restart();
  now_ = seconds;
  const auto leaves_first = [](const Mover& a, const Mover& b) { return a.until < b.until; };
  for (;;) {
    const auto first = std::min_element(movers_.begin(), movers_.end(), leaves_first);
    if (first == movers_.end() || first->until > seconds) break;
    *first = enter(first->until, false);
  }
  std::sort(movers_.begin(), movers_.end(), [&](const Mover& a, const Mover& b) {
    const double ya = options_.lanes[a.lane].y, yb = options_.lanes[b.lane].y;
    return ya != yb ? ya < yb : a.id < b.id;
  });
  return movers_;
}

double Traffic::x(const Mover& mover, double seconds) const {
  const Lane& lane = options_.lanes[mover.lane];
  const double gone = (seconds - mover.since) * std::fabs(lane.speed), length = mover.object.length * lane.scale;
  if (lane.speed > 0) return -options_.margin - length + gone;
  return options_.width + options_.margin + length - gone;
}

}  // namespace ekya::scene
