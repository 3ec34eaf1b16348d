// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/checkpoint_store.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/learner/numbered_name.h"

namespace ekya::learner {
namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kBad = ".bad";
constexpr char kGenerationKey[] = "ekya.generation";

/// Weights of the generation that the file's name says: a copy under another name is not what was published.
Result<WeightsFile> parse(std::span<const std::byte> bytes, std::uint64_t generation) {
  auto weights = parse_weights(bytes, /*require_hash=*/true);
  if (!weights) return weights;
  const std::string& found = weights->metadata[kGenerationKey];
  if (found == std::to_string(generation)) return weights;
  return Error{ErrorCode::kCorrupt,
               "ekya.generation is '" + printable(found) + "'; the name says " + std::to_string(generation)};
}

}  // namespace

CheckpointStore::CheckpointStore(FileOps& files, std::string folder, int keep)
    : files_(&files), folder_(std::move(folder)), keep_(std::max(keep, 2)) {}

Result<CheckpointStore> CheckpointStore::open(FileOps& files, std::string folder, int keep) {
  CheckpointStore store(files, std::move(folder), keep);
  if (auto made = files.make_folder(store.folder_); !made) return made.error();
  const auto names = files.list(store.folder_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (number_of_name(name, kTemporary))
      if (auto removed = files.remove(store.folder_ + "/" + name); !removed) return removed.error();
    // A broken file keeps its generation, so that none is given out twice.
    for (const auto suffix : {std::string_view(), kBad})
      store.last_ = std::max(store.last_, number_of_name(name, suffix).value_or(0));
  }
  return store;
}

Result<std::vector<CheckpointStore::Entry>> CheckpointStore::list() const {
  const auto names = files_->list(folder_);
  if (!names) return names.error();
  std::vector<Entry> entries;  // list() sorts names, and 12 digits sort like their numbers.
  for (const std::string& name : *names)
    if (const auto generation = number_of_name(name)) entries.push_back({*generation, folder_ + "/" + name});
  return entries;
}

Result<CheckpointStore::Newest> CheckpointStore::newest() {
  auto entries = list();
  if (!entries) return entries.error();
  Newest newest;
  for (; !entries->empty(); entries->pop_back()) {
    const Entry& entry = entries->back();
    const auto bytes = files_->read(entry.path, WeightsLimits().file_bytes);
    // Not the file's fault: it may be readable again tomorrow, so it keeps its name.
    if (!bytes && bytes.error().code != ErrorCode::kCorrupt) return bytes.error();
    auto weights = bytes ? parse(*bytes, entry.generation) : Result<WeightsFile>(bytes.error());
    if (weights) {
      newest.entry = entry;
      newest.weights = *std::move(weights);
      return newest;
    }
    newest.rejected.push_back(printable(entry.path, 4096) + ": " + weights.error().message);
    // If this fails the file is only rejected again at the next start.
    static_cast<void>(files_->rename(entry.path, entry.path + std::string(kBad)));
  }
  return newest;
}

Result<CheckpointStore::Entry> CheckpointStore::publish(WeightsFile weights) {
  if (last_ >= kLastNumber)
    return Error{ErrorCode::kInvalidArgument, "'" + printable(folder_, 4096) + "' has no generation left to give"};
  const std::uint64_t generation = last_ + 1;
  weights.metadata[kGenerationKey] = std::to_string(generation);
  const Entry entry{generation, folder_ + "/" + numbered_name(generation)};
  if (auto written = replace_file(*files_, entry.path, serialize(weights)); !written) {
    // It was renamed into place when just the last sync failed; a generation that is not sure is not one.
    static_cast<void>(files_->remove(entry.path));
    return written.error();
  }
  last_ = generation;
  drop_oldest();
  return entry;
}

/// What cannot be dropped now is dropped after the next publish. Broken files go with those of their age.
void CheckpointStore::drop_oldest() {
  const auto entries = list();
  const auto names = files_->list(folder_);
  const std::size_t keep = static_cast<std::size_t>(keep_);
  if (!entries || !names || entries->size() <= keep) return;
  const std::uint64_t oldest_kept = (*entries)[entries->size() - keep].generation;
  for (const std::string& name : *names)
    for (const auto suffix : {std::string_view(), kBad})
      if (number_of_name(name, suffix).value_or(oldest_kept) < oldest_kept)
        static_cast<void>(files_->remove(folder_ + "/" + name));
}

}  // namespace ekya::learner
