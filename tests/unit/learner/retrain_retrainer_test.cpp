// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "ekya/learner/retrainer.h"
#include "support/retrain_fakes.h"

namespace ekya::learner {
namespace {

using testing::crop_of;
using ::testing::ElementsAre;
using testing::FakeSampleStore;
using testing::FakeTrainEngine;
using ::testing::HasSubstr;
using testing::TrainFaults;

const std::vector<std::string> kLabels{"bus", "car", "truck"};
constexpr std::chrono::seconds kDeadline{20};
constexpr Seconds kWindow{200};

/// The real file system, with a disk that can be full.
class Disk : public FileOps {
 public:
  std::atomic<bool> full{false};
  std::function<void()> on_write;

  Status make_folder(const std::string& path) override { return FileOps::system().make_folder(path); }
  Status write_new(const std::string& path, std::span<const std::byte> bytes) override {
    if (on_write) on_write();
    if (full) return Error{ErrorCode::kIo, path + ": No space left on device"};
    return FileOps::system().write_new(path, bytes);
  }
  Status rename(const std::string& from, const std::string& to) override { return FileOps::system().rename(from, to); }
  Status sync_folder(const std::string& path) override { return FileOps::system().sync_folder(path); }
  Status remove(const std::string& path) override { return FileOps::system().remove(path); }
  Result<std::vector<std::byte>> read(const std::string& path, std::size_t limit) override {
    return FileOps::system().read(path, limit);
  }
  Result<std::vector<std::string>> list(const std::string& path) override { return FileOps::system().list(path); }
};

/// Plays scheduler and element: grants what it is asked for, and notes what it is told.
class Host : public RetrainerHost {
 public:
  Retrainer* retrainer = nullptr;
  std::string wanted = "all";  ///< The config to grant; the probe is always granted.
  std::atomic<bool> grants{true};
  std::atomic<bool> leases{true};
  std::atomic<double> share{0.5};  ///< Of a grant that names a config.

  void ask(const ShareAsk& ask) override {
    Granted grant;
    {
      MutexLock lock(mutex_);
      asks_.push_back(ask);
      grant.plan = ++plan_;
    }
    const auto offers = [&](const std::string& id) {
      return std::any_of(ask.configs.begin(), ask.configs.end(), [&](const auto& offer) { return offer.id == id; });
    };
    if (grants && offers(kProbeConfig)) grant.config = kProbeConfig;
    if (grants && offers(wanted)) grant.config = wanted;
    grant.share = grant.config.empty() ? 0 : share.load();
    retrainer->granted(grant);
    note("ask " + ask.reason);
  }
  bool begin_work(Seconds) override { return leases; }
  void end_work() override { ++leases_taken; }
  void job_news(const JobNews& news) override {
    static const char* const names[] = {"started", "progress", "completed", "cancelled", "failed"};
    note(std::string(names[static_cast<int>(news.kind)]) + " " + news.config + ": " + news.text);
  }
  void model_news(const ModelNews& news) override {
    static const char* const names[] = {"published", "rejected", "rolled-back"};
    {
      MutexLock lock(mutex_);
      models_.push_back(news);
    }
    note(std::string(names[static_cast<int>(news.kind)]) + ": " + news.reason);
  }
  void drift(double, double) override { note("drift"); }
  void warn(const std::string& kind, const std::string& text) override { note("warning " + kind + ": " + text); }

  /// Waits until a note begins with `start`, `times` times in all; false at the deadline.
  bool saw(const std::string& start, int times = 1) {
    MutexLock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (count(start) < times)
      if (changed_.wait_until(lock, end) == std::cv_status::timeout) return count(start) >= times;
    return true;
  }
  int times(const std::string& start) {
    MutexLock lock(mutex_);
    return count(start);
  }
  bool has(const std::string& start) { return times(start) > 0; }
  std::string last(const std::string& start) {
    MutexLock lock(mutex_);
    for (auto note = notes_.rbegin(); note != notes_.rend(); ++note)
      if (note->starts_with(start)) return *note;
    return "";
  }
  std::vector<ShareAsk> asks() {
    MutexLock lock(mutex_);
    return asks_;
  }
  ModelNews last_model() {
    MutexLock lock(mutex_);
    return models_.empty() ? ModelNews{} : models_.back();
  }

