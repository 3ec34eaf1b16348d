// SPDX-License-Identifier: LGPL-2.1-or-later
// parity-network logits|maps WEIGHTS IMAGES: reads float32 images [N, 3, S, S], S the input size of the weights file,
// and prints float32 values. logits: [2, N, labels], of the network as it is trained, then as it is folded for
// inference. maps: of MobileNetV2, what a detector reads: the expansion of features.14, then the last map, channels
// first.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "ekya/learner/torch/attempt.h"
#include "ekya/learner/torch/mobilenet_v2.h"
#include "ekya/learner/torch/network_weights.h"
#include "ekya/learner/torch/tensors.h"

namespace {

using namespace ekya::learner;

template <typename T>
T value(ekya::Result<T> result) {
  if (!result) throw Refused{result.error()};
  return *std::move(result);
}

at::Tensor read_images(const char* path, int size) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t image = std::size_t{3} * size * size * sizeof(float);
  if (bytes.empty() || bytes.size() % image != 0)
    refuse(ekya::ErrorCode::kInvalidArgument, std::string(path) + " does not hold images of the input size");
  const auto count = static_cast<std::int64_t>(bytes.size() / image);
  return at::from_blob(bytes.data(), {count, 3, size, size}, at::kFloat).clone();
}

void print(const at::Tensor& values) {
  const at::Tensor plain = values.contiguous();
  std::fwrite(plain.const_data_ptr<float>(), sizeof(float), plain.numel(), stdout);
}

void print_logits(const ModelInfo& info, const WeightsFile& file, const at::Tensor& images) {
  const auto network = load_network(info, file);
  print(network->logits(network->features(images, NormMode::kStored)));
  network->fold();
  print(network->logits(network->features(images, NormMode::kStored)));
}

void print_maps(const WeightsFile& file, const at::Tensor& images) {
  Parameters parameters;
  const MobileNetV2Trunk trunk(parameters, "features.", /*width=*/1);
  for (Parameter& parameter : parameters)
    parameter.value.copy_(from_stored(parameter.name, file.tensors.at(parameter.name), parameter.value.sizes()));
  const auto maps = trunk.maps(images, NormMode::kStored);
  print(maps.expanded);
  print(maps.last);
}

void run(const std::string& what, const char* weights, const char* images_path) {
  const at::NoGradGuard no_grad;
  const WeightsFile file = value(read_weights(weights, /*require_hash=*/false));
  const ModelInfo info = value(model_info(file));
  const at::Tensor images = read_images(images_path, info.input_size);
  if (what == "maps") return print_maps(file, images);
  print_logits(info, file, images);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto done = attempt("run", [&] { run(argv[1], argv[2], argv[3]); });
  if (done) return 0;
  std::fprintf(stderr, "parity-network: %s\n", done.error().message.c_str());
  return 1;
}
