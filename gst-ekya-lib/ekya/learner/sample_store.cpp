// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/sample_store.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "ekya/base/mutex.h"
#include "ekya/base/printable.h"
#include "ekya/base/sha256.h"
#include "ekya/device/preprocess.h"
#include "ekya/learner/crop_jpeg.h"
#include "ekya/learner/sample_folder.h"
#include "ekya/learner/sample_index.h"
#include "ekya/learner/sample_pick.h"

namespace ekya::learner {
namespace {

constexpr int kLargestCrop = 2048;
constexpr std::size_t kLongestLabel = 256;
constexpr std::size_t kLargestFile = 64U << 20;
constexpr float kLeastWeight = 0.05f;

std::string sha256(std::span<const std::byte> bytes) {
  const auto digest = Sha256().add(bytes).digest();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Status check(const Sample& sample) {
  const auto wrong = [](const std::string& what) { return Error{ErrorCode::kInvalidArgument, "sample: " + what}; };
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; };
  if (sample.label.empty() || sample.label.size() > kLongestLabel || std::ranges::any_of(sample.label, is_control))
    return wrong("the label '" + printable(sample.label) + "' is not 1 to 256 bytes without control characters");
  const auto size = static_cast<std::size_t>(std::clamp(sample.size, 0, kLargestCrop));
  if (sample.size < 1 || sample.size > kLargestCrop || sample.pixels.size() != size * size * 3)
    return wrong("size " + std::to_string(sample.size) + " with " + std::to_string(sample.pixels.size()) +
                 " bytes of pixels; expected 1 to 2048 with size x size x 3 bytes");
  if (!(sample.confidence > 0 && sample.confidence <= 1))
    return wrong("the confidence " + std::to_string(sample.confidence) + " is not above 0 and at most 1");
  if (sample.window > INT64_MAX) return wrong("the window " + std::to_string(sample.window) + " is too large");
  return {};
}

Status append_resized(const std::vector<std::uint8_t>& pixels, int from, int to, std::vector<std::uint8_t>& out) {
  if (from == to) {
    out.insert(out.end(), pixels.begin(), pixels.end());
    return {};
  }
  device::ImageView view{.width = from, .height = from};
  view.plane[0] = pixels.data();
  view.size[0] = pixels.size();
  view.stride[0] = from * 3;
  const std::size_t at = out.size(), bytes = static_cast<std::size_t>(to) * static_cast<std::size_t>(to) * 3;
  out.resize(at + bytes);
  return device::crop_resize(view, {0, 0, from, from}, to, to, std::span(out).subspan(at));
}

/// Declared in the order of their lives: the lock goes last.
class FolderSampleStore final : public SampleStore {
 public:
  FolderSampleStore(FileOps& files, const SampleStoreOptions& options, std::unique_ptr<FolderLock> lock,
                    SampleFolder folder, std::unique_ptr<SampleIndex> index)
      : files_(files),
        options_(options),
        lock_(std::move(lock)),
        folder_(std::move(folder)),
        index_(std::move(index)) {}

  /// Brings index and files together after a crash and under a smaller limit.
  Status reconcile() {
    MutexLock lock(mutex_);
    if (auto removed = index_->shrink(options_.max_samples); !removed) return removed.error();
    const auto rows = index_->ids();
    if (!rows) return rows.error();
    const auto crops = folder_.crops();
    if (!crops) return crops.error();
    for (const std::int64_t id : *crops)
      if (!rows->contains(id))
        if (auto removed = files_.remove(folder_.crop_path(id)); !removed) return removed;
    for (const std::int64_t id : *rows)
      if (!crops->contains(id))
        if (auto dropped = drop(id); !dropped) return dropped;
    next_id_ = std::max(rows->empty() ? 0 : *rows->rbegin(), crops->empty() ? 0 : *crops->rbegin()) + 1;
    return {};
  }

  Status add(const Sample& sample) override {
    if (auto checked = check(sample); !checked) return checked;
    const auto jpeg = encode_crop(sample.pixels, sample.size, options_.jpeg_quality);
    if (!jpeg) return jpeg.error();
    MutexLock lock(mutex_);
    if (auto there = check_in_place(); !there) return there;
    if (auto known = know_class(sample.label); !known) return known;
    // Never given twice, not even after a failure that left a file behind.
    const std::int64_t id = next_id_++;
    const std::string path = folder_.crop_path(id);
    bool written = false;
    const auto evicted = index_->add({id, sample.label, sample.confidence, sample.window, sample.pts_ns, sample.size,
                                      sample.held_back, sha256(*jpeg)},
                                     options_.max_samples, [&] {
                                       Status status = files_.write_new_unsynced(path, *jpeg);
                                       written = static_cast<bool>(status);
                                       return status;
                                     });
    if (!evicted && written) static_cast<void>(files_.remove(path));
    if (!evicted) return evicted.error();
    // A file that stays although its row went is removed at the next open.
    for (const std::int64_t old : *evicted) static_cast<void>(files_.remove(folder_.crop_path(old)));
    return {};
  }

  Result<LabelledCrops> load(const std::vector<std::string>& labels, const Query& query) override {
    if (query.size < 1 || query.size > kLargestCrop)
      return Error{ErrorCode::kInvalidArgument, "crops of size " + std::to_string(query.size) + " were asked for"};
    auto rows = rows_of(query.held_back);
    if (!rows) return rows.error();
    LabelledCrops crops;
    crops.size = query.size;
    // Reads and decodes without the lock, so that labelling need not wait for a training set.
    for (const PickedSample& picked : pick_samples(*std::move(rows), labels, query)) {
      if (auto appended = append(picked, crops); !appended) return appended.error();
    }
    return crops;
  }

