// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/sample_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ekya/base/mutex.h"
#include "ekya/base/printable.h"
#include "ekya/learner/choose_exemplars.h"
#include "ekya/learner/crop_jpeg.h"
#include "ekya/learner/sample_folder.h"
#include "ekya/learner/sample_index.h"
#include "ekya/learner/sample_pick.h"
#include "ekya/learner/stored_crop.h"

namespace ekya::learner {
namespace {

constexpr std::size_t kLargestFile = 64U << 20;
constexpr float kLeastWeight = 0.05f;

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
    if (auto known = count_classes(); !known) return known;
    next_id_ = std::max(rows->empty() ? 0 : *rows->rbegin(), crops->empty() ? 0 : *crops->rbegin()) + 1;
    return {};
  }

  Status add(const Sample& sample) override {
    if (auto checked = check_sample(sample); !checked) return checked;
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
                                      sample.held_back, digest_of(*jpeg), std::nullopt},
                                     options_.max_samples, [&] {
                                       Status status = files_.write_new_unsynced(path, *jpeg);
                                       written = static_cast<bool>(status);
                                       return status;
                                     });
    if (!evicted && written) static_cast<void>(files_.remove(path));
    if (!evicted) return evicted.error();
    // A file that stays although its row went is removed at the next open.
    for (const std::int64_t old : *evicted) static_cast<void>(files_.remove(folder_.crop_path(old)));
    if (!evicted->empty()) classes_may_be_fewer_ = true;
    return {};
  }

  Result<LabelledCrops> load(const std::vector<std::string>& labels, const Query& query) override {
    if (auto checked = check_size(query.size); !checked) return checked.error();
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

  Status keep_exemplars(std::uint64_t window, int size, const Features& features) override {
    if (auto checked = check_size(size); !checked) return checked;
    const auto read = [&](const SampleRow& row, int label, LabelledCrops& crops) {
      return append({row, label}, crops);
    };
    const std::size_t held = options_.max_samples / kHeldBackPart;
    auto trained = rows_of(false), measured = rows_of(true);
    if (!trained) return trained.error();
    if (!measured) return measured.error();
    if (auto chosen = choose_by_herding(*trained, {window, size, (options_.max_samples - held) / 2}, read, features);
        !chosen)
      return chosen;
    choose_spread(*measured, {window, size, held / 2});
    trained->insert(trained->end(), measured->begin(), measured->end());
    MutexLock lock(mutex_);
    if (auto there = check_in_place(); !there) return there;
    return index_->set_ranks(*trained);
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
  static Status check_size(int size) {
    if (size >= 1 && size <= kLargestCrop) return {};
    return Error{ErrorCode::kInvalidArgument, "crops of size " + std::to_string(size) + " were asked for"};
  }

  Status check_in_place() const EKYA_REQUIRES(mutex_) {
    if (folder_.is_in_place()) return {};
    return Error{ErrorCode::kIo, "the sample store '" + printable(folder_.path(), 4096) +
                                     "' was removed or replaced while in use; restart the element"};
  }

  /// Errors: kInvalidArgument for one class too many.
  Status know_class(const std::string& label) EKYA_REQUIRES(mutex_) {
    if (classes_.contains(label)) return {};
    if (classes_.size() >= options_.max_classes && classes_may_be_fewer_)
      if (auto counted = count_classes(); !counted) return counted;
    if (classes_.size() < options_.max_classes) {
      classes_.insert(label);
      return {};
    }
    return Error{ErrorCode::kInvalidArgument, "sample: the label '" + printable(label) + "' is one class too many; " +
                                                  std::to_string(options_.max_classes) + " are kept"};
  }

  Status count_classes() EKYA_REQUIRES(mutex_) {
    const auto counts = index_->count_by_label(0);
    if (!counts) return counts.error();
    classes_.clear();
    for (const auto& [label, count] : *counts) classes_.insert(label);
    classes_may_be_fewer_ = false;
    return {};
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
    classes_may_be_fewer_ = true;
    static_cast<void>(files_.remove(folder_.crop_path(id)));
    return {};
  }

  /// Pixels as they were stored. Errors: kCorrupt and kNotFound for a sample that is lost for good.
  Result<std::vector<std::uint8_t>> read(const SampleRow& row) const {
    const auto jpeg = files_.read(folder_.crop_path(row.id), kLargestFile);
    if (!jpeg) return jpeg.error();
    if (digest_of(*jpeg) != row.digest || row.size < 1 || row.size > kLargestCrop)
      return Error{ErrorCode::kCorrupt, "the crop is not the one that was stored"};
    return decode_crop(*jpeg, row.size);
  }

  /// False: it could not be read and is dropped.
  Result<bool> append(const PickedSample& picked, LabelledCrops& crops) {
    const auto pixels = read(picked.row);
    if (!pixels) {
      if (pixels.error().code != ErrorCode::kCorrupt && pixels.error().code != ErrorCode::kNotFound)
        return pixels.error();
      MutexLock lock(mutex_);
      if (auto there = check_in_place(); !there) return there.error();
      if (auto dropped = drop(picked.row.id); !dropped) return dropped.error();
      return false;
    }
    if (auto resized = append_resized(*pixels, picked.row.size, crops.size, crops.pixels); !resized)
      return resized.error();
    crops.labels.push_back(picked.label);
    crops.weights.push_back(std::clamp(static_cast<float>(picked.row.confidence), kLeastWeight, 1.0f));
    return true;
  }

  FileOps& files_;
  const SampleStoreOptions options_;
  const std::unique_ptr<FolderLock> lock_;
  const SampleFolder folder_;
  mutable Mutex mutex_;
  const std::unique_ptr<SampleIndex> index_ EKYA_GUARDED_BY(mutex_);
  std::set<std::string> classes_ EKYA_GUARDED_BY(mutex_);  ///< Of the store, and perhaps some that were evicted.
  bool classes_may_be_fewer_ EKYA_GUARDED_BY(mutex_) = false;
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