  std::atomic<int> leases_taken{0};

 private:
  void note(std::string text) {
    MutexLock lock(mutex_);
    notes_.push_back(std::move(text));
    changed_.notify_all();
  }
  int count(const std::string& start) const {
    return static_cast<int>(
        std::count_if(notes_.begin(), notes_.end(), [&](const std::string& note) { return note.starts_with(start); }));
  }

  Mutex mutex_;
  Condition changed_;
  std::vector<std::string> notes_;
  std::vector<ShareAsk> asks_;
  std::vector<ModelNews> models_;
  std::uint64_t plan_ = 0;
};

/// A retrainer in its thread, on a student that takes each look for what `table` says.
class RetrainerTest : public ::testing::Test {
 protected:
  RetrainerTest() {
    folder_ = std::filesystem::temp_directory_path() / ("ekya-retrainer-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    options_.configs = {{"all", 2, 32, TrainedLayers::kAll, 1, 0.01}};
  }
  ~RetrainerTest() override {
    end();
    std::filesystem::remove_all(folder_);
  }

  void make(const std::vector<int>& table) {
    auto samples = std::make_unique<FakeSampleStore>();
    samples_ = samples.get();
    make(table, std::move(samples));
  }
  void make(const std::vector<int>& table, std::unique_ptr<SampleStore> samples) {
    RetrainerParts parts;
    parts.engine = &engine_;
    parts.live = *engine_.build_classifier(FakeTrainEngine::weights(kLabels, table));
    parts.samples = std::move(samples);
    auto checkpoints = CheckpointStore::open(disk_, folder_ / "checkpoints");
    ASSERT_TRUE(checkpoints) << checkpoints.error().message;
    parts.checkpoints = std::make_unique<CheckpointStore>(*std::move(checkpoints));
    auto zoo = ModelZoo::open(disk_, folder_ / "zoo");
    ASSERT_TRUE(zoo) << zoo.error().message;
    parts.zoo = std::make_unique<ModelZoo>(*std::move(zoo));
    retrainer_ = std::make_unique<Retrainer>(std::move(parts), options_, host_);
    host_.retrainer = retrainer_.get();
  }
  void begin(const std::vector<int>& table) {
    make(table);
    thread_ = std::thread([this] { retrainer_->run(); });
  }
  /// Begins with 90 labelled frames in the store, so that the first job finds them all.
  void begin_fed(const std::vector<int>& student, const std::vector<int>& scene) {
    make(student);
    add_frames(90, scene);
    thread_ = std::thread([this] { retrainer_->run(); });
  }
  void end() {
    if (retrainer_) retrainer_->stop();
    if (thread_.joinable()) thread_.join();
  }

  /// One frame with one crop of `look`, labelled `label`.
  AddReport add(int look, const std::string& label) {
    return retrainer_->add({{label, 1, crop_of(look)}}, pts_ += 1'000'000);
  }
  /// Frames whose looks go round, each labelled as table[look] says.
  void add_frames(int count, const std::vector<int>& table) {
    for (int i = 0; i < count; ++i, ++look_) {
      const int look = look_ % static_cast<int>(table.size());
      add(look, kLabels[static_cast<std::size_t>(table[static_cast<std::size_t>(look)])]);
    }
  }

  /// A scene for up to ten windows, each with a job.
  void show_until_published(const std::vector<int>& table) {
    for (int window = 0; window < 10 && !host_.has("published"); ++window) {
      const int jobs = host_.times("completed all");
      add_frames(60, table);
      retrainer_->window_opened(kWindow);
      ASSERT_TRUE(host_.saw("completed all", jobs + 1));
    }
    EXPECT_TRUE(host_.saw("published"));
  }

  TrainFaults faults_;
  FakeTrainEngine engine_{&faults_};
  Disk disk_;
  Host host_;
  RetrainerOptions options_;
  std::filesystem::path folder_;
  FakeSampleStore* samples_ = nullptr;
  std::unique_ptr<Retrainer> retrainer_;
  std::thread thread_;
  std::int64_t pts_ = 0;
  int look_ = 0;
  int rejected_ = 0;
};

const std::vector<int> kRight{0, 1, 2};
const std::vector<int> kWrong{0, 2, 1};  // Takes cars for trucks and trucks for cars.

TEST_F(RetrainerTest, MeasuresThenTrainsThenPublishesABetterModel) {
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("published")) << retrainer_->stats().state;
  EXPECT_TRUE(host_.has("completed probe"));
  const ModelNews model = host_.last_model();
  EXPECT_EQ(model.generation, 1u);
  EXPECT_EQ(model.from_generation, 0u);
  EXPECT_GT(model.accuracy, 0.99);
  const auto file = read_weights(model.path, true);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(model_info(*file)->generation, 1u);
  EXPECT_GT(host_.leases_taken, 3);
  end();
  const RetrainerStats stats = retrainer_->stats();
  EXPECT_EQ(stats.accepted, 1u);
  EXPECT_EQ(stats.generation, 1u);
  EXPECT_EQ(stats.last_config, "all");
}

TEST_F(RetrainerTest, OffersMeasuredWorkAndAHigherAccuracy) {
  host_.wanted = "none";
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("ask job-done"));
  const ShareAsk ask = host_.asks().back();
  ASSERT_EQ(ask.configs.size(), 1u);
  EXPECT_EQ(ask.configs[0].id, "all");
  EXPECT_GT(ask.configs[0].work, 0);
  EXPECT_GT(ask.configs[0].accuracy, *ask.accuracy);
  EXPECT_LE(ask.configs[0].accuracy, 0.99);
  EXPECT_NEAR(*ask.accuracy, 1.0 / 3, 0.1);
}

TEST_F(RetrainerTest, TellsTheSchedulerWhatRuns) {
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("ask job-done", 2));
  end();
  std::vector<std::string> running;
  for (const ShareAsk& ask : host_.asks())
    if (!ask.running.empty() && (running.empty() || running.back() != ask.running)) running.push_back(ask.running);
  EXPECT_THAT(running, ElementsAre("probe", "all"));
  EXPECT_EQ(host_.asks().back().running, "");
}

