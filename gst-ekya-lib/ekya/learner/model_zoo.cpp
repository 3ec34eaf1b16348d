// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/model_zoo.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "ekya/base/printable.h"
#include "ekya/learner/numbered_name.h"

namespace ekya::learner {
namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kBad = ".bad";
constexpr char kNumberKey[] = "ekya.zoo.number";
constexpr char kSceneKey[] = "ekya.zoo.scene";

Error corrupt(const std::string& what) { return {ErrorCode::kCorrupt, what}; }

std::string take(std::map<std::string, std::string>& metadata, const char* key) {
  auto node = metadata.extract(key);
  return node ? std::move(node.mapped()) : std::string();
}

/// Whether a model can run where `live` runs, with answers that mean the same.
bool can_replace(const ModelInfo& model, const ModelInfo& live) {
  return model.architecture == live.architecture && model.width == live.width && model.labels == live.labels &&
         model.input_size == live.input_size && model.normalisation.mean == live.normalisation.mean &&
         model.normalisation.std == live.normalisation.std;
}

}  // namespace

ModelZoo::ModelZoo(FileOps& files, std::string folder, const ModelZooLimits& limits)
    : files_(&files), folder_(std::move(folder)), limits_{std::max<std::size_t>(limits.models, 1), limits.bytes} {}

Result<ModelZoo> ModelZoo::open(FileOps& files, std::string folder, const ModelZooLimits& limits) {
  ModelZoo zoo(files, std::move(folder), limits);
  if (auto made = files.make_folder(zoo.folder_); !made) return made.error();
  const auto names = files.list(zoo.folder_);
  if (!names) return names.error();
  if (auto removed = zoo.remove_leftovers(*names); !removed) return removed.error();
  for (const std::string& name : *names)
    if (const auto number = number_of_name(name)) {
      WeightsFile weights;
      if (auto entry = zoo.read_entry(*number, weights)) zoo.entries_.push_back(*std::move(entry));
    }
  zoo.shrink();
  return zoo;
}

Status ModelZoo::remove_leftovers(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (number_of_name(name, kTemporary))
      if (auto removed = files_->remove(folder_ + "/" + name); !removed) return removed;
    // A broken file keeps its number, so that none is given out twice.
    for (const auto suffix : {std::string_view(), kBad})
      last_ = std::max(last_, number_of_name(name, suffix).value_or(0));
  }
  return {};
}

/// Reads a file into an entry and the weights as they were before add(); a broken one is set aside.
Result<ModelZoo::Entry> ModelZoo::read_entry(std::uint64_t number, WeightsFile& weights) {
  Entry entry;
  entry.number = number;
  entry.path = folder_ + "/" + numbered_name(number);
  const auto check = [&]() -> Status {
    const auto bytes = files_->read(entry.path, WeightsLimits().file_bytes);
    if (!bytes) return bytes.error();
    auto parsed = parse_weights(*bytes, /*require_hash=*/true);
    if (!parsed) return parsed.error();
    // A copy under another name is not what was added.
    if (const std::string found = take(parsed->metadata, kNumberKey); found != std::to_string(number))
      return corrupt(std::string(kNumberKey) + " is '" + printable(found) + "'; the name says " +
                     std::to_string(number));
    auto scene = parse_scene(take(parsed->metadata, kSceneKey));
    if (!scene) return corrupt(scene.error().message);
    auto info = model_info(*parsed);
    if (!info) return info.error();
    entry.bytes = bytes->size();
    entry.info = *std::move(info);
    entry.scene = *std::move(scene);
    weights = *std::move(parsed);
    return {};
  };
  const Status checked = check();
  if (checked) return entry;
  rejected_.push_back(printable(entry.path, 4096) + ": " + checked.error().message);
  // An I/O error is not the file's fault: it may be readable again tomorrow, so it keeps its name.
  if (checked.error().code == ErrorCode::kCorrupt) set_aside(entry.path);
  return checked.error();
}

/// Keeps the newest broken file only: they would add up. Where this fails, the file is rejected again at the next
/// start.
void ModelZoo::set_aside(const std::string& path) {
  if (const auto names = files_->list(folder_))
    for (const std::string& name : *names)
      if (number_of_name(name, kBad)) static_cast<void>(files_->remove(folder_ + "/" + name));
  static_cast<void>(files_->rename(path, path + std::string(kBad)));
}

