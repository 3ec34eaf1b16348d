// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/teacher_filter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ekyalabel/matcher.h"

namespace ekya::gst::label {

double label_noise(const AgreementCounts& counts, int classes) {
  if (counts.tested == 0) return 0;
  const double others = std::max(1, classes - 1), most = others / (others + 1);
  const double differ = static_cast<double>(counts.differed) / counts.tested;
  return most * (1 - std::sqrt(std::max(0.0, 1 - differ / most)));  // The smaller root of the quadratic equation.
}

std::vector<bool> TrackFilter::add(std::span<const device::Rect> rects, std::span<const std::string> labels) {
  std::vector<device::Rect> before;
  for (const Track& track : tracks_) before.push_back(track.rect);
  const std::vector<int> track_of = match_boxes(rects, before, kIou);
  std::vector<Track> tracks;
  std::vector<bool> doubted;
  counts_ = {};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Track track{rects[i], {}};
    if (track_of[i] >= 0) {
      track.labels = std::move(tracks_[static_cast<std::size_t>(track_of[i])].labels);
      ++counts_.tested;
      counts_.differed += track.labels.back() != labels[i];
    }
    track.labels.push_back(labels[i]);
    if (track.labels.size() > kVotes) track.labels.pop_front();
    const auto votes = static_cast<std::size_t>(std::count(track.labels.begin(), track.labels.end(), labels[i]));
    doubted.push_back(2 * votes <= track.labels.size());
    tracks.push_back(std::move(track));
  }
  tracks_ = std::move(tracks);
  return doubted;
}

}  // namespace ekya::gst::label
