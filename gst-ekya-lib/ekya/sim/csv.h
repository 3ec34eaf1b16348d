// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::sim {

/// A comma-separated table with a header line and no quoting.
struct Table {
  std::string name;  ///< Of the file, for messages.
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< Each as long as `columns`.

  /// Errors: kCorrupt for a column that is not there.
  Result<std::size_t> column(std::string_view named) const;
  /// Errors: kCorrupt, naming file, line and column, for what is no finite number.
  Result<double> number(std::size_t row, std::size_t column) const;
};

/// Errors: kCorrupt for an empty text or a row of another length than the header.
Result<Table> parse_csv(std::string name, std::string_view text);

}  // namespace ekya::sim
