// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/feature_disk.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace ekya::learner {
namespace {

constexpr std::string_view kEnd = ".features";
constexpr std::size_t kNumberDigits = 12, kTrunkDigits = 64;
constexpr std::size_t kLargestFile = std::size_t{16} << 20;

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_hash(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

}  // namespace

FeatureDisk::FeatureDisk(std::string folder, std::size_t limit, FileOps& files)
    : folder_(std::move(folder)), limit_(limit), files_(files) {}

std::string FeatureDisk::path(std::uint64_t number, const Segment& segment) const {
  const std::string digits = std::to_string(number);
  return folder_ + "/" + std::string(kNumberDigits - std::min(kNumberDigits, digits.size()), '0') + digits + "-" +
         segment.trunk + "-" + std::to_string(segment.bytes) + std::string(kEnd);
}

Status FeatureDisk::open() {
  if (auto made = files_.make_folder(folder_); !made) return made;
  auto lock = FolderLock::take(folder_);
  if (!lock) return lock.error();
  const auto names = files_.list(folder_);
  if (!names) return names.error();
  for (const std::string& name : *names) adopt(name);
  if (auto room = make_room(0); !room) return room;
  lock_ = *std::move(lock);
  return {};
}

void FeatureDisk::adopt(const std::string& name) {
  const std::string_view text = name;
  constexpr std::size_t kTrunkAt = kNumberDigits + 1, kBytesAt = kTrunkAt + kTrunkDigits + 1;
  if (text.size() <= kBytesAt + kEnd.size() || !text.ends_with(kEnd)) return;
  const auto number = whole_number(text.substr(0, kNumberDigits));
  const auto bytes = whole_number(text.substr(kBytesAt, text.size() - kEnd.size() - kBytesAt));
  const auto trunk = text.substr(kTrunkAt, kTrunkDigits);
  if (!number || *number == 0 || !bytes || *bytes > kLargestFile || !is_hash(trunk)) return;
  const Segment segment{std::string(trunk), *bytes};
  if (path(*number, segment) != folder_ + "/" + name || !segments_.emplace(*number, segment).second) return;
  bytes_ += segment.bytes;
  last_number_ = std::max(last_number_, *number);
}

std::vector<std::uint64_t> FeatureDisk::segments(const std::string& trunk) const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, segment] : segments_)
    if (segment.trunk == trunk) numbers.push_back(number);
  return numbers;
}

Status FeatureDisk::make_room(std::size_t bytes) {
  while (!segments_.empty() && bytes_ + bytes > limit_) {
    const auto age = [&](const auto& item) {
      const auto used = used_.find(item.second.trunk);
      return std::pair(used == used_.end() ? 0 : used->second, item.first);
    };
    const auto oldest =
        std::ranges::min_element(segments_, [&](const auto& a, const auto& b) { return age(a) < age(b); });
    if (auto removed = remove(oldest->first); !removed) return removed;
  }
  if (bytes_ + bytes <= limit_) return {};
  return Error{ErrorCode::kResource, "a segment of " + std::to_string(bytes) + " bytes is more than all of the cache"};
}

Result<std::uint64_t> FeatureDisk::write(const std::string& trunk, std::span<const std::byte> bytes) {
  if (!lock_) return Error{ErrorCode::kUnavailable, "the folder '" + folder_ + "' is not open"};
  const Segment segment{trunk, bytes.size()};
  if (!is_hash(trunk) || trunk.size() != kTrunkDigits || bytes.size() > kLargestFile)
    return Error{ErrorCode::kInvalidArgument, "'" + trunk + "' is no trunk's hash, or its segment too large"};
  if (auto room = make_room(bytes.size()); !room) return room.error();
  const std::uint64_t number = ++last_number_;
  if (auto written = files_.write_new_unsynced(path(number, segment), bytes); !written) return written.error();
  bytes_ += bytes.size();
  segments_.emplace(number, segment);
  return number;
}

Result<std::vector<std::byte>> FeatureDisk::read(std::uint64_t number) {
  const Segment& segment = segments_.at(number);
  return files_.read(path(number, segment), segment.bytes);
}

Status FeatureDisk::remove(std::uint64_t number) {
  const auto found = segments_.find(number);
  if (found == segments_.end()) return {};
  auto removed = files_.remove(path(number, found->second));
  if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
  bytes_ -= found->second.bytes;
  segments_.erase(found);
  return {};
}

}  // namespace ekya::learner
