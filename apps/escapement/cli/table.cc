#include "escapement/cli/table.h"

#include <algorithm>

namespace escapement::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLastColumnMin = 10;

}  // namespace

Cell number_cell(std::string text) {
  Cell cell(std::move(text));
  cell.align_right = true;
  return cell;
}

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  const auto widen = [&](std::size_t column, std::size_t width) {
    if (widths.size() <= column) widths.resize(column + 1, 0);
    widths[column] = std::max(widths[column], width);
  };
  for (std::size_t i = 0; i < headings_.size(); ++i) widen(i, display_width(headings_[i]));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widen(i, display_width(row[i].text));
  }
  return widths;
}

void Table::render_row(std::string& out, const std::vector<Cell>& row, const std::vector<std::size_t>& widths,
                       const Terminal& terminal) const {
  std::size_t used = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool is_last = i + 1 == row.size();
    std::string text = row[i].text;
    if (is_last && terminal.columns != 0) {
      const std::size_t room = terminal.columns > used + kLastColumnMin ? terminal.columns - used : kLastColumnMin;
      text = clipped(text, room);
    }
    const std::size_t width = display_width(text);
    const std::size_t padding = widths[i] > width ? widths[i] - width : 0;
    if (row[i].align_right) out.append(padding, ' ');
    out += terminal.styled(row[i].style, text);
    if (!is_last) {
      if (!row[i].align_right) out.append(padding, ' ');
      out.append(kGap, ' ');
    }
    used += widths[i] + kGap;
  }
  while (out.ends_with(' ')) out.pop_back();
  out += '\n';
}

std::string Table::render(const Terminal& terminal) const {
  const std::vector<std::size_t> column_widths = widths();
  std::string out;
  if (!headings_.empty()) {
    std::vector<Cell> heading;
    for (std::size_t i = 0; i < headings_.size(); ++i) {
      Cell cell(headings_[i], Style::bold);
      cell.align_right = !rows_.empty() && i < rows_.front().size() && rows_.front()[i].align_right;
      heading.push_back(std::move(cell));
    }
    render_row(out, heading, column_widths, terminal);
  }
  for (const auto& row : rows_) render_row(out, row, column_widths, terminal);
  return out;
}

}  // namespace escapement::cli
