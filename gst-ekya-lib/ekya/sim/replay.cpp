// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/replay.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "ekya/scheduler/throughput.h"

namespace ekya::sim {
namespace {

using scheduler::ClientKind;
using scheduler::ShareGrant;
using scheduler::ShareRequest;
using scheduler::WindowClosed;

/// Windows whose begins lie this much off, relative to their length, are still of one length.
constexpr double kSameLength = 0.01;

Error wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

/// What the retraining client of one stream told, in order.
struct Told {
  double at_s = 0;  ///< Since the first window's begin.
  ShareRequest request;
};

/// A job that ran from its first request to its job-done.
struct RecordedJob {
  std::size_t begin = 0, end = 0;  ///< Indices of what was told.
  std::string config;
  double work_s = 0;
  double accuracy = 0;  ///< Of its model, as the job-done told it.
};

/// Everything of one stream that a scenario needs.
struct Course {
  std::vector<Told> told;
  std::vector<std::pair<double, ShareGrant>> grants;  ///< Of its retraining client, by time.
};

/// Device-seconds of work that the grants gave between two moments.
double granted_work_s(const Course& course, const std::map<std::string, scheduler::Throughput>& devices, double from_s,
                      double until_s) {
  double work_s = 0;
  for (std::size_t i = 0; i < course.grants.size(); ++i) {
    const auto& [at_s, grant] = course.grants[i];
    const double end_s = i + 1 < course.grants.size() ? course.grants[i + 1].first : until_s;
    const double passed_s = std::min(end_s, until_s) - std::max(at_s, from_s);
    const auto device = devices.find(grant.device);
    if (passed_s > 0 && device != devices.end()) work_s += passed_s * device->second.speed(grant.share);
  }
  return work_s;
}

/// Turns what one stream's clients told into scenes.
class Scenes {
 public:
  Scenes(const Course& course, const std::map<std::string, scheduler::Throughput>& devices)
      : course_(course), devices_(devices) {
    find_jobs();
  }

  double first_accuracy() const {
    for (const Told& told : course_.told)
      if (told.request.accuracy) return *told.request.accuracy;
    return kUnknown;
  }

  std::vector<Scene> scenes() {
    std::vector<Scene> scenes(1);
    known_ = first_accuracy();
    for (std::size_t i = 0; i < course_.told.size(); ++i) {
      Scene scene = scene_at(i);
      if (scene.drop == 0 && scene.retraining.empty()) continue;
      if (scene.begin_s <= scenes.back().begin_s)
        merge(scene, scenes.back());
      else
        scenes.push_back(std::move(scene));
    }
    return scenes;
  }

 private:
  /// Accuracy of a stream that nobody measured, as the controller takes it.
  static constexpr double kUnknown = 0.5;

  void find_jobs() {
    for (std::size_t i = 0; i < course_.told.size(); ++i) {
      const ShareRequest& request = course_.told[i].request;
      if (!running_ && !request.running.empty()) {
        jobs_.push_back({i, course_.told.size(), request.running});
        running_ = true;
      } else if (running_ && request.running.empty()) {
        end_job(jobs_.back(), i);
        running_ = false;
      }
    }
  }

  void end_job(RecordedJob& job, std::size_t end) {
    job.end = end;
    job.work_s = granted_work_s(course_, devices_, course_.told[job.begin].at_s, course_.told[end].at_s);
    job.accuracy = accuracy_at(end);
  }

  /// The last accuracy that was told, up to that request.
  double accuracy_at(std::size_t i) const {
    for (std::size_t k = i + 1; k-- > 0;)
      if (course_.told[k].request.accuracy) return *course_.told[k].request.accuracy;
    return first_accuracy();
  }

