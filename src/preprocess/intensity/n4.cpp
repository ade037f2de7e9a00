#include "preprocess/intensity/n4.hpp"

#include <ATen/core/Tensor.h>
#include <itkImage.h>
#include <itkMultiThreaderBase.h>
#include <itkN4BiasFieldCorrectionImageFilter.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <new>
#include <vector>

#include "photo51/core/error.hpp"

namespace photo51::preprocess {
namespace {

using Image = itk::Image<float, 3>;
using Mask = itk::Image<unsigned char, 3>;
using Filter = itk::N4BiasFieldCorrectionImageFilter<Image, Mask, Image>;
using Lattice = Filter::BiasFieldControlPointLatticeType;

/// Otsu's threshold of 200 bins between the extremes (IEEE Trans. SMC 9(1), 1979): the edge that parts the
/// histogram into the two classes farthest apart.
float otsu_of_field(const float* values, int64_t count) {
  constexpr size_t bins = 200;
  const auto [low, high] = std::minmax_element(values, values + count);
  const double from = static_cast<double>(*low), width = (static_cast<double>(*high) - from) / bins;
  if (!(width > 0)) return *low;
  std::array<double, bins> histogram{};
  for (int64_t i = 0; i < count; ++i)
    histogram[std::min(bins - 1, static_cast<size_t>((static_cast<double>(values[i]) - from) / width))] += 1;
  double total = 0;
  for (size_t b = 0; b < bins; ++b) total += histogram[b] * static_cast<double>(b);
  double below = 0, sum = 0, best = -1;
  size_t edge = 0;
  for (size_t b = 0; b + 1 < bins; ++b) {
    below += histogram[b];
    sum += histogram[b] * static_cast<double>(b);
    const double above = static_cast<double>(count) - below;
    if (below == 0 || above == 0) continue;
    const double apart = sum / below - (total - sum) / above;
    if (const double between = below * above * apart * apart; between > best) best = between, edge = b + 1;
  }
  return static_cast<float>(from + width * static_cast<double>(edge));
}

/// Every `step`th voxel of an axis, about its middle. An axis of one voxel is doubled: a spline needs an
/// extent.
struct Shrunk {
  int64_t size, step, first;
  Shrunk(int64_t full, int64_t shrink)
      : size(std::max<int64_t>(full / shrink, 1)), step(std::min(full, shrink)), first(0) {
    if (full < 2 * shrink && full > 1) size = 2, step = full / 2;
    first = (full - 1 - step * (size - 1) + 1) / 2;
    if (full == 1) size = 2, step = 0;
  }
};

struct Small {
  Image::Pointer image;
  Mask::Pointer mask;
  int64_t inside = 0;
  float low = 0, high = 0;  ///< of the voxels inside
};

Small shrink(const at::Tensor& data, const BiasCorrectionOptions& options, float floor) {
  const Shrunk z(data.size(1), options.shrink), y(data.size(2), options.shrink),
      x(data.size(3), options.shrink);
  Image::SizeType size{{static_cast<itk::SizeValueType>(x.size), static_cast<itk::SizeValueType>(y.size),
                        static_cast<itk::SizeValueType>(z.size)}};
  Small small;
  small.image = Image::New();
  small.image->SetRegions(size);
  small.image->Allocate();
  small.mask = Mask::New();
  small.mask->SetRegions(size);
  small.mask->Allocate();
  float* value = small.image->GetBufferPointer();
  unsigned char* inside = small.mask->GetBufferPointer();
  const float* from = data.const_data_ptr<float>();
  for (int64_t k = 0; k < z.size; ++k)
    for (int64_t j = 0; j < y.size; ++j)
      for (int64_t i = 0; i < x.size; ++i, ++value, ++inside) {
        const float v = from[((z.first + k * z.step) * data.size(2) + y.first + j * y.step) * data.size(3) +
                             x.first + i * x.step];
        *value = v;
        *inside = v > floor && v > 0 ? 1 : 0;  // the field is found in logarithms
        if (*inside == 0) continue;
        small.low = small.inside == 0 ? v : std::min(small.low, v);
        small.high = small.inside == 0 ? v : std::max(small.high, v);
        ++small.inside;
      }
  return small;
}

/// Cubic B-spline over `spans` pieces, end to end over `size` voxels: the first of four control points and
/// their weights, a voxel.
struct Spline {
  std::vector<int64_t> first;
  std::vector<std::array<double, 4>> weights;

