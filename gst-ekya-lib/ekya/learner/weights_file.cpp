// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/weights_file.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>

#include "ekya/base/file_ops.h"

namespace ekya::learner {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

constexpr std::size_t kLengthBytes = 8, kHashDigits = 64, kMostDimensions = 16;
constexpr int kDeepest = 8;
constexpr std::string_view kHashKey = "ekya.sha256", kFormatKey = "ekya.format", kFormat = "1";

Error corrupt(const std::string& why) { return {ErrorCode::kCorrupt, "weights file: " + why}; }

/// Hex SHA-256 of header and tensors.
std::string sha256(std::string_view header, std::span<const std::byte> data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(context.get(), header.data(), header.size());
  EVP_DigestUpdate(context.get(), data.data(), data.size());
  EVP_DigestFinal_ex(context.get(), digest, &size);
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) (text += kHex[digest[i] >> 4]) += kHex[digest[i] & 15];
  return text;
}

/// The header with the hash's digits replaced by zeros: what the hash is taken of. Empty optional: it has no hash.
std::optional<std::string> without_hash(std::string header, std::string& hash) {
  const std::string start = "\"" + std::string(kHashKey) + "\":\"";
  const std::size_t at = header.find(start);
  if (at == std::string::npos || at + start.size() + kHashDigits > header.size()) return std::nullopt;
  hash = header.substr(at + start.size(), kHashDigits);
  header.replace(at + start.size(), kHashDigits, kHashDigits, '0');
  return header;
}

/// Builds the JSON but refuses keys that are there twice, and nesting that would overflow a stack.
class StrictParser {
 public:
  static std::optional<json> parse(std::string_view text, std::string& why) {
    std::vector<std::set<std::string>> keys;
    bool twice = false, deep = false;
    const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
      if (depth > kDeepest) deep = true;
      if (event == json::parse_event_t::object_start) keys.emplace_back();
      if (event == json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
      if (event == json::parse_event_t::key && !keys.empty())
        twice |= !keys.back().insert(parsed.get_ref<const std::string&>()).second;
      return !deep;  // What is too deep is dropped, not built.
    };
    json value = json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
    if (deep) why = "the header is nested too deeply";
    else if (twice) why = "the header has a key twice";
    else if (value.is_discarded() || !value.is_object()) why = "the header is no JSON object";
    else return value;
    return std::nullopt;
  }
};

std::optional<DType> dtype_of(const std::string& name) {
  for (const DType type : {DType::kF32, DType::kF16, DType::kI64})
    if (name == to_string(type)) return type;
  return std::nullopt;
}

struct Placed {
  std::string name;
  Tensor tensor;
  std::size_t begin = 0, end = 0;
};

/// Bytes of a tensor, or nothing where the product overflows.
std::optional<std::size_t> byte_count(const Tensor& tensor) {
  std::size_t bytes = size_of(tensor.dtype);
  for (const std::int64_t dimension : tensor.shape)
    if (__builtin_mul_overflow(bytes, static_cast<std::size_t>(dimension), &bytes)) return std::nullopt;
  return bytes;
}

Result<Placed> parse_tensor(const std::string& name, const json& entry, std::size_t data_bytes) {
  const auto wrong = [&](const std::string& why) { return corrupt("tensor \"" + name.substr(0, 100) + "\": " + why); };
  const auto is_size = [](const json& v) {
    return v.is_number_unsigned() && v.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
  };
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) return wrong("has no dtype");
  const auto type = dtype_of(entry["dtype"]);
  if (!type) return wrong("dtype " + entry["dtype"].get<std::string>().substr(0, 16) + " is not one of F32, F16, I64");
  const json shape = entry.value("shape", json()), offsets = entry.value("data_offsets", json());
  if (!shape.is_array() || shape.size() > kMostDimensions || !std::ranges::all_of(shape, is_size))
    return wrong("shape is no list of sizes");
  if (!offsets.is_array() || offsets.size() != 2 || !std::ranges::all_of(offsets, is_size))
    return wrong("data_offsets is no pair of offsets");
  Placed placed{name, {*type, shape.get<std::vector<std::int64_t>>(), {}}, offsets[0], offsets[1]};
  if (placed.begin > placed.end || placed.end > data_bytes) return wrong("its bytes lie outside of the file");
  const auto bytes = byte_count(placed.tensor);
  if (!bytes) return wrong("the product of its shape overflows");
  if (*bytes != placed.end - placed.begin) return wrong("its shape does not fit its bytes");
  return placed;
}

