// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gerror.h"

#include "gstekyascheduler.h"

namespace ekya::gst {
namespace {

GstEkyaError code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kCorrupt:
      return GST_EKYA_ERROR_INVALID;
    case ErrorCode::kNotFound:
    case ErrorCode::kUnavailable:
      return GST_EKYA_ERROR_NOT_FOUND;
    case ErrorCode::kBusy:
      return GST_EKYA_ERROR_BUSY;
    case ErrorCode::kResource:
      return GST_EKYA_ERROR_RESOURCE;
    case ErrorCode::kIo:
    case ErrorCode::kCancelled:
    case ErrorCode::kInternal:
      break;
  }
  return GST_EKYA_ERROR_FAILED;
}

}  // namespace

void set_error(GError** error, const Error& from) {
  g_set_error_literal(error, GST_EKYA_ERROR, code_of(from.code), from.message.c_str());
}

gboolean report(const Status& status, GError** error) {
  if (!status) set_error(error, status.error());
  return status ? TRUE : FALSE;
}

}  // namespace ekya::gst

GQuark gst_ekya_error_quark(void) { return g_quark_from_static_string("gst-ekya-error-quark"); }
