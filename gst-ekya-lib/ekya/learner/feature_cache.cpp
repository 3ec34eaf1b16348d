// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/feature_cache.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ekya::learner {
namespace {

constexpr std::uint64_t kPending = 0;
constexpr std::size_t kLargestSegment = std::size_t{1} << 20;
constexpr std::size_t kSegmentsOnDisk = 8;  ///< At least: what goes to make room is at most a part of all.

std::size_t bytes_of(const FeatureRecord& record) { return record_bytes(record.values.size()); }

/// Empty where a value is no finite half.
std::vector<Half> halves(std::span<const float> values) {
  constexpr Half kMagnitude = 0x7FFF, kInfinity = 0x7C00;
  std::vector<Half> halves(values.size());
  std::ranges::transform(values, halves.begin(), to_half);
  if (std::ranges::any_of(halves, [](Half half) { return (half & kMagnitude) >= kInfinity; })) return {};
  return halves;
}

std::vector<float> floats(std::span<const Half> halves) {
  std::vector<float> values(halves.size());
  std::ranges::transform(halves, values.begin(), to_float);
  return values;
}

std::string canonical(const std::string& folder) {
  std::error_code failed;
  const auto path = std::filesystem::weakly_canonical(folder, failed);
  return failed ? folder : path.string();
}

}  // namespace

std::shared_ptr<FeatureCache> FeatureCache::open(const std::string& folder, const FeatureCacheLimits& limits,
                                                 FileOps& files) {
  const auto make = [&] { return std::shared_ptr<FeatureCache>(new FeatureCache(folder, limits, files)); };
  if (folder.empty()) return make();
  static Mutex mutex;
  static auto& opened = *new std::map<std::string, std::weak_ptr<FeatureCache>>();  // Outlives whoever still uses it.
  MutexLock lock(mutex);
  std::erase_if(opened, [](const auto& item) { return item.second.expired(); });
  std::weak_ptr<FeatureCache>& place = opened[canonical(folder)];
  if (auto same = place.lock()) return same;
  auto cache = make();
  place = cache;
  return cache;
}

FeatureCache::FeatureCache(const std::string& folder, const FeatureCacheLimits& limits, FileOps& files)
    : limits_(limits) {
  MutexLock lock(mutex_);
  if (folder.empty() || limits_.disk_bytes == 0) return;
  disk_.emplace(folder, limits_.disk_bytes, files);
  if (auto opened = disk_->open(); !opened) {
    failed(opened.error());
    disk_.reset();
  }
}

FeatureCache::~FeatureCache() { flush(); }

std::optional<std::vector<float>> FeatureCache::find(const std::string& hash, const SampleKey& sample) {
  MutexLock lock(mutex_);
  const auto trunk = trunk_of(hash);
  auto found = trunk->second.in_memory.find(sample);
  if (found == trunk->second.in_memory.end()) {
    const auto stored = trunk->second.on_disk.find(sample);
    if (stored != trunk->second.on_disk.end() && stored->second != kPending) {
      const std::uint64_t number = stored->second;
      trunk->second.on_disk.erase(stored);  // Comes back if it is really there.
      load(trunk, number, &sample);
      found = trunk->second.in_memory.find(sample);
    }
  }
  if (found == trunk->second.in_memory.end()) {
    ++counts_.misses;
    return std::nullopt;
  }
  ++counts_.hits;
  entries_.splice(entries_.begin(), entries_, found->second);
  return floats(found->second->record.values);
}

void FeatureCache::store(const std::string& hash, const SampleKey& sample, std::span<const float> values) {
  if (values.empty() || values.size() > kMostFeatures) return;
  FeatureRecord record{sample, halves(values)};
  if (record.values.empty()) return;
  MutexLock lock(mutex_);
  const auto trunk = trunk_of(hash);
  Trunk& kept = trunk->second;
  if (kept.features == 0) kept.features = values.size();
  if (kept.features != values.size()) return;
  if (disk_ && kept.on_disk.emplace(sample, kPending).second) {
    const std::size_t before = kept.pending.size();
    append_record(kept.pending, hash, sample, record.values);
    pending_bytes_ += kept.pending.size() - before;
  }
  keep(trunk, std::move(record));
  if (pending_bytes_ >= std::min(kLargestSegment, limits_.disk_bytes / kSegmentsOnDisk)) write_pending();
}

