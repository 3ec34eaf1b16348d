// SPDX-License-Identifier: LGPL-2.1-or-later
// A model zoo with damaged files (C4), and with an I/O error at every call (C3).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/model_zoo.h"
#include "support/fault_file_ops.h"
#include "support/fault_temp_folder.h"
#include "support/fault_zoo.h"

namespace ekya::learner {
namespace {

using ekya::testing::FaultFileOps;
using ekya::testing::FaultKind;
using ekya::testing::file_text;
using ekya::testing::names_in;
using ekya::testing::scene_at;
using ekya::testing::small_model;
using ekya::testing::TempFolder;
using ekya::testing::weights_with_bias;
using ekya::testing::write_text;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Two models, of scenes at 1 and at 2.
void fill(const std::string& folder) {
  auto zoo = ModelZoo::open(FileOps::system(), folder, {.models = 3});
  for (const int at : {1, 2}) ASSERT_TRUE(zoo->add(weights_with_bias(static_cast<float>(at)), scene_at(at), 0.9)) << at;
}

void fill_after_a_crash(const std::string& folder) {
  fill(folder);
  write_text(folder + "/000000000003.safetensors", "torn");
  write_text(folder + "/000000000004.safetensors.tmp", "torn");
}

/// That the model nearest to 1 is not used, and that the one of 2 is.
void expect_second_used(const std::string& folder) {
  auto zoo = ModelZoo::open(FileOps::system(), folder);
  ASSERT_TRUE(zoo) << zoo.error().message;
  const auto loaded = zoo->load_nearest(scene_at(1), small_model(), 2);
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].weights.tensors.at("fc.bias").data, weights_with_bias(2).tensors.at("fc.bias").data);
  EXPECT_THAT(zoo->take_rejected(), SizeIs(1));
  EXPECT_THAT(names_in(folder, ".bad"), SizeIs(1));
}

/// Damages the first model's file.
void with_damage(const std::function<void(std::string&)>& damage) {
  const TempFolder folder;
  ASSERT_NO_FATAL_FAILURE(fill(folder.path()));
  const std::string path = folder / "000000000001.safetensors";
  std::string text = file_text(path);
  damage(text);
  write_text(path, text);
  ASSERT_NO_FATAL_FAILURE(expect_second_used(folder.path()));
}

TEST(DamagedZoo, SetsAModelAsideWhereverItEnds) {
  const TempFolder folder;
  fill(folder.path());
  const std::size_t length = file_text(folder / "000000000001.safetensors").size();
  for (std::size_t cut = 0; cut < length; ++cut) {
    SCOPED_TRACE(::testing::Message() << "cut at " << cut);
    ASSERT_NO_FATAL_FAILURE(with_damage([&](std::string& text) { text.resize(cut); }));
  }
}

TEST(DamagedZoo, SetsAModelAsideWhicheverByteChanged) {
  const TempFolder folder;
  fill(folder.path());
  const std::size_t length = file_text(folder / "000000000001.safetensors").size();
  for (std::size_t at = 0; at < length; ++at) {
    SCOPED_TRACE(::testing::Message() << "byte " << at);
    ASSERT_NO_FATAL_FAILURE(with_damage([&](std::string& text) { text[at] = static_cast<char>(text[at] ^ 0x21); }));
  }
}

TEST(DamagedZoo, SetsAsideWhatIsNoFile) {
  const TempFolder folder;
  fill(folder.path());
  std::filesystem::remove(folder / "000000000001.safetensors");
  std::filesystem::create_symlink("000000000002.safetensors", folder / "000000000001.safetensors");
  std::filesystem::create_directory(folder / "000000000003.safetensors");
  auto zoo = ModelZoo::open(FileOps::system(), folder.path());
  ASSERT_TRUE(zoo) << zoo.error().message;
  EXPECT_THAT(zoo->entries(), SizeIs(1));
  EXPECT_THAT(zoo->take_rejected(), SizeIs(2));
}

// The hash is right; the statistics are not what they can be.
TEST(WholeModelInAZoo, OfAnImpossibleSceneIsSetAside) {
  const TempFolder folder;
  fill(folder.path());
  WeightsFile weights = weights_with_bias(1);
  weights.metadata["ekya.zoo.number"] = "1";
  weights.metadata["ekya.zoo.scene"] = R"({"kind":"image-1","mean":[1],"variance":[-1]})";
  const auto bytes = serialize(weights);
  write_text(folder / "000000000001.safetensors", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  expect_second_used(folder.path());
}

/// Opens, loads and adds three models, of which two must go. Gives how many add() took.
int work(FileOps& files, const std::string& folder) {
  auto zoo = ModelZoo::open(files, folder, {.models = 3});
  if (!zoo) {
    EXPECT_EQ(zoo.error().code, ErrorCode::kIo);
    return 0;
  }
  static_cast<void>(zoo->load_nearest(scene_at(1), small_model(), 3));
  int added = 0;
  for (const int at : {10, 20, 30}) {
    const auto entry = zoo->add(weights_with_bias(static_cast<float>(at)), scene_at(at), 0.9);
    added += static_cast<bool>(entry);
    if (!entry) {
      EXPECT_THAT(entry.error().message, HasSubstr("injected"));
    }
  }
  return added;
}

void check_after(const std::string& folder, int added) {
  auto zoo = ModelZoo::open(FileOps::system(), folder, {.models = 3});
  ASSERT_TRUE(zoo) << zoo.error().message;
  EXPECT_THAT(zoo->take_rejected().size(), ::testing::Le(1u)) << "only what was torn before";
  EXPECT_GE(zoo->entries().size(), static_cast<std::size_t>(std::clamp(added, 2, 3)));
  EXPECT_LE(zoo->entries().size(), 3u);
  EXPECT_THAT(names_in(folder, ".tmp"), IsEmpty());
  const auto loaded = zoo->load_nearest(scene_at(5), small_model(), 9);
  EXPECT_EQ(loaded.size(), zoo->entries().size()) << "all are whole";
  for (const auto& model : loaded)
    EXPECT_EQ(model.weights.tensors.at("fc.bias").data,
              weights_with_bias(static_cast<float>(model.entry.scene.mean[0])).tensors.at("fc.bias").data);
  EXPECT_TRUE(zoo->add(weights_with_bias(99), scene_at(99), 0.9));
}

void fail_at_every_call(void (*prepare)(const std::string&)) {
  std::size_t calls = 0;
  {
    const TempFolder folder;
    prepare(folder.path());
    FaultFileOps files;
    ASSERT_EQ(work(files, folder.path()), 3);
    calls = files.calls();
  }
  ASSERT_GT(calls, 15u);
  for (const FaultKind kind : {FaultKind::kIo, FaultKind::kFull, FaultKind::kShortWrite})
    for (const bool for_ever : {false, true})
      for (std::size_t nth = 1; nth <= calls; ++nth) {
        SCOPED_TRACE(::testing::Message()
                     << "kind " << static_cast<int>(kind) << ", call " << nth << (for_ever ? " for ever" : " once"));
        const TempFolder folder;
        prepare(folder.path());
        FaultFileOps files;
        files.set_fault({nth, for_ever, kind});
        const int added = work(files, folder.path());
        ASSERT_NO_FATAL_FAILURE(check_after(folder.path(), added));
      }
}

TEST(IoErrorInAZoo, LeavesEveryModelWholeAtEveryCall) { fail_at_every_call(fill); }

TEST(IoErrorInAZoo, LeavesEveryModelWholeWhileRecoveringFromACrash) { fail_at_every_call(fill_after_a_crash); }

}  // namespace
}  // namespace ekya::learner
