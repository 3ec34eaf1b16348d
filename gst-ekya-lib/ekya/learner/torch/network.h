// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ekya/learner/model.h"
#include "head.h"
#include "layers.h"

namespace ekya::learner {

/// A classification network: a trunk that turns images into features and a head. Reading functions are
/// thread-safe as long as nobody writes to its parameters.
class Network {
 public:
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// images: [N, 3, S, S], normalised. Gives [N, F].
  virtual at::Tensor features(const at::Tensor& images, NormMode mode) const = 0;
  /// Makes inference faster; the network cannot be trained, loaded or saved afterwards.
  virtual void fold() = 0;

  /// [N, F] to logits [N, labels].
  at::Tensor logits(const at::Tensor& features) const { return head_->forward(features); }
  const Head& head() const { return *head_; }
  /// Gives it a fresh head of this width; for a network that has no weights yet.
  void set_head_width(int neurons);
  /// In torchvision's order; the head's are the last.
  const Parameters& parameters() const { return parameters_; }

 protected:
  Network() = default;
  /// Once the trunk is complete.
  void add_head(const std::string& name, int features, int labels) {
    trunk_parameters_ = parameters_.size();
    head_ = std::make_unique<Head>(parameters_, HeadShape{name, features, 0, labels});
  }
  Parameters parameters_;

 private:
  std::unique_ptr<const Head> head_;
  std::size_t trunk_parameters_ = 0;
};

/// Channels of a layer at a width: a multiple of 8, at least 8; exactly `channels` at width 1.
int scaled(int channels, double width);

/// What make_network() knows. A family, or one more of its sizes, is a row of the registry in network.cpp.
std::vector<Architecture> network_architectures();

/// A network with uninitialised weights. Throws Refused for an unknown architecture or a width outside (0, 4].
std::shared_ptr<Network> make_network(const ModelInfo& info);

/// How many values training changes.
std::int64_t learned_values(const Parameters& parameters);

/// Fills all parameters: convolutions by He's normal distribution over the fan-in, so that activations keep their size
/// before any training; the head uniformly as PyTorch does. The same seed gives the same weights.
void fill(const Parameters& parameters, std::uint64_t seed);

struct ResNetShape {
  std::vector<int> blocks;  ///< In each of the four stages.
  bool bottleneck = false;
  int groups = 1;            ///< Of the 3x3 convolutions; with `bottleneck` only.
  int width_per_group = 64;  ///< Channels of a group in the first stage, at width 1.
};
std::shared_ptr<Network> make_resnet(const ResNetShape& shape, double width, int labels);

/// channels: after the first convolution, after each of three stages, after the last convolution.
std::shared_ptr<Network> make_shufflenet(const std::vector<int>& channels, double width, int labels);

std::shared_ptr<Network> make_mobilenet_v2(double width, int labels);
std::shared_ptr<Network> make_efficientnet_lite0(double width, int labels);

}  // namespace ekya::learner
