// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/share.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "glue/ptr.h"

namespace ekya::gst::label {
namespace {

// Until the first frame is measured: about a ResNet50 on a crop, on one core.
constexpr double kGuessedSeconds = 0.1;
// The newest measurement's part in the mean.
constexpr double kNewest = 0.3;

struct Work {
  GstEkyaClient* client;
  ~Work() { gst_ekya_client_end_work(client); }
};

}  // namespace

Share::Share(GstElement* element, GstEkyaScheduler* scheduler, const std::string& stream_id)
    : client_(gst_ekya_client_new(element, scheduler, stream_id.c_str(), GST_EKYA_CLIENT_LABELLING), gst_object_unref),
      slots_(std::max(1u, std::thread::hardware_concurrency())) {}

Share::~Share() { gst_ekya_client_leave(client_.get()); }

double Share::demand(double rate) const {
  const double seconds = golden_seconds_;
  return (seconds > 0 ? seconds : kGuessedSeconds) * rate / slots_;
}

Status Share::request(const char* reason, double rate) {
  asked_ = demand(rate);
  asked_at_ = steady_now();
  GstStructure* request = gst_structure_new("ekya-share-request", "reason", G_TYPE_STRING, reason, "demand",
                                            G_TYPE_DOUBLE, asked_, nullptr);
  GError* raw = nullptr;
  if (gst_ekya_client_request(client_.get(), request, &raw)) return {};
  const ErrorPtr error(raw);
  return Error{ErrorCode::kBusy, error ? error->message : "no reason given"};
}

bool Share::is_out_of_date(double rate, Seconds now) const {
  constexpr double kTolerance = 0.25;
  return now - asked_at_ >= Seconds{1} && std::abs(demand(rate) - asked_) > kTolerance * asked_;
}

double Share::allowed_rate(double wanted) const {
  const double share = granted(), seconds = golden_seconds_;
  if (share <= 0) return 0;
  return seconds > 0 ? std::min(wanted, share * slots_ / seconds) : wanted;
}

void Share::measured(double seconds) {
  const double before = golden_seconds_;
  golden_seconds_ = before > 0 ? before + kNewest * (seconds - before) : seconds;
}

double Share::granted() const { return gst_ekya_client_get_share(client_.get(), nullptr); }

Turn Share::turn() const {
  return [client = client_](const std::function<void()>& work) {
    constexpr auto kWait = static_cast<GstClockTime>(kTurnWait.count() * GST_SECOND);
    if (!gst_ekya_client_begin_work(client.get(), kWait)) return false;
    const Work end{client.get()};
    work();
    return true;
  };
}

void Share::interrupt() { gst_ekya_client_set_interrupted(client_.get(), TRUE); }

}  // namespace ekya::gst::label
