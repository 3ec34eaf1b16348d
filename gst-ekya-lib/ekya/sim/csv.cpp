// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/csv.h"

#include <charconv>
#include <cmath>

#include "ekya/base/printable.h"

namespace ekya::sim {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Error corrupt(const std::string& what) { return {ErrorCode::kCorrupt, what}; }

}  // namespace

Result<std::size_t> Table::column(std::string_view named) const {
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns[c] == named) return c;
  return corrupt(name + ": there is no column '" + std::string(named) + "'");
}

Result<double> Table::number(std::size_t row, std::size_t column) const {
  const std::string& text = rows[row][column];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  return corrupt(name + ":" + std::to_string(row + 2) + ": " + columns[column] + " '" + printable(text) +
                 "' is not a number");
}

Result<Table> parse_csv(std::string name, std::string_view text) {
  Table table{std::move(name), {}, {}};
  for (std::string& line : split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    std::vector<std::string> fields = split(line, ',');
    if (table.columns.empty()) {
      table.columns = std::move(fields);
    } else if (fields.size() != table.columns.size()) {
      return corrupt(table.name + ":" + std::to_string(table.rows.size() + 2) + ": has " +
                     std::to_string(fields.size()) + " fields, the header " + std::to_string(table.columns.size()));
    } else {
      table.rows.push_back(std::move(fields));
    }
  }
  if (table.columns.empty()) return corrupt(table.name + ": is empty");
  return table;
}

}  // namespace ekya::sim
