// SPDX-License-Identifier: LGPL-2.1-or-later
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <atomic>
#include <new>

#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

/// LibTorch's allocator, which fails at the nth tensor from arm() on, once or from there on for ever.
class FaultAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const int left = left_.fetch_sub(1);
    if (left == 1 || (left < 1 && for_ever_)) throw std::bad_alloc();
    return real_->allocate(bytes);
  }
  // What is allocated raw is freed raw: LibTorch aborts without it.
  c10::DeleterFnPtr raw_deleter() const override { return real_->raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }

  void arm(int nth, bool for_ever) {
    for_ever_ = for_ever;
    left_ = nth;
  }
  void disarm() {
    for_ever_ = false;
    left_ = kNever;
  }
  bool has_fired() const { return left_ < 1; }

 private:
  static constexpr int kNever = 1 << 30;
  c10::Allocator* real_ = c10::GetDefaultCPUAllocator();
  std::atomic<int> left_{kNever};
  std::atomic<bool> for_ever_{false};
};

FaultAllocator& allocator() {
  static auto* const installed = [] {
    auto* made = new FaultAllocator;  // LibTorch keeps the pointer for ever.
    c10::SetCPUAllocator(made, 10);
    return made;
  }();
  return *installed;
}

/// Everything that a retraining does: build, train, store, build again and classify.
Status run(const WeightsFile& weights, TrainedLayers layers) {
  const auto classifier = torch_engine().build_classifier(weights);
  if (!classifier) return classifier.error();
  TrainOptions options;
  options.layers = layers;
  options.epochs = 1;
  options.batch_size = 8;
  const auto job = torch_engine().train(**classifier, coloured_crops(16), options);
  if (!job) return job.error();
  for (int i = 0; i < (*job)->steps(); ++i)
    if (const auto report = (*job)->step(); !report) return report.error();
  const auto after = (*job)->classifier();
  if (!after) return after.error();
  const auto result = (*after)->classify(std::vector<float>(3 * 32 * 32), 1);
  return result ? Status() : Status(result.error());
}

class OutOfMemory : public ::testing::TestWithParam<std::pair<TrainedLayers, bool>> {};

// At every 211th tensor of a run; which of them does not matter. LibTorch gets over some single failures by itself.
TEST_P(OutOfMemory, IsAnErrorAtMostAndTheNextRunWorks) {
  const auto& [layers, for_ever] = GetParam();
  ModelInfo info = student();
  info.width = 0.25;
  const WeightsFile weights = fresh_weights(info);
  int failures = 0;
  for (int nth = 1;; nth += 211) {
    SCOPED_TRACE("tensor " + std::to_string(nth));
    allocator().arm(nth, for_ever);
    const Status result = run(weights, layers);
    const bool fired = allocator().has_fired();
    allocator().disarm();
    if (!fired) break;
    EXPECT_TRUE(!for_ever || !result);
    if (result) continue;
    ++failures;
    EXPECT_EQ(result.error().code, ErrorCode::kResource) << result.error().message;
  }
  EXPECT_GT(failures, 10);
  const Status after = run(weights, layers);
  EXPECT_TRUE(after) << after.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, OutOfMemory,
                         ::testing::Values(std::pair{TrainedLayers::kHead, false},
                                           std::pair{TrainedLayers::kAll, false}, std::pair{TrainedLayers::kAll, true}),
                         [](const auto& info) {
                           return std::string(info.param.first == TrainedLayers::kHead ? "Head" : "All") +
                                  (info.param.second ? "ForEver" : "Once");
                         });

}  // namespace
}  // namespace ekya::learner::testing
