// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ekya/device/preprocess.h"
#include "ekya/learner/model.h"
#include "ekyalabel/label_map.h"
#include "ekyalabel/teacher_filter.h"

namespace ekya::gst::label {

/// A label for the student, with the confidence of who gave it, 0..1.
struct Label {
  std::string label;
  double confidence = 1;
  bool is_doubtful = false;
};

/// What makes a label of an answer.
struct Rules {
  LabelMap map;
  double threshold = 0.5;           ///< Labels below are doubtful ...
  double doubtful_threshold = 0.3;  ///< ... and below this there is none.
  double match_iou = 0.3;           ///< Detection: least overlap of a box and the region that it labels.
  bool compare_mirrored = false;    ///< A label that the mirrored view contradicts is doubtful.
  bool add_regions = false;         ///< Detection: boxes become regions where the frame has none.
};

/// The label that an answer gives, if any.
std::optional<Label> judge(const Rules& rules, std::string_view answer, double confidence);

/// The golden model's answer for one frame.
struct Answer {
  struct Added {
    device::Rect rect;
    Label label;
  };
  std::vector<std::optional<Label>> labels;  ///< [regions]
  std::vector<Added> added;                  ///< Regions that the frame did not have.
  AgreementCounts mirrored;                  ///< Labels compared with those of the mirrored view.
  unsigned invalid = 0;                      ///< Answers that could not be used.
  std::string problem;                       ///< Why the last of those could not.
  double seconds = 0;                        ///< The model's computing time, without waits.
  bool is_refused = false;                   ///< No right to compute was granted in time.
};

/// Runs `work` under the right to compute; false if that was not to be had.
using Turn = std::function<bool(const std::function<void()>& work)>;

/// The golden model: a classifier of regions or a detector on the whole frame. What it answers is checked, never
/// trusted: an exception, a failure, a wrong shape, a number that is not finite, a class out of range or a box without
/// area becomes `invalid`. Immutable, so that an abandoned thread may still run it. Thread-safe.
class Golden {
 public:
  /// Regions of a frame that are labelled; the rest are left.
  static constexpr std::size_t kMaxRegions = 64;

  explicit Golden(std::shared_ptr<const learner::Classifier> classifier) : classifier_(std::move(classifier)) {}
  explicit Golden(std::shared_ptr<const learner::Detector> detector) : detector_(std::move(detector)) {}

  bool is_detector() const { return detector_ != nullptr; }
  const std::vector<std::string>& labels() const {
    return detector_ ? detector_->info().labels : classifier_->info().labels;
  }
  /// `image` has passed device::check(); regions have at least a pixel inside it.
  Answer label(const device::ImageView& image, std::span<const device::Rect> regions, const Rules& rules,
               const Turn& turn) const;

 private:
  void classify(const device::ImageView& image, std::span<const device::Rect> regions, const Rules& rules,
                const Turn& turn, Answer& answer) const;
  std::optional<std::vector<float>> classify_batch(const device::ImageView& image,
                                                   std::span<const device::Rect> regions, bool is_mirrored,
                                                   const Turn& turn, Answer& answer) const;
  void detect(const device::ImageView& image, std::span<const device::Rect> regions, const Rules& rules,
              const Turn& turn, Answer& answer) const;

  std::optional<std::vector<learner::Detection>> detect_all(const device::ImageView& image, const Rules& rules,
                                                            bool is_mirrored, const Turn& turn, Answer& answer) const;

  std::shared_ptr<const learner::Classifier> classifier_;  // one of the two
  std::shared_ptr<const learner::Detector> detector_;
};

}  // namespace ekya::gst::label
