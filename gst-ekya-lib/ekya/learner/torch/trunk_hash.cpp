// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trunk_hash.h"

namespace ekya::learner {
namespace {

/// Ends with a zero, so that the words of two texts do not run together.
void add_text(Sha256& hash, const std::string& text) { hash.add({text.c_str(), text.size() + 1}); }

}  // namespace

void add_description(Sha256& hash, const ModelInfo& info) {
  WeightsFile words;
  set_model_info(words, info);
  for (const char* key : {"ekya.architecture", "ekya.width", "ekya.input_size", "ekya.mean", "ekya.std"})
    add_text(hash, words.metadata.at(key));
}

std::string trunk_hash(const ModelInfo& info, const WeightsFile& file, const std::string& head) {
  Sha256 hash;
  add_description(hash, info);
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(head + ".")) continue;
    add_text(hash, name);
    add_text(hash, to_string(tensor.dtype));
    for (const std::int64_t size : tensor.shape) add_text(hash, std::to_string(size));
    hash.add(tensor.data);
  }
  return hash.hex();
}

}  // namespace ekya::learner