  Scene scene_at(std::size_t i) {
    const Told& told = course_.told[i];
    Scene scene;
    scene.begin_s = std::max(0.0, told.at_s);
    scene.cached_accuracy = told.request.cached_accuracy;
    const bool ends_a_job = std::any_of(jobs_.begin(), jobs_.end(), [&](const RecordedJob& j) { return j.end == i; });
    const double now = accuracy_at(i);
    if (!ends_a_job) scene.drop = known_ - now;  // what a job's model changes is no drift
    known_ = now;
    if (told.request.running.empty()) scene.retraining = offers_at(i);
    return scene;
  }

  /// The configs offered, with the truth of the one that was run on this offer.
  std::vector<TrueConfig> offers_at(std::size_t i) const {
    std::vector<TrueConfig> offers;
    const RecordedJob* job = job_on_offer(i);
    for (const scheduler::RetrainingConfig& config : course_.told[i].request.retraining) {
      offers.push_back({config, config.work_s, config.accuracy});
      if (!job || job->config != config.id) continue;
      if (job->work_s > 0) offers.back().work_s = job->work_s;
      offers.back().accuracy = std::clamp(job->accuracy + drift_during(*job), 0.0, 1.0);
    }
    return offers;
  }

  /// The job that began on this offer: the next one, if nothing else was offered before it and it has ended.
  const RecordedJob* job_on_offer(std::size_t i) const {
    for (const RecordedJob& job : jobs_) {
      if (job.begin <= i) continue;
      const bool ended = job.end < course_.told.size();
      return ended && job.begin == i + 1 ? &job : nullptr;
    }
    return nullptr;
  }

  /// By how much drift lowered the live model while the job ran: the simulation lowers the job's model as well.
  double drift_during(const RecordedJob& job) const { return accuracy_at(job.begin) - accuracy_at(job.end - 1); }

  static void merge(const Scene& later, Scene& scene) {
    scene.drop += later.drop;
    scene.cached_accuracy = later.cached_accuracy;
    if (!later.retraining.empty()) scene.retraining = later.retraining;
  }

  const Course& course_;
  const std::map<std::string, scheduler::Throughput>& devices_;
  std::vector<RecordedJob> jobs_;
  bool running_ = false;
  double known_ = kUnknown;
};

class Recorder {
 public:
  explicit Recorder(const std::vector<TraceEntry>& trace) : trace_(trace) {}

  Result<Recording> recording() {
    if (Status s = find_windows(); !s) return s.error();
    for (const TraceEntry& entry : trace_) std::visit([&](const auto& what) { take(entry.at_s, what); }, entry.what);
    if (streams_.empty()) return wrong("no plan of the trace carries its problem, which tells the devices and streams");
    for (const scheduler::Device& device : recording_.scenario.devices)
      devices_.emplace(device.id, scheduler::Throughput(device.throughput));
    for (const auto& [id, stream] : streams_) recording_.scenario.streams.push_back(scenario_stream(stream));
    take_measured();
    if (Status s = validate(recording_.scenario); !s) return s.error();
    return std::move(recording_);
  }

 private:
  Status find_windows() {
    for (const TraceEntry& entry : trace_)
      if (const auto* closed = std::get_if<WindowClosed>(&entry.what)) closed_.push_back(closed);
    if (closed_.empty()) return wrong("no window closes in the trace; record at least one whole window");
    begin_s_ = closed_.front()->begin.count();
    const double length_s = (closed_.front()->end - closed_.front()->begin).count();
    for (std::size_t w = 0; w < closed_.size(); ++w) {
      const double begin_s = begin_s_ + length_s * static_cast<double>(w);
      const double off_s =
          std::abs(closed_[w]->begin.count() - begin_s) + std::abs(closed_[w]->end.count() - begin_s - length_s);
      if (!(off_s <= kSameLength * length_s * (1 + static_cast<double>(w))))
        return wrong("window " + std::to_string(closed_[w]->window) +
                     " is not as long as the first, or there is a gap before it");
    }
    recording_.scenario.window_s = length_s;
    recording_.scenario.windows = static_cast<int>(closed_.size());
    return {};
  }

  double since_begin_s(double at_s) const { return at_s - begin_s_; }
  bool within(double at_s) const {
    return since_begin_s(at_s) < recording_.scenario.window_s * recording_.scenario.windows;
  }

