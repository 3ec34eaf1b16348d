// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/device/preprocess.h"
#include "ekya/learner/weights_file.h"

// Models as the rest of the project sees them: no LibTorch type. What is behind them is in learner/torch, a module
// that engine() loads when it is first needed, so that registering the elements loads no LibTorch.
namespace ekya::learner {

class FeatureCache;

enum class ModelTask { kClassification, kDetection };

/// What a model is and how to feed it; in the metadata of our weights files, in the `.modelinfo` of others.
struct ModelInfo {
  std::string architecture;         ///< "resnet18", "shufflenet_v2_x0_5", "torchscript", ...
  double width = 1.0;               ///< Multiplier of the channel counts; 1 is torchvision's model.
  int head_width = 0;               ///< Neurons, with ReLU, between trunk and output layer, to 4096; 0: no such layer.
  std::vector<std::string> labels;  ///< Class i is labels[i]; 1 to 4096 of them, unique.
  int input_size = 224;             ///< Input is square, [3, input_size, input_size], 8 to 1024.
  device::Normalisation normalisation;
  std::uint64_t generation = 0;  ///< 0: the model that the stream started from.
  double accuracy = -1;          ///< On held-back labels when it was published, in [0, 1]; -1: not measured.
  std::string origin;            ///< Free words: who made it from what.
  ModelTask task = ModelTask::kClassification;
  /// YOLO: width, height, width, height, ... in pixels of the input. Empty: as published; other networks have none.
  std::vector<float> anchors;
};

/// ModelInfo of a weights file. Errors: kCorrupt naming the missing or wrong key.
Result<ModelInfo> model_info(const WeightsFile& file);
/// Writes `info` into the file's metadata.
void set_model_info(WeightsFile& file, const ModelInfo& info);

/// A classifier that is ready to run. Immutable, so that any number of threads may classify at once.
class Classifier {
 public:
  virtual ~Classifier() = default;
  virtual const ModelInfo& info() const = 0;
  /// crops: [count, 3, input_size, input_size], normalised. Gives probabilities [count, labels], row-major.
  /// Errors: kResource when memory runs out; kInternal for an exception in LibTorch or a result that is not finite
  /// or of the wrong shape.
  virtual Result<std::vector<float>> classify(std::span<const float> crops, int count) const = 0;

