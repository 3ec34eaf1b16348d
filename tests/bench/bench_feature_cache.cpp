// SPDX-License-Identifier: LGPL-2.1-or-later
// What the feature cache saves, that it costs no accuracy, that a job that is extended ends as well as one in one
// piece, and how close training comes to a bare LibTorch loop. SIGNS is the unpacked drift stream of traffic signs.
//
//   bench-feature-cache SIGNS OUTPUT.json
//
// All is computed in one thread and timed by that thread's own clock, so that other programs disturb little.
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "ekya/device/preprocess.h"
#include "ekya/learner/feature_cache.h"
#include "ekya/learner/model.h"

namespace {

namespace learner = ekya::learner;
namespace nn = torch::nn;
using learner::LabelledCrops;
using learner::TrainedLayers;
using learner::TrainOptions;

constexpr int kSide = 64, kEpochs = 30, kCrops = 500, kRounds = 3, kBatch = 32, kSteps = 15, kSeeds = 8;

template <typename T>
T take(ekya::Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench-feature-cache: %s\n", result.error().message.c_str());
  std::exit(1);
}

void take(const ekya::Status& status) {
  if (status) return;
  std::fprintf(stderr, "bench-feature-cache: %s\n", status.error().message.c_str());
  std::exit(1);
}

const learner::Engine& engine() { return *take(learner::engine()); }

/// Seconds that this thread has computed.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <typename Work>
double seconds_of(Work&& work) {
  const double begin = thread_seconds();
  work();
  return thread_seconds() - begin;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// ---- The drift stream: odd tracks to train on, even ones to test.

void add_picture(LabelledCrops& crops, const std::string& path, int label) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, most = 0;
  file >> magic >> std::ws;
  for (std::string comment; file.peek() == '#';) std::getline(file, comment);
  file >> width >> height >> most;
  file.get();
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * width * height));
  if (magic != "P6" || !file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    std::fprintf(stderr, "bench-feature-cache: '%s' is no picture\n", path.c_str());
    std::exit(1);
  }
  ekya::device::ImageView view{.width = width, .height = height};
  view.plane[0] = bytes.data();
  view.size[0] = bytes.size();
  view.stride[0] = 3 * width;
  const std::size_t at = crops.pixels.size();
  crops.pixels.resize(at + 3 * kSide * kSide);
  take(ekya::device::crop_resize(view, {0, 0, width, height}, kSide, kSide, std::span(crops.pixels).subspan(at)));
  crops.labels.push_back(label);
  crops.weights.push_back(1);
}

struct Stream {
  std::vector<std::string> labels;
  LabelledCrops train, test;
};

Stream read_stream(const std::string& folder) {
  Stream stream;
  stream.train.size = stream.test.size = kSide;
  std::ifstream index(folder + "/index.csv");
  std::string line;
  std::getline(index, line);
  while (std::getline(index, line)) {
    std::stringstream fields(line);
    std::string file, label, track;
    for (std::string* field : {&file, &label, &track}) std::getline(fields, *field, ',');
    auto found = std::ranges::find(stream.labels, label);
    if (found == stream.labels.end()) found = stream.labels.insert(found, label);
    add_picture(std::stoi(track) % 2 ? stream.train : stream.test, folder + "/" + file,
                static_cast<int>(found - stream.labels.begin()));
  }
  return stream;
}

/// `count` of them, evenly spread.
LabelledCrops part_of(const LabelledCrops& all, int count) {
  LabelledCrops part;
  part.size = all.size;
  const std::size_t bytes = static_cast<std::size_t>(3 * all.size * all.size);
  for (int i = 0; i < count; ++i) {
    const auto from = static_cast<std::size_t>(static_cast<std::int64_t>(i) * all.count() / count);
    part.pixels.insert(part.pixels.end(), &all.pixels[from * bytes], &all.pixels[from * bytes] + bytes);
    part.labels.push_back(all.labels[from]);
    part.weights.push_back(1);
  }
  return part;
}

