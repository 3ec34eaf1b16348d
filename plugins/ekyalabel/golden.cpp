// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/golden.h"

#include <algorithm>
#include <cmath>

#include "ekya/base/clock.h"
#include "ekyalabel/matcher.h"

namespace ekya::gst::label {
namespace {

// Crops that share one turn: few, so that nobody else waits long for the device.
constexpr std::size_t kBatch = 8;
// The confidence of a label for "nothing found": the model gives no figure.
constexpr double kNoneConfidence = 0.5;
// Least overlap of a box and the same one in the mirrored view.
constexpr double kMirrorIou = 0.5;

struct Box {
  device::Rect rect;
  std::string label;
  double confidence;
  bool is_doubted = false;  // The mirrored view contradicts it.
};

void refuse(Answer& answer, unsigned count, std::string problem) {
  answer.invalid += count;
  answer.problem = std::move(problem);
}

// planes: [3, size, size]
void mirror(std::span<float> planes, int size) {
  for (auto row = planes.begin(); row != planes.end(); row += size) std::reverse(row, row + size);
}

// Cuts a rectangle out as the model wants it: [3, size, size].
Status feed(const device::ImageView& image, const device::Rect& rect, int size, bool is_mirrored,
            const device::Normalisation& normalisation, std::span<float> out) {
  std::vector<std::uint8_t> rgb(std::size_t{3} * size * size);
  if (auto cut = device::crop_resize(image, rect, size, size, rgb); !cut) return cut;
  device::normalise(rgb, size, size, normalisation, out);
  if (is_mirrored) mirror(out, size);
  return {};
}

// Computes under a turn; gives nothing, with the reason in `answer`, where that failed. `labels`: how many are lost.
template <typename T, typename Compute>
std::optional<T> compute(const Turn& turn, Answer& answer, unsigned labels, const Compute& run) {
  std::optional<Result<T>> result;
  answer.is_refused = !turn([&] {
    const Seconds begin = steady_now();
    try {
      result = run();
    } catch (const std::exception& e) {
      result = Error{ErrorCode::kInternal, std::string("exception: ") + e.what()};
    } catch (...) {
      result = Error{ErrorCode::kInternal, "exception of unknown type"};
    }
    answer.seconds += (steady_now() - begin).count();
  });
  if (!result) return std::nullopt;
  if (*result) return **std::move(result);
  refuse(answer, labels, result->error().message);
  return std::nullopt;
}

bool is_probability(float value) { return value >= 0 && value <= 1.001f; }  // false for NaN

void judge_rows(const std::vector<float>& rows, const std::vector<std::string>& names, const Rules& rules,
                std::span<std::optional<Label>> labels, Answer& answer) {
  if (names.empty() || rows.size() != names.size() * labels.size()) {
    refuse(answer, static_cast<unsigned>(labels.size()),
           "it gave " + std::to_string(rows.size()) + " numbers for " + std::to_string(labels.size()) +
               " regions and " + std::to_string(names.size()) + " labels");
    return;
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = std::span(rows).subspan(i * names.size(), names.size());
    if (!std::all_of(row.begin(), row.end(), is_probability)) {
      refuse(answer, 1, "it gave a number that is no probability");
      continue;
    }
    const auto best = std::max_element(row.begin(), row.end());
    labels[i] = judge(rules, names[static_cast<std::size_t>(best - row.begin())], std::min(*best, 1.0f));
  }
}

std::optional<device::Rect> to_pixels(const learner::Detection& d, int width, int height) {
  if (!std::isfinite(d.x1) || !std::isfinite(d.y1) || !std::isfinite(d.x2) || !std::isfinite(d.y2)) return std::nullopt;
  const auto pixel = [](float at, int length) {
    return static_cast<int>(std::lround(std::clamp(at, 0.0f, 1.0f) * static_cast<float>(length)));
  };
  const int x = pixel(d.x1, width), y = pixel(d.y1, height);
  const device::Rect rect{x, y, pixel(d.x2, width) - x, pixel(d.y2, height) - y};
  if (rect.width <= 0 || rect.height <= 0) return std::nullopt;
  return rect;
}

std::vector<Box> usable_boxes(const std::vector<learner::Detection>& found, const std::vector<std::string>& names,
                              const device::ImageView& image, Answer& answer) {
  std::vector<Box> boxes;
  for (const learner::Detection& detection : found) {
    const auto rect = to_pixels(detection, image.width, image.height);
    if (!rect || !is_probability(detection.confidence)) {
      refuse(answer, 1, "it gave a box that is none, or a confidence that is no probability");
    } else if (detection.label < 0 || static_cast<std::size_t>(detection.label) >= names.size()) {
      refuse(answer, 1, "it gave class " + std::to_string(detection.label) + " of " + std::to_string(names.size()));
    } else {
      boxes.push_back({*rect, names[static_cast<std::size_t>(detection.label)], std::min(detection.confidence, 1.0f)});
    }
  }
  return boxes;
}

// Marks the labels that those of the mirrored view contradict, where both views gave an answer.
void compare(std::span<std::optional<Label>> labels, std::span<const std::optional<Label>> mirrored, Answer& answer) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i]) continue;
    const bool differs = !mirrored[i] || mirrored[i]->label != labels[i]->label;
    ++answer.mirrored.tested;
    answer.mirrored.differed += differs;
    labels[i]->is_doubtful = labels[i]->is_doubtful || differs;
  }
}

