// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

Status refuse(const std::string& place, const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, place + ": " + what};
}

std::string place_of(std::size_t stream) { return "streams[" + std::to_string(stream) + "]"; }

Status check_window(const Problem& problem) {
  if (auto s = check_positive("window_s", problem.window_s); !s) return s;
  if (!(problem.quantum > 0 && problem.quantum <= 1))
    return refuse("quantum", in_words(problem.quantum) + " is not in (0, 1]");
  if (auto s = check_fraction("min_accuracy", problem.min_accuracy); !s) return s;
  if (problem.device.empty()) return refuse("devices[0].id", "is empty");
  return check_positive("devices[0].capacity", problem.capacity);
}

Status check_stream(const std::string& place, const Stream& stream) {
  if (auto s = check_name(place + ".id", stream.id); !s) return s;
  if (auto s = check_fraction(place + ".accuracy", stream.accuracy); !s) return s;
  if (auto s = check_not_negative(place + ".labelling_demand", stream.labelling_demand); !s) return s;
  if (stream.min_accuracy)
    if (auto s = check_fraction(place + ".min_accuracy", *stream.min_accuracy); !s) return s;
  if (auto s = check_configs(place + ".inference", stream.inference); !s) return s;
  if (auto s = check_configs(place + ".retraining", stream.retraining); !s) return s;
  return check_running(place + ".running", stream.retraining, stream.running);
}

template <typename Config>
bool has(const std::vector<Config>& configs, const std::string& id) {
  return id.empty() || std::any_of(configs.begin(), configs.end(), [&](const Config& c) { return c.id == id; });
}

Status check_answer(const std::string& place, const Stream& stream, const StreamPlan& answer) {
  if (answer.id != stream.id) return refuse(place + ".id", "'" + printable(answer.id) + "' is not '" + stream.id + "'");
  if (!has(stream.inference, answer.inference_config))
    return refuse(place + ".inference_config", "'" + printable(answer.inference_config) + "' is not offered");
  if (!has(stream.retraining, answer.retraining_config))
    return refuse(place + ".retraining_config", "'" + printable(answer.retraining_config) + "' is not offered");
  if (auto s = check_not_negative(place + ".inference_share", answer.inference_share); !s) return s;
  if (auto s = check_not_negative(place + ".labelling_share", answer.labelling_share); !s) return s;
  if (auto s = check_not_negative(place + ".retraining_share", answer.retraining_share); !s) return s;
  return check_fraction(place + ".expected_accuracy", answer.expected_accuracy);
}

}  // namespace

Status validate(const Problem& problem) {
  if (auto s = check_window(problem); !s) return s;
  std::set<std::string_view> seen;
  for (std::size_t v = 0; v < problem.streams.size(); ++v) {
    const Stream& stream = problem.streams[v];
    if (auto s = check_stream(place_of(v), stream); !s) return s;
    if (!seen.insert(stream.id).second) return refuse(place_of(v) + ".id", "'" + stream.id + "' is there twice");
  }
  return {};
}

Status validate(const Problem& problem, const Plan& plan) {
  if (plan.streams.size() != problem.streams.size())
    return refuse("streams", "the plan has " + std::to_string(plan.streams.size()) + " streams, the problem " +
                                 std::to_string(problem.streams.size()));
  double sum = 0;
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    const StreamPlan& answer = plan.streams[v];
    if (auto s = check_answer(place_of(v), problem.streams[v], answer); !s) return s;
    sum += answer.inference_share + answer.labelling_share + answer.retraining_share;
  }
  if (sum > problem.capacity + kShareTolerance)
    return refuse("streams",
                  "the shares sum to " + in_words(sum) + ", more than the capacity " + in_words(problem.capacity));
  return check_fraction("mean_accuracy", plan.mean_accuracy);
}

}  // namespace ekya::scheduler
