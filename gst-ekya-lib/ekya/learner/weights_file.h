// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::learner {

enum class DType { kF32, kF16, kI64 };

std::size_t size_of(DType type);
const char* to_string(DType type);  ///< As safetensors writes it: "F32", "F16", "I64".

struct Tensor {
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;  ///< Little-endian, row-major, product of shape × size_of(dtype) bytes.
};

/// Weights and words, in the safetensors layout: 8 bytes header length, JSON header, tensors without holes.
/// A file of ours has in its metadata `ekya.format` = "1" and `ekya.sha256`, the hash of the header (with that hash
/// replaced by zeros) and of all tensor bytes.
struct WeightsFile {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
};

/// Limits on what a reader accepts.
struct WeightsLimits {
  std::size_t file_bytes = std::size_t{1} << 30;
  std::size_t header_bytes = std::size_t{1} << 20;
  std::size_t tensors = 20'000;
};

/// Bytes of a file of ours; sets `ekya.format` and `ekya.sha256`.
std::vector<std::byte> serialize(const WeightsFile& file);

/// Parses and checks. `require_hash`: refuse a file without `ekya.sha256` (a foreign safetensors file has none).
/// Errors: kCorrupt saying which rule was broken: header length, JSON, overlap, hole, product overflow, dtype, hash,
/// format. Cost: one pass; memory is bounded by the file's size.
Result<WeightsFile> parse_weights(std::span<const std::byte> bytes, bool require_hash, const WeightsLimits& limits = {});

/// Opens without following a link or blocking on a FIFO, refuses what is no regular file or too large, then parses.
/// Errors: kNotFound, kIo, kCorrupt; the message names the path.
Result<WeightsFile> read_weights(const std::string& path, bool require_hash, const WeightsLimits& limits = {});

}  // namespace ekya::learner