TEST_F(RetrainerTest, DoesNotStartWithoutAGrant) {
  host_.grants = false;
  begin_fed(kWrong, kRight);
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("ask window"));
  end();
  EXPECT_FALSE(host_.has("started"));
}

TEST_F(RetrainerTest, WaitsWhileItHasNoLease) {
  host_.leases = false;
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("started probe"));
  EXPECT_FALSE(host_.has("completed"));
  host_.leases = true;
  EXPECT_TRUE(host_.saw("published"));
}

TEST_F(RetrainerTest, DoesNotPublishWhatIsNoBetter) {
  begin_fed(kRight, kRight);
  ASSERT_TRUE(host_.saw("rejected"));
  EXPECT_THAT(host_.last("rejected"), HasSubstr("no better on recent labels"));
  EXPECT_FALSE(host_.has("published"));
}

TEST_F(RetrainerTest, TrainsOnceAWindow) {
  begin_fed(kRight, kRight);
  ASSERT_TRUE(host_.saw("rejected"));
  add_frames(90, kRight);
  retrainer_->window_opened(kWindow);
  add_frames(30, kRight);
  ASSERT_TRUE(host_.saw("rejected", 2));
  end();
  EXPECT_EQ(retrainer_->stats().rejected, 2u);
}

// T1
TEST_F(RetrainerTest, DoesNotPublishADivergedModelAndStopsOfferingTheConfig) {
  faults_.nan_loss_at = 2;  // Also of the job that goes on after a profile.
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("warning training-failed"));
  EXPECT_THAT(host_.last("warning"), HasSubstr("loss is not finite at step 2"));
  ASSERT_TRUE(host_.saw("failed all"));
  end();
  EXPECT_FALSE(host_.has("published"));
  EXPECT_EQ(retrainer_->stats().generation, 0u);
}

