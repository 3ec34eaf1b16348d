// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/weights_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "ekya/base/file_ops.h"
#include "ekya/base/printable.h"
#include "ekya/base/sha256.h"
#include "ekya/learner/weights_header.h"

namespace ekya::learner {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored as the little-endian bytes they are");

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr char kFormatKey[] = "ekya.format";
constexpr char kFormat[] = "1";
constexpr char kHashKey[] = "ekya.sha256";
constexpr std::size_t kHashDigits = 64;
constexpr char kHexDigits[] = "0123456789abcdef";

Error corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message)}; }

std::string sha256(std::string_view header, std::span<const std::byte> data) {
  return Sha256().add(header).add(data).hex();
}

/// Wide types first, so that every tensor is aligned to its type.
std::vector<std::pair<std::string, const Tensor*>> in_file_order(const WeightsFile& file) {
  std::vector<std::pair<std::string, const Tensor*>> tensors;
  for (const auto& [name, tensor] : file.tensors) tensors.emplace_back(name, &tensor);
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const auto& a, const auto& b) { return size_of(a.second->dtype) > size_of(b.second->dtype); });
  return tensors;
}

/// The header with zeros for a hash; spaces at the end align the tensors to 8 bytes.
std::string header_of(const WeightsFile& file) {
  json header = {{"__metadata__", file.metadata}};
  header["__metadata__"][kFormatKey] = kFormat;
  header["__metadata__"][kHashKey] = std::string(kHashDigits, '0');
  std::size_t offset = 0;
  for (const auto& [name, tensor] : in_file_order(file)) {
    const std::size_t end = offset + tensor->data.size();
    header[name] = {{"dtype", to_string(tensor->dtype)}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  return text;
}

/// The hash's own digits in `header` count as zeros.
Status check_hash(std::string header, const std::string& hash, std::span<const std::byte> data) {
  const auto at = header.find(hash);
  if (hash.size() != kHashDigits || hash.find_first_not_of(kHexDigits) != std::string::npos || at == std::string::npos)
    return corrupt("ekya.sha256 is no hash: '" + printable(hash) + "'");
  header.replace(at, kHashDigits, kHashDigits, '0');
  const std::string found = sha256(header, data);
  if (found == hash) return {};
  return corrupt("the file is damaged: its hash is " + found + " and ekya.sha256 says " + hash);
}

Status check_format(const WeightsHeader& header, std::string_view text, std::span<const std::byte> data,
                    bool require_hash) {
  const auto hash = header.metadata.find(kHashKey);
  const auto format = header.metadata.find(kFormatKey);
  const bool is_ours = hash != header.metadata.end() || format != header.metadata.end();
  if (!is_ours && !require_hash) return {};
  if (hash == header.metadata.end()) return corrupt("the file has no ekya.sha256, so it is no checkpoint of ours");
  if (auto checked = check_hash(std::string(text), hash->second, data); !checked) return checked;
  const std::string found = format == header.metadata.end() ? "" : format->second;
  if (found == kFormat) return {};
  return corrupt("ekya.format is '" + printable(found) + "' and '" + kFormat +
                 "' is read; use the release that wrote the file");
}

/// Splits off the header. Errors: kCorrupt when its length cannot be right.
Result<std::string_view> header_text(std::span<const std::byte> bytes, const WeightsLimits& limits) {
  if (bytes.size() < kLengthBytes)
    return corrupt("the file has " + std::to_string(bytes.size()) + " bytes; a weights file has at least 8");
  if (bytes.size() > limits.file_bytes)
    return corrupt("the file has " + std::to_string(bytes.size()) + " bytes; at most " +
                   std::to_string(limits.file_bytes) + " are read");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > limits.header_bytes || length > bytes.size() - kLengthBytes)
    return corrupt("the header's length is " + std::to_string(length) + " in a file of " +
                   std::to_string(bytes.size()) + " bytes, and at most " + std::to_string(limits.header_bytes) +
                   " are read: damaged, or not in the safetensors layout");
  return std::string_view(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
}

}  // namespace

std::size_t size_of(DType type) { return type == DType::kI64 ? 8 : type == DType::kF16 ? 2 : 4; }

const char* to_string(DType type) { return type == DType::kI64 ? "I64" : type == DType::kF16 ? "F16" : "F32"; }

std::vector<std::byte> serialize(const WeightsFile& file) {
  std::string header = header_of(file);
  const std::uint64_t length = header.size();
  std::vector<std::byte> bytes(kLengthBytes + length);
  for (const auto& [name, tensor] : in_file_order(file))
    bytes.insert(bytes.end(), tensor->data.begin(), tensor->data.end());
  const std::string hash = sha256(header, std::span(bytes).subspan(kLengthBytes + length));
  // With the key before it, since other metadata may hold 64 zeros; a quote inside of a text would be escaped.
  const std::string key = "\"" + std::string(kHashKey) + "\":\"";
  header.replace(header.find(key + std::string(kHashDigits, '0')) + key.size(), kHashDigits, hash);
  std::memcpy(bytes.data(), &length, kLengthBytes);
  std::memcpy(bytes.data() + kLengthBytes, header.data(), length);
  return bytes;
}

Result<WeightsFile> parse_weights(std::span<const std::byte> bytes, bool require_hash, const WeightsLimits& limits) {
  const auto text = header_text(bytes, limits);
  if (!text) return text.error();
  auto header = parse_weights_header(*text, limits.tensors);
  if (!header) return header.error();
  const auto data = bytes.subspan(kLengthBytes + text->size());
  const std::uint64_t announced = header->tensors.empty() ? 0 : header->tensors.back().end;
  if (announced != data.size())
    return corrupt("the header announces " + std::to_string(announced) + " bytes of tensors; the file has " +
                   std::to_string(data.size()));
  if (auto checked = check_format(*header, *text, data, require_hash); !checked) return checked.error();
  WeightsFile file{std::move(header->metadata), {}};
  for (TensorEntry& entry : header->tensors) {
    const auto part = data.subspan(entry.begin, entry.end - entry.begin);
    file.tensors[entry.name] = {entry.dtype, std::move(entry.shape), {part.begin(), part.end()}};
  }
  return file;
}

Result<WeightsFile> read_weights(const std::string& path, bool require_hash, const WeightsLimits& limits) {
  const auto bytes = FileOps::system().read(path, limits.file_bytes);
  if (!bytes) return bytes.error();
  auto file = parse_weights(*bytes, require_hash, limits);
  if (!file) return Error{file.error().code, "'" + printable(path, 4096) + "': " + file.error().message};
  return file;
}

}  // namespace ekya::learner
