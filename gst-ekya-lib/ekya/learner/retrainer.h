// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/mutex.h"
#include "ekya/base/result.h"
#include "ekya/learner/accuracy.h"
#include "ekya/learner/canary.h"
#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/gate.h"
#include "ekya/learner/held_back.h"
#include "ekya/learner/model.h"
#include "ekya/learner/model_zoo.h"
#include "ekya/learner/recall.h"
#include "ekya/learner/recent_samples.h"
#include "ekya/learner/sample_store.h"
#include "ekya/learner/training_config.h"
#include "ekya/learner/training_set.h"
#include "ekya/profiler/micro_profiler.h"

namespace ekya::learner {

struct RetrainerOptions {
  std::vector<TrainingConfig> configs = default_training_configs();
  int slots = 1;              ///< Threads that make up the device; a job runs on one.
  int min_samples = 40;       ///< No job starts with fewer in the store.
  int new_class_samples = 0;  ///< A class that the student does not know joins it after so many; 0: never.
  GateOptions gate;
  double rollback_margin = Canary::kMargin;
  std::uint64_t seed = 1;
  TrainingSetOptions training_set;
  std::shared_ptr<FeatureCache> feature_cache;  ///< Of all streams with the same trunk; may be null.
};

/// What a retrainer owns from the start.
struct RetrainerParts {
  const Engine* engine = nullptr;
  std::unique_ptr<FolderLock> lock;        ///< Of the state folder; may be null.
  std::shared_ptr<const Classifier> live;  ///< The student that the stream runs now.
  std::unique_ptr<SampleStore> samples;
  std::unique_ptr<CheckpointStore> checkpoints;
  std::unique_ptr<ModelZoo> zoo;  ///< May be null: then no scene is recalled.
};

/// A labelled crop as it comes from a frame.
struct NewCrop {
  std::string label;
  float confidence = 1;
  std::vector<std::uint8_t> pixels;  ///< [input_size, input_size, 3], RGB
};

/// What became of a frame's crops.
struct AddReport {
  int stored = 0;
  bool repeated = false;             ///< The frame was there before and was skipped.
  std::vector<std::string> unknown;  ///< Labels that the student does not know.
  std::string store_error;           ///< Empty: none.
  std::string score_error;           ///< Empty: none.
};

/// A config as offered to the scheduler.
struct ConfigOffer {
  std::string id;
  double work = 0;       ///< Device-seconds at share 1.
  double accuracy = 0;   ///< Expected after it, [0, 1].
  double max_share = 1;  ///< In devices.
};

struct ShareAsk {
  std::vector<ConfigOffer> configs;  ///< Empty: nothing to train on now.
  std::optional<double> accuracy;    ///< Of the live student.
  std::string running;               ///< Config whose job runs; empty: none.
  std::string reason;
};

struct Granted {
  std::string config;  ///< Empty: none.
  double share = 0;
  std::uint64_t plan = 0;
};

struct JobNews {
  enum class Kind { kStarted, kProgress, kCompleted, kCancelled, kFailed };
  Kind kind = Kind::kStarted;
  std::string config;
  std::string text;
};

struct ModelNews {
  enum class Kind { kPublished, kRejected, kRolledBack };
  Kind kind = Kind::kPublished;
  std::string path;  ///< Empty for kRejected.
  std::uint64_t generation = 0, from_generation = 0;
  double accuracy = -1;
  std::string reason;
};

/// The world around a retrainer. Called from the thread that runs Retrainer::run(), with no lock held.
class RetrainerHost {
 public:
  virtual ~RetrainerHost() = default;
  virtual void ask(const ShareAsk& ask) = 0;
  /// Waits at most `longest` for the right to compute. end_work() follows each true.
  virtual bool begin_work(Seconds longest) = 0;
  virtual void end_work() = 0;
  virtual void job_news(const JobNews& news) = 0;
  virtual void model_news(const ModelNews& news) = 0;
  virtual void drift(double accuracy, double previous) = 0;
  /// kind: a word of ours, such as "checkpoint-write-failed".
  virtual void warn(const std::string& kind, const std::string& text) = 0;
};

struct RetrainerStats {
  std::size_t samples = 0;
  std::uint64_t window = 0, generation = 0;
  std::optional<double> accuracy;
  std::uint64_t labels = 0, unknown = 0, repeated = 0, dropped = 0;  ///< Crops, but for repeated: frames.
  std::uint64_t accepted = 0, rejected = 0, rolled_back = 0, skipped = 0, failed = 0;
  std::string last_config, state, last_reason;
  double training_ms = 0;  ///< Time spent in training steps, in all.
};

/// Keeps the student of one stream accurate: takes labelled crops, measures the live student on them before it learns
/// from them, offers retraining configs to the scheduler, trains under leases, lets the gate decide, publishes, and
/// takes a model back that turns out worse.
///
/// Threads: run() is one thread's body. add() is called by one other thread; granted(), window_opened(), stop() and
/// stats() by any. Nothing is called back under a lock.
class Retrainer {
 public:
  Retrainer(RetrainerParts parts, RetrainerOptions options, RetrainerHost& host);
  ~Retrainer();
  Retrainer(const Retrainer&) = delete;
  Retrainer& operator=(const Retrainer&) = delete;

