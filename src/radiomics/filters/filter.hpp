#pragma once
/// What the filters have in common inside the room.

#include <memory>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/radiomics/filters/filter.hpp"
#include "radiomics/filters/patch.hpp"

namespace photo51::radiomics {

class Filter {
 public:
  virtual ~Filter() = default;
  /// Of `image`, the voxels that the response on `window` depends on.
  virtual Window needs(const Grid& image, const Window& window) const = 0;
  /// The response on `window`; `patch` has what it needs, or more.
  virtual std::vector<double> respond(const Patch& patch, const Window& window) const = 0;
};

using MakeFilter = std::unique_ptr<Filter> (*)(const config::Choice& choice);
const config::Catalogue<MakeFilter>& filters();
std::unique_ptr<Filter> make_filter(const config::Choice& choice);

/// Whether the names, two letters each, are of kernels.
bool are_laws_kernels(const std::string& names);

std::unique_ptr<Filter> make_mean(const config::Choice& choice);
std::unique_ptr<Filter> make_log(const config::Choice& choice);
std::unique_ptr<Filter> make_laws(const config::Choice& choice);
std::unique_ptr<Filter> make_gabor(const config::Choice& choice);
std::unique_ptr<Filter> make_wavelet(const config::Choice& choice);
std::unique_ptr<Filter> make_isotropic_wavelet(const config::Choice& choice);

}  // namespace photo51::radiomics
