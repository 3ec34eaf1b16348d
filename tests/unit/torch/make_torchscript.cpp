// SPDX-License-Identifier: LGPL-2.1-or-later
// make-torchscript FOLDER: writes the TorchScript files of the tests. Only here is torch's save() called: in a live
// process it aborts on a full disk.
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <exception>
#include <iostream>
#include <map>
#include <string>

namespace {

using torch::jit::Module;

Module layer(const std::string& name, const at::Tensor& weight, const at::Tensor& bias) {
  Module module(name);
  module.register_parameter("weight", weight, false);
  module.register_parameter("bias", bias, false);
  return module;
}

/// Fixed numbers that look random, so that the files are the same in every build.
at::Tensor numbers(at::IntArrayRef shape, double scale) {
  at::Tensor tensor = at::empty(shape);
  float* value = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    value[i] = static_cast<float>(scale * ((i * 7919 % 97) / 48.5 - 0.99));
  return tensor;
}

/// A convolution, a mean and a linear layer to four classes; `head` is what follows the convolution as TorchScript.
Module small_classifier(const std::string& head) {
  Module module("Small");
  module.register_module("conv", layer("Conv", numbers({16, 3, 3, 3}, 0.3), numbers({16}, 0.1)));
  module.register_module("fc", layer("Linear", numbers({4, 16}, 0.2), numbers({4}, 0.1)));
  module.define(
      "def forward(self, x):\n"
      "    y = torch.relu(torch.conv2d(x, self.conv.weight, self.conv.bias, [2, 2], [1, 1]))\n"
      "    y = torch.mean(y, [2, 3])\n" +
      head);
  return module;
}

Module program(const std::string& body) {
  Module module("Program");
  module.define("def forward(self, x):\n" + body);
  return module;
}

/// Gives the same four rows of x1, y1, x2, y2 and two scores for every image of 64 x 64.
Module detector() {
  Module module("Detector");
  module.register_buffer("rows", at::tensor({8.,  8.,  24., 24., .9, .1, 9., 9., 25., 25., .8, .1,
                                             40., 40., 56., 56., .2, .7, 0., 0., 64., 64., .3, .2})
                                     .view({1, 4, 6})
                                     .to(at::kFloat));
  module.define("def forward(self, x):\n    return self.rows + 0 * torch.mean(x)\n");
  return module;
}

void write_all(const std::string& folder) {
  const std::string linear = "torch.linear(y, self.fc.weight, self.fc.bias)";
  const std::map<std::string, Module> modules{
      {"classifier", small_classifier("    return " + linear + "\n")},
      {"scaled", small_classifier("    return torch.tanh(" + linear + ") * 5\n")},
      {"headless", program("    return torch.mean(x, [2, 3])\n")},
      {"hangs", program("    while True:\n        x = x + 1\n    return x\n")},
      {"wrong-shape", program("    return x\n")},
      {"not-finite", program("    return torch.mean(x, [2, 3]) / 0.0\n")},
      {"not-a-tensor", program("    return 3\n")},
      {"raises", program("    assert x.size(0) == 7\n    return x\n")},
      {"eats-memory", program("    return torch.mean(torch.zeros([4000000000, 3]), [0], True)\n")},
      {"pretends", program("    print('{\"ok\":true}')\n    while True:\n        x = x + 1\n    return x\n")},
      {"writes", program("    y = torch.mean(x, [2, 3])\n    torch.save(y, \"escaped.pt\")\n    return y\n")},
      {"detector", detector()},
  };
  for (const auto& [name, module] : modules) module.save(folder + "/" + name + ".pt");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    write_all(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
  return 0;
}
