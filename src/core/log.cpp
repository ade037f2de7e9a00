#include "photo51/core/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "core/terminal.hpp"
#include "photo51/core/shown.hpp"

namespace photo51::core {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt("photo51");
    made->set_pattern("%^%l%$: %v");
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      logger().set_level(spdlog::level::debug);
      break;
    case LogLevel::info:
      logger().set_level(spdlog::level::info);
      break;
    case LogLevel::warning:
      logger().set_level(spdlog::level::warn);
      break;
    case LogLevel::error:
      logger().set_level(spdlog::level::err);
      break;
    case LogLevel::off:
      logger().set_level(spdlog::level::off);
      break;
  }
}

// A warning takes the place of the bar that is drawn, which comes back below it.
void log_debug(std::string_view message) {
  if (logger().should_log(spdlog::level::debug)) clear_bar();
  logger().debug("{}", shown(message));
}
void log_info(std::string_view message) {
  if (logger().should_log(spdlog::level::info)) clear_bar();
  logger().info("{}", shown(message));
}
void log_warning(std::string_view message) {
  if (logger().should_log(spdlog::level::warn)) clear_bar();
  logger().warn("{}", shown(message));
}
void log_error(std::string_view message) {
  if (logger().should_log(spdlog::level::err)) clear_bar();
  logger().error("{}", shown(message));
}

}  // namespace photo51::core
