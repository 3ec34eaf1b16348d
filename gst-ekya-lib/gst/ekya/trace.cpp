// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trace.h"

#include "ekya/scheduler/trace_line.h"

namespace ekya::gst {
namespace {

using scheduler::trace_line;

std::string line_of(const scheduler::WindowOpened& window) { return trace_line(window); }
std::string line_of(const scheduler::WindowClosed& window) { return trace_line(window); }
std::string line_of(const ToldPlan& told) { return trace_line(told.made, &told.problem); }
std::string line_of(const AddressedGrant& addressed) { return trace_line(addressed.grant, steady_now()); }
std::string line_of(const scheduler::ShareRequest& request) { return trace_line(request, steady_now()); }
std::string line_of(const scheduler::ClientKey& left) { return trace_line(left, steady_now()); }

}  // namespace

std::string to_json(const Delivery& delivery) {
  return std::visit([](const auto& what) { return line_of(what); }, delivery);
}

}  // namespace ekya::gst
