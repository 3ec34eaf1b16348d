// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/labels_file.h"

#include <glib.h>

#include <algorithm>
#include <map>
#include <set>

#include "ekya/base/file_ops.h"
#include "ekya/base/printable.h"
#include "glue/model_file.h"

namespace ekya::gst {
namespace {

constexpr std::size_t kLongestLabel = 256;

Error wrong(const std::string& path, std::size_t line, const std::string& reason) {
  return {ErrorCode::kInvalidArgument, path + " line " + std::to_string(line) + ": " + reason};
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < ' ' && c != '\t' && c != '\n') || byte == 0x7f;
}

std::size_t line_of(std::string_view text, std::size_t position) {
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

/// C1 controls (U+0080 to U+009F) in valid UTF-8 are 0xC2 and a byte below 0xA0: terminals obey some of them.
std::size_t find_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool line_end = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (is_control(text[i]) && !line_end) return i;
    if (text[i] == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return i;
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Result<std::string> read_text(const std::string& path) {
  const auto bytes = FileOps::system().read(path, kLongestTextFile);
  if (!bytes) return bytes.error();
  std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const gchar* end = nullptr;
  if (!g_utf8_validate_len(text.data(), text.size(), &end))
    return wrong(path, line_of(text, static_cast<std::size_t>(end - text.data())), "it is not UTF-8 text");
  if (text.starts_with("\xef\xbb\xbf"))
    return wrong(path, 1, "it begins with a byte order mark; save the file as UTF-8 without one");
  if (const auto at = find_control(text); at != std::string::npos)
    return wrong(path, line_of(text, at), "it has the control character " + printable(text.substr(at, 1)));
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

Status check_labels(const std::vector<std::string>& labels, const std::string& where) {
  if (labels.empty() || labels.size() > kMostLabels)
    return Error{ErrorCode::kInvalidArgument,
                 where + " has " + std::to_string(labels.size()) + " labels; use 1 to " + std::to_string(kMostLabels)};
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string which = where + ": label " + std::to_string(i + 1);
    if (labels[i].empty() || labels[i].size() > kLongestLabel)
      return Error{ErrorCode::kInvalidArgument, which + " has " + std::to_string(labels[i].size()) +
                                                    " bytes; use 1 to " + std::to_string(kLongestLabel)};
    if (!seen.insert(labels[i]).second)
      return Error{ErrorCode::kInvalidArgument, which + ", '" + printable(labels[i]) + "', is there twice"};
  }
  return {};
}

Result<std::vector<std::string>> read_labels(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return text.error();
  std::map<std::string, std::size_t> line_by_label;
  std::vector<std::string> labels;
  std::size_t number = 0;
  for (const auto line : split_lines(*text)) {
    ++number;
    const std::string label(trimmed(line));
    if (label.empty() || label.front() == '#') continue;
    if (label.size() > kLongestLabel)
      return wrong(
          path, number,
          "the label has " + std::to_string(label.size()) + " bytes; use at most " + std::to_string(kLongestLabel));
    const auto [found, is_new] = line_by_label.emplace(label, number);
    if (!is_new)
      return wrong(path, number, "'" + printable(label) + "' is on line " + std::to_string(found->second) + " already");
    if (labels.size() == kMostLabels)
      return wrong(path, number, "more than " + std::to_string(kMostLabels) + " labels");
    labels.push_back(label);
  }
  if (Status ok = check_labels(labels, path); !ok) return ok.error();
  return labels;
}

}  // namespace ekya::gst
