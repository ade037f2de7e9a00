#include "photo51/core/version.hpp"

#include "commit.h"

namespace photo51::core {

const char* version() {
  return PHOTO51_VERSION;
}
const char* build_commit() {
  return PHOTO51_COMMIT;
}

}  // namespace photo51::core
