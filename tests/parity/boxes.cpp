// SPDX-License-Identifier: LGPL-2.1-or-later
// parity-boxes WEIGHTS IMAGES: reads float32 images [N, 3, S, S], S the input size of the weights file, and prints what
// decode() gives of all rows, [2, N, rows, columns] as float32: of the network as it is trained, then as it is folded.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "ekya/learner/torch/attempt.h"
#include "ekya/learner/torch/detection_network.h"
#include "ekya/learner/torch/network_weights.h"

namespace {

using namespace ekya::learner;

template <typename T>
T value(ekya::Result<T> result) {
  if (!result) throw Refused{result.error()};
  return *std::move(result);
}

at::Tensor read_images(const char* path, std::int64_t size) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto count = static_cast<std::int64_t>(bytes.size() / sizeof(float)) / (3 * size * size);
  return at::from_blob(bytes.data(), {count, 3, size, size}, at::kFloat).clone();
}

void print_boxes(const DetectionNetwork& network, const at::Tensor& images) {
  const at::Tensor outputs =
      network.outputs(network.features(images, NormMode::kStored), NormMode::kStored).contiguous();
  const auto values = static_cast<std::size_t>(outputs[0].numel());
  for (std::size_t i = 0; i < static_cast<std::size_t>(outputs.size(0)); ++i) {
    const auto rows = network.decode({outputs.const_data_ptr<float>() + i * values, values}, 0);
    std::fwrite(rows.data(), sizeof(float), rows.size(), stdout);
  }
}

void print_both(const char* weights, const char* images_path) {
  const at::NoGradGuard no_grad;
  const WeightsFile file = value(read_weights(weights, /*require_hash=*/false));
  const ModelInfo info = value(model_info(file));
  const at::Tensor images = read_images(images_path, info.input_size);
  const auto network = make_detection_network(info);
  refuse_surplus(file, info, network->parameters());
  load_parameters(network->parameters(), info, file);
  print_boxes(*network, images);
  network->fold();
  print_boxes(*network, images);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto done = attempt("compare", [&] { print_both(argv[1], argv[2]); });
  if (done) return 0;
  std::fprintf(stderr, "parity-boxes: %s\n", done.error().message.c_str());
  return 1;
}
