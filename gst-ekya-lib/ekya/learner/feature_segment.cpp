// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/feature_segment.h"

#include <algorithm>
#include <bit>

#include "ekya/base/sha256.h"

namespace ekya::learner {
namespace {

static_assert(std::endian::native == std::endian::little, "values are stored as the little-endian bytes they are");

constexpr char kMagic[] = {'E', 'K', 'Y', 'A', 'F', 'E', 'A', '1'};
constexpr std::size_t kHeaderBytes = sizeof kMagic + sizeof(std::uint32_t);
constexpr std::size_t kKeyBytes = sizeof(SampleKey), kCheckBytes = 8;

using Header = std::array<std::byte, kHeaderBytes>;

Header header_of(std::size_t features) {
  Header header{};
  const auto count = static_cast<std::uint32_t>(features);
  std::memcpy(header.data(), kMagic, sizeof kMagic);
  std::memcpy(header.data() + sizeof kMagic, &count, sizeof count);
  return header;
}

/// Features of a record, 0 where this is no header.
std::size_t features_of(std::span<const std::byte> bytes) {
  std::uint32_t features = 0;
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) return 0;
  std::memcpy(&features, bytes.data() + sizeof kMagic, sizeof features);
  return features <= kMostFeatures ? features : 0;
}

Sha256::Digest check_of(std::size_t features, const std::string& trunk, std::span<const std::byte> key_and_values) {
  return Sha256().add(header_of(features)).add(trunk).add(key_and_values).digest();
}

}  // namespace

SampleKey sample_key(std::span<const std::uint8_t> pixels) {
  const auto digest = Sha256().add(std::as_bytes(pixels)).digest();
  SampleKey key;
  std::copy_n(digest.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

std::size_t record_bytes(std::size_t features) { return kKeyBytes + features * sizeof(Half) + kCheckBytes; }

void append_record(std::vector<std::byte>& segment, const std::string& trunk, const SampleKey& key,
                   std::span<const Half> values) {
  if (segment.empty()) {
    const Header header = header_of(values.size());
    segment.assign(header.begin(), header.end());
  }
  const std::size_t begin = segment.size();
  const auto bytes = std::as_bytes(values);
  segment.insert(segment.end(), key.bytes.begin(), key.bytes.end());
  segment.insert(segment.end(), bytes.begin(), bytes.end());
  const auto check = check_of(values.size(), trunk, std::span(segment).subspan(begin));
  segment.insert(segment.end(), check.begin(), check.begin() + kCheckBytes);
}

ParsedSegment parse_segment(std::span<const std::byte> bytes, const std::string& trunk) {
  ParsedSegment parsed;
  const std::size_t features = features_of(bytes);
  if (features == 0) return {{}, 1};
  const std::size_t size = record_bytes(features), checked = size - kCheckBytes;
  for (bytes = bytes.subspan(kHeaderBytes); bytes.size() >= size; bytes = bytes.subspan(size)) {
    const auto check = check_of(features, trunk, bytes.first(checked));
    if (!std::equal(check.begin(), check.begin() + kCheckBytes, bytes.begin() + checked)) {
      ++parsed.corrupt;
      continue;
    }
    FeatureRecord record{{}, std::vector<Half>(features)};
    std::memcpy(record.key.bytes.data(), bytes.data(), kKeyBytes);
    std::memcpy(record.values.data(), bytes.data() + kKeyBytes, features * sizeof(Half));
    parsed.records.push_back(std::move(record));
  }
  parsed.corrupt += !bytes.empty();
  return parsed;
}

}  // namespace ekya::learner
