// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/recorded.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ekya/base/printable.h"
#include "ekya/base/random.h"
#include "ekya/sim/csv.h"

namespace ekya::sim {
namespace {

using Json = nlohmann::json;
using scheduler::Problem;
using scheduler::Stream;

constexpr std::size_t kLargestFile = std::size_t{16} << 20;

Result<Table> read_table(FileOps& files, const std::string& folder, const std::string& file) {
  const auto bytes = files.read(folder + "/" + file, kLargestFile);
  if (!bytes) return bytes.error();
  return parse_csv(file, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

/// The named columns of a row as numbers.
Result<std::vector<double>> numbers(const Table& table, std::size_t row, const std::vector<std::string>& named) {
  std::vector<double> values;
  for (const std::string& name : named) {
    const auto column = table.column(name);
    if (!column) return column.error();
    const auto value = table.number(row, *column);
    if (!value) return value.error();
    values.push_back(*value);
  }
  return values;
}

Status read_windows(const Table& table, std::vector<CityWindow>& windows) {
  const auto city = table.column("city"), hyper = table.column("hp_id"), epochs = table.column("epochs");
  for (const auto& column : {city, hyper, epochs})
    if (!column) return column.error();
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto n =
        numbers(table, row, {"window", "start_acc_actual", "acc_actual", "acc_pred", "gpu_s_actual", "gpu_s_pred"});
    if (!n) return n.error();
    const std::vector<std::string>& fields = table.rows[row];
    const auto& [window, start] = std::tie((*n)[0], (*n)[1]);
    if (windows.empty() || windows.back().city != fields[*city] || windows.back().window != static_cast<int>(window))
      windows.push_back({fields[*city], static_cast<int>(window), start, {}});
    windows.back().configs.push_back({fields[*hyper] + "_" + fields[*epochs], (*n)[2], (*n)[3], (*n)[4], (*n)[5]});
  }
  return {};
}

Status read_profiles(const Table& table, std::map<std::string, SamplingProfile>& profiles) {
  for (std::size_t column = 1; column < table.columns.size(); ++column)
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      const auto rate = table.number(row, 0), factor = table.number(row, column);
      if (!rate) return rate.error();
      if (!factor) return factor.error();
      profiles[table.columns[column]].push_back({*rate, *factor});
    }
  return {};
}

Status read_curve(const Table& table, std::vector<scheduler::CurvePoint>& curve) {
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto n = numbers(table, row, {"gpu_percent", "throughput_rel_100"});
    if (!n) return n.error();
    curve.push_back({(*n)[0] / 100, (*n)[1]});
  }
  return {};
}

/// A noisy copy, for when the recorded windows have run out.
CityWindow jittered(CityWindow window, Random& random) {
  const auto moved = [&](double accuracy, double by) {
    return std::clamp(accuracy + random.uniform(-by, by), 0.0, 1.0);
  };
  window.accuracy = moved(window.accuracy, 0.03);
  for (RecordedConfig& config : window.configs) {
    config.accuracy = moved(config.accuracy, 0.01);
    config.work_s *= random.uniform(0.85, 1.15);
  }
  return window;
}

/// Recorded windows in random order, then copies of them.
class Deck {
 public:
  Deck(const std::vector<CityWindow>& windows, Random& random) : windows_(windows), random_(random) {}

  CityWindow next() {
    if (left_.empty()) {
      for (const CityWindow& window : windows_) left_.push_back(&window);
      ++rounds_;
    }
    const auto at = left_.begin() + random_.below(static_cast<int>(left_.size()));
    const CityWindow& window = **at;
    left_.erase(at);
    return rounds_ == 1 ? window : jittered(window, random_);
  }

 private:
  const std::vector<CityWindow>& windows_;
  Random& random_;
  std::vector<const CityWindow*> left_;
  int rounds_ = 0;
};

Problem empty_problem(const Recorded& recorded, const DrawOptions& options) {
  Problem problem;
  problem.window_s = options.window_s;
  problem.quantum = options.quantum;
  problem.min_accuracy = options.min_accuracy;
  problem.devices = devices_of(recorded, options);
  return problem;
}

Stream stream_of(const CityWindow& window, const DrawOptions& options, bool predicted) {
  Stream stream;
  stream.accuracy = window.accuracy;
  const double widest = options.pooled && !options.mps ? options.devices : 1;
  for (const RecordedConfig& config : window.configs)
    stream.retraining.push_back({config.id, options.work_scale * (predicted ? config.predicted_work_s : config.work_s),
                                 predicted ? config.predicted_accuracy : config.accuracy, widest});
  return stream;
}

double fraction(const std::string& text) {
  const auto slash = text.find('/');
  return slash == std::string::npos ? std::stod(text) : std::stod(text) / std::stod(text.substr(slash + 1));
}

SamplingProfile profile_of(const Json& json) {
  SamplingProfile profile;
  for (const Json& point : json) profile.push_back({point.at(0).get<double>(), point.at(1).get<double>()});
  return profile;
}

Case case_of(const Json& example, const Json& profiles, double lattice) {
  Problem problem;
  problem.window_s = example.at("window_s");
  problem.quantum = example.at("delta");
  problem.min_accuracy = 0;
  problem.devices[0].id = "gpus";
  problem.devices[0].capacity = example.at("gpus");
  if (lattice <= 0) lattice = fraction(example.at("grid").at("fine").get<std::string>());
  for (const Json& from : example.at("streams")) {
    Stream stream;
    stream.id = "v" + std::to_string(problem.streams.size());
    stream.accuracy = from.at("start_acc");
    stream.inference = lattice_configs(profile_of(profiles.at(from.at("infer_profile").get<std::string>())),
                                       example.at("infer_full_gpus"), lattice);
    for (const Json& c : from.at("configs"))
      stream.retraining.push_back({c.at("id"), c.at("gpu_s"), c.at("acc"), problem.devices[0].capacity});
    problem.streams.push_back(std::move(stream));
  }
  return {example.at("id"), problem, problem};
}

}  // namespace

