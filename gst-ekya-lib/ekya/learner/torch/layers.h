// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

// Layers of the built-in networks, on plain tensors. They register what they hold in one flat table under torchvision's
// names, so that a file of weights is checked and copied by name. torch::nn::Module would do, but fills every layer
// from the process's one random generator, and its headers cost 30 s a file where these cost 8.
namespace ekya::learner {

/// How batch normalisation works: by stored statistics, or by those of the batch, which also move the stored ones.
enum class NormMode { kStored, kBatch };

/// What fresh weights are filled with.
enum class Fill { kZeros, kOnes, kKaimingNormal, kUniform };

struct Parameter {
  std::string name;
  at::Tensor value;  ///< float32; the layer holds the same tensor.
  Fill fill = Fill::kZeros;
  double fan_in = 1;     ///< For the random fills.
  bool learned = false;  ///< False for running statistics.
};

using Parameters = std::vector<Parameter>;

struct ConvShape {
  int in = 0, out = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
  bool tf_same = false;   ///< TensorFlow's padding "SAME": an odd pixel of it goes to the right and the bottom.
  double epsilon = 1e-5;  ///< Of the normalisation; 1e-5 is torchvision's.
};

/// Convolution without bias, padded to keep the size at stride 1, then batch normalisation.
class ConvNorm {
 public:
  ConvNorm(Parameters& parameters, const std::string& conv_name, const std::string& norm_name, const ConvShape& shape);

  /// images: [N, in, H, W]. Gives [N, out, ceil(H / stride), ceil(W / stride)].
  at::Tensor forward(const at::Tensor& images, NormMode mode) const;
  /// Multiplies the stored statistics into the convolution; from then on forward() ignores the mode and cannot train.
  void fold();

 private:
  at::Tensor convolve(const at::Tensor& images, const at::Tensor& weight, const at::Tensor& bias) const;

  ConvShape shape_;
  at::Tensor weight_, scale_, shift_, mean_, variance_;
  at::Tensor folded_weight_, folded_bias_;
};

/// Fully connected layer: [N, in] to [N, out].
class Linear {
 public:
  Linear(Parameters& parameters, const std::string& name, int in, int out);
  at::Tensor forward(const at::Tensor& features) const;
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  at::Tensor weight_, bias_;
};

/// min(max(x, 0), 6); overwrites its argument.
at::Tensor relu6(at::Tensor x);
/// Maximum of 3x3 with stride 2, as after the first convolution of ResNet and ShuffleNet.
at::Tensor max_pool(const at::Tensor& images);
/// [N, C, H, W] to [N, C].
at::Tensor mean_of_pixels(const at::Tensor& images);

}  // namespace ekya::learner