  /// Scores and stores the crops of one frame. pts_ns: -1 where the frame has none; the same twice running is skipped.
  AddReport add(std::vector<NewCrop> crops, std::int64_t pts_ns);

  void granted(const Granted& grant);
  /// duration: of a window; profiling takes its part of it.
  void window_opened(Seconds duration);

  /// Trains until stop().
  void run();
  /// run() returns after the step in progress; nothing is published any more once it has.
  void stop();

  /// The first request, for the caller to send before run().
  ShareAsk first_ask() const;
  const ModelInfo& model() const { return model_; }
  RetrainerStats stats() const;

 private:
  struct StartedJob {
    std::unique_ptr<TrainingJob> training;
    int samples = 0;  ///< Trained on so far.
  };
  /// What a window's retraining works on, and the jobs that were tried on it.
  struct Profile {
    std::uint64_t window = 0;
    std::shared_ptr<const Classifier> live;
    std::uint64_t trained_number = 0;        ///< Newest sample in memory when the training set was read.
    std::vector<std::string> labels;         ///< What the crops' labels mean: the live model's and new classes.
    LabelledCrops data, test;                ///< To train on; held back.
    std::map<std::string, StartedJob> jobs;  ///< By family.
  };
  struct Job {
    TrainingConfig config;
    Profile profile;
    std::shared_ptr<const Classifier> candidate;
    WeightsFile from_weights, weights;
  };
  struct StoredModel {
    std::shared_ptr<const Classifier> classifier;
    WeightsFile weights;
    std::uint64_t number = 0;  ///< In the zoo.
  };
  struct Events {
    bool window = false, labels = false, recall = false;
    std::optional<AccuracyMonitor::Drift> drift;
    std::optional<std::string> rollback;
  };
  struct Candidate {
    std::shared_ptr<const Classifier> classifier;
    WeightsFile weights;
    WeightsFile from_weights;  ///< Of the live model, to go back to.
    std::string config;
    double accuracy = -1;
    std::string reason;
  };

  // The streaming thread's side, in retrainer_add.cpp.
  std::optional<int> index_of(const std::string& label) const EKYA_REQUIRES(mutex_);
  std::vector<NewCrop> take_known(std::vector<NewCrop> crops, std::vector<int>& truth, AddReport& report);
  bool take_newcomer(const std::string& label) EKYA_REQUIRES(mutex_);
  void score(const std::vector<NewCrop>& crops, const std::vector<int>& truth, AddReport& report);
  struct Models;
  struct Answers;
  Models models_to_score() const;
  void record(const Models& models, const std::vector<int>& truth, const Answers& answers, Seconds took);
  void compare_with_previous(const std::vector<int>& truth, const Answers& answers) EKYA_REQUIRES(mutex_);
  void compare_with_stored(const std::vector<int>& truth, const Answers& answers) EKYA_REQUIRES(mutex_);
  void store(const std::vector<NewCrop>& crops, bool held_back, std::uint64_t window, std::int64_t pts_ns,
             AddReport& report);
  void count(const AddReport& report, std::size_t labels);

