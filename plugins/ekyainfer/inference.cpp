// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/inference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "glue/frame_view.h"

namespace ekya::gst::infer {
namespace {

constexpr std::size_t kLargestBatch = 32;

Findings empty_findings(const LiveModel& model) { return {{}, model.name, model.generation, 0}; }

Finding best_label(const LiveModel& model, const Region& region, std::span<const float> probabilities) {
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  Finding finding;
  finding.id = region.meta ? region.meta->id : 0;
  finding.rect = region.rect;
  finding.label_id = static_cast<int>(best - probabilities.begin());
  finding.label = model.labels()[static_cast<std::size_t>(finding.label_id)];
  finding.confidence = *best;
  return finding;
}

/// A fraction of the frame in pixels.
int to_pixels(float fraction, int length) {
  return static_cast<int>(std::lround(std::clamp(fraction, 0.0f, 1.0f) * length));
}

bool is_sound(const learner::Detection& d, std::size_t labels) {
  return d.label >= 0 && static_cast<std::size_t>(d.label) < labels &&
         std::isfinite(d.x1 + d.y1 + d.x2 + d.y2 + d.confidence);
}

}  // namespace

Status Inference::prepare(const LiveModel& model, const device::ImageView& image, const device::Rect& rect,
                          std::size_t index) {
  const int size = model.input_size();
  const std::size_t values = std::size_t{3} * size * size;
  rgb_.resize(values);
  if (Status cut = device::crop_resize(image, rect, size, size, rgb_); !cut) return cut;
  device::normalise(rgb_, size, size, model.normalisation(), std::span(input_).subspan(index * values, values));
  return {};
}

Result<Findings> Inference::classify(const LiveModel& model, GstBuffer* buffer, const GstVideoInfo& info,
                                     const std::vector<Region>& regions) {
  const auto view = FrameView::map(buffer, info);
  if (!view) return view.error();
  Findings findings = empty_findings(model);
  const std::size_t total = std::min(regions.size(), kMostRegions), labels = model.labels().size();
  const std::size_t values = std::size_t{3} * model.input_size() * model.input_size();
  for (std::size_t from = 0; from < total; from += kLargestBatch) {
    const std::size_t count = std::min(kLargestBatch, total - from);
    input_.resize(count * values);
    for (std::size_t i = 0; i < count; ++i)
      if (Status done = prepare(model, view->image(), regions[from + i].rect, i); !done) return done.error();
    const auto out = model.classifier->classify(input_, static_cast<int>(count));
    if (!out) return out.error();
    if (out->size() != count * labels) return Error{ErrorCode::kInternal, "the model gave a result of the wrong size"};
    if (!std::all_of(out->begin(), out->end(), [](float p) { return p >= 0 && p <= 1.001f; }))
      return Error{ErrorCode::kInternal, "the model gave a probability outside 0 to 1"};
    for (std::size_t i = 0; i < count; ++i)
      findings.items.push_back(best_label(model, regions[from + i], std::span(*out).subspan(i * labels, labels)));
  }
  return findings;
}

Finding Inference::to_finding(const LiveModel& model, const learner::Detection& detection,
                              const device::ImageView& image) {
  Finding finding;
  const int left = to_pixels(detection.x1, image.width), top = to_pixels(detection.y1, image.height);
  finding.rect = {left, top, std::max(0, to_pixels(detection.x2, image.width) - left),
                  std::max(0, to_pixels(detection.y2, image.height) - top)};
  finding.frame = {0, 0, image.width, image.height};
  finding.label_id = detection.label;
  finding.label = model.labels()[static_cast<std::size_t>(detection.label)];
  finding.confidence = detection.confidence;
  return finding;
}

Result<Findings> Inference::detect(const LiveModel& model, GstBuffer* buffer, const GstVideoInfo& info,
                                   double threshold) {
  const auto view = FrameView::map(buffer, info);
  if (!view) return view.error();
  const device::ImageView& image = view->image();
  const int size = model.input_size();
  input_.resize(std::size_t{3} * size * size);
  if (Status done = prepare(model, image, {0, 0, image.width, image.height}, 0); !done) return done.error();
  const float least = threshold >= 0 ? static_cast<float>(threshold) : model.detector->info().threshold;
  const auto detections = model.detector->detect(input_, least);
  if (!detections) return detections.error();
  Findings findings = empty_findings(model);
  for (const learner::Detection& detection : *detections) {
    if (!is_sound(detection, model.labels().size()))
      return Error{ErrorCode::kInternal, "the model gave a box that is not finite or a label that it does not have"};
    Finding finding = to_finding(model, detection, image);
    if (finding.rect.width < 1 || finding.rect.height < 1) continue;
    finding.id = next_id_;
    next_id_ = next_id_ == std::numeric_limits<gint>::max() ? 1 : next_id_ + 1;
    findings.items.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace ekya::gst::infer
