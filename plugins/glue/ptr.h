// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <memory>

namespace ekya::gst {

namespace internal {
struct ObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
struct MiniUnref {
  template <typename T>
  void operator()(T* object) const {
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
  }
};
struct StructureFree {
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};
struct GFree {
  void operator()(gpointer memory) const { g_free(memory); }
};
struct ErrorFree {
  void operator()(GError* error) const { g_error_free(error); }
};
}  // namespace internal

/// Own one reference, or one structure, string or error. A floating return passes gst_object_ref_sink first.
template <typename T>
using ObjectPtr = std::unique_ptr<T, internal::ObjectUnref>;
template <typename T>
using MiniPtr = std::unique_ptr<T, internal::MiniUnref>;
using StructurePtr = std::unique_ptr<GstStructure, internal::StructureFree>;
using StringPtr = std::unique_ptr<gchar, internal::GFree>;
using ErrorPtr = std::unique_ptr<GError, internal::ErrorFree>;

}  // namespace ekya::gst
