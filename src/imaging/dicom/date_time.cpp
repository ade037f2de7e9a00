#include "imaging/dicom/date_time.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

bool all_digits(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

int digits(const std::string& text, size_t at, size_t count) {
  return static_cast<int>(core::parse_int(text.substr(at, count)).value_or(-1));
}

/// Seconds of +HHMM or -HHMM.
std::optional<double> parse_offset(const std::string& text) {
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-') || !all_digits(text.substr(1))) return {};
  const double seconds = digits(text, 1, 2) * 3600.0 + digits(text, 3, 2) * 60.0;
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<double> parse_date(const std::string& text) {
  std::string plain = text;
  std::erase(plain, '.');
  if (plain.size() != 8 || !all_digits(plain)) return {};
  const std::chrono::year_month_day day{std::chrono::year(digits(plain, 0, 4)),
                                        std::chrono::month(static_cast<unsigned>(digits(plain, 4, 2))),
                                        std::chrono::day(static_cast<unsigned>(digits(plain, 6, 2)))};
  if (!day.ok()) return {};
  return static_cast<double>(std::chrono::sys_days(day).time_since_epoch().count());
}

std::optional<double> parse_time(const std::string& text) {
  std::string plain = text;
  std::erase(plain, ':');
  std::string fraction;
  if (const auto point = plain.find('.'); point != std::string::npos) {
    fraction = plain.substr(point);
    plain.resize(point);
  }
  if (!all_digits(plain) || plain.size() > 6 || plain.size() % 2 != 0) return {};
  if (!fraction.empty() && fraction != "." && (plain.size() != 6 || !all_digits(fraction.substr(1))))
    return {};
  const int hour = digits(plain, 0, 2), minute = plain.size() > 2 ? digits(plain, 2, 2) : 0;
  const int second = plain.size() > 4 ? digits(plain, 4, 2) : 0;
  if (hour > 23 || minute > 59 || second > 60) return {};
  const double part = fraction.size() > 1 ? core::parse_double("0" + fraction).value_or(0) : 0;
  return hour * 3600.0 + minute * 60.0 + second + part;
}

std::optional<Moment> parse_moment(const std::string& date, const std::string& time) {
  const auto day = parse_date(date), second = parse_time(time);
  if (!day || !second) return {};
  return *day * 86400 + *second;
}

std::optional<Moment> parse_date_time(const std::string& text, const std::string& zone) {
  std::string plain = text;
  std::optional<double> offset;
  if (const auto sign = plain.find_first_of("+-"); sign != std::string::npos) {
    offset = parse_offset(plain.substr(sign));
    if (!offset) return {};
    plain.resize(sign);
  }
  if (plain.size() < 12) return {};
  auto moment = parse_moment(plain.substr(0, 8), plain.substr(8));
  const auto here = parse_offset(zone);
  if (moment && offset && here) *moment += *here - *offset;
  return moment;
}

}  // namespace photo51::imaging