// Found out after an epoch where there are more to come, else by the gate.
TEST_F(RetrainerTest, DoesNotPublishAModelThatCannotAnswer) {
  host_.grants = false;
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("ask update"));
  faults_.on_step = [this](int) { faults_.mute = host_.has("started all"); };
  host_.grants = true;
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("warning training-failed"));
  EXPECT_THAT(host_.last("warning"), HasSubstr("not finite"));
  EXPECT_FALSE(host_.has("published"));
}

TEST_F(RetrainerTest, RejectsAModelThatAnswersOneClassOnly) {
  faults_.spoil = true;
  begin_fed(kRight, kRight);
  ASSERT_TRUE(host_.saw("rejected"));
  EXPECT_FALSE(host_.has("published"));
}

/// Each step of a job fails by this fault.
class FailingJob : public RetrainerTest {
 protected:
  void survives(std::atomic<int>& fault) {
    faults_.on_step = [&](int step) { fault = host_.has("started all") ? step : 0; };
    begin_fed(kWrong, kRight);
    EXPECT_TRUE(host_.saw("failed all"));
    retrainer_->window_opened(kWindow);
    EXPECT_TRUE(host_.saw("ask window"));
    end();
  }
};

TEST_F(FailingJob, IsSurvivedWhereAStepFails) { survives(faults_.error_at); }
TEST_F(FailingJob, IsSurvivedWhereAnAllocationThrows) { survives(faults_.throw_at); }

// T5
TEST_F(RetrainerTest, SkipsAWindowWithTooLittleToLearnFrom) {
  begin(kWrong);
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("ask window"));
  EXPECT_TRUE(host_.asks().back().configs.empty());
  EXPECT_THAT(retrainer_->stats().state, HasSubstr("0 of 40 samples"));
  add(1, "car");
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("ask window", 2));
  EXPECT_THAT(retrainer_->stats().state, HasSubstr("1 of 40 samples"));
  for (int i = 0; i < 90; ++i) add(1, "car");
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("ask window", 3));
  EXPECT_THAT(retrainer_->stats().state, HasSubstr("one class only"));
  EXPECT_FALSE(host_.has("started"));
}

TEST_F(RetrainerTest, SkipsAWindowWhoseSamplesAreAllDamaged) {
  auto samples = SampleStore::open(folder_ / "samples");
  ASSERT_TRUE(samples) << samples.error().message;
  make(kWrong, *std::move(samples));
  add_frames(90, kRight);
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "samples"))
    if (file.path().extension() == ".jpg") std::filesystem::resize_file(file, 10);
  thread_ = std::thread([this] { retrainer_->run(); });
  ASSERT_TRUE(host_.saw("cancelled"));
  EXPECT_THAT(host_.last("cancelled"), HasSubstr("only 0 samples to train on"));
  ASSERT_TRUE(host_.saw("ask job-done"));
  end();
  EXPECT_EQ(retrainer_->stats().skipped, 1u);
  EXPECT_THAT(retrainer_->stats().state, HasSubstr("of 40 samples"));
  EXPECT_FALSE(host_.has("warning"));
}

