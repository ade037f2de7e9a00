#pragma once
/// Elements that tell who the patient is.

#include <string>
#include <vector>

class DcmItem;

namespace photo51::imaging {

/// Names, never values, of the filled ones. A value that repeats the patient's id is a pseudonym.
std::vector<std::string> identity_in(DcmItem& dataset);

}  // namespace photo51::imaging