double accuracy(const learner::Classifier& classifier, const LabelledCrops& crops) {
  const auto bytes = static_cast<std::size_t>(3 * kSide * kSide), classes = classifier.info().labels.size();
  std::vector<float> input(bytes);
  int right = 0;
  for (std::size_t i = 0; i < crops.labels.size(); ++i) {
    ekya::device::normalise(std::span(crops.pixels).subspan(i * bytes, bytes), kSide, kSide,
                            classifier.info().normalisation, input);
    const auto result = take(classifier.classify(input, 1));
    right += std::max_element(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(classes)) - result.begin() ==
             crops.labels[i];
  }
  return static_cast<double>(right) / crops.count();
}

std::unique_ptr<learner::TrainingJob> start(const learner::Classifier& from, const LabelledCrops& data,
                                            const TrainOptions& options) {
  return take(engine().train(from, data, options));
}

void run(learner::TrainingJob& job) {
  for (bool done = false; !done;) done = take(job.step()).done;
}

/// A model that has learnt the signs in part.
std::shared_ptr<const learner::Classifier> first_model(const Stream& stream) {
  learner::ModelInfo info;
  info.architecture = "shufflenet_v2_x0_5";
  info.labels = stream.labels;
  info.input_size = kSide;
  info.normalisation = {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  TrainOptions options;
  options.epochs = 15;
  options.learning_rate = 0.05;
  options.mixed_precision = true;
  const auto job = start(*take(engine().build_classifier(take(engine().initialise(info, 1)))), stream.train, options);
  run(*job);
  return take(job->classifier());
}

// ---- The figures.

nlohmann::json row(const std::string& name, double value, const char* unit, const char* better,
                   const nlohmann::json& at_least = nullptr, const nlohmann::json& aim = nullptr) {
  std::printf("%-90s %10.4f %s\n", name.c_str(), value, unit);
  std::fflush(stdout);
  return {{"name", name}, {"value", value}, {"unit", unit}, {"better", better}, {"at_least", at_least}, {"aim", aim}};
}

TrainOptions head_options(std::uint64_t seed = 1) {
  TrainOptions options;
  options.layers = TrainedLayers::kHead;
  options.epochs = kEpochs;
  options.learning_rate = 0.05;
  options.schedule = learner::Schedule::kConstant;
  options.seed = seed;
  return options;
}

/// Computes the trunk in each epoch: an extension without a cache knows nothing of the samples before.
std::shared_ptr<const learner::Classifier> recompute(const learner::Classifier& from, const LabelledCrops& crops,
                                                     TrainOptions options) {
  options.epochs = 1;
  const auto job = start(from, crops, options);
  run(*job);
  for (int epoch = 1; epoch < kEpochs; ++epoch) {
    take(job->extend(crops, 1, learner::Schedule::kConstant));
    run(*job);
  }
  return take(job->classifier());
}

std::shared_ptr<const learner::Classifier> trained(const learner::Classifier& from, const LabelledCrops& crops,
                                                   TrainOptions options,
                                                   const std::shared_ptr<learner::FeatureCache>& cache) {
  options.feature_cache = cache;
  const auto job = start(from, crops, options);
  run(*job);
  return take(job->classifier());
}

void cache_rows(nlohmann::json& rows, const learner::Classifier& from, const Stream& stream,
                const std::string& folder) {
  const LabelledCrops crops = part_of(stream.train, kCrops);
  std::vector<double> each, cold, warm, each_accuracy, warm_accuracy;
  for (int round = 0; round < kRounds; ++round) {
    const auto cache = learner::FeatureCache::open(folder + "-" + std::to_string(round));
    const TrainOptions options = head_options(static_cast<std::uint64_t>(round) + 1);
    std::shared_ptr<const learner::Classifier> a, b;
    each.push_back(seconds_of([&] { a = recompute(from, crops, options); }));
    cold.push_back(seconds_of([&] { trained(from, crops, options, cache); }));
    warm.push_back(seconds_of([&] { b = trained(from, crops, options, cache); }));
    each_accuracy.push_back(accuracy(*a, stream.test));
    warm_accuracy.push_back(accuracy(*b, stream.test));
  }
  const std::string what = "head, 30 epochs over 500 crops, ";
  rows.push_back(row(what + "trunk computed each epoch", median(each), "s", "lower"));
  rows.push_back(row(what + "cold cache, part of that", median(cold) / median(each), "", "lower", 0.1, 0.05));
  rows.push_back(row(what + "warm cache, part of that", median(warm) / median(each), "", "lower", 0.1, 0.05));
  rows.push_back(row("accuracy without cache", mean(each_accuracy), "", "higher"));
  rows.push_back(row("accuracy with cache", mean(warm_accuracy), "", "higher"));
  rows.push_back(row("difference of accuracy with cache", 100 * std::abs(mean(warm_accuracy) - mean(each_accuracy)),
                     "points", "lower", 0.2, 0));
}

/// A job of 3 epochs on a quarter at a constant rate, then 12 on all under a cosine, against 15 on all under a cosine.
void extension_rows(nlohmann::json& rows, const learner::Classifier& from, const Stream& stream) {
  const LabelledCrops all = part_of(stream.train, kCrops), quarter = part_of(all, kCrops / 4);
  const auto cache = learner::FeatureCache::open("");
  std::vector<double> whole, split;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    TrainOptions options = head_options(seed);
    options.epochs = 15;
    options.schedule = learner::Schedule::kCosine;
    whole.push_back(accuracy(*trained(from, all, options, cache), stream.test));
    options.epochs = 3;
    options.schedule = learner::Schedule::kConstant;
    options.feature_cache = cache;
    const auto job = start(from, quarter, options);
    run(*job);
    take(job->extend(all, 12));
    run(*job);
    split.push_back(accuracy(*take(job->classifier()), stream.test));
  }
  rows.push_back(row("accuracy of a job in one piece, 15 epochs", mean(whole), "", "higher"));
  rows.push_back(row("accuracy of a job extended after 3 epochs on a quarter", mean(split), "", "higher"));
}

