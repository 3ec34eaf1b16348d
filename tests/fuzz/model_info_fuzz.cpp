// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as each value of a model's metadata: it is refused, or it is written and read again as the same.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "ekya/learner/model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ekya::learner;  // NOLINT
  constexpr std::array kKeys{"ekya.architecture", "ekya.width", "ekya.labels",     "ekya.input_size",
                             "ekya.mean",         "ekya.std",   "ekya.generation", "ekya.accuracy"};
  if (size == 0) return 0;
  ModelInfo info;
  info.architecture = "resnet18";
  info.labels = {"car"};
  WeightsFile file;
  set_model_info(file, info);
  file.metadata[kKeys[data[0] % kKeys.size()]] = std::string(data + 1, data + size);
  const auto read = model_info(file);
  if (!read) return 0;
  WeightsFile copy;
  set_model_info(copy, *read);
  const auto again = model_info(copy);
  if (!again || again->labels != read->labels || again->width != read->width ||
      again->normalisation.mean != read->normalisation.mean || again->normalisation.std != read->normalisation.std ||
      again->accuracy != read->accuracy || again->generation != read->generation)
    std::abort();
  return 0;
}