  Spline(int64_t size, int64_t spans) {
    for (int64_t i = 0; i < size; ++i) {
      const double u = size > 1 ? static_cast<double>(i * spans) / static_cast<double>(size - 1) : 0;
      const int64_t piece = std::min(static_cast<int64_t>(u), spans - 1);
      const double t = u - static_cast<double>(piece), s = 1 - t;
      first.push_back(piece);
      weights.push_back({s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
                         (3 * s * s * s - 6 * s * s + 4) / 6, t * t * t / 6});
    }
  }
};

/// Divides `data` by the exponential of the lattice's spline, one axis of the tensor product at a time.
void divide_by_field(at::Tensor& data, const Lattice& lattice) {
  const auto points = lattice.GetLargestPossibleRegion().GetSize();
  const auto nx = static_cast<int64_t>(points[0]), ny = static_cast<int64_t>(points[1]),
             nz = static_cast<int64_t>(points[2]);
  const Spline z(data.size(1), nz - 3), y(data.size(2), ny - 3), x(data.size(3), nx - 3);
  const auto* control = lattice.GetBufferPointer();
  std::vector<double> plane(static_cast<size_t>(nx * ny)), line(static_cast<size_t>(nx));
  float* values = data.mutable_data_ptr<float>();
  for (size_t k = 0; k < z.first.size(); ++k) {
    for (int64_t p = 0; p < nx * ny; ++p) {
      double sum = 0;
      for (int64_t w = 0; w < 4; ++w)
        sum += z.weights[k][static_cast<size_t>(w)] *
               static_cast<double>(control[(z.first[k] + w) * nx * ny + p][0]);
      plane[static_cast<size_t>(p)] = sum;
    }
    for (size_t j = 0; j < y.first.size(); ++j) {
      for (int64_t p = 0; p < nx; ++p) {
        double sum = 0;
        for (int64_t w = 0; w < 4; ++w)
          sum += y.weights[j][static_cast<size_t>(w)] * plane[static_cast<size_t>((y.first[j] + w) * nx + p)];
        line[static_cast<size_t>(p)] = sum;
      }
      for (size_t i = 0; i < x.first.size(); ++i) {
        const double* at = line.data() + x.first[i];
        const auto& w = x.weights[i];
        const double field = w[0] * at[0] + w[1] * at[1] + w[2] * at[2] + w[3] * at[3];
        *values++ *= static_cast<float>(std::exp(-field));
      }
    }
  }
}

Lattice::Pointer estimate(const Small& small, const BiasCorrectionOptions& options) {
  // The loader prepares cases in parallel; and sums over threads would depend on how many there are.
  static std::once_flag once;
  std::call_once(once, [] { itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(1); });
  const auto levels = static_cast<unsigned int>(options.iterations.size());
  Filter::VariableSizeArrayType iterations(levels);
  for (unsigned int i = 0; i < levels; ++i) iterations[i] = static_cast<unsigned int>(options.iterations[i]);
  Filter::ArrayType fitting;
  fitting.Fill(levels);
  const auto filter = Filter::New();
  filter->SetInput(small.image);
  filter->SetMaskImage(small.mask);
  filter->SetMaximumNumberOfIterations(iterations);
  filter->SetNumberOfFittingLevels(fitting);
  filter->SetConvergenceThreshold(static_cast<float>(options.convergence));
  filter->SetBiasFieldFullWidthAtHalfMaximum(static_cast<float>(options.width));
  filter->Update();
  return const_cast<Lattice*>(filter->GetLogBiasFieldControlPointLattice());
}

}  // namespace

imaging::Volume correct_bias_field(const imaging::Volume& volume, const BiasCorrectionOptions& options) {
  imaging::Volume corrected = imaging::to_float(volume);
  corrected.data = corrected.data.clone();
  float floor = -std::numeric_limits<float>::infinity();
  if (options.region == BiasRegion::foreground) floor = static_cast<float>(options.foreground_threshold);
  if (options.region == BiasRegion::otsu)
    floor = otsu_of_field(corrected.data.const_data_ptr<float>(), corrected.data.numel());
  const Small small = shrink(corrected.data, options, floor);
  if (small.inside == 0)
    core::fail_data(
        "bias_field_correction: no voxel of the region is positive; set region: all or another "
        "foreground_threshold");
  if (!(small.high > small.low * (1 + 1e-6F))) return corrected;
  try {
    divide_by_field(corrected.data, *estimate(small, options));
  } catch (const itk::MemoryAllocationError&) {
    throw std::bad_alloc();
  } catch (const itk::ExceptionObject& error) {
    core::fail_data(std::string("bias_field_correction: ") + error.GetDescription());
  }
  return corrected;
}

}  // namespace photo51::preprocess