/// All layers, in single and in mixed precision.
void mixed_rows(nlohmann::json& rows, const learner::Classifier& from, const Stream& stream) {
  const LabelledCrops crops = part_of(stream.train, kCrops / 2);
  std::vector<double> single, mixed;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    TrainOptions options;
    options.epochs = 6;
    options.learning_rate = 0.05;
    options.seed = seed;
    single.push_back(accuracy(*trained(from, crops, options, nullptr), stream.test));
    options.mixed_precision = true;
    mixed.push_back(accuracy(*trained(from, crops, options, nullptr), stream.test));
  }
  rows.push_back(
      row("accuracy after all layers, 6 epochs over 250 crops, single precision", mean(single), "", "higher"));
  rows.push_back(row("accuracy after all layers, 6 epochs over 250 crops, mixed precision", mean(mixed), "", "higher"));
}

// ---- ResNet18 as one writes it with LibTorch alone.

struct BasicBlockImpl : nn::Module {
  BasicBlockImpl(int in, int out, int stride)
      : conv1(nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false)),
        conv2(nn::Conv2dOptions(out, out, 3).padding(1).bias(false)),
        bn1(out),
        bn2(out) {
    register_module("conv1", conv1), register_module("bn1", bn1);
    register_module("conv2", conv2), register_module("bn2", bn2);
    if (stride == 1 && in == out) return;
    downsample =
        nn::Sequential(nn::Conv2d(nn::Conv2dOptions(in, out, 1).stride(stride).bias(false)), nn::BatchNorm2d(out));
    register_module("downsample", downsample);
  }
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor y = bn2(conv2(bn1(conv1(x)).relu_()));
    return (y + (downsample.is_empty() ? x : downsample->forward(x))).relu_();
  }
  nn::Conv2d conv1, conv2;
  nn::BatchNorm2d bn1, bn2;
  nn::Sequential downsample{nullptr};
};
TORCH_MODULE(BasicBlock);

