// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/base/result.h"
#include "ekya/learner/model.h"

namespace ekya::learner {

/// A labelled crop on its way into the store.
struct Sample {
  std::string label;
  float confidence = 1;              ///< Of the golden model, (0, 1].
  std::uint64_t window = 0;          ///< Window in which it was labelled.
  std::int64_t pts_ns = -1;          ///< Presentation time of its frame; -1: unknown.
  int size = 0;                      ///< The crop is square.
  std::vector<std::uint8_t> pixels;  ///< [size, size, 3], RGB
  bool held_back = false;            ///< For the gate: never trained on.
};

struct SampleStoreOptions {
  std::size_t max_samples = 2000;
  std::size_t max_classes = 4096;
  int jpeg_quality = 95;
};

/// Labelled crops on disk: JPEG files (0600) and an SQLite index in one folder. Bounded: when full, the class with most
/// samples loses its oldest one that is no exemplar, so that rare classes and exemplars of earlier windows stay;
/// held-back samples lose theirs only when they are more than a quarter. Survives kill -9: a file without a row, or a
/// row without a readable file, is dropped at the next open or read. One owner at a time (folder lock). Thread-safe.
class SampleStore {
 public:
  /// Errors: kBusy when locked by another; kIo; kInvalidArgument when the folder is a link or holds another format.
  /// `files` is for the crops; the index is SQLite's. A damaged index is set aside (`index.sqlite.bad`) with its crops.
  static Result<std::unique_ptr<SampleStore>> open(const std::string& folder, const SampleStoreOptions& options = {},
                                                   FileOps& files = FileOps::system());
  virtual ~SampleStore() = default;

  /// Errors: kIo when the disk is full (the store stays whole), kInvalidArgument for a bad label or size.
  virtual Status add(const Sample& sample) = 0;

  struct Query {
    bool held_back = false;
    std::uint64_t min_window = 0;   ///< Samples of this window and later ...
    std::size_t max_recent = 2000;  ///< ... newest first, at most so many ...
    std::size_t exemplars = 0;      ///< ... and so many of earlier windows, evenly over the classes, exemplars first.
    int size = 64;                  ///< Crops are resized to this.
  };
  /// Crops whose label is in `labels`, weighted by confidence. Unreadable ones are counted, dropped and skipped.
  virtual Result<LabelledCrops> load(const std::vector<std::string>& labels, const Query& query) = 0;

  /// Features of crops: [count, width], row-major, finite, of one width.
  using Features = std::function<Result<std::vector<float>>(const LabelledCrops&)>;
  /// At the end of a window: chooses its exemplars, which stay when the store is full and come first among the samples
  /// of earlier windows. Half of the store is theirs, in equal parts for every class that it knows, and each window
  /// keeps its most telling ones: those of herding on `features` among samples to train on, any spread over the window
  /// among those held back, which are to be a fair measure. `features` gets at most 64 crops of `size` at a time, whose
  /// labels mean nothing, with no lock held. Errors: those of `features` and of herding, kIo; the choice is then as
  /// before.
  virtual Status keep_exemplars(std::uint64_t window, int size, const Features& features) = 0;

  virtual std::map<std::string, std::size_t> count_by_label(std::uint64_t min_window = 0) const = 0;
  virtual std::size_t size() const = 0;
  virtual std::size_t unreadable() const = 0;
  /// The highest window number in the store; 0 when empty: a restarted owner counts on from it.
  virtual std::uint64_t last_window() const = 0;
};

}  // namespace ekya::learner
