// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

#include "ekya/learner/model.h"

namespace ekya::learner {
namespace {

/// Its number is that of model.h's contract: a module of another version does not have this name.
constexpr char kEntry[] = "ekya_engine_2";

std::atomic<const Engine*> testing_engine{nullptr};

std::string engine_path() {
  const char* path = secure_getenv("EKYA_ENGINE_PATH");
  return path && *path ? path : EKYA_ENGINE_DIR "/libekya-torch.so";
}

std::string last_dl_error() {
  const char* message = dlerror();
  return message ? message : "no reason given";
}

/// Opens the module; it stays open, because LibTorch's threads and statics do not survive being unloaded. This code is
/// in every shared object that links the core; all of them get the module's one engine.
Result<const Engine*> load_engine() {
  const std::string path = engine_path();
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!module)
    return Error{ErrorCode::kUnavailable,
                 "the LibTorch engine could not be loaded from " + path + ": " + last_dl_error() +
                     "; install it there, or set EKYA_ENGINE_PATH to the path of libekya-torch.so"};
  const auto entry = reinterpret_cast<const Engine* (*)()>(dlsym(module, kEntry));
  if (!entry)
    return Error{ErrorCode::kUnavailable,
                 path + " is no engine of this version of Ekya: it has no symbol " + kEntry + "; install both anew"};
  return entry();
}

}  // namespace

Result<std::vector<float>> Classifier::features(std::span<const float>, int) const {
  return Error{ErrorCode::kUnavailable, "this model has no trunk that can be run alone"};
}

Status TrainingJob::extend(const LabelledCrops&, int, Schedule) {
  return Error{ErrorCode::kUnavailable, "this job cannot be extended"};
}

Result<const Engine*> engine() {
  if (const Engine* testing = testing_engine.load()) return testing;
  static const Result<const Engine*> loaded = load_engine();
  return loaded;
}

void set_engine_for_testing(const Engine* engine) { testing_engine.store(engine); }

}  // namespace ekya::learner
