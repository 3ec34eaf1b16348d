// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ekya::gst {

/// A table of GObject properties over a settings struct: one row gives the param spec, the setter and the getter, and the
/// struct's initialisers are the only place of defaults. Property ids are the rows' positions from 1 on; an element's
/// own properties (read-only ones, say) follow from end_id() on. The caller locks the settings.
template <typename S>
class Properties {
 public:
  struct String {
    std::string S::*field;
  };
  struct Boolean {
    bool S::*field;
  };
  struct Int {
    gint S::*field;
    gint min, max;
  };
  struct Uint {
    guint S::*field;
    guint min, max;
  };
  struct Uint64 {
    guint64 S::*field;
    guint64 min, max;
  };
  struct Double {
    gdouble S::*field;
    gdouble min, max;
  };
  struct Enum {
    gint S::*field;
    GType (*type)();
  };
  using Kind = std::variant<String, Boolean, Int, Uint, Uint64, Double, Enum>;

  struct Row {
    const char* name;
    const char* blurb;
    Kind kind;
    /// GST_PARAM_MUTABLE_PLAYING where a change takes effect while playing; else only READY does.
    int mutability = GST_PARAM_MUTABLE_READY;
  };

  Properties(std::initializer_list<Row> rows) : rows_(rows) {}

  guint end_id() const { return static_cast<guint>(rows_.size()) + 1; }
  bool has(guint id) const { return id >= 1 && id < end_id(); }
  const Row& row(guint id) const { return rows_[id - 1]; }

  void install(GObjectClass* object_class) const {
    for (guint id = 1; id < end_id(); ++id) g_object_class_install_property(object_class, id, spec(rows_[id - 1]));
  }

  void set(S& settings, guint id, const GValue* value) const {
    std::visit([&](const auto& kind) { store(settings, kind, value); }, rows_[id - 1].kind);
  }

  void get(const S& settings, guint id, GValue* value) const {
    std::visit([&](const auto& kind) { load(settings, kind, value); }, rows_[id - 1].kind);
  }

 private:
  static GParamSpec* spec(const Row& row) {
    const S defaults{};
    const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | row.mutability);
    const auto* name = row.name;
    const auto* blurb = row.blurb;
    if (const auto* k = std::get_if<String>(&row.kind)) {
      const std::string& text = defaults.*k->field;
      return g_param_spec_string(name, name, blurb, text.empty() ? nullptr : text.c_str(), flags);
    }
    if (const auto* k = std::get_if<Boolean>(&row.kind))
      return g_param_spec_boolean(name, name, blurb, defaults.*k->field, flags);
    if (const auto* k = std::get_if<Int>(&row.kind))
      return g_param_spec_int(name, name, blurb, k->min, k->max, defaults.*k->field, flags);
    if (const auto* k = std::get_if<Uint>(&row.kind))
      return g_param_spec_uint(name, name, blurb, k->min, k->max, defaults.*k->field, flags);
    if (const auto* k = std::get_if<Uint64>(&row.kind))
      return g_param_spec_uint64(name, name, blurb, k->min, k->max, defaults.*k->field, flags);
    if (const auto* k = std::get_if<Double>(&row.kind))
      return g_param_spec_double(name, name, blurb, k->min, k->max, defaults.*k->field, flags);
    const auto& k = std::get<Enum>(row.kind);
    return g_param_spec_enum(name, name, blurb, k.type(), defaults.*k.field, flags);
  }

  static void store(S& s, const String& k, const GValue* v) {
    const gchar* text = g_value_get_string(v);
    s.*k.field = text ? text : "";
  }
  static void store(S& s, const Boolean& k, const GValue* v) { s.*k.field = g_value_get_boolean(v); }
  static void store(S& s, const Int& k, const GValue* v) { s.*k.field = g_value_get_int(v); }
  static void store(S& s, const Uint& k, const GValue* v) { s.*k.field = g_value_get_uint(v); }
  static void store(S& s, const Uint64& k, const GValue* v) { s.*k.field = g_value_get_uint64(v); }
  static void store(S& s, const Double& k, const GValue* v) { s.*k.field = g_value_get_double(v); }
  static void store(S& s, const Enum& k, const GValue* v) { s.*k.field = g_value_get_enum(v); }

  static void load(const S& s, const String& k, GValue* v) {
    const std::string& text = s.*k.field;
    g_value_set_string(v, text.empty() ? nullptr : text.c_str());
  }
  static void load(const S& s, const Boolean& k, GValue* v) { g_value_set_boolean(v, s.*k.field); }
  static void load(const S& s, const Int& k, GValue* v) { g_value_set_int(v, s.*k.field); }
  static void load(const S& s, const Uint& k, GValue* v) { g_value_set_uint(v, s.*k.field); }
  static void load(const S& s, const Uint64& k, GValue* v) { g_value_set_uint64(v, s.*k.field); }
  static void load(const S& s, const Double& k, GValue* v) { g_value_set_double(v, s.*k.field); }
  static void load(const S& s, const Enum& k, GValue* v) { g_value_set_enum(v, s.*k.field); }

  std::vector<Row> rows_;
};

}  // namespace ekya::gst
