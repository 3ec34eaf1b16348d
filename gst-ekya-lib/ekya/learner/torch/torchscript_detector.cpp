// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>

#include "attempt.h"
#include "ekya/learner/detection.h"
#include "torchscript.h"
#include "torchscript_file.h"

namespace ekya::learner {
namespace {

class ScriptDetector : public Detector {
 public:
  ScriptDetector(const DetectorInfo& info, torch::jit::Module module) : info_(info), module_(std::move(module)) {
    probe_module(module_, info_.input_size, columns());
  }

  const DetectorInfo& info() const override { return info_; }

  Result<std::vector<Detection>> detect(std::span<const float> frame, float threshold) const override {
    return attempt("detect", [&] {
      const at::Tensor rows = run(frame);
      const float* values = rows.const_data_ptr<float>();
      return decode_detections({values, static_cast<std::size_t>(rows.numel())}, info_, threshold);
    });
  }

 private:
  int columns() const { return static_cast<int>(info_.labels.size()) + (info_.has_objectness ? 5 : 4); }

  at::Tensor run(std::span<const float> frame) const {
    const std::int64_t side = info_.input_size;
    if (frame.size() != static_cast<std::size_t>(3 * side * side))
      refuse(ErrorCode::kInvalidArgument, "detect: expected a frame of 3 x " + std::to_string(side) + " x " +
                                              std::to_string(side) + " values, found " + std::to_string(frame.size()));
    const c10::InferenceMode inference;
    at::Tensor rows =
        run_module(module_, at::from_blob(const_cast<float*>(frame.data()), {1, 3, side, side}, at::kFloat));
    if (rows.dim() != 3 || rows.size(0) != 1 || rows.size(2) != columns())
      refuse(ErrorCode::kInternal, "the model's output has shape " + c10::str(rows.sizes()) + ", expected [1, M, " +
                                       std::to_string(columns()) + "]");
    return rows;
  }

  DetectorInfo info_;
  torch::jit::Module module_;
};

}  // namespace

std::shared_ptr<const Detector> open_torchscript_detector(const std::string& path, const DetectorInfo& info) {
  return std::make_shared<ScriptDetector>(info, load_module(path));
}

}  // namespace ekya::learner
