#pragma once

namespace photo51::core {

/// "0.1.0"
const char* version();
/// The commit the library was built from, with "-dirty" when tracked files differed; "unknown" outside a
/// checkout.
const char* build_commit();

}  // namespace photo51::core
