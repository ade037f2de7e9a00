#pragma once
/// Modules whose inside is no layers of ours.

#include <string>

namespace photo51::nn {

/// A base beside torch::nn::Module. What is below such a module reports nothing to a Capture and takes no
/// adapter; errors that are about it then end in the reason.
class Opaque {
 public:
  virtual ~Opaque() = default;
  /// "it is the program FILE, ...; use ...": what the module is, and what to use instead.
  virtual std::string why_opaque() const = 0;
};

}  // namespace photo51::nn
