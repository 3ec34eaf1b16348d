// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/evaluation.h"

#include <algorithm>
#include <cmath>

namespace ekya::learner {

std::vector<float> model_input(const ModelInfo& info, std::span<const std::uint8_t> pixels, int count) {
  const std::size_t crop = std::size_t{3} * info.input_size * info.input_size;
  std::vector<float> input(crop * count);
  for (int i = 0; i < count; ++i)
    device::normalise(pixels.subspan(crop * i, crop), info.input_size, info.input_size, info.normalisation,
                      std::span(input).subspan(crop * i, crop));
  return input;
}

Result<std::vector<int>> answer(const Classifier& classifier, std::span<const std::uint8_t> pixels, int count) {
  const ModelInfo& info = classifier.info();
  const std::size_t crop = std::size_t{3} * info.input_size * info.input_size, classes = info.labels.size();
  if (count < 1 || pixels.size() < crop * count || classes == 0)
    return Error{ErrorCode::kInvalidArgument, "no crops to classify, or fewer pixels than crops"};
  const auto output = classifier.classify(model_input(info, pixels, count), count);
  if (!output) return output.error();
  if (output->size() != classes * count ||
      !std::all_of(output->begin(), output->end(), [](float p) { return std::isfinite(p); }))
    return Error{ErrorCode::kInternal, "the model gave a result of wrong shape or one that is not finite"};
  std::vector<int> answers;
  for (int i = 0; i < count; ++i) {
    const auto row = output->begin() + static_cast<std::ptrdiff_t>(classes * i);
    answers.push_back(static_cast<int>(std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row));
  }
  return answers;
}

}  // namespace ekya::learner
