#pragma once
/// Logging to standard error. The library logs through these functions only and never writes to standard
/// output. A message is one line, and a terminal shows it as it is (core/shown.hpp).

#include <string_view>

namespace photo51::core {

enum class LogLevel { debug, info, warning, error, off };

/// Lines below `level` are dropped. The default is `info`.
void set_log_level(LogLevel level);
void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace photo51::core
