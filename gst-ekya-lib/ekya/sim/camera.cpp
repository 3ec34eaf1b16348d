// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/camera.h"

#include <algorithm>
#include <cmath>

namespace ekya::sim {
namespace {

using scheduler::ClientKind;
using scheduler::RetrainingConfig;
using scheduler::ShareRequest;

/// What is left of a job after rounding, relative to its work.
constexpr double kRounding = 1e-9;
/// The part of a job after which its true cost is known, and the relative error that is worth a word.
constexpr double kProbe = 0.1;
constexpr double kWorthAWord = 0.1;
/// Least part of its believed work that a running job asks for.
constexpr double kLeastLeft = 0.05;

double limited(double accuracy) { return std::clamp(accuracy, 0.0, 1.0); }

}  // namespace

Camera::Camera(const ScenarioStream& stream) : stream_(stream), live_(stream.accuracy) {}

scheduler::ClientKey Camera::key(ClientKind kind) const { return {stream_.id, kind, scheduler::to_string(kind)}; }

std::vector<ShareRequest> Camera::join() const {
  std::vector<ShareRequest> requests;
  const auto add = [&](ClientKind kind) -> ShareRequest& {
    requests.emplace_back();
    requests.back().key = key(kind);
    requests.back().reason = "join";
    return requests.back();
  };
  if (!stream_.inference.empty()) add(ClientKind::kInference).inference = stream_.inference;
  if (stream_.labelling_demand > 0) add(ClientKind::kLabelling).labelling_demand = stream_.labelling_demand;
  requests.push_back(request("join"));
  return requests;
}

void Camera::hear(const scheduler::ShareGrant& grant) {
  switch (grant.key.kind) {
    case ClientKind::kInference:
      inference_ = grant;
      break;
    case ClientKind::kLabelling:
      labelling_ = grant;
      break;
    case ClientKind::kRetraining:
      retraining_ = grant;
  }
}

void Camera::begin_scene(std::size_t number) {
  scene_ = number;
  if (!scene().retraining.empty()) offered_ = nullptr;
  const double drop = scene().drop;
  live_ = limited(live_ - drop);
  if (!job_) return;
  job_->config.accuracy = limited(job_->config.accuracy - drop);
  job_->config.believed.accuracy = limited(job_->config.believed.accuracy - drop);
}

void Camera::labels_arrive() {
  known_ = live_;
  if (!scene().retraining.empty()) offered_ = &scene();
}

void Camera::swap(double accuracy) { known_ = live_ = accuracy; }

double Camera::delivered_accuracy(const std::string& config, double accuracy) const {
  for (const TrueConfig& known : scene().retraining)
    if (known.believed.id == config) return known.accuracy;
  return accuracy;
}

bool Camera::start_granted_job() {
  if (job_ || !offered_ || retraining_.share <= 0) return false;
  for (const TrueConfig& config : offered_->retraining)
    if (config.believed.id == retraining_.config) job_ = Job{config};
  if (job_) offered_ = nullptr;
  return job_.has_value();
}

double Camera::job_share() const {
  if (!job_ || retraining_.config != job_->config.believed.id) return 0;
  return std::min(retraining_.share, job_->config.believed.max_share);
}

double Camera::work_to_next_news_s() const {
  if (!job_) return std::numeric_limits<double>::infinity();
  const double probe_s = kProbe * job_->config.work_s;
  if (!job_->work_known && job_->done_s < probe_s * (1 - kRounding)) return probe_s - job_->done_s;
  return job_->config.work_s - job_->done_s;
}

void Camera::work(double seconds_of_work) {
  if (job_) job_->done_s += seconds_of_work;
}

bool Camera::notice_true_work() {
  if (!job_ || job_->work_known || job_->done_s < kProbe * job_->config.work_s * (1 - kRounding)) return false;
  job_->work_known = true;
  RetrainingConfig& believed = job_->config.believed;
  const bool off = std::abs(believed.work_s - job_->config.work_s) > kWorthAWord * believed.work_s;
  if (off) {
    believed.work_s = job_->config.work_s;
    believed.work_sd_s = 0;
  }
  return off;
}

std::optional<double> Camera::finish_job() {
  if (!job_ || job_->done_s < job_->config.work_s * (1 - kRounding)) return std::nullopt;
  const double accuracy = job_->config.accuracy;
  job_.reset();
  return accuracy;
}

ShareRequest Camera::request(std::string reason) const {
  ShareRequest request;
  request.key = key(ClientKind::kRetraining);
  request.reason = std::move(reason);
  request.accuracy = known_;
  request.weight = stream_.weight;
  request.min_accuracy = stream_.min_accuracy;
  request.cached_accuracy = scene().cached_accuracy;
  request.upload_mbit = stream_.upload_mbit;
  request.model_mbit = stream_.model_mbit;
  if (job_) {
    request.running = job_->config.believed.id;
    request.retraining.push_back(job_->config.believed);
    double& left_s = request.retraining.back().work_s;
    left_s = std::max(left_s - job_->done_s, kLeastLeft * left_s);
  } else if (offered_) {
    for (const TrueConfig& config : offered_->retraining) request.retraining.push_back(config.believed);
  }
  return request;
}

double Camera::accuracy() const {
  if (stream_.inference.empty()) return live_;
  for (const scheduler::InferenceConfig& config : stream_.inference)
    if (config.id == inference_.config) return live_ * config.factor;
  return 0;
}

}  // namespace ekya::sim
