#pragma once
/// Elements of private groups, found through the creator that reserved their block.

#include <optional>
#include <string>

class DcmItem;

namespace photo51::imaging {

/// Element `number` (its last two hexadecimal digits) of `creator` in `group`; empty when there is none.
std::string private_text(DcmItem& item, unsigned group, unsigned number, const char* creator);
/// The same as one number. A binary float whose representation was lost on the way is understood.
std::optional<double> private_number(DcmItem& item, unsigned group, unsigned number, const char* creator);

}  // namespace photo51::imaging
