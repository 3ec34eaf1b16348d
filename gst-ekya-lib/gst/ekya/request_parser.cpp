// SPDX-License-Identifier: LGPL-2.1-or-later
#include "request_parser.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"

namespace ekya::gst {
namespace {

using scheduler::ClientKind;
using scheduler::InferenceConfig;
using scheduler::RetrainingConfig;
using scheduler::ShareRequest;

constexpr guint kMostConfigs = 64;
constexpr std::size_t kLongestText = 128;
constexpr std::size_t kLongestPath = 4096;
// These keep nonsense such as 1e308 out of the arithmetic, not real figures.
constexpr double kMostDevices = 1e6;
constexpr double kMostSeconds = 1e9;
constexpr double kMostMegabytes = 1e9;
constexpr double kMostMegabits = 1e9;
constexpr double kMostWeight = 1e6;

struct Range {
  double low, high;
};

Error invalid(const std::string& field, const std::string& found) {
  return Error{ErrorCode::kInvalidArgument, "field " + field + ": " + found};
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

/// A field of a structure with its place for messages, e.g. `configs[2].demand`.
class Field {
 public:
  Field(const GstStructure* structure, const char* name, const std::string& prefix = "")
      : value_(gst_structure_get_value(structure, name)), place_(prefix + name) {}

  bool present() const { return value_ != nullptr; }
  const std::string& place() const { return place_; }
  const GValue* value() const { return value_; }

  /// Text of 1 to `longest` characters, all printable ASCII.
  Result<std::string> text(std::size_t longest = kLongestText) const {
    if (Status is = holds(G_TYPE_STRING, "a string"); !is) return is.error();
    const gchar* text = g_value_get_string(value_);
    const std::size_t length = text ? std::strlen(text) : 0;
    if (length == 0 || length > longest)
      return invalid(place_, "has " + std::to_string(length) + " characters; use 1 to " + std::to_string(longest));
    if (!std::all_of(text, text + length, [](char c) { return c >= ' ' && c <= '~'; }))
      return invalid(place_, "\"" + printable(text) + "\" has characters other than printable ASCII");
    return std::string(text, length);
  }

  Result<double> real(Range range) const {
    if (Status is = holds(G_TYPE_DOUBLE, "a double"); !is) return is.error();
    const double value = g_value_get_double(value_);
    if (std::isfinite(value) && value >= range.low && value <= range.high) return value;
    return invalid(place_, number(value) + " is not in [" + number(range.low) + ", " + number(range.high) + "]");
  }

  Status holds(GType type, const char* wanted) const {
    if (!value_) return invalid(place_, std::string("is missing; set ") + wanted);
    if (G_VALUE_HOLDS(value_, type)) return {};
    return invalid(place_, "is a " + std::string(G_VALUE_TYPE_NAME(value_)) + ", not " + wanted);
  }

 private:
  const GValue* value_;
  std::string place_;
};

/// Puts a field into `target`, or gives the error.
Status read(const Field& field, Range range, double& target) {
  Result<double> value = field.real(range);
  if (!value) return value.error();
  target = *value;
  return {};
}

Status read_if_set(const Field& field, Range range, double& target) {
  return field.present() ? read(field, range, target) : Status{};
}

Status read_if_set(const Field& field, Range range, std::optional<double>& target) {
  return field.present() ? read(field, range, target.emplace()) : Status{};
}

Status read(const Field& field, std::string& target) {
  Result<std::string> value = field.text();
  if (!value) return value.error();
  target = *std::move(value);
  return {};
}

Status read_config(const GstStructure* from, const std::string& place, InferenceConfig& config) {
  if (Status s = read({from, "id", place}, config.id); !s) return s;
  if (Status s = read({from, "demand", place}, {0, kMostDevices}, config.demand); !s) return s;
  return read({from, "factor", place}, {0, 1}, config.factor);
}

Status read_config(const GstStructure* from, const std::string& place, RetrainingConfig& config) {
  if (Status s = read({from, "id", place}, config.id); !s) return s;
  if (Status s = read({from, "work", place}, {0, kMostSeconds}, config.work_s); !s) return s;
  if (Status s = read({from, "accuracy", place}, {0, 1}, config.accuracy); !s) return s;
  if (Status s = read_if_set({from, "max-share", place}, {0, kMostDevices}, config.max_share); !s) return s;
  if (Status s = read_if_set({from, "memory", place}, {0, kMostMegabytes}, config.memory_mb); !s) return s;
  if (Status s = read_if_set({from, "work-deviation", place}, {0, kMostSeconds}, config.work_sd_s); !s) return s;
  return read_if_set({from, "accuracy-deviation", place}, {0, 1}, config.accuracy_sd);
}

template <typename Config>
Status read_configs(const Field& field, std::vector<Config>& configs) {
  if (Status is = field.holds(GST_TYPE_LIST, "a list of structures"); !is) return is;
  const guint count = gst_value_list_get_size(field.value());
  if (count > kMostConfigs)
    return invalid(field.place(),
                   "has " + std::to_string(count) + " entries; use at most " + std::to_string(kMostConfigs));
  for (guint i = 0; i < count; ++i) {
    const std::string place = field.place() + "[" + std::to_string(i) + "]";
    const GValue* item = gst_value_list_get_value(field.value(), i);
    if (!GST_VALUE_HOLDS_STRUCTURE(item) || !gst_value_get_structure(item))
      return invalid(place, "is a " + std::string(G_VALUE_TYPE_NAME(item)) + ", not a structure");
    if (Status s = read_config(gst_value_get_structure(item), place + ".", configs.emplace_back()); !s) return s;
  }
  return {};
}

Status read_identity(const GstStructure* request, ShareRequest& into) {
  if (Status s = read({request, "stream-id"}, into.key.stream); !s) return s;
  if (Status s = check_name("field stream-id", into.key.stream); !s) return s;
  std::string kind;
  if (Status s = read({request, "kind"}, kind); !s) return s;
  const auto known = scheduler::client_kind(kind);
  if (!known) return invalid("kind", "\"" + kind + "\" is unknown; use inference, labelling or retraining");
  into.key.kind = *known;
  return read({request, "client"}, into.key.client);
}

Status read_figures(const GstStructure* request, ShareRequest& into) {
  const Field configs(request, "configs");
  switch (into.key.kind) {
    case ClientKind::kInference:
      return read_configs(configs, into.inference);
    case ClientKind::kRetraining:
      return configs.present() ? read_configs(configs, into.retraining) : Status{};
    case ClientKind::kLabelling:
      break;
  }
  return read({request, "demand"}, {0, kMostDevices}, into.labelling_demand);
}

Status read_stream_facts(const GstStructure* request, ShareRequest& into) {
  if (Status s = read_if_set({request, "weight"}, {0, kMostWeight}, into.weight); !s) return s;
  if (Status s = read_if_set({request, "min-accuracy"}, {0, 1}, into.min_accuracy); !s) return s;
  if (Status s = read_if_set({request, "cached-accuracy"}, {0, 1}, into.cached_accuracy); !s) return s;
  if (Status s = read_if_set({request, "upload"}, {0, kMostMegabits}, into.upload_mbit); !s) return s;
  return read_if_set({request, "model-size"}, {0, kMostMegabits}, into.model_mbit);
}

Status read_optional(const GstStructure* request, ShareRequest& into) {
  if (Status s = read_if_set({request, "accuracy"}, {0, 1}, into.accuracy); !s) return s;
  if (Status s = read_stream_facts(request, into); !s) return s;
  // A job that ended is told by an empty text as well as by leaving the field out.
  const Field running(request, "running");
  const bool is_empty = running.present() && G_VALUE_HOLDS_STRING(running.value()) &&
                        (!g_value_get_string(running.value()) || !*g_value_get_string(running.value()));
  if (running.present() && !is_empty)
    if (Status s = read(running, into.running); !s) return s;
  const Field reason(request, "reason");
  into.reason = "update";
  return reason.present() ? read(reason, into.reason) : Status{};
}

Status check_structure_name(const GstStructure* structure, const char* name) {
  if (structure && gst_structure_has_name(structure, name)) return {};
  const std::string found = structure ? printable(gst_structure_get_name(structure)) : "nothing";
  return Error{ErrorCode::kInvalidArgument, "found " + found + " instead of a structure named " + name};
}

}  // namespace

Result<ShareRequest> parse_request(const GstStructure* request) {
  if (Status s = check_structure_name(request, "ekya-share-request"); !s) return s.error();
  ShareRequest parsed;
  if (Status s = read_identity(request, parsed); !s) return s.error();
  if (Status s = read_figures(request, parsed); !s) return s.error();
  if (Status s = read_optional(request, parsed); !s) return s.error();
  return parsed;
}

Result<Answer> parse_answer(const GstStructure* answer) {
  if (Status s = check_structure_name(answer, "ekya-share-grant"); !s) return s.error();
  const Field share(answer, "share");
  if (!share.present()) return Answer{};
  Result<double> value = share.real({0, kMostDevices});
  if (!value) return value.error();
  return Answer{*value};
}

Status check_checkpoint(const GstStructure* checkpoint) {
  if (Status s = check_structure_name(checkpoint, "ekya-checkpoint"); !s) return s;
  std::string stream, status;
  if (Status s = read({checkpoint, "stream-id"}, stream); !s) return s;
  if (Status s = check_name("field stream-id", stream); !s) return s;
  const Field path(checkpoint, "path");
  if (Status s = path.holds(G_TYPE_STRING, "a string"); !s) return s;
  const gchar* text = g_value_get_string(path.value());
  if (!text || !*text || std::strlen(text) > kLongestPath) return invalid("path", "is empty or too long");
  if (Status s = Field(checkpoint, "generation").holds(G_TYPE_UINT64, "a guint64"); !s) return s;
  if (const Field accuracy(checkpoint, "accuracy"); accuracy.present())
    if (Result<double> value = accuracy.real({-1, 1}); !value) return value.error();
  if (Status s = read({checkpoint, "status"}, status); !s) return s;
  if (status == "published" || status == "rolled-back") return {};
  return invalid("status", "\"" + status + "\" is unknown; use published or rolled-back");
}

Status check_drift(const GstStructure* drift) {
  if (Status s = check_structure_name(drift, "ekya-drift"); !s) return s;
  std::string stream;
  if (Status s = read({drift, "stream-id"}, stream); !s) return s;
  if (Status s = check_name("field stream-id", stream); !s) return s;
  const Field tier(drift, "tier");
  if (Status s = tier.holds(G_TYPE_UINT, "a uint"); !s) return s;
  const guint number = g_value_get_uint(tier.value());
  if (number >= 1 && number <= 3) return {};
  return invalid("tier", std::to_string(number) + " is not in [1, 3]");
}

}  // namespace ekya::gst
