// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/frame_loop.h"

#include <algorithm>
#include <exception>

namespace ekya::gst::infer {
namespace {

/// The right to compute, for a scope.
class Work {
 public:
  explicit Work(Share& share) : share_(share.begin() ? &share : nullptr) {}
  ~Work() {
    if (share_) share_->end();
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  explicit operator bool() const { return share_; }

 private:
  Share* share_;
};

/// A sink that is late for longer gets fresh results at times: stale ones for ever would help nobody.
constexpr Seconds kLongestLate{1};

bool looks_at_regions(Task task, const Settings& settings) {
  return task == Task::kClassify &&
         static_cast<InferenceRegion>(settings.inference_region) == InferenceRegion::kRoiList;
}

}  // namespace

void FrameLoop::set_info(const GstVideoInfo& info) {
  if (info.width != info_.width || info.height != info_.height) forget();
  info_ = info;
}

void FrameLoop::forget() {
  last_.reset();
  waited_ = 0;
  watch_.restart_time();
}

Outcome FrameLoop::process(GstBuffer* buffer, const Settings& settings, bool late) {
  share_.demand().add_frame(GST_BUFFER_PTS(buffer));
  share_.refresh(settings.inference_interval, steady_now());
  if (settings.inference_region != last_region_) forget();
  last_region_ = settings.inference_region;
  if (last_) ++last_->age;
  const bool due = waited_ == 0 || waited_ >= interval(settings);
  ++waited_;
  const auto regions = find_regions(buffer, settings);
  Outcome outcome;
  if (due && !regions.empty() && !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP)) {
    if (late && steady_now() - last_inference_ < kLongestLate)
      outcome.kind = Outcome::Kind::kLate;
    else
      outcome = infer(buffer, settings, regions);
  }
  if (due && outcome.kind != Outcome::Kind::kFresh) waited_ = 0;  // still due at the next frame
  if (outcome.kind != Outcome::Kind::kFresh && last_) attach_carried(buffer, settings, regions);
  return outcome;
}

std::vector<Region> FrameLoop::find_regions(GstBuffer* buffer, const Settings& settings) const {
  if (!looks_at_regions(task_, settings)) return {{nullptr, {0, 0, info_.width, info_.height}}};
  auto regions = object_regions(buffer, info_.width, info_.height);
  if (!settings.object_class.empty())
    std::erase_if(regions, [&](const Region& region) { return !is_of_class(*region.meta, settings.object_class); });
  return regions;
}

Outcome FrameLoop::infer(GstBuffer* buffer, const Settings& settings, const std::vector<Region>& regions) {
  Outcome outcome;
  const Work work(share_);
  if (!work) {
    outcome.kind = Outcome::Kind::kRefused;
    return outcome;
  }
  limit_threads();
  const Seconds begin = steady_now();
  last_inference_ = begin;
  const auto model = live_.snapshot();
  auto fresh = run(*model, buffer, settings, regions);
  outcome.time = steady_now() - begin;
  if (!fresh) {
    outcome.kind = Outcome::Kind::kFailed;
    outcome.error = fresh.error().message;
    return outcome;
  }
  outcome.kind = Outcome::Kind::kFresh;
  outcome.regions = fresh->items.size();
  share_.demand().add_inference(outcome.time);
  compare(*fresh);
  if (settings.drift_detection) outcome.alarm = watch_.see(buffer, info_, *fresh);
  last_ = *std::move(fresh);
  waited_ = 1;
  attach_fresh(buffer, settings, regions);
  return outcome;
}

Result<Findings> FrameLoop::run(const LiveModel& model, GstBuffer* buffer, const Settings& settings,
                                const std::vector<Region>& regions) {
  try {
    if (task_ == Task::kDetect) return inference_.detect(model, buffer, info_, settings.threshold);
    return inference_.classify(model, buffer, info_, regions);
  } catch (const std::exception& e) {  // out of memory, say: the video goes on
    return Error{ErrorCode::kResource, e.what()};
  }
}

void FrameLoop::compare(const Findings& fresh) {
  // Another model disagrees because it is another model.
  if (!last_ || last_->generation != fresh.generation || last_->model_name != fresh.model_name) return;
  if (!fresh.items.empty()) share_.demand().add_comparison(disagreement(last_->items, fresh.items), last_->age);
}

void FrameLoop::attach_fresh(GstBuffer* buffer, const Settings& settings, const std::vector<Region>& regions) {
  if (task_ == Task::kDetect) return attach_detections(buffer, settings);
  for (std::size_t i = 0; i < last_->items.size(); ++i) {
    if (last_->items[i].confidence < settings.threshold) continue;
    const Region region = regions[i].meta ? regions[i] : frame_region(buffer, info_.width, info_.height);
    attach_classification(region.meta, last_->items[i], *last_);
  }
}

void FrameLoop::attach_carried(GstBuffer* buffer, const Settings& settings, const std::vector<Region>& regions) {
  if (!looks_at_regions(task_, settings)) return attach_fresh(buffer, settings, regions);
  const auto matches = match(regions, last_->items);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (matches[i] < 0) continue;
    Finding& finding = last_->items[static_cast<std::size_t>(matches[i])];
    finding.rect = regions[i].rect;  // follows the object, so that a long interval does not lose it
    if (finding.confidence >= settings.threshold) attach_classification(regions[i].meta, finding, *last_);
  }
}

void FrameLoop::attach_detections(GstBuffer* buffer, const Settings& settings) {
  for (const Finding& finding : last_->items)
    if (settings.object_class.empty() || finding.label == settings.object_class)
      attach_detection(buffer, finding, *last_);
}

void FrameLoop::limit_threads() {
  if (thread_ == std::this_thread::get_id()) return;
  thread_ = std::this_thread::get_id();
  if (const auto engine = learner::engine()) (*engine)->set_thread_count(1);
}

}  // namespace ekya::gst::infer
