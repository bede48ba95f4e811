// Plain tables: a heading, columns as wide as their widest cell, two blanks between them. The last column is cut to the
// terminal's width where there is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "escapement/cli/terminal.h"

namespace escapement::cli {

struct Cell {
  Cell(std::string t, Style s = Style::plain) : text(std::move(t)), style(s) {}
  Cell(const char* t) : text(t) {}
  std::string text;
  Style style = Style::plain;
  bool align_right = false;
};

// A number, set to the right.
Cell number_cell(std::string text);

class Table {
 public:
  // An empty heading list makes a table without one.
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  // Cells are made printable.
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::size_t> widths() const;
  void render_row(std::string& out, const std::vector<Cell>& row, const std::vector<std::size_t>& widths,
                  const Terminal& terminal) const;

  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace escapement::cli