  // The trainer thread's side, in retrainer.cpp.
  bool wait_for_work();
  bool stopping() const;
  bool startable() const EKYA_REQUIRES(mutex_);
  Events take_events();
  bool serve_events();
  void offer_when_ready();
  void on_window();
  void on_drift(const AccuracyMonitor::Drift& drift);
  void start_granted_job();
  const TrainingConfig* find_config(const std::string& id) const;
  std::string not_ready() const;
  std::vector<ConfigOffer> offers(double live);
  ConfigOffer profile_offer(double live) const;
  void ask(const std::string& reason);
  void set_state(std::string state);
  std::vector<std::string> labels() const;

  // One job, in retrainer_job.cpp.
  void run_job(const TrainingConfig& config);
  Status train(Job& job);
  Result<StartedJob> go_on(Profile& profile, const LabelledCrops& data, const TrainingConfig& config);
  Status run_epochs(Profile& profile, const TrainingConfig& config, StartedJob& job, int trained_on);
  Status run_step(const TrainingConfig& config, StartedJob& job, int samples, bool fresh);
  Status check_step(const TrainingConfig& config, const Result<StepReport>& step, int samples, bool fresh,
                    Seconds took);
  void report_step(const TrainingConfig& config, int step, int steps);
  Status know_live_weights(const Profile& profile);
  Result<GateEvidence> examine(const Job& job);
  Status add_evidence(GateEvidence& evidence, bool recent, const LabelledCrops& crops, const Job& job);
  Result<std::vector<int>> answers(const Classifier& classifier, const LabelledCrops& crops);
  Status under_lease(const std::function<Status()>& work);
  TrainOptions train_options(const TrainingConfig& config, const Profile& profile, Schedule schedule);
  void judge(Job job, const GateEvidence& evidence);
  void job_failed(const TrainingConfig& config, const Error& error);
  void begin_running(const std::string& config);
  void end_running();

  // What the configs would bring, in retrainer_profile.cpp.
  bool profiled() const;
  double profile_budget() const;
  double first_profile_work() const;
  void run_profile();
  Status begin_profile(Profile& profile);
  Status run_slice(Profile& profile, const profiler::Slice& slice);
  Status train_slice(Profile& profile, const TrainingConfig& config, StartedJob& job, int samples);
  Status measure(const Profile& profile, const TrainingConfig& config, const StartedJob& job, int samples,
                 Seconds busy_before);

  // Against forgetting, in retrainer_exemplars.cpp.
  void keep_exemplars();
  Result<std::vector<float>> features(const Classifier& live, const LabelledCrops& crops);

  // Scenes that come back, in retrainer_recall.cpp.
  void remember_live(int skipped);
  void begin_recall();
  void end_recall();

  // Publishing, in retrainer_publish.cpp.
  void publish(Candidate candidate);
  void roll_back(const std::string& reason);
  Result<CheckpointStore::Entry> save(WeightsFile weights, double accuracy);
  void go_live(std::shared_ptr<const Classifier> classifier, std::shared_ptr<const Classifier> previous,
               std::uint64_t generation, std::optional<double> accuracy);

  const RetrainerOptions options_;
  const Engine* const engine_;
  const ModelInfo model_;
  const std::unique_ptr<FolderLock> lock_;  // First in, last out.
  const std::unique_ptr<SampleStore> samples_;
  const std::unique_ptr<CheckpointStore> checkpoints_;
  const std::unique_ptr<ModelZoo> zoo_;
  RetrainerHost& host_;

  // Owned by the streaming thread.
  HeldBackChooser chooser_;
  std::thread::id adding_thread_;
  std::optional<std::int64_t> last_pts_;