void FeatureCache::flush() {
  MutexLock lock(mutex_);
  write_pending();
}

FeatureCacheCounts FeatureCache::counts() const {
  MutexLock lock(mutex_);
  FeatureCacheCounts counts = counts_;
  counts.disk_bytes = disk_ ? disk_->bytes() : 0;
  return counts;
}

FeatureCache::Trunks::iterator FeatureCache::trunk_of(const std::string& hash) {
  if (disk_) disk_->use(hash);
  if (const auto known = trunks_.find(hash); known != trunks_.end()) return known;
  forget_unused();
  const auto trunk = trunks_.emplace(hash, Trunk{}).first;
  if (disk_)
    for (const std::uint64_t number : disk_->segments(hash)) load(trunk, number, nullptr);
  return trunk;
}

void FeatureCache::keep(Trunks::iterator trunk, FeatureRecord record) {
  const std::size_t bytes = bytes_of(record);
  if (bytes > limits_.memory_bytes || trunk->second.in_memory.count(record.key)) return;
  evict(bytes);
  entries_.push_front({trunk, std::move(record)});
  trunk->second.in_memory[entries_.front().record.key] = entries_.begin();
  counts_.memory_bytes += bytes;
}

void FeatureCache::evict(std::size_t room) {
  while (counts_.memory_bytes + room > limits_.memory_bytes) {
    const Entry& oldest = entries_.back();
    counts_.memory_bytes -= bytes_of(oldest.record);
    oldest.trunk->second.in_memory.erase(oldest.record.key);
    entries_.pop_back();
  }
}

void FeatureCache::load(Trunks::iterator trunk, std::uint64_t number, const SampleKey* wanted) {
  if (!disk_->has(number)) return;
  const auto bytes = disk_->read(number);
  if (!bytes) {
    failed(bytes.error());
    return;
  }
  ParsedSegment parsed = parse_segment(*bytes, trunk->first);
  counts_.corrupt += parsed.corrupt;
  // Last, so that the others of its segment do not push it out again.
  if (wanted)
    if (const auto found = std::ranges::find(parsed.records, *wanted, &FeatureRecord::key);
        found != parsed.records.end())
      std::iter_swap(found, std::prev(parsed.records.end()));
  for (FeatureRecord& record : parsed.records) {
    if (trunk->second.features == 0) trunk->second.features = record.values.size();
    if (record.values.size() != trunk->second.features) continue;
    trunk->second.on_disk[record.key] = number;
    keep(trunk, std::move(record));
  }
  if (!parsed.records.empty()) return;
  if (auto removed = disk_->remove(number); !removed) failed(removed.error());
}

void FeatureCache::write_pending() {
  for (auto& [hash, trunk] : trunks_) {
    if (trunk.pending.empty()) continue;
    const auto number = disk_->write(hash, trunk.pending);
    if (!number) failed(number.error());
    for (auto& record : parse_segment(trunk.pending, hash).records) {
      if (number)
        trunk.on_disk[record.key] = *number;
      else
        trunk.on_disk.erase(record.key);
    }
    trunk.pending.clear();
  }
  pending_bytes_ = 0;
  forget_unused();
}

void FeatureCache::forget_unused() {
  for (auto trunk = trunks_.begin(); trunk != trunks_.end();) {
    auto& [hash, known] = *trunk;
    if (disk_)
      std::erase_if(known.on_disk,
                    [&](const auto& item) { return item.second != kPending && !disk_->has(item.second); });
    const bool is_used = !known.in_memory.empty() || !known.on_disk.empty();
    if (!is_used && disk_) disk_->forget(hash);
    trunk = is_used ? std::next(trunk) : trunks_.erase(trunk);
  }
}

void FeatureCache::failed(const Error& error) {
  ++counts_.io_failures;
  counts_.last_failure = error.message;
}

}  // namespace ekya::learner