struct BareResNet18 : nn::Module {
  explicit BareResNet18(int labels) : fc(512, labels) {
    register_module("conv1", conv1), register_module("bn1", bn1), register_module("fc", fc);
    for (int stage = 0, in = 64; stage < 4; ++stage)
      for (int i = 0; i < 2; ++i, in = 64 << stage) blocks->push_back(BasicBlock(in, 64 << stage, stage && !i ? 2 : 1));
    register_module("blocks", blocks);
  }
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor y = at::max_pool2d(bn1(conv1(x)).relu_(), {3, 3}, {2, 2}, {1, 1});
    return fc(blocks->forward(y).mean({2, 3}));
  }
  nn::Conv2d conv1{nn::Conv2dOptions(3, 64, 7).stride(2).padding(3).bias(false)};
  nn::BatchNorm2d bn1{64};
  nn::Linear fc;
  nn::Sequential blocks;
};

/// One step is one batch of the same size on data of the same size; nothing is shuffled, moved, clipped or checked.
class BareLoop {
 public:
  BareLoop(int labels, bool channels_last)
      : layout_(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous),
        network_(labels),
        images_(at::randn({kBatch, 3, kSide, kSide}).contiguous(layout_)),
        labels_(at::randint(labels, {kBatch}, at::kLong)) {
    for (auto& parameter : network_.parameters())
      if (parameter.dim() == 4) parameter.set_data(parameter.data().contiguous(layout_));
    optimiser_ = std::make_unique<torch::optim::SGD>(network_.parameters(),
                                                     torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(1e-4));
  }
  void step() {
    optimiser_->zero_grad();
    at::cross_entropy_loss(network_.forward(images_), labels_).backward();
    optimiser_->step();
  }

 private:
  at::MemoryFormat layout_;
  BareResNet18 network_;
  at::Tensor images_, labels_;
  std::unique_ptr<torch::optim::SGD> optimiser_;
};

void throughput_rows(nlohmann::json& rows, const Stream& stream) {
  learner::ModelInfo info;
  info.architecture = "resnet18";
  info.labels = stream.labels;
  info.input_size = kSide;
  TrainOptions options;
  options.epochs = 100;
  options.batch_size = kBatch;
  const LabelledCrops crops = part_of(stream.train, 10 * kBatch);
  const auto fresh = take(engine().build_classifier(take(engine().initialise(info, 1))));
  const auto job = start(*fresh, crops, options);
  options.mixed_precision = true;
  const auto mixed_job = start(*fresh, crops, options);
  const int labels = static_cast<int>(stream.labels.size());
  BareLoop first(labels, false), last(labels, true);
  std::vector<double> ours, mixed, bare_first, bare_last;
  for (int step = 0; step <= kSteps; ++step) {
    const double times[] = {seconds_of([&] { take(job->step()); }), seconds_of([&] { first.step(); }),
                            seconds_of([&] { last.step(); }), seconds_of([&] { take(mixed_job->step()); })};
    if (step == 0) continue;  // LibTorch prepares its kernels.
    ours.push_back(times[0]), bare_first.push_back(times[1]), bare_last.push_back(times[2]), mixed.push_back(times[3]);
  }
  const double bare = std::min(median(bare_first), median(bare_last));
  rows.push_back(row("training of ResNet18, 64x64, batch 32", kBatch / median(ours), "crops/s", "higher"));
  rows.push_back(row("the same in mixed precision", kBatch / median(mixed), "crops/s", "higher"));
  rows.push_back(row("bare LibTorch loop, channels first", kBatch / median(bare_first), "crops/s", "higher"));
  rows.push_back(row("bare LibTorch loop, channels last", kBatch / median(bare_last), "crops/s", "higher"));
  rows.push_back(row("training against the faster bare loop", bare / median(ours), "", "higher", 0.9, 1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "Usage: bench-feature-cache SIGNS OUTPUT.json\n");
    return 2;
  }
  engine().set_thread_count(1);
  at::set_num_threads(1);
  nlohmann::json rows = nlohmann::json::array();
  const Stream stream = read_stream(argv[1]);
  throughput_rows(rows, stream);
  const auto model = first_model(stream);
  cache_rows(rows, *model, stream, std::string(argv[2]) + ".cache");
  extension_rows(rows, *model, stream);
  mixed_rows(rows, *model, stream);
  std::ofstream(argv[2]) << rows.dump(1) << "\n";
}
