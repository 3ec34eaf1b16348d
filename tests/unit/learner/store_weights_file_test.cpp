// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/base/file_ops.h"
#include "ekya/learner/weights_file.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::raw_weights;
using ekya::testing::small_weights;
using ekya::testing::tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string header_of(const std::vector<std::byte>& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  return {reinterpret_cast<const char*>(bytes.data()) + 8, length};
}

std::string error_of(const std::vector<std::byte>& bytes, bool require_hash = false, const WeightsLimits& limits = {}) {
  const auto file = parse_weights(bytes, require_hash, limits);
  if (file) return "no error";
  EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
  return file.error().message;
}

TEST(WeightsFile, ReadsWhatItWrote) {
  const WeightsFile file = small_weights();
  const auto read = parse_weights(serialize(file), true);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->tensors.size(), 2u);
  EXPECT_THAT(read->tensors.at("fc.weight").shape, ElementsAre(2, 3));
  EXPECT_EQ(read->tensors.at("fc.weight").data, file.tensors.at("fc.weight").data);
  EXPECT_EQ(read->tensors.at("fc.bias").data, file.tensors.at("fc.bias").data);
  EXPECT_EQ(read->metadata.at("ekya.format"), "1");
  EXPECT_EQ(read->metadata.at("ekya.origin"), "test");
}

TEST(WeightsFile, WritesTheSameBytesAgain) {
  const auto bytes = serialize(small_weights());
  EXPECT_EQ(serialize(*parse_weights(bytes, true)), bytes);
}

TEST(WeightsFile, KeepsEveryTypeShapeAndText) {
  WeightsFile file;
  file.metadata["quotes \" and \\ and \xc3\xa9"] = "\"ekya.sha256\":\"" + std::string(64, '0');
  file.metadata["zeros"] = std::string(64, '0');
  file.tensors["half"] = {DType::kF16, {3}, std::vector<std::byte>(6, std::byte{1})};
  file.tensors["long"] = {DType::kI64, {}, std::vector<std::byte>(8, std::byte{2})};
  file.tensors["empty"] = {DType::kF32, {0, 5}, {}};
  file.tensors["\"ekya.sha256\":\"" + std::string(64, '0')] = tensor({1, 1, 1}, {4});
  const auto read = parse_weights(serialize(file), true);
  ASSERT_TRUE(read) << read.error().message;
  for (const auto& [name, written] : file.tensors) {
    SCOPED_TRACE(name);
    EXPECT_EQ(read->tensors.at(name).dtype, written.dtype);
    EXPECT_EQ(read->tensors.at(name).shape, written.shape);
    EXPECT_EQ(read->tensors.at(name).data, written.data);
  }
  for (const auto& [key, value] : file.metadata) EXPECT_EQ(read->metadata.at(key), value);
}

TEST(WeightsFile, AlignsTensorsToTheirType) {
  WeightsFile file;
  file.tensors["a"] = {DType::kF16, {1}, std::vector<std::byte>(2)};
  file.tensors["b"] = {DType::kI64, {1}, std::vector<std::byte>(8)};
  file.tensors["c"] = tensor({1}, {1});
  const std::string header = header_of(serialize(file));
  EXPECT_EQ(header.size() % 8, 0u);
  EXPECT_THAT(header, HasSubstr("\"b\":{\"data_offsets\":[0,8]"));
  EXPECT_THAT(header, HasSubstr("\"c\":{\"data_offsets\":[8,12]"));
  EXPECT_THAT(header, HasSubstr("\"a\":{\"data_offsets\":[12,14]"));
}

TEST(WeightsFile, WritesTextThatIsNoUtf8WithReplacements) {
  WeightsFile file;
  file.metadata["bad"] = "\xff";
  EXPECT_EQ(parse_weights(serialize(file), true)->metadata.at("bad"), "\xef\xbf\xbd");
}

// What torchvision's weights look like after safetensors.torch.save_file: another order of keys, other metadata.
TEST(WeightsFile, ReadsAForeignFileWithoutAHash) {
  const std::string header = R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[2,10]},)"
                             R"("h":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]}}   )";
  const auto file = parse_weights(raw_weights(header, 10), false);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.at("w").data.size(), 8u);
  EXPECT_THAT(error_of(raw_weights(header, 10), true), HasSubstr("no ekya.sha256"));
}

