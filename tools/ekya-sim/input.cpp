// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya-sim/input.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "ekya/base/file_ops.h"
#include "ekya/base/printable.h"

namespace ekya::sim {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20;
constexpr int kLargestCount = 4096;

bool parse_count(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= kLargestCount;
}

}  // namespace

Result<std::string> read_text(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  const auto bytes = FileOps::system().read(path, kLargestFile);
  if (!bytes) return bytes.error();
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

Error in_file(const std::string& path, const Error& error) {
  return {error.code, (path == "-" ? "standard input" : path) + ": " + error.message};
}

Result<std::vector<int>> parse_counts(const std::string& text) {
  std::vector<int> counts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = std::string_view(text).substr(begin, end - begin);
    const std::size_t dash = part.find('-');
    int low = 0, high = 0;
    const bool good = dash == std::string_view::npos
                          ? parse_count(part, low) && parse_count(part, high)
                          : parse_count(part.substr(0, dash), low) && parse_count(part.substr(dash + 1), high);
    if (!good || low > high)
      return Error{ErrorCode::kInvalidArgument, "'" + printable(text) + "' is no list of counts such as 1,2,4 or 1-8"};
    for (int count = low; count <= high; ++count) counts.push_back(count);
    begin = end + 1;
  }
  return counts;
}

scheduler::Plan TimedPolicy::plan(const scheduler::Problem& problem) const {
  const auto begin = std::chrono::steady_clock::now();
  scheduler::Plan plan = policy_->plan(problem);
  plan.decision_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  seconds_ += plan.decision_s;
  ++plans_;
  return plan;
}

Result<std::unique_ptr<TimedPolicy>> timed_policy(const std::string& name) {
  auto policy = scheduler::make_policy(name);
  if (!policy) return policy.error();
  return std::make_unique<TimedPolicy>(std::move(*policy));
}

std::string known_policies() {
  std::string names;
  for (const std::string& name : scheduler::policy_names()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

std::string percent(double accuracy) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", 100 * accuracy);
  return std::isnan(accuracy) ? "-" : text;
}

std::vector<std::string> curve_names() { return {"linear", "mps", "mixed"}; }

Curve curve_named(const std::string& name) {
  if (name == "linear") return Curve::kLinear;
  return name == "mps" ? Curve::kMps : Curve::kMixed;
}

void add_policy_option(CLI::App& command, std::string& policy) {
  policy = scheduler::kDefaultPolicy;
  command.add_option("--policy", policy, known_policies())
      ->check(CLI::IsMember(scheduler::policy_names()).description("NAME"))
      ->capture_default_str();
}

}  // namespace ekya::sim
