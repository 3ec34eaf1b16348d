// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/modelinfo_file.h"

#include <glib.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>

#include "ekya/base/file_ops.h"
#include "ekya/base/printable.h"
#include "glue/labels_file.h"
#include "glue/model_file.h"
#include "glue/ptr.h"

namespace ekya::gst {
namespace {

struct KeyFileFree {
  void operator()(GKeyFile* file) const { g_key_file_free(file); }
};
using KeyFilePtr = std::unique_ptr<GKeyFile, KeyFileFree>;

constexpr const char* kGroup = "ekya";

/// GKeyFile takes the last of two equal keys without a word; the one who wrote both meant something.
Status check_duplicates(std::string_view text) {
  std::string group;
  std::map<std::string, std::size_t> line_by_key;
  std::size_t number = 0;
  for (const auto line : split_lines(text)) {
    ++number;
    if (line.starts_with('[')) group = line;
    const auto equals = line.find('=');
    if (line.starts_with('#') || line.starts_with('[') || equals == std::string_view::npos) continue;
    const auto key = line.substr(0, line.find_last_not_of(" \t", equals ? equals - 1 : 0) + 1);
    const auto [found, is_new] = line_by_key.emplace(group + std::string(key), number);
    if (!is_new)
      return Error{ErrorCode::kInvalidArgument, "line " + std::to_string(number) + ": key '" + printable(key) +
                                                    "' is on line " + std::to_string(found->second) + " already"};
  }
  return {};
}

/// Reads the keys of [ekya]; the first thing that is wrong is thrown as an Error and caught in read_modelinfo(), so
/// that the reading below is the list of keys and nothing else.
class Keys {
 public:
  explicit Keys(GKeyFile* file) : file_(file) {}

  bool has(const char* key) const { return g_key_file_has_key(file_, kGroup, key, nullptr); }

  std::string word(const char* key) const {
    GError* error = nullptr;
    const StringPtr text(g_key_file_get_string(file_, kGroup, key, &error));
    if (error) fail(key, ErrorPtr(error)->message);
    return text.get();
  }

  /// Whether the key has the second of two words; the first where it is missing.
  bool choice(const char* key, const std::string& first, const std::string& second) const {
    const std::string found = has(key) ? word(key) : first;
    if (found != first && found != second) fail(key, "is '" + printable(found) + "'; use " + first + " or " + second);
    return found == second;
  }

  double number(const char* key, double otherwise, double min, double max) const {
    if (!has(key)) return otherwise;
    GError* error = nullptr;
    const double value = g_key_file_get_double(file_, kGroup, key, &error);
    if (error) fail(key, ErrorPtr(error)->message);
    if (!(value >= min && value <= max))
      fail(key, "is " + word(key) + "; use " + short_text(min) + " to " + short_text(max));
    return value;
  }

  std::array<float, 3> channels(const char* key, float otherwise, double min, double max) const {
    std::array<float, 3> values{otherwise, otherwise, otherwise};
    if (!has(key)) return values;
    gsize count = 0;
    GError* error = nullptr;
    const std::unique_ptr<gdouble, internal::GFree> list(
        g_key_file_get_double_list(file_, kGroup, key, &count, &error));
    if (error) fail(key, ErrorPtr(error)->message);
    if (count != values.size()) fail(key, "has " + std::to_string(count) + " numbers; use three, as in 0.5;0.5;0.5");
    for (std::size_t i = 0; i < count; ++i) {
      if (!(list.get()[i] >= min && list.get()[i] <= max))
        fail(key, "has a number outside " + short_text(min) + " to " + short_text(max));
      values[i] = static_cast<float>(list.get()[i]);
    }
    return values;
  }

  std::vector<std::string> words(const char* key) const {
    gsize count = 0;
    GError* error = nullptr;
    const std::unique_ptr<gchar*, decltype(&g_strfreev)> list(
        g_key_file_get_string_list(file_, kGroup, key, &count, &error), g_strfreev);
    if (error) fail(key, ErrorPtr(error)->message);
    return {list.get(), list.get() + count};
  }

  /// A typing error must not silently mean the default.
  void refuse_unknown() const {
    static const std::set<std::string> known{"task",  "input-size", "labels",     "labels-file", "mean",         "std",
                                             "boxes", "boxes-unit", "objectness", "threshold",   "iou-threshold"};
    const std::unique_ptr<gchar*, decltype(&g_strfreev)> keys(g_key_file_get_keys(file_, kGroup, nullptr, nullptr),
                                                              g_strfreev);
    for (gchar** key = keys.get(); key && *key; ++key)
      if (!known.count(*key)) fail(printable(*key), "is unknown; see docs/models.md for the keys");
  }

  [[noreturn]] static void fail(const std::string& key, const std::string& reason) {
    throw Error{ErrorCode::kInvalidArgument, "[ekya] key '" + key + "' " + reason};
  }

 private:
  static std::string short_text(double value) {
    gchar text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_ascii_formatd(text, sizeof text, "%g", value);
  }