TEST_F(RetrainerTest, NeverStoresALabelThatTheStudentDoesNotKnow) {
  make(kRight);
  const AddReport report = retrainer_->add({{"car", 1, crop_of(1)}, {"tram", 1, crop_of(2)}}, 1);
  EXPECT_THAT(report.unknown, ElementsAre("tram"));
  EXPECT_EQ(report.stored, 1);
  EXPECT_EQ(samples_->count_by_label(0), (std::map<std::string, std::size_t>{{"car", 1}}));
  EXPECT_EQ(retrainer_->stats().unknown, 1u);
}

TEST_F(RetrainerTest, SkipsARepeatedFrame) {
  make(kRight);
  EXPECT_EQ(retrainer_->add({{"car", 1, crop_of(1)}}, 5).stored, 1);
  EXPECT_TRUE(retrainer_->add({{"car", 1, crop_of(1)}}, 5).repeated);
  EXPECT_EQ(retrainer_->add({{"car", 1, crop_of(1)}}, -1).stored, 1);
  EXPECT_EQ(retrainer_->add({{"car", 1, crop_of(1)}}, -1).stored, 1);
  EXPECT_EQ(retrainer_->stats().repeated, 1u);
}

TEST_F(RetrainerTest, DropsSamplesOfAFullDiskAndKeepsScoring) {
  make(kRight);
  samples_->full = true;
  for (int i = 0; i < 12; ++i) EXPECT_THAT(add(1, "car").store_error, HasSubstr("No space left"));
  const RetrainerStats stats = retrainer_->stats();
  EXPECT_EQ(stats.dropped, 12u);
  EXPECT_DOUBLE_EQ(*stats.accuracy, 1);
}

TEST_F(RetrainerTest, KeepsTheLiveModelOnAFullDiskAndTriesAgainInTheNextWindow) {
  disk_.full = true;
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("warning checkpoint-write-failed"));
  EXPECT_EQ(retrainer_->stats().generation, 0u);
  disk_.full = false;
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("published"));
  EXPECT_EQ(host_.last_model().generation, 1u);
}

TEST_F(RetrainerTest, TellsOfDriftAtOnceAndRetrains) {
  begin(kRight);
  add_frames(120, kRight);
  ASSERT_TRUE(host_.saw("rejected"));
  add_frames(60, kWrong);  // Cars look like trucks now.
  ASSERT_TRUE(host_.saw("drift"));
  ASSERT_TRUE(host_.saw("ask drift"));
  EXPECT_TRUE(host_.saw("started all", 2));
}

TEST_F(RetrainerTest, TakesAModelBackThatTurnsOutWorse) {
  begin_fed(kWrong, kRight);
  ASSERT_TRUE(host_.saw("published"));
  host_.grants = false;
  add_frames(60, kWrong);  // The old scene is back: the old model is right again.
  ASSERT_TRUE(host_.saw("rolled-back"));
  const ModelNews model = host_.last_model();
  EXPECT_EQ(model.generation, 2u);
  EXPECT_EQ(model.from_generation, 1u);
  const auto file = read_weights(model.path, true);
  ASSERT_TRUE(file) << file.error().message;
  const auto restored = engine_.build_classifier(*file);
  ASSERT_TRUE(restored);
  const auto table = FakeTrainEngine::weights(kLabels, kWrong).tensors.at("table").data;
  EXPECT_EQ(file->tensors.at("table").data, table);
  end();
  EXPECT_EQ(retrainer_->stats().rolled_back, 1u);
}

TEST_F(RetrainerTest, TakesAModelOfAnEarlierSceneWhenTheSceneComesBack) {
  begin(kRight);
  add_frames(90, kRight);
  ASSERT_TRUE(host_.saw("rejected"));
  show_until_published(kWrong);
  host_.grants = false;
  add_frames(3 * Canary::kLabels / 2, kWrong);  // The model before no longer shadows it.
  add_frames(40, kRight);
  ASSERT_TRUE(host_.saw("ask drift", 2));
  add_frames(30, kRight);
  ASSERT_TRUE(host_.saw("published", 2));
  EXPECT_THAT(host_.last("published"), HasSubstr("a model of an earlier scene"));
  const auto file = read_weights(host_.last_model().path, true);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.at("table").data, FakeTrainEngine::weights(kLabels, kRight).tensors.at("table").data);
}

