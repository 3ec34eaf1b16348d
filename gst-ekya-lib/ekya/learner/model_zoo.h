// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/base/result.h"
#include "ekya/learner/model.h"
#include "ekya/learner/scene_statistics.h"
#include "ekya/learner/weights_file.h"

namespace ekya::learner {

struct ModelZooLimits {
  std::size_t models = 8;                      ///< At least 1.
  std::size_t bytes = std::size_t{256} << 20;  ///< Of all files together.
};

/// Models of earlier scenes in one folder, so that a scene that comes back need not be learned again: one file
/// `<number, 12 digits>.safetensors` each, with the statistics of its scene and the hash of both in it. Atomic and
/// durable, as checkpoints are. Bounded: of the two whose scenes are nearest to each other the older one goes, so that
/// what stays is diverse; before them those that the newest one does not compare with. Not thread-safe.
class ModelZoo {
 public:
  struct Entry {
    std::uint64_t number = 0;  ///< 1, 2, 3, ... in order of arrival; none is given twice.
    std::string path;
    std::size_t bytes = 0;
    ModelInfo info;  ///< With the accuracy that the model had in its scene.
    SceneStatistics scene;
  };

  /// Opens (and makes) the folder, removes what a crash left, and brings it within the limits. Cost: reads and hashes
  /// every file. Errors: kIo; kInvalidArgument for a path that is not a folder or is a link.
  static Result<ModelZoo> open(FileOps& files, std::string folder, const ModelZooLimits& limits = {});

  /// Stores a model and makes room. accuracy: in its scene, in [0, 1].
  /// Errors: kInvalidArgument for weights without a ModelInfo, an accuracy out of range, a scene without features or a
  /// file above the limit; kIo; nothing is left behind and the older ones stay.
  Result<Entry> add(WeightsFile weights, const SceneStatistics& scene, double accuracy);

  struct Candidate {
    Entry entry;
    double distance = 0;  ///< Of the scenes; finite.
  };
  /// Models of scenes that compare with `scene`, nearest first, at most `most`.
  std::vector<Candidate> candidates(const SceneStatistics& scene, std::size_t most) const;

  /// Reads and checks one. Errors: kNotFound for a number that is not there; kCorrupt for a broken file, which is
  /// renamed to `.bad` and no longer an entry; kIo, after which it still is one.
  Result<WeightsFile> load(std::uint64_t number);

  struct Loaded {
    Entry entry;
    double distance = 0;
    WeightsFile weights;
  };
  /// The nearest `most` that can be put in the place of `live` (same architecture, input and labels) and can be read:
  /// a broken one is set aside and the next one taken.
  std::vector<Loaded> load_nearest(const SceneStatistics& scene, const ModelInfo& live, std::size_t most);

  const std::vector<Entry>& entries() const { return entries_; }  ///< Oldest first.
  /// "path: reason" of what could not be used since the last call.
  std::vector<std::string> take_rejected() { return std::exchange(rejected_, {}); }

 private:
  ModelZoo(FileOps& files, std::string folder, const ModelZooLimits& limits);
  Status remove_leftovers(const std::vector<std::string>& names);
  Result<Entry> read_entry(std::uint64_t number, WeightsFile& weights);
  void set_aside(const std::string& path);
  void shrink();
  std::size_t most_dispensable() const;

  FileOps* files_;
  std::string folder_;
  ModelZooLimits limits_;
  std::vector<Entry> entries_;
  std::vector<std::string> rejected_;
  std::uint64_t last_ = 0;
};

}  // namespace ekya::learner
