#pragma once
/// Convolution in 1, 2 or 3 dimensions, plain or transposed, with torch.nn's names and layouts: [B, in, ...]
/// -> [B, out, ...]. The weight is [out, in / groups, kernel...], transposed [in, out / groups, kernel...].
/// He initialisation by outputs (He et al., Delving deep into rectifiers, ICCV 2015).

#include <initializer_list>
#include <optional>
#include <vector>

#include "photo51/nn/layers/adapted_layer.hpp"

namespace photo51::nn {

/// One number for all axes, or one an axis ([z,] y, x).
class PerAxis {
 public:
  PerAxis(int64_t all) : values_{all} {}
  PerAxis(std::initializer_list<int64_t> each) : values_(each) {}
  PerAxis(std::vector<int64_t> each) : values_(std::move(each)) {}
  /// One an axis. Error (usage) that names `what`: there are neither one nor `dims` numbers.
  std::vector<int64_t> of(int64_t dims, const char* what) const;

 private:
  std::vector<int64_t> values_;
};

struct ConvShape {
  int64_t dims = 3, in = 1, out = 1;
  PerAxis kernel = 3, stride = 1, dilation = 1;
  /// At both ends. Not given: half the (dilated) kernel, so that stride 1 and an odd kernel keep the size;
  /// of a transposed convolution none.
  std::optional<PerAxis> padding{};
  /// TensorFlow's `same`: ceil(size / stride) whatever the size; an odd row of padding goes to the far side.
  bool same = false;
  int64_t groups = 1;
  bool bias = false;
  bool transposed = false;
  PerAxis output_padding = 0;  ///< transposed: added to one end of the result
};

/// A convolution's arithmetic, its numbers spelt out for each axis.
class ConvGeometry {
 public:
  /// Errors (usage): dims not 1 to 3, a list of another length, a number below its least, groups that do not
  /// divide the channels, `same` of a transposed convolution or beside a padding, an output padding of a
  /// plain one.
  explicit ConvGeometry(const ConvShape& shape);
  /// With the weight and bias of a convolution of this kernel; `bias` may be undefined.
  at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const;
  /// The same in two steps: `padded` is `x`, with zeros around it where the convolution cannot pad itself.
  at::Tensor padded(const at::Tensor& x) const { return pads_first_ ? padded_as_same(x) : x; }
  at::Tensor convolve_padded(const at::Tensor& padded, const at::Tensor& weight,
                             const at::Tensor& bias) const;
  std::vector<int64_t> weight_sizes() const;
  int64_t dims() const { return dims_; }
  int64_t groups() const { return groups_; }
  bool transposed() const { return transposed_; }
  /// Whether `convolve` makes channels of an only channel's neighbours where it computes in bfloat16.
  bool unfolds() const { return unfolds_; }
  /// One number an axis; the padding is that of what is `padded`.
  const std::vector<int64_t>& stride() const { return stride_; }
  const std::vector<int64_t>& dilation() const { return dilation_; }
  const std::vector<int64_t>& padding() const { return padding_; }

 private:
  at::Tensor padded_as_same(const at::Tensor& x) const;
  /// Whether some tap of the kernel may meet nothing but padding.
  bool reaches_past(at::IntArrayRef sizes) const;
  at::Tensor convolve_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const;
  /// oneDNN takes many times as long for one channel as for several, in bfloat16 (LibTorch 2.11): the places
  /// that the kernel covers along z and y become channels.
  at::Tensor with_neighbours_as_channels(const at::Tensor& padded, const at::Tensor& weight,
                                         const at::Tensor& bias) const;

  int64_t dims_, in_, out_, groups_;
  bool pads_first_, skips_places_, unfolds_, transposed_;
  std::vector<int64_t> kernel_, stride_, dilation_, padding_, output_padding_;
};

class Conv : public AdaptedLayer {
 public:
  using Shape = ConvShape;
  explicit Conv(const Shape& shape);
  at::Tensor forward(const at::Tensor& x) const;
  const ConvGeometry& geometry() const { return geometry_; }

 private:
  ConvGeometry geometry_;
};

}  // namespace photo51::nn
