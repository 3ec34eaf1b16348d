// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the tests, or is the child process that one of them kills.
#include <gtest/gtest.h>

#include <cstdio>
#include <string_view>

#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/sample_store.h"
#include "support/fault_samples.h"
#include "support/fault_weights.h"

namespace {

using namespace ekya;           // NOLINT
using namespace ekya::learner;  // NOLINT

int fail(const Error& error) {
  std::fprintf(stderr, "child: %s\n", error.message.c_str());
  return 1;
}

/// Publishes until it is killed; one line with the generation for each.
int publish_for_ever(const char* folder) {
  auto store = CheckpointStore::open(FileOps::system(), folder, 3);
  if (!store) return fail(store.error());
  WeightsFile weights = ekya::testing::small_weights();
  weights.tensors["large"] = {DType::kF32, {50'000}, std::vector<std::byte>(200'000)};
  while (true) {
    const auto entry = store->publish(weights);
    if (!entry) return fail(entry.error());
    std::printf("%lu\n", static_cast<unsigned long>(entry->generation));
    std::fflush(stdout);
  }
}

/// Adds samples, and chooses exemplars now and then, until it is killed; one line with the window for each.
int add_for_ever(const char* folder) {
  auto store = SampleStore::open(folder, {.max_samples = 60});
  if (!store) return fail(store.error());
  for (std::uint64_t window = (*store)->last_window() + 1;; ++window) {
    const auto added = (*store)->add(ekya::testing::sample(window % 3 ? "car" : "bus", window));
    if (!added) return fail(added.error());
    const auto chosen = window % 8 ? Status() : (*store)->keep_exemplars(window - 1, 16, ekya::testing::no_difference);
    if (!chosen) return fail(chosen.error());
    std::printf("%lu\n", static_cast<unsigned long>(window));
    std::fflush(stdout);
  }
}

/// Says whether the store may be opened.
int try_to_open(const char* folder) {
  const auto store = SampleStore::open(folder);
  std::puts(store ? "open" : store.error().code == ErrorCode::kBusy ? "busy" : store.error().message.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc == 3 ? argv[1] : "";
  if (mode == "publish") return publish_for_ever(argv[2]);
  if (mode == "add") return add_for_ever(argv[2]);
  if (mode == "open") return try_to_open(argv[2]);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
