// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/label_map.h"

#include <glib.h>

#include <algorithm>

#include "ekya/base/printable.h"

namespace ekya::gst::label {
namespace {

constexpr std::size_t kMaxEntries = 4096, kMaxLabelBytes = 256;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

Status check_label(std::string_view label) {
  if (label.empty()) return wrong("a label is missing");
  if (label.size() > kMaxLabelBytes)
    return wrong("a label has " + std::to_string(label.size()) + " bytes, more than " + std::to_string(kMaxLabelBytes));
  const bool has_control = std::any_of(label.begin(), label.end(), [](unsigned char c) { return c < 32 || c == 127; });
  if (has_control || !g_utf8_validate(label.data(), static_cast<gssize>(label.size()), nullptr))
    return wrong("label \"" + printable(label) + "\" is not plain UTF-8 text");
  return {};
}

}  // namespace

Result<LabelMap> LabelMap::parse(std::string_view text) {
  LabelMap map;
  if (trimmed(text).empty()) return map;
  std::size_t entries = 0;
  for (std::size_t from = 0, to; from <= text.size(); from = to + 1) {
    to = std::min(text.find(',', from), text.size());
    const std::string_view entry = text.substr(from, to - from);
    const auto at = [&](const std::string& what) {
      return wrong(what + " in \"" + printable(entry) + "\" (entry " + std::to_string(entries) + ", at character " +
                   std::to_string(from + 1) + "); write entries as golden=student with commas between");
    };
    if (++entries > kMaxEntries) return at("there are more than " + std::to_string(kMaxEntries) + " entries");
    const std::size_t sign = entry.find('=');
    if (sign == std::string_view::npos) return at("there is no \"=\"");
    if (auto added = map.add(trimmed(entry.substr(0, sign)), trimmed(entry.substr(sign + 1))); !added)
      return at(added.error().message);
  }
  return map;
}

Status LabelMap::add(std::string_view name, std::string_view target) {
  if (auto ok = check_label(name); !ok) return ok;
  if (auto ok = check_label(target); !ok) return ok;
  if (target.find('=') != std::string_view::npos) return wrong("there is more than one \"=\"");
  const std::string label(target == "-" ? "" : target);
  bool is_new = true;
  if (name == "*") {
    is_new = !other_.has_value();
    other_ = label;
  } else if (name == "none") {
    is_new = !none_.has_value();
    none_ = label;
  } else {
    is_new = names_.emplace(name, label).second;
  }
  if (!is_new) return wrong("\"" + printable(name) + "\" is named a second time");
  return {};
}

std::optional<std::string> LabelMap::name_missing_in(const std::vector<std::string>& labels) const {
  for (const auto& [name, target] : names_)
    if (std::find(labels.begin(), labels.end(), name) == labels.end()) return name;
  return std::nullopt;
}

std::optional<std::string> LabelMap::map(std::string_view golden) const {
  const auto found = names_.find(golden);
  std::string label = found != names_.end() ? found->second : other_.value_or(std::string(golden));
  if (label.empty()) return std::nullopt;
  return label;
}

}  // namespace ekya::gst::label