std::vector<scheduler::Device> devices_of(const Recorded& recorded, const DrawOptions& options) {
  std::vector<scheduler::Device> devices;
  for (int d = 0; d < (options.pooled ? 1 : options.devices); ++d) {
    scheduler::Device device;
    device.id = options.pooled ? "gpus" : "gpu" + std::to_string(d);
    device.capacity = options.pooled ? options.devices : 1;
    if (options.mps) device.throughput = recorded.mps;
    devices.push_back(std::move(device));
  }
  return devices;
}

double factor_at(const SamplingProfile& profile, double full_demand, double share) {
  const double rate = full_demand / (share + 1e-6);  // the sum as in the public code
  if (rate <= profile.front().rate) return profile.front().factor;
  for (std::size_t i = 1; i < profile.size(); ++i) {
    const SamplingPoint &a = profile[i - 1], &b = profile[i];
    if (rate <= b.rate) return a.factor + (rate - a.rate) * (b.factor - a.factor) / (b.rate - a.rate);
  }
  return 0;
}

std::vector<scheduler::InferenceConfig> lattice_configs(const SamplingProfile& profile, double full_demand,
                                                        double lattice) {
  std::vector<scheduler::InferenceConfig> configs;
  for (int k = 1; (k - 1) * lattice < full_demand; ++k)
    configs.push_back({std::to_string(k), k * lattice, factor_at(profile, full_demand, k * lattice)});
  return configs;
}

Result<Recorded> read_recorded(FileOps& files, const std::string& folder) {
  Recorded recorded;
  const auto windows = read_table(files, folder, "profiles-cityscapes-18cfg.csv");
  if (!windows) return windows.error();
  if (Status s = read_windows(*windows, recorded.windows); !s) return s.error();
  const auto profiles = read_table(files, folder, "inference-profiles.csv");
  if (!profiles) return profiles.error();
  if (Status s = read_profiles(*profiles, recorded.profiles); !s) return s.error();
  const auto curve = read_table(files, folder, "mps-scaling.csv");
  if (!curve) return curve.error();
  if (Status s = read_curve(*curve, recorded.mps); !s) return s.error();
  if (recorded.windows.empty() || recorded.profiles.empty())
    return Error{ErrorCode::kCorrupt, folder + ": a table has no rows"};
  return recorded;
}

Result<std::vector<Case>> cases_from_json(std::string_view text, double lattice) {
  try {
    const Json examples = Json::parse(text);
    std::vector<Case> cases;
    for (const Json& example : examples.at("cases")) {
      cases.push_back(case_of(example, examples.at("infer_profiles"), lattice));
      if (Status s = validate(cases.back().truth); !s)
        return Error{ErrorCode::kCorrupt, cases.back().id + ": " + s.error().message};
    }
    return cases;
  } catch (const std::exception& e) {
    return Error{ErrorCode::kCorrupt, "not a file of recorded cases: " + printable(e.what(), 200)};
  }
}

Case draw(const Recorded& recorded, const DrawOptions& options) {
  Random random(options.seed);
  Deck deck(recorded.windows, random);
  Case result;
  result.id = "v" + std::to_string(options.streams) + "-g" + std::to_string(options.devices) + "-s" +
              std::to_string(options.seed);
  result.truth = result.believed = empty_problem(recorded, options);
  for (int v = 0; v < options.streams; ++v) {
    const CityWindow window = deck.next();
    const auto profile = std::next(recorded.profiles.begin(), random.below(static_cast<int>(recorded.profiles.size())));
    for (Problem* problem : {&result.truth, &result.believed}) {
      Stream stream = stream_of(window, options, problem == &result.believed && options.predicted);
      stream.id = "v" + std::to_string(v);
      stream.inference = lattice_configs(profile->second, options.full_demand, options.lattice);
      problem->streams.push_back(std::move(stream));
    }
  }
  return result;
}

}  // namespace ekya::sim
