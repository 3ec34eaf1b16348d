// SPDX-License-Identifier: LGPL-2.1-or-later
// Checkpoints that are damaged (C4) or whole but of something else (C5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/model.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::names_in;
using ekya::testing::small_weights;
using ekya::testing::TempFolder;
using ekya::testing::write_text;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(DamagedWeights, AreRefusedWhereverTheyEnd) {
  const auto bytes = serialize(small_weights());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    ASSERT_FALSE(parse_weights(std::span(bytes).first(length), true)) << "cut at " << length;
}

TEST(DamagedWeights, AreRefusedWhicheverByteChanged) {
  auto bytes = serialize(small_weights());
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int flip : {0x01, 0x20, 0x80, 0xff}) {
      bytes[at] ^= static_cast<std::byte>(flip);
      ASSERT_FALSE(parse_weights(bytes, true)) << "byte " << at << " xor " << flip;
      bytes[at] ^= static_cast<std::byte>(flip);
    }
  EXPECT_TRUE(parse_weights(bytes, true));
}

TEST(DamagedWeights, AreRefusedWithBytesAtTheirEnd) {
  auto bytes = serialize(small_weights());
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(parse_weights(bytes, true));
}

TEST(DamagedCheckpoint, IsSetAsideAndTheOneBeforeItUsed) {
  const auto bytes = serialize(small_weights());
  const std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::vector<std::pair<const char*, std::string>> rows{
      {"empty", ""},
      {"cut", whole.substr(0, whole.size() / 2)},
      {"one byte of a tensor changed", whole.substr(0, whole.size() - 1) + 'x'},
      {"a ZIP archive, as torch.save writes it", std::string("PK\x03\x04\x14\0\x08\x08", 8) + std::string(500, 'x')},
      {"a JPEG picture", "\xff\xd8\xff\xe0" + std::string(500, 'x')},
      {"zeros", std::string(4096, '\0')},
      {"text", "hello, world"}};
  for (const auto& [what, text] : rows) {
    SCOPED_TRACE(what);
    const TempFolder folder;
    auto store = CheckpointStore::open(FileOps::system(), folder.path());
    ASSERT_TRUE(store->publish(small_weights()));
    const auto second = store->publish(small_weights());
    write_text(second->path, text);
    const auto newest = CheckpointStore::open(FileOps::system(), folder.path())->newest();
    ASSERT_TRUE(newest && newest->entry);
    EXPECT_EQ(newest->entry->generation, 1u);
    EXPECT_THAT(newest->rejected, SizeIs(1));
    EXPECT_THAT(names_in(folder.path(), ".bad"), SizeIs(1));
  }
}

TEST(DamagedCheckpoint, IsSetAsideAlsoWhenItIsNoFile) {
  const TempFolder folder;
  auto store = CheckpointStore::open(FileOps::system(), folder.path());
  ASSERT_TRUE(store->publish(small_weights()));
  std::filesystem::create_directory(folder / "000000000002.safetensors");
  std::filesystem::create_symlink("000000000001.safetensors", folder / "000000000003.safetensors");
  const auto newest = store->newest();
  ASSERT_TRUE(newest && newest->entry);
  EXPECT_EQ(newest->entry->generation, 1u);
  EXPECT_THAT(newest->rejected, SizeIs(2));
}

TEST(DamagedCheckpoint, LeavesNoneWhenAllAreBroken) {
  const TempFolder folder;
  auto store = CheckpointStore::open(FileOps::system(), folder.path());
  for (int i = 0; i < 3; ++i) write_text(store->publish(small_weights())->path, "broken");
  const auto newest = store->newest();
  ASSERT_TRUE(newest);
  EXPECT_FALSE(newest->entry);
  EXPECT_THAT(newest->rejected, SizeIs(3));
}

// The hash is right; what the metadata says is not what a model can be.
TEST(WholeWeights, OfAModelThatCannotBeNameTheKey) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"ekya.architecture", "../resnet"},
                                                                                   {"ekya.labels", "[]"},
                                                                                   {"ekya.input_size", "0"},
                                                                                   {"ekya.std", "[0,0,0]"}}) {
    SCOPED_TRACE(key);
    WeightsFile file = small_weights();
    file.metadata[key] = value;
    const auto read = parse_weights(serialize(file), true);
    ASSERT_TRUE(read) << read.error().message;
    const auto info = model_info(*read);
    ASSERT_FALSE(info);
    EXPECT_THAT(info.error().message, HasSubstr(key));
  }
}

TEST(WholeWeights, OfBigEndianOrderHaveALengthThatCannotBe) {
  auto bytes = serialize(small_weights());
  std::reverse(bytes.begin(), bytes.begin() + 8);
  EXPECT_THAT(parse_weights(bytes, true).error().message, HasSubstr("the header's length is"));
}

}  // namespace
}  // namespace ekya::learner
