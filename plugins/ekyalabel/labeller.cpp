// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/labeller.h"

#include <gst/ekya/gstekyacontext.h>

#include <algorithm>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/base/thread.h"
#include "glue/model_file.h"

namespace ekya::gst::label {
namespace {

Result<std::shared_ptr<const Rules>> make_rules(const Settings& settings) {
  if (auto ok = check_name("stream-id", settings.stream_id); !ok) return ok.error();
  auto map = LabelMap::parse(settings.label_map);
  if (!map) return Error{map.error().code, "label-map: " + map.error().message};
  Rules rules;
  rules.map = *std::move(map);
  rules.threshold = settings.threshold;
  rules.doubtful_threshold = settings.doubtful_threshold;
  rules.match_iou = settings.match_iou;
  rules.compare_mirrored = settings.label_agreement == kAgreementFlip;
  rules.add_regions = settings.add_regions;
  return std::make_shared<const Rules>(std::move(rules));
}

Result<std::shared_ptr<const Golden>> open_golden(const Settings& settings) {
  if (settings.task == kTaskMetadata) return std::shared_ptr<const Golden>();
  const ModelRequest request{settings.model_file, settings.labels_file, settings.allow_torchscript};
  bool is_detector = settings.task == kTaskDetect;
  if (settings.task == kTaskAuto) {
    const auto task = model_task(request);
    if (!task) return task.error();
    is_detector = *task == "detection";
  }
  if (is_detector) {
    auto detector = open_detector(request);
    if (!detector) return detector.error();
    return std::make_shared<const Golden>(*std::move(detector));
  }
  auto classifier = open_classifier(request);
  if (!classifier) return classifier.error();
  return std::make_shared<const Golden>(*std::move(classifier));
}

std::string listed(const std::vector<std::string>& labels) {
  constexpr std::size_t kMost = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(labels.size(), kMost); ++i) text += (i ? ", " : "") + printable(labels[i]);
  return labels.size() > kMost ? text + ", ..." : text;
}

void set_up_worker() {
  enter_background_thread("ekya-label");
  if (const auto engine = learner::engine()) (*engine)->set_thread_count(1);
}

}  // namespace

Settings Labeller::settings() {
  MutexLock lock(settings_mutex_);
  return settings_;
}

bool Labeller::open() {
  if (const auto rules = make_rules(settings()); !rules) {
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", rules.error().message.c_str()), (nullptr));
    return false;
  }
  scheduler_.find();
  return true;
}

bool Labeller::start() {
  const Settings settings = this->settings();
  auto rules = make_rules(settings);  // again, since READY may change the properties
  if (!rules) {
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", rules.error().message.c_str()), (nullptr));
    return false;
  }
  auto golden = open_golden(settings);
  if (!golden) {
    GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_READ, ("%s", golden.error().message.c_str()), (nullptr));
    return false;
  }
  rules_ = *std::move(rules);
  golden_ = *std::move(golden);
  is_full_frame_ = settings.inference_region == kRegionFullFrame && !(golden_ && golden_->is_detector());
  track_filter_.reset();
  if (settings.label_agreement == kAgreementTrack) track_filter_.emplace();
  max_queue_ = settings.max_queue;
  counters_.reset();
  notices_.reset();
  info_.reset();
  sampler_.reset();
  budget_ = {};
  thumbnail_.reset();
  needs_gap_ = true;
  reported_at_ = Seconds{0};
  reported_labels_ = 0;
  drift_ = std::make_unique<DriftResponse>(scheduler_.get().get(), settings.stream_id);
  if (!golden_) return true;
  if (const auto missing = rules_->map.name_missing_in(golden_->labels()))
    warn("label-map",
         "\"" + printable(*missing) + "\" is no label of the golden model, which has " + listed(golden_->labels()));
  if (const auto joined = join(settings); !joined) warn("share-refused", joined.error().message);
  worker_ = std::make_unique<Worker>(set_up_worker);
  return true;
}

Status Labeller::join(const Settings& settings) {
  share_ = std::make_unique<Share>(element_, scheduler_.get().get(), settings.stream_id);
  return share_->request("join", settings.sample_rate);
}

void Labeller::stop() {
  if (worker_ && !worker_->stop(kLongestStop)) {
    warn("labeller-abandoned",
         "the golden model has not returned within 2 s of the stop; its thread is left behind with the model's memory");
  }
  worker_.reset();
  drift_.reset();
  share_.reset();
  golden_.reset();
}

void Labeller::warn(const char* kind, const std::string& text) {
  const auto notice = notices_.take(kind, std::string(kind) + ": " + text);
  if (notice) GST_ELEMENT_WARNING(element_, STREAM, FAILED, ("%s", notice->c_str()), (nullptr));
}

}  // namespace ekya::gst::label
