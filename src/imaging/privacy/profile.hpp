#pragma once
/// What a DICOM object loses when it is de-identified: table E.1-1 of DICOM PS3.15 (2026c), the column of the
/// Basic Application Level Confidentiality Profile and the options that keep an attribute all the same.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace photo51::imaging {

/// The options of the profile, with their codes of the DICOM controlled terminology (DCM).
enum class Option : uint16_t {
  clean_descriptors = 1,  ///< 113105: texts were looked through
  modified_dates = 2,     ///< 113107
  patient = 4,            ///< 113108: sex, age, weight, …
  device = 8,             ///< 113109
  uids = 16,              ///< 113110
  safe_private = 32,      ///< 113111
  institution = 64,       ///< 113112
  clean_graphics = 128,   ///< 113103
  clean_content = 256,    ///< 113104: structured content
  basic_profile = 512     ///< 113100: no option, the profile itself
};

/// A set of them.
class Options {
 public:
  Options() = default;
  void add(Option option) { bits_ |= static_cast<uint16_t>(option); }
  bool has(Option option) const { return (bits_ & static_cast<uint16_t>(option)) != 0; }
  bool meets(Options other) const { return (bits_ & other.bits_) != 0; }
  bool empty() const { return bits_ == 0; }

 private:
  uint16_t bits_ = 0;
};
/// The option that a code of DeidentificationMethodCodeSequence means. Full dates (113106) are none: they are
/// the patient's own.
std::optional<Option> option_of_code(const std::string& code);

struct ProfileEntry {
  std::string keyword;
  bool removed = false;  ///< the action is X, or X where the object need not have the attribute
  bool dummy = false;    ///< the action is Z, D or Z/D: what stands there may be a stand-in
  bool uid = false;      ///< the action is U, or it holds references: new ones look like the old
  bool date = false;     ///< a date or a time
  Options kept_by;
};

/// The entry of an attribute, of repeating groups too; null when the profile leaves it.
const ProfileEntry* profile_entry(uint16_t group, uint16_t element);

/// The table as text: `tag,keyword,action,kept_by`.
const char* deidentification_table();

}  // namespace photo51::imaging