// The same for boxes: each needs one of the mirrored view of its kind and in its place.
void compare(std::vector<Box>& boxes, const std::vector<Box>& mirrored, const LabelMap& map, Answer& answer) {
  const auto rects = [](const std::vector<Box>& boxes) {
    std::vector<device::Rect> rects;
    for (const Box& box : boxes) rects.push_back(box.rect);
    return rects;
  };
  const std::vector<int> partner = match_boxes(rects(boxes), rects(mirrored), kMirrorIou);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    boxes[i].is_doubted =
        partner[i] < 0 || map.map(boxes[i].label) != map.map(mirrored[static_cast<std::size_t>(partner[i])].label);
    ++answer.mirrored.tested;
    answer.mirrored.differed += boxes[i].is_doubted;
  }
}

std::optional<Label> judge(const Rules& rules, const Box& box) {
  auto label = judge(rules, box.label, box.confidence);
  if (label && box.is_doubted) label->is_doubtful = true;
  return label;
}

std::vector<learner::Detection> mirrored_back(std::vector<learner::Detection> found) {
  for (learner::Detection& detection : found) {
    const float x1 = detection.x1;
    detection.x1 = 1 - detection.x2;
    detection.x2 = 1 - x1;
  }
  return found;
}

void label_regions(const std::vector<Box>& boxes, std::span<const device::Rect> regions, const Rules& rules,
                   Answer& answer) {
  std::vector<device::Rect> rects;
  for (const Box& box : boxes) rects.push_back(box.rect);
  const std::vector<int> box_of = match_boxes(regions, rects, rules.match_iou);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (box_of[i] >= 0) {
      answer.labels[i] = judge(rules, boxes[static_cast<std::size_t>(box_of[i])]);
    } else if (rules.map.none() && !rules.map.none()->empty()) {
      answer.labels[i] = Label{*rules.map.none(), kNoneConfidence, false};
    }
  }
}

}  // namespace

std::optional<Label> judge(const Rules& rules, std::string_view answer, double confidence) {
  if (!(confidence >= rules.doubtful_threshold)) return std::nullopt;
  auto label = rules.map.map(answer);
  if (!label) return std::nullopt;
  return Label{*std::move(label), confidence, confidence < rules.threshold};
}

Answer Golden::label(const device::ImageView& image, std::span<const device::Rect> regions, const Rules& rules,
                     const Turn& turn) const {
  Answer answer;
  answer.labels.resize(regions.size());
  const auto few = regions.first(std::min(regions.size(), kMaxRegions));
  if (detector_) {
    detect(image, few, rules, turn, answer);
  } else {
    classify(image, few, rules, turn, answer);
  }
  return answer;
}

std::optional<std::vector<float>> Golden::classify_batch(const device::ImageView& image,
                                                         std::span<const device::Rect> regions, bool is_mirrored,
                                                         const Turn& turn, Answer& answer) const {
  const auto& info = classifier_->info();
  const std::size_t crop = std::size_t{3} * info.input_size * info.input_size, count = regions.size();
  return compute<std::vector<float>>(turn, answer, static_cast<unsigned>(count), [&]() -> Result<std::vector<float>> {
    std::vector<float> crops(crop * count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto out = std::span(crops).subspan(crop * i, crop);
      const auto fed = feed(image, regions[i], info.input_size, is_mirrored, info.normalisation, out);
      if (!fed) return fed.error();
    }
    return classifier_->classify(crops, static_cast<int>(count));
  });
}

void Golden::classify(const device::ImageView& image, std::span<const device::Rect> regions, const Rules& rules,
                      const Turn& turn, Answer& answer) const {
  const auto& names = classifier_->info().labels;
  for (std::size_t begin = 0; begin < regions.size() && !answer.is_refused; begin += kBatch) {
    const std::size_t count = std::min(kBatch, regions.size() - begin);
    const auto labels = std::span(answer.labels).subspan(begin, count);
    const auto rows = classify_batch(image, regions.subspan(begin, count), false, turn, answer);
    if (rows) judge_rows(*rows, names, rules, labels, answer);
    if (!rows || !rules.compare_mirrored) continue;
    const auto mirrored_rows = classify_batch(image, regions.subspan(begin, count), true, turn, answer);
    if (!mirrored_rows) continue;
    std::vector<std::optional<Label>> mirrored(count);
    judge_rows(*mirrored_rows, names, rules, mirrored, answer);
    compare(labels, mirrored, answer);
  }
}

std::optional<std::vector<learner::Detection>> Golden::detect_all(const device::ImageView& image, const Rules& rules,
                                                                  bool is_mirrored, const Turn& turn,
                                                                  Answer& answer) const {
  using Found = std::vector<learner::Detection>;
  const auto& info = detector_->info();
  return compute<Found>(turn, answer, 1, [&]() -> Result<Found> {
    std::vector<float> input(std::size_t{3} * info.input_size * info.input_size);
    const device::Rect whole{0, 0, image.width, image.height};
    const auto fed = feed(image, whole, info.input_size, is_mirrored, info.normalisation, input);
    if (!fed) return fed.error();
    return detector_->detect(input, static_cast<float>(rules.doubtful_threshold));
  });
}

void Golden::detect(const device::ImageView& image, std::span<const device::Rect> regions, const Rules& rules,
                    const Turn& turn, Answer& answer) const {
  if (regions.empty() && !rules.add_regions) return;
  const auto& names = detector_->info().labels;
  const auto found = detect_all(image, rules, false, turn, answer);
  if (!found) return;
  std::vector<Box> boxes = usable_boxes(*found, names, image, answer);
  if (rules.compare_mirrored)
    if (auto mirrored = detect_all(image, rules, true, turn, answer))
      compare(boxes, usable_boxes(mirrored_back(*std::move(mirrored)), names, image, answer), rules.map, answer);
  if (!regions.empty()) return label_regions(boxes, regions, rules, answer);
  for (const Box& box : boxes) {
    if (answer.added.size() == kMaxRegions) break;
    if (auto label = judge(rules, box)) answer.added.push_back({box.rect, *std::move(label)});
  }
}

}  // namespace ekya::gst::label
