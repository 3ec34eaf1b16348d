// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "ekya/learner/model.h"
#include "ekya/learner/weights_file.h"

namespace ekya::testing {

inline learner::Tensor tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  learner::Tensor tensor{learner::DType::kF32, std::move(shape), std::vector<std::byte>(values.size() * 4)};
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

inline learner::ModelInfo small_model() {
  learner::ModelInfo info;
  info.architecture = "resnet18";
  info.width = 0.25;
  info.labels = {"car", "bus"};
  info.input_size = 64;
  info.normalisation = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};
  info.generation = 7;
  info.accuracy = 0.1;
  info.origin = "test";
  return info;
}

/// A whole file of ours with two tensors.
inline learner::WeightsFile small_weights() {
  learner::WeightsFile file;
  file.tensors["fc.weight"] = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  file.tensors["fc.bias"] = tensor({2}, {0.5f, -0.5f});
  set_model_info(file, small_model());
  return file;
}

/// A file with this header and this many bytes of tensors, hash or not.
inline std::vector<std::byte> raw_weights(const std::string& header, std::size_t data_bytes = 0) {
  std::vector<std::byte> bytes(8 + header.size() + data_bytes);
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

}  // namespace ekya::testing
