#pragma once
/// What a free text says: nothing about anyone, or something that only a person could judge.

#include <string>
#include <string_view>

namespace photo51::imaging {

/// Empty, only signs, or words that stand in for what was taken out: anonymous, removed, unknown, XXXX,
/// ANON^01, PATIENT 7, 0.
bool is_dummy_text(std::string_view text);
/// A name that plainly is none: a dummy, or `code`, the patient's id, when that is no name itself (it has a
/// digit and no `^`). Codes alone (`LUNG1-001`, letters and digits in one) count when `declared`, as the file
/// says that names were taken out.
bool is_dummy_name(const std::string& name, const std::string& code, bool declared);
/// A dummy date or time: zeros, the first day of 1, 1000, 1700, 1800, 1900, 1970 or 2000.
bool is_dummy_date(std::string_view text);
/// A dummy, or nothing but a program that wrote the file, its version, library and settings: `FSL5.0`,
/// `6.0.5:9e026117`, `ImageJ 1.53c`, `TE=4.2;phase=1`.
bool is_technical_text(const std::string& text);

/// Up to 40 characters that any terminal shows, of a name that a file's writer chose.
std::string shown_name(std::string_view name);

}  // namespace photo51::imaging