TEST(WeightsFile, ReadsAFileWithoutTensors) { EXPECT_TRUE(parse_weights(raw_weights("{}"), false)); }

TEST(WeightsFile, ReadsNoOtherFormatVersion) {
  // A hash that is right, over a format that is not: what a later release would write.
  WeightsFile file = small_weights();
  auto bytes = serialize(file);
  EXPECT_THAT(error_of(raw_weights(R"({"__metadata__":{"ekya.format":"2"}})")), HasSubstr("no ekya.sha256"));
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto at = text.find("\"ekya.format\":\"1\"");
  bytes[at + 15] = std::byte{'2'};
  const std::string message = error_of(bytes, true);
  // The message of the first failure gives the right hash; with that the version is what is left to refuse.
  const auto hash_at = message.find("its hash is ") + 12;
  ASSERT_LT(hash_at, message.size());
  const auto key_at = text.find("\"ekya.sha256\":\"") + 15;
  std::memcpy(bytes.data() + key_at, message.data() + hash_at, 64);
  EXPECT_THAT(error_of(bytes, true), HasSubstr("ekya.format is '2' and '1' is read"));
}

TEST(WeightsFile, RefusesAHashThatIsNone) {
  for (const std::string hash : {"", "xyz"}) {
    SCOPED_TRACE(hash);
    EXPECT_THAT(error_of(raw_weights(R"({"__metadata__":{"ekya.format":"1","ekya.sha256":")" + hash + "\"}}")),
                HasSubstr("ekya.sha256 is no hash"));
  }
  // Not found in the text because it is written with an escape.
  EXPECT_THAT(error_of(raw_weights(R"({"__metadata__":{"ekya.format":"1","ekya.sha256":"\u0061)" +
                                   std::string(63, '0') + "\"}}")),
              HasSubstr("ekya.sha256 is no hash"));
}

struct Broken {
  const char* what;
  std::string header;
  std::size_t data_bytes;
  const char* words;
};

TEST(WeightsFile, RefusesABrokenHeader) {
  const auto one = [](const std::string& members) { return "{\"w\":{" + members + "}}"; };
  const std::vector<Broken> rows{
      {"no object", "[]", 0, "does not begin with {"},
      {"no JSON", "{\"a\"", 0, "is no JSON in UTF-8 at byte"},
      {"something behind", "{} {}", 0, "is no JSON"},
      {"bad UTF-8", "{\"\xff\":{}}", 0, "is no JSON in UTF-8"},
      {"NUL inside", std::string("{\0}", 3), 0, "is no JSON"},
      {"a number for a tensor", "{\"w\":1}", 0, "tensor 'w' has a number where none may be"},
      {"null", "{\"w\":null}", 0, "has a null"},
      {"boolean", "{\"w\":true}", 0, "has a boolean"},
      {"text", "{\"w\":\"x\"}", 0, "has a text"},
      {"array", "{\"w\":[]}", 0, "has an array"},
      {"metadata that is no text", R"({"__metadata__":{"a":1}})", 0, "has a number"},
      {"metadata that nests", R"({"__metadata__":{"a":{}}})", 0, "has an object"},
      {"metadata with an array", R"({"__metadata__":{"a":[]}})", 0, "has an array"},
      {"missing members", one(R"("dtype":"F32","shape":[1])"), 4, "needs dtype, shape and two data_offsets"},
      {"unknown member", one(R"("x":1)"), 0, "has the unknown key 'x'"},
      {"other dtype", one(R"("dtype":"BF16","shape":[1],"data_offsets":[0,2])"), 2, "has the dtype 'BF16'"},
      {"dtype no text", one(R"("dtype":1)"), 0, "has a number"},
      {"dtype an array", one(R"("dtype":[1])"), 0, "has an array"},
      {"shape no array", one(R"("shape":1)"), 0, "has a number"},
      {"shape of texts", one(R"("shape":["1"])"), 0, "has a text"},
      {"shape nests", one(R"("shape":[[1]])"), 0, "has an array"},
      {"shape with an object", one(R"("shape":[{}])"), 0, "has an object"},
      {"negative dimension", one(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), 4, "has a negative number"},
      {"fraction", one(R"("dtype":"F32","shape":[1.5],"data_offsets":[0,4])"), 4, "has a fraction"},
      {"dimension of 2^63", one(R"("dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4])"), 4,
       "has a dimension of 9223372036854775808"},
      {"dimension over 2^64", one(R"("dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4])"), 4,
       "too large a number"},
      {"number that overflows", one(R"("dtype":"F32","shape":[1e999],"data_offsets":[0,4])"), 4, "is no JSON"},
      {"product of 2^64", one(R"("dtype":"F32","shape":[4294967296,1073741824],"data_offsets":[0,0])"), 0,
       "product overflows"},
      {"nine dimensions", one(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])"), 4,
       "more than 8 dimensions"},
      {"three offsets", one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])"), 4, "more than two data_offsets"},
      {"one offset", one(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), 4, "two data_offsets"},
      {"end before begin", one(R"("dtype":"F32","shape":[0],"data_offsets":[4,0])"), 4, "needs 0 bytes"},
      {"bytes that do not fit the shape", one(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), 4,
       "needs 8 bytes for its shape; its data_offsets are 0 to 4"},
      {"duplicate tensor",
       R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
       0, "has the name 'w' twice"},
      {"duplicate member", one(R"("shape":[1],"shape":[1])"), 0, "has the key 'shape' twice"},
      {"duplicate metadata", R"({"__metadata__":{"a":"1","a":"2"}})", 0, "has the key 'a' twice"},
      {"two metadata", R"({"__metadata__":{},"__metadata__":{}})", 0, "twice"},
      {"hole at the start", one(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), 8, "a hole"},
      {"hole at the end", one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), 8, "the file has 8"},
      {"data missing", one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), 4, "announces 8 bytes"},
      {"offsets near 2^64",
       one(R"("dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551615])"), 4,
       "needs 4 bytes"},
      {"overlap",
       R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       8, "an overlap"},
      {"the same bytes twice",
       R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       4, "an overlap"},
      {"hole between",
       R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
       12, "a hole"},
  };
  for (const Broken& row : rows) {
    SCOPED_TRACE(row.what);
    EXPECT_THAT(error_of(raw_weights(row.header, row.data_bytes)), HasSubstr(row.words));
  }
}