  // Owned by the trainer thread.
  profiler::MicroProfiler profiler_;
  std::optional<Profile> profile_;  ///< Of the job that is to come.
  std::uint64_t profiles_ = 0, jobs_ = 0;
  Seconds busy_{0};  ///< Time under leases so far.
  std::optional<std::uint64_t> served_plan_;
  bool offered_ = false;                          ///< The last request offered configs.
  bool model_replaced_ = false;                   ///< By an older one, since the job in progress began.
  std::uint64_t kept_window_ = 0;                 ///< Exemplars were chosen of this window and those before it.
  std::shared_ptr<const Classifier> remembered_;  ///< The last one that was offered to the zoo ...
  std::uint64_t remembered_number_ = 0;           ///< ... and its number there; 0: it was not taken.
  bool paused_a_window_ = false;                  ///< The job in progress had no grant when the last window began.
  bool abandoned_ = false;                        ///< Nor when this one began.
  Seconds last_progress_{0};
  std::optional<Candidate> unsaved_;             ///< Accepted, but the disk refused it.
  std::optional<std::string> unsaved_rollback_;  ///< Its reason; the disk refused it.
  StoredModel live_weights_;                     ///< Of the live model, once they are known.
  std::optional<WeightsFile> previous_weights_;
  std::string published_config_;

  mutable Mutex mutex_;
  Condition changed_;
  bool stop_ EKYA_GUARDED_BY(mutex_) = false;
  bool window_pending_ EKYA_GUARDED_BY(mutex_) = false;
  Seconds window_duration_ EKYA_GUARDED_BY(mutex_){0};
  bool labels_pending_ EKYA_GUARDED_BY(mutex_) = false;
  std::optional<AccuracyMonitor::Drift> drift_pending_ EKYA_GUARDED_BY(mutex_);
  std::optional<std::string> rollback_pending_ EKYA_GUARDED_BY(mutex_);
  std::optional<Granted> grant_ EKYA_GUARDED_BY(mutex_);
  std::shared_ptr<const Classifier> live_ EKYA_GUARDED_BY(mutex_);
  std::shared_ptr<const Classifier> previous_ EKYA_GUARDED_BY(mutex_);  ///< The model before, while it is compared.
  std::shared_ptr<const Classifier> restore_ EKYA_GUARDED_BY(mutex_);   ///< What a rollback goes back to.
  Canary canary_ EKYA_GUARDED_BY(mutex_);                               ///< Compares it with the live one.
  AccuracyMonitor monitor_ EKYA_GUARDED_BY(mutex_);
  double scene_accuracy_ EKYA_GUARDED_BY(mutex_) = 0;  ///< Of the live model, before the scene changed.
  std::optional<Recall> recall_ EKYA_GUARDED_BY(mutex_);
  std::vector<StoredModel> recall_models_ EKYA_GUARDED_BY(mutex_);  ///< Empty: no recall is under way.
  bool recall_pending_ EKYA_GUARDED_BY(mutex_) = false;
  std::vector<std::string> labels_ EKYA_GUARDED_BY(mutex_);  ///< The student's, and new classes that are to join it.
  std::map<std::string, int> newcomers_ EKYA_GUARDED_BY(mutex_);  ///< Samples of classes that may join later.
  RecentSamples recent_ EKYA_GUARDED_BY(mutex_);
  std::uint64_t window_ EKYA_GUARDED_BY(mutex_) = 1;
  std::uint64_t generation_ EKYA_GUARDED_BY(mutex_) = 0;
  int new_labels_ EKYA_GUARDED_BY(mutex_) = 0;  ///< Since the last job read its training set.
  std::uint64_t last_job_window_ EKYA_GUARDED_BY(mutex_) = 0;
  bool urgent_ EKYA_GUARDED_BY(mutex_) = false;  ///< Drift since then: do not wait for more labels.
  std::string running_ EKYA_GUARDED_BY(mutex_);
  Seconds forward_ EKYA_GUARDED_BY(mutex_){0};  ///< Measured time to classify a crop.
  RetrainerStats counts_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::learner
