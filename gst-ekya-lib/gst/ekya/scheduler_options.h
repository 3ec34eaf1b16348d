// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib-object.h>

#include "ekya/base/result.h"
#include "ekya/scheduler/controller.h"

namespace ekya::gst {

/// Installs GstEkyaScheduler's properties: the controller's options. Their ids begin at 1.
void install_options(GObjectClass* object_class);

/// Id of the property, or 0.
guint option_id(const char* name);
bool is_option(guint id);

/// Writes a property's value into the options. Errors: kInvalidArgument for a text that cannot be read and for a value
/// of another type. Whether the options make sense is for the controller to say.
Status set_option(scheduler::ControllerOptions& options, guint id, const GValue* value);
void get_option(const scheduler::ControllerOptions& options, guint id, GValue* value);

}  // namespace ekya::gst
