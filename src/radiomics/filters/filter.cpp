#include "radiomics/filters/filter.hpp"

#include <algorithm>
#include <array>

#include "photo51/config/read.hpp"
#include "radiomics/filters/wavelets.hpp"

namespace photo51::radiomics {
namespace {

void describe_riesz(config::Fields& f, std::vector<int64_t>& riesz, FilterDimensions dimensions) {
  f("riesz", riesz, "orders along x, y (, z) of the Riesz transform of the map; empty = none", {.min = 0});
  f.check(riesz.empty() || (riesz.size() == (dimensions == FilterDimensions::two ? 2U : 3U) &&
                            std::any_of(riesz.begin(), riesz.end(), [](int64_t order) { return order > 0; })),
          "riesz", "needs an order for each dimension, one of them not 0");
}

}  // namespace

std::span<const std::string_view> enum_names(FilterDimensions) {
  static constexpr std::array<std::string_view, 2> names{"2d", "3d"};
  return names;
}

std::span<const std::string_view> enum_names(Boundary) {
  static constexpr std::array<std::string_view, 4> names{"zero", "nearest", "periodic", "mirror"};
  return names;
}

std::span<const std::string_view> enum_names(ResponsePooling) {
  static constexpr std::array<std::string_view, 3> names{"mean", "max", "min"};
  return names;
}

std::span<const std::string_view> enum_names(GaborResponse) {
  static constexpr std::array<std::string_view, 3> names{"modulus", "real", "imaginary"};
  return names;
}

std::span<const std::string_view> enum_names(IsotropicFamily) {
  static constexpr std::array<std::string_view, 2> names{"simoncelli", "shannon"};
  return names;
}

void describe(config::Fields& f, FilterEdges& o) {
  f("dimensions", o.dimensions, "slice by slice or in 3D");
  f("boundary", o.boundary, "what lies beyond the image's edge");
}

void describe(config::Fields& f, FilterPooling& o) {
  f("rotation_invariant", o.rotation_invariant, "pools the responses of all right-angle rotations");
  f("pooling", o.pooling, "of the rotations");
}

void describe(config::Fields& f, MeanFilter& o) {
  f("support", o.support, "width of the kernel, odd", {.min = 1, .unit = "voxels"});
  f.check(o.support % 2 == 1, "support", "must be odd");
  describe(f, static_cast<FilterEdges&>(o));
}

void describe(config::Fields& f, LogFilter& o) {
  f("sigma", o.sigma, "of the Gaussian", {.min = 1e-3, .unit = "mm"});
  f("cutoff", o.cutoff, "where the kernel ends, in sigmas", {.min = 1});
  describe(f, static_cast<FilterEdges&>(o));
  describe_riesz(f, o.riesz, o.dimensions);
}

void describe(config::Fields& f, LawsFilter& o) {
  f("kernels", o.kernels, "along x, y (, z): L5, E5, S5, W5, R5, L3, E3, S3 one after the other");
  f.check(are_laws_kernels(o.kernels), "kernels", "knows L5, E5, S5, W5, R5, L3, E3 and S3");
  f("energy", o.energy, "the map becomes the mean of its magnitude over so many voxels on each side; 0 = not",
    {.min = 0, .unit = "voxels"});
  describe(f, static_cast<FilterPooling&>(o));
  describe(f, static_cast<FilterEdges&>(o));
  f.check(o.kernels.size() == (o.dimensions == FilterDimensions::two ? 4U : 6U), "kernels",
          "needs a kernel for each dimension");
}

void describe(config::Fields& f, GaborFilter& o) {
  f("sigma", o.sigma, "of the envelope along the wave", {.min = 1e-3, .unit = "mm"});
  f("wavelength", o.wavelength, "of the wave", {.min = 1e-3, .unit = "mm"});
  f("gamma", o.gamma, "envelope's width along the wave over that across it", {.min = 1e-3});
  f("theta", o.theta, "direction of the wave in the plane, clockwise from x", {.unit = "degrees"});
  f("theta_step", o.theta_step, "pools directions so far apart over a full turn; 0 = only theta",
    {.min = 0, .max = 360, .unit = "degrees"});
  f("pooling", o.pooling, "of the directions");
  f("orthogonal_planes", o.orthogonal_planes, "averages the planes x-y, x-z and y-z");
  f("response", o.response, "of the complex response");
  f("boundary", o.boundary, "what lies beyond the image's edge");
}

void describe(config::Fields& f, WaveletFilter& o) {
  f("family", o.family, "the wavelet", {.one_of = wavelet_names()});
  f("bands", o.bands, "low (L) or high (H) pass along x, y (, z)");
  f("level", o.level, "of the decomposition, undecimated", {.min = 1, .max = 8});
  describe(f, static_cast<FilterPooling&>(o));
  describe(f, static_cast<FilterEdges&>(o));
  f.check(o.bands.size() == (o.dimensions == FilterDimensions::two ? 2U : 3U) &&
              o.bands.find_first_not_of("LH") == std::string::npos,
          "bands", "needs L or H for each dimension");
}

void describe(config::Fields& f, IsotropicWaveletFilter& o) {
  f("family", o.family, "the wavelet");
  f("level", o.level, "of the decomposition: 1 has the highest frequencies", {.min = 1, .max = 8});
  f("dimensions", o.dimensions, "slice by slice or in 3D");
  describe_riesz(f, o.riesz, o.dimensions);
}

const config::Catalogue<MakeFilter>& filters() {
  static const config::Catalogue<MakeFilter> table = {
      {config::component<MeanFilter>("mean", "mean over a box of voxels"), &make_mean},
      {config::component<LogFilter>("log", "Laplacian of a Gaussian"), &make_log},
      {config::component<LawsFilter>("laws", "Laws' texture kernels and their energy"), &make_laws},
      {config::component<GaborFilter>("gabor", "waves under a Gaussian, plane by plane"), &make_gabor},
      {config::component<WaveletFilter>("wavelet", "separable wavelets, undecimated"), &make_wavelet},
      {config::component<IsotropicWaveletFilter>(
           "isotropic_wavelet", "wavelets without direction, by Fourier transform of the whole image"),
       &make_isotropic_wavelet},
  };
  return table;
}

const config::Components& filter_components() {
  return filters().components();
}

std::unique_ptr<Filter> make_filter(const config::Choice& choice) {
  return (*filters().find(choice.name))(choice);
}

std::string filter_label(const config::Choice& filter) {
  const auto dumped = [](const config::Choice& choice) {
    return config::dump_section({[&](config::Fields& f) { choice.options->describe_to(f); }, {}, {}});
  };
  const config::Node given = dumped(filter);
  const config::Node usual = dumped(config::default_choice(filter_components(), filter.name));
  std::string label = filter.name;
  for (const auto& [key, value] : given.entries) {
    const config::Node* other = usual.find(key);
    if (config::to_yaml(value) == config::to_yaml(*other)) continue;
    label += "_" + key;
    if (value.kind == config::Node::Kind::scalar) label += "_" + value.text;
    for (const config::Node& item : value.items) label += "_" + item.text;
  }
  return label;
}

}  // namespace photo51::radiomics
