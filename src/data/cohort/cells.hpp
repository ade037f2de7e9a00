#pragma once
/// What a manifest cell says: the words of core/cells.hpp, under this room's name.

#include "photo51/core/cells.hpp"

namespace photo51::data {

using core::is_blank;

}  // namespace photo51::data
