#pragma once
/// DICOM dates and times as numbers.

#include <optional>
#include <string>

namespace photo51::imaging {

/// Seconds since 1970-01-01 by the clock on the wall.
using Moment = double;

/// Days since 1970-01-01 of a DA: YYYYMMDD, also YYYY.MM.DD.
std::optional<double> parse_date(const std::string& text);
/// Seconds since midnight of a TM: HH[MM[SS[.ffffff]]], also HH:MM:SS.
std::optional<double> parse_time(const std::string& text);
/// Both; nothing when one of them is missing or damaged.
std::optional<Moment> parse_moment(const std::string& date, const std::string& time);
/// A DT: YYYYMMDDHHMM[SS[.ffffff]][&ZZXX]. With an offset from UTC there and in `zone` (the data set's
/// TimezoneOffsetFromUTC) the moment is told by the data set's clock.
std::optional<Moment> parse_date_time(const std::string& text, const std::string& zone = {});

}  // namespace photo51::imaging
