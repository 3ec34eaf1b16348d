// SPDX-License-Identifier: LGPL-2.1-or-later
#include "learning_loop.h"

#include <unistd.h>

#include <utility>

#include "ekya/learner/state_folder.h"
#include "ekya/scheduler/policy.h"

namespace ekya::bench {

using learner::JobNews;
using learner::ModelNews;

Result<std::unique_ptr<LearningLoop>> LearningLoop::open(const learner::Engine& engine,
                                                         std::shared_ptr<const learner::Classifier> student,
                                                         const Options& options) {
  std::unique_ptr<LearningLoop> loop(new LearningLoop(engine, student, options));
  if (const Status opened = loop->open_stores(std::move(student)); !opened) return opened.error();
  loop->thread_ = std::thread([&retrainer = *loop->retrainer_] { retrainer.run(); });
  return loop;
}

LearningLoop::LearningLoop(const learner::Engine& engine, std::shared_ptr<const learner::Classifier> student,
                           const Options& options)
    : engine_(engine), options_(options), live_(std::move(student)) {
  static int loops = 0;
  folder_ = std::filesystem::temp_directory_path() /
            ("ekya-bench-" + std::to_string(getpid()) + "-" + std::to_string(++loops));
  std::filesystem::create_directories(folder_);
}

LearningLoop::~LearningLoop() {
  if (retrainer_) retrainer_->stop();
  if (thread_.joinable()) thread_.join();
  retrainer_.reset();
  std::filesystem::remove_all(folder_);
}

Status LearningLoop::open_stores(std::shared_ptr<const learner::Classifier> student) {
  learner::RetrainerParts parts;
  parts.engine = &engine_;
  parts.live = std::move(student);
  auto state = learner::open_state_folder(FileOps::system(), folder_ / "state", {});
  if (!state) return state.error();
  parts.lock = std::move(state->lock);
  parts.samples = std::move(state->samples);
  parts.checkpoints = std::move(state->checkpoints);
  parts.zoo = std::move(state->zoo);
  learner::RetrainerOptions options = options_.retrainer;
  options.feature_cache = std::move(state->features);
  retrainer_ = std::make_unique<learner::Retrainer>(std::move(parts), std::move(options), *this);
  return {};
}

std::string LearningLoop::window(const learner::LabelledCrops& crops) {
  constexpr std::chrono::minutes kLongest{10};
  const std::size_t bytes = std::size_t{3} * crops.size * crops.size;
  const auto labels = retrainer_->model().labels;
  {
    MutexLock lock(mutex_);
    granting_ = over_ = job_ended_ = false;
    news_.clear();
  }
  retrainer_->window_opened(Seconds{options_.window_s});
  for (int i = 0; i < crops.count(); ++i) {
    const auto first = crops.pixels.begin() + static_cast<std::ptrdiff_t>(bytes * static_cast<std::size_t>(i));
    learner::NewCrop crop{labels[static_cast<std::size_t>(crops.labels[static_cast<std::size_t>(i)])], 1,
                          std::vector<std::uint8_t>(first, first + static_cast<std::ptrdiff_t>(bytes))};
    retrainer_->add({std::move(crop)}, pts_ns_ += 1'000'000'000);
  }
  MutexLock lock(mutex_);
  granting_ = true;
  grant_planned();
  const auto end = std::chrono::steady_clock::now() + kLongest;
  while (!over_)
    if (changed_.wait_until(lock, end) == std::cv_status::timeout) return "no job ended in time; " + news_;
  return news_;
}

std::shared_ptr<const learner::Classifier> LearningLoop::live() const {
  MutexLock lock(mutex_);
  return live_;
}

/// One stream with one device for itself; inference is left out.
void LearningLoop::grant_planned() {
  if (!granting_ || asked_.configs.empty() || !asked_.running.empty()) return;
  scheduler::Problem problem;
  problem.window_s = options_.window_s;
  problem.devices = {{"cpu", 1}};
  scheduler::Stream stream;
  stream.id = "bench";
  stream.accuracy = asked_.accuracy.value_or(0.5);
  for (const learner::ConfigOffer& offer : asked_.configs)
    stream.retraining.push_back({offer.id, offer.work, offer.accuracy, offer.max_share});
  problem.streams = {stream};
  const auto policy = scheduler::make_policy(scheduler::kDefaultPolicy);
  const scheduler::Plan plan = scheduler::decide(**policy, problem);
  retrainer_->granted({plan.streams[0].retraining_config, 1, ++plan_});
  if (plan.streams[0].retraining_config.empty()) {
    news_ += "the plan retrains nothing; ";
    over_ = true;
    changed_.notify_all();
  }
}

void LearningLoop::ask(const learner::ShareAsk& ask) {
  MutexLock lock(mutex_);
  asked_ = ask;
  if (std::exchange(job_ended_, false)) {  // The model is published by now, or rejected.
    over_ = true;
    changed_.notify_all();
    return;
  }
  grant_planned();
}

bool LearningLoop::begin_work(Seconds) { return true; }

void LearningLoop::job_news(const JobNews& news) {
  if (news.kind == JobNews::Kind::kProgress || news.kind == JobNews::Kind::kStarted) return;
  MutexLock lock(mutex_);
  news_ += news.config + ": " + news.text + "; ";
  job_ended_ = news.config != learner::kProbeConfig;
}

void LearningLoop::model_news(const ModelNews& news) {
  std::shared_ptr<const learner::Classifier> built;
  if (!news.path.empty()) {
    const auto file = learner::read_weights(news.path, true);
    auto classifier = file ? engine_.build_classifier(*file) : Error(file.error());
    if (classifier) built = *std::move(classifier);
  }
  MutexLock lock(mutex_);
  if (built) live_ = std::move(built);
  static const char* const kinds[] = {"published", "rejected", "rolled back"};
  news_ += std::string(kinds[static_cast<int>(news.kind)]) + "; ";
}

void LearningLoop::drift(double accuracy, double previous) {
  MutexLock lock(mutex_);
  news_ += "drift from " + std::to_string(previous) + " to " + std::to_string(accuracy) + "; ";
}

void LearningLoop::warn(const std::string& kind, const std::string& text) {
  MutexLock lock(mutex_);
  news_ += "warning " + kind + ": " + text + "; ";
}

}  // namespace ekya::bench
