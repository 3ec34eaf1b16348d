// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::gst::label {

/// How the golden model's labels become the student's. Written as "car=vehicle,truck=vehicle,cat=-,*=other,none=other":
/// the golden label left of "=" becomes the one right of it, "-" drops it, "*" stands for every label that is not
/// named. Labels that nothing names keep their name. "none" is no label but the name for regions in which a golden
/// detector finds nothing. Immutable.
class LabelMap {
 public:
  /// An empty text names nothing. Spaces around labels are not part of them; a label has at most 256 bytes of UTF-8
  /// without control characters; at most 4096 entries.
  /// Errors: kInvalidArgument saying what is wrong with which entry, at which byte (from 1 on).
  static Result<LabelMap> parse(std::string_view text);

  /// The student's label; nothing where the label is dropped.
  std::optional<std::string> map(std::string_view golden) const;
  /// A golden label that the map names and `labels` lacks, if any: most likely a slip of the pen.
  std::optional<std::string> name_missing_in(const std::vector<std::string>& labels) const;
  /// The label of regions in which the golden detector finds nothing; nothing: they stay unlabelled.
  const std::optional<std::string>& none() const { return none_; }

 private:
  Status add(std::string_view name, std::string_view target);

  std::map<std::string, std::string, std::less<>> names_;  // an empty target drops
  std::optional<std::string> other_;                       // of "*"; empty drops
  std::optional<std::string> none_;
};

}  // namespace ekya::gst::label
