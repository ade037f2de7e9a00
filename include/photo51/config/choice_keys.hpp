#pragma once
/// By which key the maps of a document choose their components.

#include <string>
#include <string_view>
#include <vector>

namespace photo51::config {

/// A tree in the shape of the document, made from its description by `choice_keys` (read.hpp). Only places
/// with a key other than `name` stand in it; where components of one table have choices at the same place,
/// their key is the same.
struct ChoiceKeys {
  struct Entry;
  std::string key = "name";  ///< of the map at this place
  std::vector<Entry> below;  ///< by the entry's name; `*` = whatever its name or number is

  /// Of the value of an entry.
  const ChoiceKeys& of(std::string_view entry) const;
};

struct ChoiceKeys::Entry {
  std::string first;
  ChoiceKeys second;
};

}  // namespace photo51::config
