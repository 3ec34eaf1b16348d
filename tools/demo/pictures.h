// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "camera.h"
#include "ekya/base/mutex.h"

namespace ekya::demo {

using WriteTrace = std::function<void(nlohmann::json)>;

/// Saves a few pictures of a run as JPEG, and a trace line for each that says what is on it. Thread-safe.
class Pictures {
 public:
  Pictures(std::string folder, WriteTrace trace) : folder_(std::move(folder)), trace_(std::move(trace)) {}

  /// A whole frame every kFramePeriod seconds of stream time, with its regions, results and truth in the trace.
  void save_frame(const CameraSpec& camera, GstBuffer* buffer, const GstVideoInfo& info);
  /// The labelled crops of one frame every kCropPeriod seconds.
  void save_crops(const CameraSpec& camera, GstBuffer* buffer, const GstVideoInfo& info);

 private:
  /// True once for each period of the camera's stream time.
  bool due(const std::string& what, const CameraSpec& camera, GstBuffer* buffer, double period_s);

  const std::string folder_;
  const WriteTrace trace_;
  Mutex mutex_;
  std::set<std::string> saved_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::demo