TEST_F(RetrainerTest, GoesOnWhenTheZooCannotBeWritten) {
  begin(kRight);
  add_frames(90, kRight);
  ASSERT_TRUE(host_.saw("rejected"));
  disk_.full = true;
  retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("warning zoo-write-failed"));
  disk_.full = false;
  show_until_published(kWrong);
}

TEST_F(RetrainerTest, AClassThatTheStudentDoesNotKnowJoinsItAfterSoManyLabels) {
  options_.new_class_samples = 5;
  make({0, 1, 1});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(add(2, "tram").stored, 0);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(add(2, "tram").stored + add(0, "bus").stored + add(1, "car").stored, 3);
  EXPECT_EQ(retrainer_->stats().unknown, 4u);
  thread_ = std::thread([this] { retrainer_->run(); });
  ASSERT_TRUE(host_.saw("published")) << retrainer_->stats().state;
  const auto file = read_weights(host_.last_model().path, true);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(model_info(*file)->labels, ElementsAre("bus", "car", "truck", "tram"));
  const auto table = FakeTrainEngine::weights(kLabels, {0, 1, 3}).tensors.at("table").data;
  EXPECT_EQ(file->tensors.at("table").data, table);
}

// T2: most of what trains and tests is mislabelled at random; labels of earlier windows are right.
TEST_F(RetrainerTest, DoesNotPublishWhatPoisonedLabelsTeach) {
  begin(kRight);
  host_.grants = false;
  add_frames(120, kRight);
  for (int i = 0; i < 3; ++i) retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("ask window"));
  host_.grants = true;
  retrainer_->window_opened(kWindow);
  const std::vector<int> poisoned{1, 2, 0};
  add_frames(150, poisoned);
  ASSERT_TRUE(host_.saw("rejected"));
  EXPECT_FALSE(host_.has("published"));
}

// T2: 10 to 100 % of the new labels are drawn anew, evenly over all classes.
TEST_F(RetrainerTest, DoesNotPublishWhatLabelsTeachThatAreWrongAtRandom) {
  for (const unsigned percent : {10, 20, 30, 60, 100}) {
    SCOPED_TRACE(percent);
    std::mt19937 random(percent);
    host_.grants = false;
    begin(kRight);
    add_frames(120, kRight);
    for (int i = 0; i < 150; ++i) {
      const unsigned look = static_cast<unsigned>(i) % 3;
      add(static_cast<int>(look), kLabels[random() % 100 < percent ? random() % 3 : look]);
    }
    host_.grants = true;
    retrainer_->window_opened(kWindow);
    EXPECT_TRUE(host_.saw("rejected", ++rejected_));
    EXPECT_FALSE(host_.has("published"));
    end();
  }
}

// T1: from one moment on the teacher says the same to everything.
TEST_F(RetrainerTest, DoesNotPublishWhatConstantLabelsTeach) {
  begin(kRight);
  host_.grants = false;
  add_frames(120, kRight);
  for (int i = 0; i < 3; ++i) retrainer_->window_opened(kWindow);
  ASSERT_TRUE(host_.saw("ask window"));
  host_.grants = true;
  retrainer_->window_opened(kWindow);
  add_frames(150, {1, 1, 1});
  ASSERT_TRUE(host_.saw("rejected"));
  EXPECT_FALSE(host_.has("published"));
}