TEST(WeightsFile, RefusesAHeaderLengthThatCannotBe) {
  EXPECT_THAT(error_of({}), HasSubstr("0 bytes; a weights file has at least 8"));
  EXPECT_THAT(error_of(std::vector<std::byte>(7)), HasSubstr("at least 8"));
  EXPECT_THAT(error_of(std::vector<std::byte>(8)), HasSubstr("does not begin with {"));
  auto longer = raw_weights("{}");
  longer[0] = std::byte{3};
  EXPECT_THAT(error_of(longer), HasSubstr("the header's length is 3 in a file of 10 bytes"));
  auto huge = raw_weights("{}");
  std::memset(huge.data(), 0xff, 8);
  EXPECT_THAT(error_of(huge), HasSubstr("the header's length is 18446744073709551615"));
  EXPECT_THAT(error_of(raw_weights("{}" + std::string(1 << 20, ' '))), HasSubstr("at most 1048576 are read"));
}

TEST(WeightsFile, HoldsItsLimits) {
  const auto bytes = serialize(small_weights());
  EXPECT_THAT(error_of(bytes, true, {.file_bytes = bytes.size() - 1}), HasSubstr("bytes; at most"));
  EXPECT_THAT(error_of(bytes, true, {.header_bytes = 10}), HasSubstr("at most 10 are read"));
  EXPECT_THAT(error_of(bytes, true, {.tensors = 1}), HasSubstr("is one too many; at most 1 are read"));
  EXPECT_TRUE(parse_weights(bytes, true, {.file_bytes = bytes.size(), .tensors = 2}));
}

TEST(ReadWeights, NamesThePath) {
  const ekya::testing::TempFolder folder;
  const std::string path = folder / "w.safetensors";
  EXPECT_EQ(read_weights(path, true).error().code, ErrorCode::kNotFound);
  ekya::testing::write_text(path, "nothing");
  const auto read = read_weights(path, true);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr(path));
  ASSERT_TRUE(replace_file(FileOps::system(), path, serialize(small_weights())));
  EXPECT_TRUE(read_weights(path, true));
}

}  // namespace
}  // namespace ekya::learner
