#pragma once
/// Names of earlier versions in a document. The table is in renamed_keys.cpp, and nowhere else.

#include <string>
#include <vector>

#include "photo51/config/node.hpp"

namespace photo51::config {

/// A name of an earlier version.
struct Renamed {
  /// Which part of the entry changes: its key, its value (or that of the key
  /// that chooses), or all of it, which goes.
  enum class Part { key, value, entry };
  const Node* node;  ///< of a key and an entry, the entry's value; of a value, the scalar itself
  Part part;
  std::string path;     ///< dotted, as it is written
  std::string was, is;  ///< the text; `is` is empty where the entry goes
};

/// In document order. `merged` is the same document on what it extends: a component may be named there. By
/// which keys maps choose components say `keys`.
std::vector<Renamed> renamed_in(const Node& document, const Node& merged, const ChoiceKeys& keys);

}  // namespace photo51::config
