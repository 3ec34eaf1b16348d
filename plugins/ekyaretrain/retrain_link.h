// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/ekya.h>
#include <gst/gst.h>

#include <memory>
#include <string>

#include "ekya/base/mutex.h"
#include "ekya/learner/retrainer.h"
#include "glue/notice.h"
#include "glue/ptr.h"

namespace ekya::gst {

/// Where signals of the scheduler and the client arrive. It outlives the retrainer: a handler may still run in the
/// scheduler's thread when it has been disconnected. Thread-safe.
class Mailbox {
 public:
  void open(learner::Retrainer* retrainer);
  void close() { open(nullptr); }
  void on_window(const GstStructure* window);
  void on_grant(const GstStructure* grant);

 private:
  Mutex mutex_;
  learner::Retrainer* retrainer_ EKYA_GUARDED_BY(mutex_) = nullptr;
};

/// Carries a retrainer's words to the bus and the scheduler, and theirs to it. The element outlives it.
class RetrainLink : public learner::RetrainerHost {
 public:
  RetrainLink(GstElement* element, GstEkyaScheduler* scheduler, std::string stream_id, Notices& notices);
  ~RetrainLink() override;

  /// Joins the scheduler. Errors: the stream has a retrainer already.
  Status join(learner::Retrainer& retrainer);
  /// begin_work() fails from now on, so that the trainer's thread ends.
  void interrupt();

  /// Tells every ekyainfer of the stream which checkpoint to run. status: "published" or "rolled-back".
  void announce(const std::string& path, std::uint64_t generation, double accuracy, const char* status);

  double granted_share() const;
  double received_share() const;

  void ask(const learner::ShareAsk& ask) override;
  bool begin_work(Seconds longest) override;
  void end_work() override;
  void job_news(const learner::JobNews& news) override;
  void model_news(const learner::ModelNews& news) override;
  void drift(double accuracy, double previous) override;
  void warn(const std::string& kind, const std::string& text) override;

 private:
  Status request(const learner::ShareAsk& ask);
  void post(GstStructure* structure);
  bool playing() const;

  GstElement* const element_;
  const ObjectPtr<GstEkyaScheduler> scheduler_;
  const ObjectPtr<GstEkyaClient> client_;
  const std::string stream_id_;
  Notices& notices_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  gulong window_handler_ = 0, grant_handler_ = 0;
  bool announced_ = false;  ///< A PROGRESS START was posted for the job in progress; the trainer thread's.
};

}  // namespace ekya::gst
