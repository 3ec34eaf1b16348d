// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ekya/base/printable.h"
#include "ekya/base/result.h"

namespace ekya::strict_json {

/// Read: a tree, since looking a key up in `ordered_json` is linear. Written: in the order of the documentation.
using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

/// The first thing that is wrong; later ones are of no interest.
class Trouble {
 public:
  void add(const std::string& place, const std::string& what) {
    if (text_.empty()) text_ = place.empty() ? what : place + ": " + what;
  }
  bool any() const { return !text_.empty(); }
  Error error() const { return {ErrorCode::kInvalidArgument, text_}; }

 private:
  std::string text_;
};

/// Notes nesting and doubled keys, which the parsed value no longer shows.
class Strict {
 public:
  Strict(Trouble& trouble, int deepest) : trouble_(trouble), deepest_(deepest) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (trouble_.any()) return false;
    if (event == Event::object_start || event == Event::array_start) {
      keys_.emplace_back();
      if (depth >= deepest_) trouble_.add("", "nested deeper than " + std::to_string(deepest_) + " levels");
    } else if (event == Event::object_end || event == Event::array_end) {
      keys_.pop_back();
    } else if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      trouble_.add(printable(parsed.get<std::string>()), "the key is there twice in one object");
    }
    return !trouble_.any();
  }

 private:
  Trouble& trouble_;
  const int deepest_;
  std::vector<std::set<std::string>> keys_;
};

/// Reads the fields of one object and, at the end, complains of those that nobody asked for.
class Fields {
 public:
  Fields(const Json& json, std::string place, Trouble& trouble)
      : json_(json), place_(std::move(place)), trouble_(trouble) {
    if (!json.is_object()) trouble_.add(place_.empty() ? "the text" : place_, "is not an object");
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  ~Fields() {
    if (!json_.is_object()) return;
    for (const auto& [key, value] : json_.items())
      if (!known_.count(key)) trouble_.add(at(printable(key)), "is not a known field");
  }

  void number(const char* key, double& value) {
    const Json* json = find(key);
    if (!json) return missing(key);
    if (!json->is_number()) return trouble_.add(at(key), "is not a number");
    value = json->get<double>();
  }
  void integer(const char* key, int& value) {
    const Json* json = find(key);
    if (!json) return missing(key);
    const bool fits =
        json->is_number_integer() && json->get<double>() >= -2147483648.0 && json->get<double>() <= 2147483647.0;
    if (!fits) return trouble_.add(at(key), "is not a whole number");
    value = json->get<int>();
  }
  void string(const char* key, std::string& value) {
    const Json* json = find(key);
    if (!json) return missing(key);
    if (!json->is_string()) return trouble_.add(at(key), "is not a string");
    value = json->get<std::string>();
  }
  void maybe_number(const char* key, double& value) {
    if (find(key)) number(key, value);
  }
  void maybe_number(const char* key, std::optional<double>& value) {
    if (find(key)) number(key, value.emplace());
  }
  void maybe_string(const char* key, std::string& value) {
    if (find(key)) string(key, value);
  }

  /// Calls `read(element, place)` for each element of an array.
  template <typename Read>
  void array(const char* key, const Read& read) {
    const Json* json = find(key);
    if (!json) return missing(key);
    each(key, *json, read);
  }
  template <typename Read>
  void maybe_array(const char* key, const Read& read) {
    if (const Json* json = find(key)) each(key, *json, read);
  }

  /// Calls `read(object, place)` where the key is there.
  template <typename Read>
  void maybe_object(const char* key, const Read& read) {
    if (const Json* json = find(key)) read(*json, at(key));
  }

 private:
  const Json* find(const char* key) {
    known_.insert(key);
    if (!json_.is_object()) return nullptr;
    const auto it = json_.find(key);
    return it == json_.end() ? nullptr : &*it;
  }
  template <typename Read>
  void each(const char* key, const Json& json, const Read& read) {
    if (!json.is_array()) return trouble_.add(at(key), "is not an array");
    for (std::size_t i = 0; i < json.size() && !trouble_.any(); ++i)
      read(json[i], at(key) + "[" + std::to_string(i) + "]");
  }
  void missing(const char* key) { trouble_.add(at(key), "is missing"); }
  std::string at(const std::string& key) const { return place_.empty() ? key : place_ + "." + key; }

  const Json& json_;
  std::string place_;
  Trouble& trouble_;
  std::set<std::string> known_;
};

/// Errors: kInvalidArgument for more than `largest` bytes, what is no JSON, doubled keys and deeper nesting.
Result<Json> parse(std::string_view text, std::size_t largest, int deepest);

/// Reads a whole text with `read_fields`. Errors: as of parse(), and the first trouble.
template <typename T>
Result<T> read(std::string_view text, std::size_t largest, int deepest, T (*read_fields)(const Json&, Trouble&)) {
  const Result<Json> json = parse(text, largest, deepest);
  if (!json) return json.error();
  Trouble trouble;
  T value = read_fields(*json, trouble);
  if (trouble.any()) return trouble.error();
  return value;
}

/// The text of a file, indented. Bytes that are no UTF-8 are replaced, since an exception here would be worse.
std::string text_of(const Ordered& json);

}  // namespace ekya::strict_json