  /// Names what features() computes: the SHA-256, in 64 hex digits, of architecture, width, input size, normalisation
  /// and all tensors of the trunk. Training of the head leaves it as it is. Empty: the model has no trunk that can be
  /// run alone. The first call hashes the weights, about 1 ms a megabyte.
  virtual std::string trunk_hash() const { return ""; }
  /// What the head reads of crops as in classify(): [count, F], row-major. Normalisations are in evaluation mode.
  /// Errors: as classify(); kUnavailable where trunk_hash() is empty.
  virtual Result<std::vector<float>> features(std::span<const float> crops, int count) const;
};

/// One detection, in fractions of the frame (0..1).
struct Detection {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  int label = 0;
  float confidence = 0;
};

/// How to feed a TorchScript detector and read its output; from its `.modelinfo`, see docs/models.md.
struct DetectorInfo {
  std::vector<std::string> labels;
  int input_size = 320;  ///< Input [N, 3, input_size, input_size], RGB, plain stretch.
  device::Normalisation normalisation;
  /// Rows of the output [N, M, 4 + labels] or [N, M, 5 + labels] with an objectness score in column 4.
  bool has_objectness = false;
  bool boxes_are_centre_size = false;  ///< Else x1, y1, x2, y2.
  bool boxes_are_normalised = false;   ///< Else in pixels of the input.
  float threshold = 0.4f;              ///< Detections below are dropped.
  float iou_threshold = 0.5f;          ///< Of the suppression, per class.
};

class Detector {
 public:
  virtual ~Detector() = default;
  virtual const DetectorInfo& info() const = 0;
  /// frame: [3, input_size, input_size], normalised. Sorted by falling confidence, at most 300.
  virtual Result<std::vector<Detection>> detect(std::span<const float> frame, float threshold) const = 0;
};

/// An object that is there, in fractions of the frame (0..1): x1 < x2, y1 < y2.
struct LabelledBox {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  int label = 0;
  float weight = 1;  ///< In the loss, > 0.
};

/// Labelled frames in memory, to train a detector on.
struct LabelledFrames {
  int size = 0;                                 ///< Plainly stretched to a square, [size, size, 3], RGB bytes.
  std::vector<std::uint8_t> pixels;             ///< [count, size, size, 3]
  std::vector<std::vector<LabelledBox>> boxes;  ///< [count]; a frame without a box shows that nothing is there.
  int count() const { return static_cast<int>(boxes.size()); }
};

/// Labelled crops in memory.
struct LabelledCrops {
  int size = 0;                      ///< Crops are square, [size, size, 3], RGB bytes.
  std::vector<std::uint8_t> pixels;  ///< [count, size, size, 3]
  std::vector<int> labels;           ///< [count], indices into ModelInfo::labels.
  std::vector<float> weights;        ///< [count], weight of each sample in the loss, > 0.
  int count() const { return static_cast<int>(labels.size()); }
};

enum class TrainedLayers { kHead, kAll };

/// How the learning rate goes over the steps: from its start to zero as a cosine, or not at all, for a job of which
/// somebody looks at the first epochs before it goes on with TrainingJob::extend().
enum class Schedule { kCosine, kConstant };

struct TrainOptions {
  int epochs = 5;
  int batch_size = 32;
  TrainedLayers layers = TrainedLayers::kAll;
  double learning_rate = 0.01;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  bool mirror = false;  ///< Show half of the crops mirrored; only with kAll. Not for signs, text or lanes.
  std::uint64_t seed = 1;
  Schedule schedule = Schedule::kCosine;
  /// With kAll: compute convolutions and products in bfloat16 where the CPU has instructions for it (AVX512-BF16), in
  /// half of the time. Weights, normalisations, loss and step stay in single precision. Not for TorchScript.
  bool mixed_precision = false;
  /// Neurons of a hidden last layer, to 4096; 0: as the model has. Another width than the model's is a fresh head.
  int head_width = 0;
  /// What the labels of the samples are indices into: the model's labels and new ones, in any order, for which the
  /// output layer gets rows. Empty: the model's.
  std::vector<std::string> labels;
  /// With kHead: where the trunk's outputs are looked up and kept; they are then rounded to half precision. May be
  /// null.
  std::shared_ptr<FeatureCache> feature_cache;
};

struct StepReport {
  double loss = 0;  ///< Mean over the batch.
  int step = 0;     ///< 1 .. steps.
  int steps = 0;
  bool done = false;
};

/// A retraining in progress. One thread at a time. Deleting it abandons the work.
class TrainingJob {
 public:
  virtual ~TrainingJob() = default;
  virtual int steps() const = 0;
  /// One batch: the unit between two leases. Errors: kResource, kInternal; the job is then dead.
  virtual Result<StepReport> step() = 0;
  /// Goes on from weights and momentum as they are now, on other (say, more) samples: steps() is then the number of
  /// steps of these epochs, counted from 1 again, and the learning rate starts anew. Errors: kInvalidArgument as of
  /// train(), the job is as it was; that of a dead job; kUnavailable.
  virtual Status extend(const LabelledCrops& data, int epochs, Schedule schedule = Schedule::kCosine);
  /// Weights as they are now, with the ModelInfo of the model that was trained.
  virtual Result<WeightsFile> weights() const = 0;
  /// A classifier of the weights as they are now; later steps do not change it.
  virtual Result<std::shared_ptr<const Classifier>> classifier() const = 0;
};

/// A retraining of a detector; contract as TrainingJob's.
class DetectorTrainingJob {
 public:
  virtual ~DetectorTrainingJob() = default;
  virtual int steps() const = 0;
  virtual Result<StepReport> step() = 0;
  virtual Result<WeightsFile> weights() const = 0;
  virtual Result<std::shared_ptr<const Detector>> detector() const = 0;
};

/// A built-in network, as `ekya-models list` shows it.
struct Architecture {
  std::string name;             ///< "resnet18"
  bool is_detector = false;     ///< Else a classifier.
  std::int64_t parameters = 0;  ///< Values that training changes, at width 1 with 1000 classes, a detector's with 80.
};

/// Everything that needs LibTorch. Stateless and thread-safe; every exception is caught inside.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Threads that a call from the calling thread may use; each thread that computes calls it first.
  virtual void set_thread_count(int threads) const = 0;
  /// What build_classifier and build_detector know, sorted by name.
  virtual std::vector<Architecture> architectures() const = 0;
  /// Fresh weights of a classifier or, for a detector's architecture, of a detector: task and anchors are then filled
  /// in, the anchors so that they are as large in the frame as published. Errors: kInvalidArgument for an unknown
  /// architecture, or an input size that it cannot have.
  virtual Result<WeightsFile> initialise(const ModelInfo& info, std::uint64_t seed) const = 0;
  /// Errors: kInvalidArgument or kCorrupt saying what was expected and what was found (architecture, tensor, shape,
  /// dtype, number of classes, not finite).
  virtual Result<std::shared_ptr<const Classifier>> build_classifier(const WeightsFile& file) const = 0;
  /// Errors: as build_classifier.
  virtual Result<std::shared_ptr<const Detector>> build_detector(const WeightsFile& file) const = 0;
  /// A TorchScript classifier that check_torchscript() has passed. `retrained` (may be null) replaces some tensors.
  virtual Result<std::shared_ptr<const Classifier>> load_torchscript(const std::string& path, const ModelInfo& info,
                                                                     const WeightsFile* retrained) const = 0;
  virtual Result<std::shared_ptr<const Detector>> load_torchscript_detector(const std::string& path,
                                                                            const DetectorInfo& info) const = 0;
  /// Starts to retrain a copy of `from` on `data`. Errors: kInvalidArgument for no sample, a label out of range, labels
  /// that lack one of the model's, or a head that the model cannot have.
  virtual Result<std::unique_ptr<TrainingJob>> train(const Classifier& from, const LabelledCrops& data,
                                                     const TrainOptions& options) const = 0;
  /// Starts to retrain a copy of `from`, one of build_detector(). Errors: kInvalidArgument for no frame, a box outside
  /// the frame or without area, a label out of range, options that only classifiers have, or another kind of detector.
  virtual Result<std::unique_ptr<DetectorTrainingJob>> train_detector(const Detector& from, const LabelledFrames& data,
                                                                      const TrainOptions& options) const = 0;
};

/// The LibTorch engine; loads its module at the first call (slow: about a second) and never unloads it.
/// Thread-safe. Errors: kUnavailable, saying which library is missing and where it was looked for.
Result<const Engine*> engine();

/// Tests put their own engine in place of LibTorch's; null takes it away again.
void set_engine_for_testing(const Engine* engine);

/// Runs the helper program that loads the file under limits (time, memory, file size, no core) and classifies zeros of
/// shape [1, 3, input_size, input_size]. A pass makes the file no more trusted than its owner.
/// Errors: kUnavailable (no helper), kCorrupt with the helper's reason, kCancelled past the time limit, and when told
/// to stop.
Status check_torchscript(const std::string& path, int input_size, int outputs, std::stop_token stop = {});

}  // namespace ekya::learner