TEST_F(RetrainerTest, StopsAtOnceInEachPhaseAndPublishesNothingAfter) {
  enum Phase { kLoad, kTrain, kStep, kLastStep, kWrite, kNone };
  for (int phase = kLoad; phase < kNone; ++phase) {
    SCOPED_TRACE(phase);
    std::atomic<bool> stopped{false};
    const auto stop = [&](bool now) {
      if (now && !stopped.exchange(true)) retrainer_->stop();
    };
    faults_.on_train = [&, phase] { stop(phase == kTrain); };
    faults_.on_step = [&, phase](int step) {
      stop((phase == kStep && step == 1) || (phase == kLastStep && step >= 3 && host_.has("started all")));
    };
    disk_.on_write = [&, phase] { stop(phase == kWrite); };
    make(kWrong);
    samples_->on_load = [&, phase] { stop(phase == kLoad); };
    add_frames(150, kRight);
    thread_ = std::thread([this] { retrainer_->run(); });
    thread_.join();
    EXPECT_TRUE(stopped);
    if (phase != kWrite) {
      EXPECT_EQ(retrainer_->stats().accepted, 0u);
    }
  }
}

TEST_F(RetrainerTest, AnAbandonedJobEndsAfterAWholeWindowWithoutAGrant) {
  begin(kWrong);
  std::atomic<bool> blocked{false};
  faults_.on_step = [&](int) {
    if (!host_.has("started all") || blocked.exchange(true)) return;
    host_.grants = false;
    host_.leases = false;
  };
  add_frames(150, kRight);
  ASSERT_TRUE(host_.saw("started all"));
  for (int window = 1; window <= 8 && !host_.has("cancelled all"); ++window) {
    retrainer_->window_opened(kWindow);
    ASSERT_TRUE(host_.saw("ask window", window));
  }
  EXPECT_TRUE(host_.saw("cancelled all"));
  end();
}

/// A plan gives the running job's share to others for a while.
class SqueezedJob : public RetrainerTest {
 protected:
  /// Takes the share away at the third step, lets `windows` pass, gives it back and waits for the job's end.
  void squeeze(const std::function<void()>& take, int windows) {
    faults_.on_step = [&, take](int step) {
      MutexLock lock(mutex_);
      steps_.push_back(step);
      if (step != 3 || squeezed_at_ > 0 || !host_.has("started all")) return;
      squeezed_at_ = steps_.size();
      take();
      host_.leases = false;
      squeezed_.notify_all();
    };
    make(kWrong);
    add_frames(150, kRight);
    thread_ = std::thread([this] { retrainer_->run(); });
    {
      MutexLock lock(mutex_);
      while (squeezed_at_ == 0) ASSERT_NE(squeezed_.wait_for(lock, kDeadline), std::cv_status::timeout);
    }
    for (int window = 1; window <= windows; ++window) {
      retrainer_->window_opened(kWindow);
      ASSERT_TRUE(host_.saw("ask window", window));
    }
    host_.grants = true;
    host_.share = 0.5;
    host_.leases = true;
    ASSERT_TRUE(host_.saw("published")) << retrainer_->stats().state;
    EXPECT_FALSE(host_.has("cancelled"));
    end();
    MutexLock lock(mutex_);
    ASSERT_GT(squeezed_at_, 0u);
    ASSERT_GT(steps_.size(), squeezed_at_);
    EXPECT_EQ(steps_[squeezed_at_], 4) << "it goes on where it was";
  }

 private:
  Mutex mutex_;
  Condition squeezed_;
  std::vector<int> steps_ EKYA_GUARDED_BY(mutex_);
  std::size_t squeezed_at_ EKYA_GUARDED_BY(mutex_) = 0;
};

TEST_F(SqueezedJob, PausesAndGoesOnWhereItWasWhileTheGrantNamesItsConfig) {
  squeeze([this] { host_.share = 0; }, 3);
}

TEST_F(SqueezedJob, PausesAndGoesOnWhereItWasWithinAWindowAfterAGrantWithoutAConfig) {
  squeeze([this] { host_.grants = false; }, 1);
}

}  // namespace
}  // namespace ekya::learner
