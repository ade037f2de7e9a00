#include "ops/cpu/norm_act.hpp"

#include <algorithm>
#include <vector>

#include "ops/cpu/instructions.hpp"

namespace photo51::ops::cpu {
namespace {

/// The loops in one instruction set.
template <class T>
struct NormLoops {
  void (*moments)(const T*, int64_t rows, int64_t width, const Wide<T>* center, Wide<T>* sum,
                  Wide<T>* square);
  void (*affine_act)(Rows<const T>, const T*, Rows<T>, int64_t rows, int64_t width, const AffineAct<T>&);
  void (*gradient_sums)(const ActGradient<T>&, Rows<const T>, Rows<T>, int64_t rows, int64_t width,
                        const Wide<T>*, Wide<T>*, Wide<T>*);
  void (*gradient_input)(const ActGradient<T>&, const T*, T*, int64_t rows, int64_t width,
                         const InputGradient<T>&);
};

// Before a loop whose arrays are apart from each other: too many for the compiler to check as it runs.
#ifdef __clang__
#define PHOTO51_NO_ALIASES _Pragma("clang loop vectorize(assume_safety)")
#else
#define PHOTO51_NO_ALIASES _Pragma("GCC ivdep")
#endif

#define PHOTO51_LOOPS "ops/cpu/norm_act.inc"
#include "ops/cpu/instruction_sets.inc"

template <class T>
const NormLoops<T>& loops_here() {
  return PHOTO51_IN_BEST_SET(loops<T>);
}

/// Few channels are taken as so many rows at once that a loop over them is worth its beginning and end.
constexpr int64_t wide_enough = 256;
int64_t rows_at_once(int64_t rows, int64_t width, bool dense) {
  return dense ? std::clamp<int64_t>(wide_enough / width, 1, rows) : 1;
}

/// Numbers of the channels, repeated for each of the rows that are taken at once.
template <class Number>
class Repeated {
 public:
  Repeated(const Number* values, int64_t width, int64_t times) : values_(values) {
    if (times == 1) return;
    for (int64_t i = 0; i < times; ++i) copies_.insert(copies_.end(), values, values + width);
    values_ = copies_.data();
  }
  const Number* get() const { return values_; }

