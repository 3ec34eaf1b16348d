// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "ekya/learner/half.h"

namespace ekya::learner {

/// Which crop it is: the first 128 bits of the SHA-256 of its pixels, so that it is right whatever store a crop is
/// from.
struct SampleKey {
  std::array<std::byte, 16> bytes{};
  auto operator<=>(const SampleKey&) const = default;
};

struct SampleKeyHash {
  std::size_t operator()(const SampleKey& key) const {
    std::size_t hash = 0;
    std::memcpy(&hash, key.bytes.data(), sizeof hash);
    return hash;
  }
};

/// pixels: [size, size, 3], bytes. Cost: 10 us for a crop of 64 x 64.
SampleKey sample_key(std::span<const std::uint8_t> pixels);

/// What a trunk gave for a sample.
struct FeatureRecord {
  SampleKey key;
  std::vector<Half> values;  ///< [features]
};

// A segment is a file of records of one trunk, all of one length, written once: 8 bytes "EKYAFEA1", the number of
// features (32 bits, little-endian), then for each sample its key (16 bytes), its values (binary16, little-endian) and
// the first 8 bytes of the SHA-256 of all that and of the trunk's hash. docs/algorithms/feature-cache.md.

constexpr std::size_t kMostFeatures = 65536;

/// Bytes of a record in a segment.
std::size_t record_bytes(std::size_t features);

/// Adds a record, and the header before the first. values: 1 to kMostFeatures, as many in each call.
void append_record(std::vector<std::byte>& segment, const std::string& trunk, const SampleKey& key,
                   std::span<const Half> values);

struct ParsedSegment {
  std::vector<FeatureRecord> records;  ///< Those that check.
  std::size_t corrupt = 0;             ///< Records that do not, and 1 for a header or an end that is none.
};

/// Reads whatever bytes: a record that is damaged or of another trunk is counted, never returned.
ParsedSegment parse_segment(std::span<const std::byte> bytes, const std::string& trunk);

}  // namespace ekya::learner
