#pragma once
/// Elements of private groups, found through the creator that reserved their block.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

class DcmItem;

namespace photo51::imaging {

/// Element `number` (its last two hexadecimal digits) of `creator` in `group`; empty when there is none.
std::string private_text(DcmItem& item, unsigned group, unsigned number, const char* creator);
/// The same as bytes, whatever its representation says they are.
std::vector<uint8_t> private_bytes(DcmItem& item, unsigned group, unsigned number, const char* creator);
/// The first number of it. A binary float whose representation was lost on the way is understood; nothing
/// when it is no number, for what private elements hold is not agreed upon.
std::optional<double> private_number(DcmItem& item, unsigned group, unsigned number, const char* creator);

}  // namespace photo51::imaging