 private:
  const Number* values_;
  std::vector<Number> copies_;
};

/// Adds what `times` rows at once have summed up to the channels' sums.
template <class Number>
void add_folded(const std::vector<Number>& from, int64_t width, int64_t times, double* to) {
  for (int64_t i = 0; i < times; ++i)
    for (int64_t c = 0; c < width; ++c)
      to[c] += static_cast<double>(from[static_cast<size_t>(i * width + c)]);
}

/// Calls loop(first row, rows, width, rows at once): once for those that fill rows at once, and for the rest.
template <class Loop>
void in_wide_rows(int64_t rows, int64_t width, bool dense, Loop loop) {
  if (rows == 0 || width == 0) return;
  const int64_t times = rows_at_once(rows, width, dense), whole = rows / times;
  loop(int64_t{0}, whole, width * times, times);
  if (whole * times < rows) loop(whole * times, rows - whole * times, width, int64_t{1});
}

template <class T>
Rows<T> from_row(Rows<T> rows, int64_t first, int64_t times) {
  return {rows.data == nullptr ? nullptr : rows.data + first * rows.stride, rows.stride * times};
}

template <class T>
ActGradient<T> from_row(const ActGradient<T>& g, int64_t first, int64_t times) {
  return {from_row(g.gy, first, times), from_row(g.y, first, times), g.slope};
}

}  // namespace

template <class T>
void moments(const T* x, int64_t rows, int64_t width, double* mean, double* deviation) {
  const NormLoops<T>& loops = loops_here<T>();
  const auto channels = static_cast<size_t>(width);
  std::vector<Wide<T>> center(channels, 0);
  std::vector<double> sums(channels, 0.0), squares(channels, 0.0);
  // Sums of squares are taken about the mean of the first rows: about 0 nothing would be left of the variance
  // of values far from it.
  const auto add = [&](int64_t count) {
    std::fill(sums.begin(), sums.end(), 0.0);
    in_wide_rows(count, width, true, [&](int64_t first, int64_t n, int64_t wide, int64_t times) {
      const Repeated<Wide<T>> about(center.data(), width, times);
      std::vector<Wide<T>> sum(static_cast<size_t>(wide), 0), square(static_cast<size_t>(wide), 0);
      loops.moments(x + first * width, n, wide, about.get(), sum.data(), square.data());
      add_folded(sum, width, times, sums.data());
      add_folded(square, width, times, squares.data());
    });
  };
  const int64_t sample = std::min(rows, 8 * rows_at_once(rows, width, true));
  add(sample);
  for (size_t c = 0; c < channels; ++c)
    center[c] = static_cast<Wide<T>>(sums[c] / static_cast<double>(sample));
  std::fill(squares.begin(), squares.end(), 0.0);
  add(rows);
  for (size_t c = 0; c < channels; ++c) {
    const double offset = sums[c] / static_cast<double>(rows);
    mean[c] = static_cast<double>(center[c]) + offset;
    deviation[c] = std::max(0.0, squares[c] - sums[c] * offset);
  }
}

template <class T>
void affine_act(Rows<const T> x, const T* residual, Rows<T> y, int64_t rows, int64_t width,
                const AffineAct<T>& of) {
  in_wide_rows(rows, width, x.stride == width && y.stride == width,
               [&](int64_t first, int64_t n, int64_t wide, int64_t times) {
                 const Repeated<Wide<T>> center(of.center, width, times), scale(of.scale, width, times),
                     shift(of.shift, width, times);
                 loops_here<T>().affine_act(
                     from_row(x, first, times), residual == nullptr ? nullptr : residual + first * y.stride,
                     from_row(y, first, times), n, wide, {center.get(), scale.get(), shift.get(), of.slope});
               });
}

template <class T>
void gradient_sums(const ActGradient<T>& g, Rows<const T> x, Rows<T> of_residual, int64_t rows, int64_t width,
                   const Wide<T>* center, double* sum, double* product) {
  std::fill_n(sum, width, 0.0);
  std::fill_n(product, width, 0.0);
  const bool dense = g.gy.stride == width && (g.y.data == nullptr || g.y.stride == width) &&
                     x.stride == width && (of_residual.data == nullptr || of_residual.stride == width);
  in_wide_rows(rows, width, dense, [&](int64_t first, int64_t n, int64_t wide, int64_t times) {
    const Repeated<Wide<T>> about(center, width, times);
    std::vector<Wide<T>> sums(static_cast<size_t>(wide), 0), products(static_cast<size_t>(wide), 0);
    loops_here<T>().gradient_sums(from_row(g, first, times), from_row(x, first, times),
                                  from_row(of_residual, first, times), n, wide, about.get(), sums.data(),
                                  products.data());
    add_folded(sums, width, times, sum);
    add_folded(products, width, times, product);
  });
}

template <class T>
void gradient_input(const ActGradient<T>& g, const T* x, T* gx, int64_t rows, int64_t width,
                    const InputGradient<T>& of) {
  in_wide_rows(rows, width, true, [&](int64_t first, int64_t n, int64_t wide, int64_t times) {
    const Repeated<Wide<T>> center(of.center, width, times), scale(of.scale, width, times),
        slant(of.slant, width, times), shift(of.shift, width, times);
    loops_here<T>().gradient_input(from_row(g, first, times), x + first * width, gx + first * width, n, wide,
                                   {center.get(), scale.get(), slant.get(), shift.get()});
  });
}

#define PHOTO51_INSTANTIATE(T)                                                                       \
  template void moments(const T*, int64_t, int64_t, double*, double*);                               \
  template void affine_act(Rows<const T>, const T*, Rows<T>, int64_t, int64_t, const AffineAct<T>&); \
  template void gradient_sums(const ActGradient<T>&, Rows<const T>, Rows<T>, int64_t, int64_t,       \
                              const Wide<T>*, double*, double*);                                     \
  template void gradient_input(const ActGradient<T>&, const T*, T*, int64_t, int64_t,                \
                               const InputGradient<T>&);
PHOTO51_INSTANTIATE(float)
PHOTO51_INSTANTIATE(double)
PHOTO51_INSTANTIATE(Bf16)
#undef PHOTO51_INSTANTIATE
#undef PHOTO51_NO_ALIASES

}  // namespace photo51::ops::cpu
