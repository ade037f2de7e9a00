#pragma once
/// The line on standard error that is drawn again and again.

#include <string>
#include <string_view>

namespace photo51::core {

/// Columns of the terminal behind standard error, else $COLUMNS, else 80.
int terminal_columns();
/// How many columns UTF-8 text takes; a byte that is not UTF-8 takes one.
int display_width(std::string_view text);
/// `text` on one line of at most `columns`: cut off between characters, control characters as blanks, bytes
/// that are not UTF-8 as replacement characters.
std::string fit_line(std::string_view text, int columns);

/// Draws `text` over the line as it stands; it is cut to the terminal's width.
void draw_bar(const std::string& text);
/// Removes the drawn line, so that another may be written in its place.
void clear_bar();
/// Leaves the drawn line standing and goes on below.
void end_bar();
/// Safe in a signal handler.
bool bar_is_drawn();

}  // namespace photo51::core
