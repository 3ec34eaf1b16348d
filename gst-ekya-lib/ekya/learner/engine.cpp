// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

#include "ekya/learner/model.h"

namespace ekya::learner {
namespace {

std::atomic<const Engine*> testing_engine{nullptr};

std::string engine_path() {
  const char* path = std::getenv("EKYA_ENGINE_PATH");
  return path && *path ? path : EKYA_ENGINE_DIR "/libekya-torch.so";
}

/// Opens LibTorch's module; it stays open, because LibTorch's threads and statics do not survive being unloaded.
Result<const Engine*> load_engine() {
  const std::string path = engine_path();
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!module)
    return Error{ErrorCode::kUnavailable, "LibTorch's engine could not be loaded from " + path + " (" + dlerror() +
                                              "); EKYA_ENGINE_PATH may name another file"};
  auto* create = reinterpret_cast<const Engine* (*)()>(dlsym(module, "ekya_engine"));
  if (!create) return Error{ErrorCode::kUnavailable, path + " is no engine: it has no symbol ekya_engine"};
  return create();
}

}  // namespace

Result<const Engine*> engine() {
  if (const Engine* testing = testing_engine.load()) return testing;
  static const Result<const Engine*> loaded = load_engine();
  return loaded;
}

void set_engine_for_testing(const Engine* engine) { testing_engine.store(engine); }

}  // namespace ekya::learner
