// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/trace.h"

#include <cmath>
#include <limits>

#include "ekya/base/printable.h"
#include "ekya/base/strict_json.h"
#include "ekya/scheduler/problem_json.h"
#include "ekya/scheduler/problem_parts_json.h"
#include "ekya/scheduler/share_request.h"

namespace ekya::sim {
namespace {

using scheduler::ClientKey;
using scheduler::ClientKind;
using strict_json::Fields;
using strict_json::Json;
using strict_json::Trouble;

/// Deepest nesting of a line: object, problem, devices, device, throughput, point.
constexpr int kDeepest = 6;

void read_key(Fields& fields, ClientKey& key, Trouble& trouble) {
  std::string kind;
  fields.string("stream", key.stream);
  fields.string("kind", kind);
  fields.string("client", key.client);
  const auto known = scheduler::client_kind(kind);
  if (!known) return trouble.add("kind", "'" + printable(kind) + "' is none of inference, labelling, retraining");
  key.kind = *known;
}

void read_number(Fields& fields, const char* key, std::uint64_t& value, Trouble& trouble) {
  double number = 0;
  fields.number(key, number);
  if (!(number >= 0 && number < 9e15)) return trouble.add(key, "is not a count");
  value = static_cast<std::uint64_t>(number);
}

void read_seconds(Fields& fields, const char* key, Seconds& value) {
  double seconds = 0;
  fields.number(key, seconds);
  value = Seconds{seconds};
}

TracedRequest read_request(Fields& fields, Trouble& trouble) {
  scheduler::ShareRequest request;
  read_key(fields, request.key, trouble);
  fields.string("reason", request.reason);
  fields.maybe_number("accuracy", request.accuracy);
  fields.maybe_string("running", request.running);
  fields.maybe_number("demand", request.labelling_demand);
  fields.maybe_number("weight", request.weight);
  fields.maybe_number("min_accuracy", request.min_accuracy);
  fields.maybe_number("cached_accuracy", request.cached_accuracy);
  fields.maybe_number("upload_mbit", request.upload_mbit);
  fields.maybe_number("model_mbit", request.model_mbit);
  fields.array("configs", [&](const Json& config, const std::string& place) {
    if (request.key.kind == ClientKind::kInference)
      request.inference.push_back(scheduler::read_inference(config, place, trouble));
    else
      request.retraining.push_back(scheduler::read_retraining(config, place, trouble));
  });
  if (trouble.any()) return {request};
  if (const Status s = check(request); !s) trouble.add("", s.error().message);
  return {request};
}

TracedGrant read_grant(Fields& fields, Trouble& trouble) {
  scheduler::ShareGrant grant;
  read_key(fields, grant.key, trouble);
  fields.number("share", grant.share);
  if (!(grant.share >= 0)) trouble.add("share", "is not >= 0");
  fields.string("device", grant.device);
  fields.string("config", grant.config);
  read_seconds(fields, "until", grant.until);
  read_number(fields, "plan", grant.plan, trouble);
  return {grant};
}

TracedPlan read_plan(Fields& fields, Trouble& trouble) {
  TracedPlan plan;
  std::uint64_t number = 0;
  std::string reason;
  double decision_ms = 0;
  read_number(fields, "number", number, trouble);
  read_number(fields, "window", number, trouble);
  fields.string("reason", reason);
  fields.number("decision_ms", decision_ms);
  fields.maybe_object("plan", [&](const Json& json, const std::string&) {
    if (json.is_object())
      plan.policy = json.value("policy", Json()).is_string() ? json["policy"].get<std::string>() : "";
  });
  fields.maybe_object("problem", [&](const Json& json, const std::string& place) {
    auto problem = scheduler::problem_from_json(json.dump());
    if (!problem) return trouble.add(place, problem.error().message);
    plan.problem = std::move(*problem);
  });
  return plan;
}

scheduler::WindowClosed::StreamResult read_result(const Json& json, const std::string& place, Trouble& trouble) {
  scheduler::WindowClosed::StreamResult result;
  result.measured_accuracy = std::numeric_limits<double>::quiet_NaN();
  Fields fields(json, place, trouble);
  fields.string("id", result.id);
  fields.number("expected_accuracy", result.expected_accuracy);
  fields.maybe_object("measured_accuracy", [&](const Json& value, const std::string& here) {
    if (value.is_null()) return;  // nobody measured it
    if (!value.is_number()) return trouble.add(here, "is neither a number nor null");
    result.measured_accuracy = value.get<double>();
  });
  return result;
}

void read_window(Fields& fields, TraceEntry& entry, Trouble& trouble) {
  scheduler::WindowClosed closed;
  std::string state;
  fields.string("state", state);
  read_number(fields, "window", closed.window, trouble);
  read_seconds(fields, "begin", closed.begin);
  read_seconds(fields, "end", closed.end);
  fields.maybe_array("streams", [&](const Json& stream, const std::string& place) {
    closed.streams.push_back(read_result(stream, place, trouble));
  });
  if (state == "opened")
    entry.what = scheduler::WindowOpened{closed.window, closed.begin, closed.end};
  else if (state == "closed")
    entry.what = std::move(closed);
  else
    trouble.add("state", "'" + printable(state) + "' is neither opened nor closed");
}

TraceEntry read_entry(const Json& json, Trouble& trouble) {
  TraceEntry entry;
  Fields fields(json, "", trouble);
  std::string type;
  fields.string("type", type);
  fields.number("at", entry.at_s);
  if (type == "request") {
    entry.what = read_request(fields, trouble);
  } else if (type == "leave") {
    TracedLeave leave;
    read_key(fields, leave.key, trouble);
    entry.what = leave;
  } else if (type == "grant") {
    entry.what = read_grant(fields, trouble);
  } else if (type == "plan") {
    entry.what = read_plan(fields, trouble);
  } else if (type == "window") {
    read_window(fields, entry, trouble);
  } else {
    trouble.add("type", "'" + printable(type) + "' is none of request, leave, grant, plan, window");
  }
  return entry;
}

}  // namespace

Result<std::vector<TraceEntry>> trace_from_json_lines(std::string_view text) {
  std::vector<TraceEntry> entries;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.empty() || line == "\r") continue;
    auto entry = strict_json::read(line, scheduler::kLargestJson, kDeepest, read_entry);
    if (!entry) return Error{entry.error().code, "line " + std::to_string(number) + ": " + entry.error().message};
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace ekya::sim