  void take(double at_s, const TracedRequest& traced) {
    if (within(at_s) && traced.request.key.kind == ClientKind::kRetraining)
      courses_[traced.request.key.stream].told.push_back({since_begin_s(at_s), traced.request});
  }
  void take(double at_s, const TracedGrant& traced) {
    if (traced.grant.key.kind == ClientKind::kRetraining)
      courses_[traced.grant.key.stream].grants.emplace_back(since_begin_s(at_s), traced.grant);
  }
  void take(double at_s, const TracedPlan& plan) {
    if (!within(at_s) || !plan.problem) return;
    const scheduler::Problem& problem = *plan.problem;
    if (streams_.empty()) {
      recording_.policy = plan.policy;
      recording_.scenario.quantum = problem.quantum;
      recording_.scenario.min_accuracy = problem.min_accuracy;
      recording_.scenario.kappa = problem.kappa;
      recording_.scenario.devices = problem.devices;
      recording_.scenario.cloud = problem.cloud;
    }
    for (const scheduler::Stream& stream : problem.streams) streams_[stream.id] = stream;  // the last is measured best
  }
  void take(double, const TracedLeave&) {}
  void take(double, const scheduler::WindowOpened&) {}
  void take(double, const WindowClosed&) {}

  ScenarioStream scenario_stream(const scheduler::Stream& from) {
    ScenarioStream stream;
    stream.id = from.id;
    stream.weight = from.weight;
    stream.min_accuracy = from.min_accuracy;
    stream.labelling_demand = from.labelling_demand;
    stream.upload_mbit = from.upload_mbit;
    stream.model_mbit = from.model_mbit;
    stream.inference = from.inference;
    Scenes scenes(courses_[from.id], devices_);
    stream.accuracy = scenes.first_accuracy();
    stream.scenes = scenes.scenes();
    return stream;
  }

  void take_measured() {
    const auto& streams = recording_.scenario.streams;
    for (const WindowClosed* closed : closed_) {
      recording_.measured.emplace_back(streams.size(), std::numeric_limits<double>::quiet_NaN());
      for (std::size_t v = 0; v < streams.size(); ++v)
        for (const WindowClosed::StreamResult& result : closed->streams)
          if (result.id == streams[v].id) recording_.measured.back()[v] = result.measured_accuracy;
    }
  }

  const std::vector<TraceEntry>& trace_;
  std::vector<const WindowClosed*> closed_;
  double begin_s_ = 0;
  std::map<std::string, Course> courses_;
  std::map<std::string, scheduler::Stream> streams_;
  std::map<std::string, scheduler::Throughput> devices_;
  Recording recording_;
};

}  // namespace

Result<Recording> recording_of(const std::vector<TraceEntry>& trace) { return Recorder(trace).recording(); }

Agreement agreement(const Recording& recording, const Simulated& simulated) {
  Agreement agreement;
  for (std::size_t w = 0; w < recording.measured.size(); ++w) {
    double sum = 0;
    int measured = 0;
    for (std::size_t v = 0; v < recording.measured[w].size(); ++v) {
      const double difference = simulated.windows[w][v].measured - recording.measured[w][v];
      if (std::isnan(difference)) continue;
      sum += difference;
      agreement.mean_of_streams += std::abs(difference);
      agreement.measured += recording.measured[w][v];
      agreement.simulated += simulated.windows[w][v].measured;
      ++measured;
    }
    if (measured == 0) continue;
    agreement.mean_of_windows += std::abs(sum / measured);
    agreement.results += measured;
    ++agreement.windows;
  }
  if (agreement.windows > 0) agreement.mean_of_windows /= agreement.windows;
  if (agreement.results > 0)
    for (double* sum : {&agreement.mean_of_streams, &agreement.measured, &agreement.simulated})
      *sum /= agreement.results;
  return agreement;
}

}  // namespace ekya::sim
