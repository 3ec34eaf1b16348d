// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mixed_precision.h"

#include <ATen/autocast_mode.h>
#include <ATen/cpu/Utils.h>

namespace ekya::learner {

bool cpu_has_bfloat16() {
  static const bool has = [] {
    const auto found = at::cpu::get_cpu_capabilities();
    const auto avx512 = found.find("avx512_bf16");
    return avx512 != found.end() && avx512->second.isBool() && avx512->second.toBool();
  }();
  return has;
}

MixedPrecision::MixedPrecision(bool on) : on_(on) {
  if (!on_) return;
  at::autocast::set_autocast_enabled(at::kCPU, true);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::increment_nesting();
}

MixedPrecision::~MixedPrecision() {
  if (!on_) return;
  // It keeps the weights that it has rounded; after the step they are others.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
}

}  // namespace ekya::learner