  std::map<std::string, std::size_t> count_by_label(std::uint64_t min_window) const override {
    MutexLock lock(mutex_);
    auto counts = index_->count_by_label(min_window);
    return counts ? *std::move(counts) : std::map<std::string, std::size_t>();
  }

  std::size_t size() const override {
    std::size_t size = 0;
    for (const auto& [label, count] : count_by_label(0)) size += count;
    return size;
  }

  std::size_t unreadable() const override {
    MutexLock lock(mutex_);
    return unreadable_;
  }

  std::uint64_t last_window() const override {
    MutexLock lock(mutex_);
    const auto window = index_->last_window();
    return window ? *window : 0;
  }

 private:
  Status check_in_place() const EKYA_REQUIRES(mutex_) {
    if (folder_.is_in_place()) return {};
    return Error{ErrorCode::kIo, "the sample store '" + printable(folder_.path(), 4096) +
                                     "' was removed or replaced while in use; restart the element"};
  }

  /// Errors: kInvalidArgument for one class too many.
  Status know_class(const std::string& label) EKYA_REQUIRES(mutex_) {
    if (classes_.contains(label)) return {};
    const auto counts = index_->count_by_label(0);
    if (!counts) return counts.error();
    classes_ = {label};
    for (const auto& [known, count] : *counts) classes_.insert(known);
    if (classes_.size() <= options_.max_classes) return {};
    classes_.erase(label);
    return Error{ErrorCode::kInvalidArgument, "sample: the label '" + printable(label) + "' is one class too many; " +
                                                  std::to_string(options_.max_classes) + " are kept"};
  }

  Result<std::vector<SampleRow>> rows_of(bool held_back) const {
    MutexLock lock(mutex_);
    if (auto there = check_in_place(); !there) return there.error();
    return index_->rows(held_back);
  }

  /// Takes an unreadable sample out and counts it, unless it was evicted meanwhile.
  Status drop(std::int64_t id) EKYA_REQUIRES(mutex_) {
    const auto was_there = index_->remove(id);
    if (!was_there) return was_there.error();
    if (*was_there) ++unreadable_;
    static_cast<void>(files_.remove(folder_.crop_path(id)));
    return {};
  }

  /// Pixels as they were stored. Errors: kCorrupt and kNotFound for a sample that is lost for good.
  Result<std::vector<std::uint8_t>> read(const SampleRow& row) const {
    const auto jpeg = files_.read(folder_.crop_path(row.id), kLargestFile);
    if (!jpeg) return jpeg.error();
    if (sha256(*jpeg) != row.digest || row.size < 1 || row.size > kLargestCrop)
      return Error{ErrorCode::kCorrupt, "the crop is not the one that was stored"};
    return decode_crop(*jpeg, row.size);
  }

  Status append(const PickedSample& picked, LabelledCrops& crops) {
    const auto pixels = read(picked.row);
    if (!pixels) {
      if (pixels.error().code != ErrorCode::kCorrupt && pixels.error().code != ErrorCode::kNotFound)
        return pixels.error();
      MutexLock lock(mutex_);
      if (auto there = check_in_place(); !there) return there;
      return drop(picked.row.id);
    }
    if (auto resized = append_resized(*pixels, picked.row.size, crops.size, crops.pixels); !resized) return resized;
    crops.labels.push_back(picked.label);
    crops.weights.push_back(std::clamp(static_cast<float>(picked.row.confidence), kLeastWeight, 1.0f));
    return {};
  }

  FileOps& files_;
  const SampleStoreOptions options_;
  const std::unique_ptr<FolderLock> lock_;
  const SampleFolder folder_;
  mutable Mutex mutex_;
  const std::unique_ptr<SampleIndex> index_ EKYA_GUARDED_BY(mutex_);
  std::set<std::string> classes_ EKYA_GUARDED_BY(mutex_);  ///< Of the store, and perhaps some that were evicted.
  std::int64_t next_id_ EKYA_GUARDED_BY(mutex_) = 1;
  std::size_t unreadable_ EKYA_GUARDED_BY(mutex_) = 0;
};

/// The index, or an empty one in place of a damaged one: crops can be collected anew, a camera that does not start is
/// worse.
Result<std::unique_ptr<SampleIndex>> open_index(SampleFolder& folder) {
  auto index = SampleIndex::open(folder.index_path());
  if (index || index.error().code != ErrorCode::kCorrupt) return index;
  if (auto moved = folder.set_aside_index(); !moved) return moved.error();
  return SampleIndex::open(folder.index_path());
}

}  // namespace

Result<std::unique_ptr<SampleStore>> SampleStore::open(const std::string& path, const SampleStoreOptions& options,
                                                       FileOps& files) {
  auto folder = SampleFolder::open(files, path);
  if (!folder) return folder.error();
  auto lock = FolderLock::take(path);
  if (!lock) return lock.error();
  auto index = open_index(*folder);
  if (!index)
    return Error{index.error().code, "'" + printable(folder->index_path(), 4096) + "': " + index.error().message};
  auto store =
      std::make_unique<FolderSampleStore>(files, options, *std::move(lock), *std::move(folder), *std::move(index));
  if (auto reconciled = store->reconcile(); !reconciled) return reconciled.error();
  return std::unique_ptr<SampleStore>(std::move(store));
}

}  // namespace ekya::learner