  GKeyFile* file_;
};

std::vector<std::string> read_named_labels(const Keys& keys, const std::string& folder) {
  if (keys.has("labels-file")) {
    if (keys.has("labels")) Keys::fail("labels-file", "is there beside 'labels'; keep one of them");
    const std::filesystem::path name = keys.word("labels-file");
    for (const auto& part : name)
      if (part == ".." || name.is_absolute()) Keys::fail("labels-file", "must be a path below the .modelinfo's folder");
    auto labels = read_labels((std::filesystem::path(folder) / name).string());
    if (!labels) Keys::fail("labels-file", "names a file that is wrong: " + labels.error().message);
    return *labels;
  }
  if (!keys.has("labels")) return {};
  auto labels = keys.words("labels");
  if (Status ok = check_labels(labels, "[ekya] key 'labels'"); !ok) throw ok.error();
  return labels;
}

ModelInfoFile read_keys(const Keys& keys, const std::string& folder) {
  keys.refuse_unknown();
  for (const char* key : {"task", "input-size"})
    if (!keys.has(key)) Keys::fail(key, "is missing");
  ModelInfoFile info;
  info.is_detector = keys.choice("task", "classification", "detection");
  const double size = keys.number("input-size", 0, 8, 1024);
  if (size != std::floor(size)) Keys::fail("input-size", "is not a whole number");
  info.input_size = static_cast<int>(size);
  info.labels = read_named_labels(keys, folder);
  info.normalisation.mean = keys.channels("mean", 0, -100, 100);
  info.normalisation.std = keys.channels("std", 1, 1e-4, 1e4);
  info.boxes_are_centre_size = keys.choice("boxes", "xyxy", "cxcywh");
  info.boxes_are_normalised = keys.choice("boxes-unit", "pixels", "fraction");
  info.has_objectness = keys.choice("objectness", "false", "true");
  info.threshold = keys.number("threshold", info.threshold, 0, 1);
  info.iou_threshold = keys.number("iou-threshold", info.iou_threshold, 0, 1);
  return info;
}

/// Shortest text that reads back as the same number.
std::string to_text(auto value) {
  std::array<char, 64> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string to_text(const std::array<float, 3>& values) {
  return to_text(values[0]) + ";" + to_text(values[1]) + ";" + to_text(values[2]);
}

std::string to_text(const ModelInfoFile& info) {
  const KeyFilePtr file(g_key_file_new());
  g_key_file_set_string(file.get(), "modelinfo", "version", "1.0");
  const auto set = [&](const char* key, const std::string& value) {
    g_key_file_set_value(file.get(), kGroup, key, value.c_str());
  };
  set("task", info.is_detector ? "detection" : "classification");
  set("input-size", to_text(info.input_size));
  std::vector<const gchar*> labels;
  for (const std::string& label : info.labels) labels.push_back(label.c_str());
  if (!labels.empty()) g_key_file_set_string_list(file.get(), kGroup, "labels", labels.data(), labels.size());
  set("mean", to_text(info.normalisation.mean));
  set("std", to_text(info.normalisation.std));
  if (info.is_detector) {
    set("boxes", info.boxes_are_centre_size ? "cxcywh" : "xyxy");
    set("boxes-unit", info.boxes_are_normalised ? "fraction" : "pixels");
    set("objectness", info.has_objectness ? "true" : "false");
    set("threshold", to_text(info.threshold));
    set("iou-threshold", to_text(info.iou_threshold));
  }
  return StringPtr(g_key_file_to_data(file.get(), nullptr, nullptr)).get();
}

/// Errors without the path; also throws them.
Result<ModelInfoFile> parse_modelinfo(const std::string& text, const std::string& folder) {
  if (Status ok = check_duplicates(text); !ok) return ok.error();
  const KeyFilePtr file(g_key_file_new());
  GError* error = nullptr;
  if (!g_key_file_load_from_data(file.get(), text.data(), text.size(), G_KEY_FILE_NONE, &error))
    return Error{ErrorCode::kInvalidArgument, ErrorPtr(error)->message};
  const StringPtr version(g_key_file_get_string(file.get(), "modelinfo", "version", nullptr));
  if (!version) return Error{ErrorCode::kInvalidArgument, "[modelinfo] key 'version' is missing"};
  if (std::string_view(version.get()) != "1.0")
    return Error{ErrorCode::kInvalidArgument,
                 "[modelinfo] key 'version' is '" + printable(version.get()) + "'; this release reads 1.0"};
  if (!g_key_file_has_group(file.get(), kGroup))
    return Error{ErrorCode::kInvalidArgument, "the group [ekya] is missing; see docs/models.md for its keys"};
  return read_keys(Keys(file.get()), folder);
}

Result<ModelInfoFile> parse_named(const std::string& path, const std::string& text) {
  const auto named = [&](Error error) {
    error.message = path + ": " + error.message;
    return error;
  };
  try {
    auto info = parse_modelinfo(text, std::filesystem::path(path).parent_path().string());
    if (!info) return named(info.error());
    return info;
  } catch (const Error& error) {
    return named(error);
  }
}

}  // namespace

Result<ModelInfoFile> read_modelinfo(const std::string& model_path) {
  const std::string path = model_path + ".modelinfo";
  const auto text = read_text(path);
  if (!text && text.error().code == ErrorCode::kNotFound)
    return Error{ErrorCode::kNotFound,
                 "TorchScript needs a description beside it, see docs/models.md; " + text.error().message};
  if (!text) return text.error();
  return parse_named(path, *text);
}

Status write_modelinfo(const std::string& model_path, const ModelInfoFile& info) {
  const std::string path = model_path + ".modelinfo", text = to_text(info);
  if (const auto read = parse_named(path, text); !read) return read.error();
  return replace_file(FileOps::system(), path, std::as_bytes(std::span(text)));
}

}  // namespace ekya::gst
