// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/weights_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "ekya/base/printable.h"

namespace ekya::learner {
namespace {

using nlohmann::json;

constexpr std::size_t kMostDimensions = 8;
constexpr char kMetadata[] = "__metadata__";

Error corrupt(std::string message) { return {ErrorCode::kCorrupt, "weights header: " + std::move(message)}; }

std::optional<DType> dtype_of(std::string_view name) {
  for (const DType type : {DType::kF32, DType::kF16, DType::kI64})
    if (name == to_string(type)) return type;
  return std::nullopt;
}

/// Receives the parser's events. They must be: { name: { "dtype": text, "shape": [numbers], "data_offsets": [begin,
/// end] }, "__metadata__": { text: text } }. Each event returns whether to go on; `problem` says why not.
class HeaderReader : public nlohmann::json_sax<json> {
 public:
  explicit HeaderReader(std::size_t most_tensors) : most_tensors_(most_tensors) {}

  WeightsHeader header;
  std::string problem;

  bool null() override { return refuse("a null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a fraction or too large a number"); }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ == 3 && field_ == "shape") return add_dimension(value);
    if (depth_ == 3 && field_ == "data_offsets") return add_offset(value);
    return refuse("a number");
  }

  bool string(string_t& value) override {
    if (depth_ == 2 && in_metadata_) {
      header.metadata[field_] = std::move(value);
      return true;
    }
    if (depth_ != 2 || field_ != "dtype") return refuse("a text");
    const auto type = dtype_of(value);
    if (!type) return fail("has the dtype '" + printable(value) + "'; F32, F16 and I64 are read");
    header.tensors.back().dtype = *type;
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth_ >= 2) return refuse("an object");
    if (++depth_ == 2) {
      fields_.clear();
      in_metadata_ = name_ == kMetadata;
      if (!in_metadata_) return add_tensor();
    }
    return true;
  }

  bool key(string_t& value) override {
    if (depth_ == 1) {
      if (!names_.insert(value).second) return fail("has the name '" + printable(value) + "' twice");
      name_ = std::move(value);
      return true;
    }
    if (!fields_.insert(value).second) return fail("has the key '" + printable(value) + "' twice");
    if (!in_metadata_ && value != "dtype" && value != "shape" && value != "data_offsets")
      return fail("has the unknown key '" + printable(value) + "'");
    field_ = std::move(value);
    return true;
  }

  bool end_object() override {
    if (--depth_ == 1 && !in_metadata_) return check_tensor();
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || field_ == "dtype") return refuse("an array");
    ++depth_;
    return true;
  }

  bool end_array() override {
    --depth_;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = "is no JSON in UTF-8 at byte " + std::to_string(position);
    return false;
  }

 private:
  bool fail(std::string what) {
    problem = name_.empty() ? std::move(what) : "tensor '" + printable(name_) + "' " + std::move(what);
    return false;
  }

  bool refuse(const std::string& found) { return fail("has " + found + " where none may be"); }

  bool add_tensor() {
    if (header.tensors.size() >= most_tensors_)
      return fail("is one too many; at most " + std::to_string(most_tensors_) + " are read");
    header.tensors.emplace_back().name = name_;
    offsets_ = 0;
    return true;
  }

  bool add_dimension(std::uint64_t value) {
    auto& shape = header.tensors.back().shape;
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return fail("has a dimension of " + std::to_string(value));
    if (shape.size() >= kMostDimensions) return fail("has more than 8 dimensions");
    shape.push_back(static_cast<std::int64_t>(value));
    return true;
  }

  bool add_offset(std::uint64_t value) {
    if (offsets_ >= 2) return fail("has more than two data_offsets");
    (offsets_++ == 0 ? header.tensors.back().begin : header.tensors.back().end) = value;
    return true;
  }

  /// At the end of a tensor's object.
  bool check_tensor() {
    const TensorEntry& entry = header.tensors.back();
    if (fields_.size() != 3 || offsets_ != 2) return fail("needs dtype, shape and two data_offsets");
    std::uint64_t bytes = size_of(entry.dtype);
    for (const std::int64_t dimension : entry.shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dimension), &bytes))
        return fail("has a shape whose product overflows");
    if (entry.end < entry.begin || entry.end - entry.begin != bytes)
      return fail("needs " + std::to_string(bytes) + " bytes for its shape; its data_offsets are " +
                  std::to_string(entry.begin) + " to " + std::to_string(entry.end));
    return true;
  }

  std::size_t most_tensors_;
  int depth_ = 0;             ///< 1 in the header, 2 in a tensor or the metadata, 3 in an array.
  bool in_metadata_ = false;  ///< The object of depth 2.
  int offsets_ = 0;
  std::string name_, field_;  ///< Newest key of depth 1 and of depth 2.
  std::set<std::string> names_, fields_;
};

/// Sorts by offset and refuses holes and overlaps.
Status sort_by_offset(std::vector<TensorEntry>& tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t expected = 0;
  for (const TensorEntry& entry : tensors) {
    if (entry.begin != expected)
      return corrupt("tensor '" + printable(entry.name) + "' begins at byte " + std::to_string(entry.begin) + " and " +
                     std::to_string(expected) + " was expected: " + (entry.begin < expected ? "an overlap" : "a hole"));
    expected = entry.end;
  }
  return {};
}

}  // namespace

Result<WeightsHeader> parse_weights_header(std::string_view text, std::size_t most_tensors) {
  if (text.empty() || text.front() != '{') return corrupt("does not begin with {");
  HeaderReader reader(most_tensors);
  if (!json::sax_parse(text, &reader)) return corrupt(reader.problem);
  if (auto sorted = sort_by_offset(reader.header.tensors); !sorted) return sorted.error();
  return std::move(reader.header);
}

}  // namespace ekya::learner
