#pragma once
/// Elements of a DICOM object that tell, or help to tell, who the patient is.

#include <filesystem>
#include <set>
#include <string>

class DcmFileFormat;

namespace photo51::imaging {

/// What was found of one thing: `direct` is what no option of the profile would keep, such as names, ids and
/// addresses.
struct Finding {
  std::string name;
  bool direct = false;

  /// Those that are direct first.
  bool operator<(const Finding& other) const { return direct != other.direct ? direct : name < other.name; }
};
using Findings = std::set<Finding>;

/// Names, never values, of what the basic profile of DICOM PS3.15 (profile.hpp) takes out or
/// replaces and stands in the object, at any depth; private elements; person names wherever they stand;
/// elements that no dictionary knows. Left out are dummies (text.hpp), UIDs and PatientID, of which
/// an original cannot be told from a stand-in, and what the object says it kept on purpose: with
/// PatientIdentityRemoved YES, the options of DeidentificationMethodCodeSequence, dates that were moved
/// (LongitudinalTemporalInformationModified), and of a named method the patient's sex, age and size.
Findings identity_in(DcmFileFormat& file);

}  // namespace photo51::imaging