/// Tensors must cover the data without overlap or hole.
Status check_cover(std::vector<Placed>& tensors, std::size_t data_bytes) {
  std::ranges::sort(tensors, {}, [](const Placed& p) { return std::pair(p.begin, p.end); });
  std::size_t reached = 0;
  for (const Placed& placed : tensors) {
    if (placed.begin < reached) return corrupt("tensor \"" + placed.name + "\" overlaps another");
    if (placed.begin > reached) return corrupt("there is a hole before tensor \"" + placed.name + "\"");
    reached = placed.end;
  }
  if (reached != data_bytes) return corrupt("there are bytes that belong to no tensor");
  return {};
}

Status read_metadata(const json& header, WeightsFile& file) {
  const json metadata = header.value("__metadata__", json::object());
  if (!metadata.is_object()) return corrupt("__metadata__ is no object");
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) return corrupt("metadata \"" + key.substr(0, 100) + "\" is no text");
    file.metadata[key] = value;
  }
  return {};
}

Status check_hash(const WeightsFile& file, const std::string& header, std::span<const std::byte> data, bool require) {
  if (!file.metadata.contains(std::string(kHashKey)))
    return require ? Status(corrupt("it has no " + std::string(kHashKey) + ": it is not a file of this project")) : Status();
  std::string expected;
  const auto bare = without_hash(header, expected);
  if (!bare || expected != file.metadata.at(std::string(kHashKey)) || sha256(*bare, data) != expected)
    return corrupt("the hash does not fit the contents: the file is damaged");
  const auto format = file.metadata.find(std::string(kFormatKey));
  if (format == file.metadata.end() || format->second != kFormat)
    return corrupt("format " + (format == file.metadata.end() ? "none" : format->second) + ", expected 1");
  return {};
}

}  // namespace

std::size_t size_of(DType type) {
  switch (type) {
    case DType::kF16: return 2;
    case DType::kI64: return 8;
    case DType::kF32: break;
  }
  return 4;
}

const char* to_string(DType type) {
  switch (type) {
    case DType::kF16: return "F16";
    case DType::kI64: return "I64";
    case DType::kF32: break;
  }
  return "F32";
}

std::vector<std::byte> serialize(const WeightsFile& file) {
  json header = json::object();
  header["__metadata__"] = file.metadata;
  header["__metadata__"][kFormatKey] = kFormat;
  header["__metadata__"][kHashKey] = std::string(kHashDigits, '0');
  std::vector<std::byte> data;
  for (const auto& [name, tensor] : file.tensors) {
    header[name] = {{"dtype", to_string(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"data_offsets", {data.size(), data.size() + tensor.data.size()}}};
    data.insert(data.end(), tensor.data.begin(), tensor.data.end());
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // Tensors start aligned, as other safetensors writers have it.
  const std::string hash = sha256(text, data);
  std::string ignored;
  const std::string start = "\"" + std::string(kHashKey) + "\":\"";
  text.replace(text.find(start) + start.size(), kHashDigits, hash);

  std::vector<std::byte> bytes(kLengthBytes + text.size());
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, kLengthBytes);
  std::memcpy(bytes.data() + kLengthBytes, text.data(), text.size());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

Result<WeightsFile> parse_weights(std::span<const std::byte> bytes, bool require_hash, const WeightsLimits& limits) {
  if (bytes.size() < kLengthBytes) return corrupt("it has " + std::to_string(bytes.size()) + " bytes, too few for a header");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > limits.header_bytes || length > bytes.size() - kLengthBytes)
    return corrupt("the header's length " + std::to_string(length) + " does not fit the file");
  const std::string text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  const auto data = bytes.subspan(kLengthBytes + length);
  std::string why;
  const auto header = StrictParser::parse(text, why);
  if (!header) return corrupt(why);
  if (header->size() > limits.tensors) return corrupt("it has more than " + std::to_string(limits.tensors) + " tensors");

  WeightsFile file;
  if (Status read = read_metadata(*header, file); !read) return read.error();
  if (Status good = check_hash(file, text, data, require_hash); !good) return good.error();
  std::vector<Placed> tensors;
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") continue;
    auto placed = parse_tensor(name, entry, data.size());
    if (!placed) return placed.error();
    tensors.push_back(*std::move(placed));
  }
  if (Status covered = check_cover(tensors, data.size()); !covered) return covered.error();
  for (Placed& placed : tensors) {
    const auto part = data.subspan(placed.begin, placed.end - placed.begin);
    placed.tensor.data.assign(part.begin(), part.end());
    file.tensors[placed.name] = std::move(placed.tensor);
  }
  return file;
}

Result<WeightsFile> read_weights(const std::string& path, bool require_hash, const WeightsLimits& limits) {
  const auto bytes = FileOps::system().read(path, limits.file_bytes);
  if (!bytes) return bytes.error();
  auto file = parse_weights(*bytes, require_hash, limits);
  if (!file) return Error{file.error().code, path + ": " + file.error().message};
  return file;
}

}  // namespace ekya::learner