Result<ModelZoo::Entry> ModelZoo::add(WeightsFile weights, const SceneStatistics& scene, double accuracy) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::kInvalidArgument, "the model is not kept in '" + printable(folder_, 4096) + "': " + why};
  };
  auto info = model_info(weights);
  if (!info) return refused(info.error().message);
  if (!(accuracy >= 0 && accuracy <= 1)) return refused("its accuracy is " + std::to_string(accuracy));
  if (last_ >= kLastNumber) return refused("no number is left");
  const std::string text = scene_text(scene);
  if (const auto read = parse_scene(text); !read) return refused(read.error().message);
  info->accuracy = accuracy;
  set_model_info(weights, *info);
  Entry entry{last_ + 1, folder_ + "/" + numbered_name(last_ + 1), 0, *std::move(info), scene};
  weights.metadata[kNumberKey] = std::to_string(entry.number);
  weights.metadata[kSceneKey] = text;
  const auto bytes = serialize(weights);
  entry.bytes = bytes.size();
  if (bytes.size() > std::min(limits_.bytes, WeightsLimits().file_bytes))
    return refused("it has " + std::to_string(bytes.size()) + " bytes; at most " + std::to_string(limits_.bytes) +
                   " are kept");
  // Some thousand long class names pass the limit of a header: better to know now than when it is needed.
  if (const auto parsed = parse_weights(bytes, true); !parsed) return refused(parsed.error().message);
  if (auto written = replace_file(*files_, entry.path, bytes); !written) {
    // It was renamed into place when just the last sync failed.
    static_cast<void>(files_->remove(entry.path));
    return written.error();
  }
  last_ = entry.number;
  entries_.push_back(entry);
  shrink();
  return entry;
}

/// What cannot be removed now is removed after the next add().
void ModelZoo::shrink() {
  const auto all_bytes = [&] {
    return std::accumulate(entries_.begin(), entries_.end(), std::size_t{0},
                           [](std::size_t sum, const Entry& entry) { return sum + entry.bytes; });
  };
  while (entries_.size() > 1 && (entries_.size() > limits_.models || all_bytes() > limits_.bytes)) {
    const auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(most_dispensable());
    const auto removed = files_->remove(entry->path);
    if (!removed && removed.error().code != ErrorCode::kNotFound) return;
    entries_.erase(entry);
  }
}

/// Index of an entry that is not the newest. Cost: O(entries^2) distances.
std::size_t ModelZoo::most_dispensable() const {
  const Entry& newest = entries_.back();
  std::size_t found = 0;
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i + 1 < entries_.size(); ++i) {
    if (std::isinf(distance(entries_[i].scene, newest.scene))) return i;
    for (std::size_t j = i + 1; j < entries_.size(); ++j)
      if (const double apart = distance(entries_[i].scene, entries_[j].scene); apart < nearest) {
        nearest = apart;
        found = i;
      }
  }
  return found;
}

std::vector<ModelZoo::Candidate> ModelZoo::candidates(const SceneStatistics& scene, std::size_t most) const {
  std::vector<Candidate> found;
  for (const Entry& entry : entries_)
    if (const double apart = distance(entry.scene, scene); std::isfinite(apart)) found.push_back({entry, apart});
  // The newer one of two that are as near.
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.entry.number > b.entry.number;
  });
  if (found.size() > most) found.erase(found.begin() + static_cast<std::ptrdiff_t>(most), found.end());
  return found;
}

Result<WeightsFile> ModelZoo::load(std::uint64_t number) {
  const auto entry = std::ranges::find(entries_, number, &Entry::number);
  if (entry == entries_.end())
    return Error{ErrorCode::kNotFound,
                 "'" + printable(folder_, 4096) + "' holds no model of number " + std::to_string(number)};
  WeightsFile weights;
  const auto read = read_entry(number, weights);
  if (read) return weights;
  if (read.error().code == ErrorCode::kCorrupt || read.error().code == ErrorCode::kNotFound) entries_.erase(entry);
  return read.error();
}

std::vector<ModelZoo::Loaded> ModelZoo::load_nearest(const SceneStatistics& scene, const ModelInfo& live,
                                                     std::size_t most) {
  std::vector<Loaded> loaded;
  for (Candidate& candidate : candidates(scene, entries_.size())) {
    if (loaded.size() >= most) break;
    if (!can_replace(candidate.entry.info, live)) continue;
    if (auto weights = load(candidate.entry.number))
      loaded.push_back({std::move(candidate.entry), candidate.distance, *std::move(weights)});
  }
  return loaded;
}

}  // namespace ekya::learner
