#include "ops/cpu/window_attention.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <memory>

#include "ops/cpu/instructions.hpp"
#include "photo51/ops/parallel.hpp"

namespace photo51::ops::cpu {

void find_places(const WindowGrid& grid, int64_t window, WindowPlaces& places) {
  int64_t at[3];
  for (int axis = 2; axis >= 0; window /= grid.count(axis--)) at[axis] = window % grid.count(axis);
  const int64_t first_row = window * grid.size[0] * grid.size[1] * grid.size[2];
  const auto count = static_cast<size_t>(grid.places());
  places.row.assign(count, 0);
  places.part.assign(count, 0);
  size_t n = 0;
  int64_t i[3];
  for (i[0] = 0; i[0] < grid.window[0]; ++i[0])
    for (i[1] = 0; i[1] < grid.window[1]; ++i[1])
      for (i[2] = 0; i[2] < grid.window[2]; ++i[2], ++n) {
        int64_t row = 0;
        int32_t part = 0;
        bool inside = true;
        for (int axis = 0; axis < 3; ++axis) {
          const AxisPlace place = grid.place_on_axis(axis, at[axis] * grid.window[axis] + i[axis]);
          inside = inside && place.is_inside;
          row = row * grid.size[axis] + place.from;
          part = 2 * part + (place.is_beyond ? 1 : 0);
        }
        places.row[n] = inside ? first_row + row : -1;
        places.part[n] = part;
      }
  places.is_parted = std::ranges::any_of(places.part, [&](int32_t part) { return part != places.part[0]; });
}

namespace {

/// Whole rows at a distance.
template <class F>
struct Rows {
  F* values;
  int64_t by_row;
};

#define PHOTO51_LOOPS "ops/cpu/window_attention.inc"
#include "ops/cpu/instruction_sets.inc"

/// [heads, query, key] -> [heads, key, query], each row of whole vectors with zeros at its end.
template <class F>
std::vector<F> turned(const F* bias, int64_t heads, int64_t places, int64_t by_row) {
  std::vector<F> all(static_cast<size_t>(heads * places * by_row));
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t i = 0; i < places; ++i)
      for (int64_t j = 0; j < places; ++j)
        all[static_cast<size_t>((head * places + j) * by_row + i)] = bias[(head * places + i) * places + j];
  return all;
}

/// For any instruction set.
int64_t padded_places(const WindowGrid& grid) {
  return (grid.places() + 15) / 16 * 16;
}

/// work(part, begin, end) of units (window, head), as many parts as there are threads.
template <class Work>
void in_parts(const WindowGrid& grid, int64_t parts, const Work& work) {
  const int64_t units = grid.windows() * grid.heads;
  in_parallel(0, parts, 1, [&](int64_t from, int64_t to) {
    for (int64_t part = from; part < to; ++part) work(part, units * part / parts, units * (part + 1) / parts);
  });
}

}  // namespace

template <class T>
void window_attention(const WindowGrid& grid, const WindowInputs<T>& in, T* out, WindowSum<T>* logarithms) {
  const int64_t by_row = padded_places(grid);
  const auto bias = turned(in.bias, grid.heads, grid.places(), by_row);
  in_parts(grid, at::get_num_threads(), [&](int64_t, int64_t begin, int64_t end) {
    PHOTO51_IN_BEST_SET(attend<T>)
    (grid, in, {bias.data(), by_row}, begin, end, out, logarithms);
  });
}

template <class T>
void window_attention_backward(const WindowGrid& grid, const WindowInputs<T>& in, const T* grad_out,
                               const WindowSum<T>* logarithms, const WindowGradients<T>& grads) {
  using F = WindowSum<T>;
  const int64_t by_row = padded_places(grid), places = grid.places(), parts = at::get_num_threads();
  const auto bias = turned(in.bias, grid.heads, places, by_row);
  // Each thread has sums of its own, which are added up in the order of the threads.
  struct Sums {
    std::vector<F> padding, bias, scales;
  };
  std::vector<Sums> sums(static_cast<size_t>(parts));
  in_parts(grid, parts, [&](int64_t part, int64_t begin, int64_t end) {
    Sums& own = sums[static_cast<size_t>(part)];
    const auto make = [](std::vector<F>& values, const F* asked, int64_t count) {
      if (asked != nullptr) values.assign(static_cast<size_t>(count), F{0});
      return asked != nullptr ? values.data() : nullptr;
    };
    const WindowGradients<T> to{grads.qkv, make(own.padding, grads.padding, 3 * grid.width()),
                                make(own.bias, grads.bias, grid.heads * places * by_row),
                                make(own.scales, grads.scales, grid.heads)};
    PHOTO51_IN_BEST_SET(attend_backward<T>)
    (grid, in, {bias.data(), by_row}, begin, end, grad_out, logarithms, to);
  });
  const auto add_up = [&](std::vector<F> Sums::*values, F* to, int64_t count) {
    if (to == nullptr) return;
    std::fill_n(to, count, F{0});
    for (const Sums& own : sums)
      for (int64_t c = 0; c < count; ++c) to[c] += (own.*values)[static_cast<size_t>(c)];
  };
  add_up(&Sums::padding, grads.padding, 3 * grid.width());
  add_up(&Sums::scales, grads.scales, grid.heads);
  if (grads.bias == nullptr) return;
  std::fill_n(grads.bias, grid.heads * places * places, F{0});
  for (const Sums& own : sums)
    for (int64_t head = 0; head < grid.heads; ++head)
      for (int64_t i = 0; i < places; ++i)
        for (int64_t j = 0; j < places; ++j)
          grads.bias[(head * places + i) * places + j] +=
              own.bias[static_cast<size_t>((head * places + j) * by_row + i)];
}

template void window_attention(const WindowGrid&, const WindowInputs<float>&, float*, float*);
template void window_attention(const WindowGrid&, const WindowInputs<double>&, double*, double*);
template void window_attention(const WindowGrid&, const WindowInputs<Bf16>&, Bf16*, float*);
template void window_attention_backward(const WindowGrid&, const WindowInputs<float>&, const float*,
                                        const float*, const WindowGradients<float>&);
template void window_attention_backward(const WindowGrid&, const WindowInputs<double>&, const double*,
                                        const double*, const WindowGradients<double>&);
template void window_attention_backward(const WindowGrid&, const WindowInputs<Bf16>&, const Bf16*,
                                        const float*, const WindowGradients<Bf16>&);

}  // namespace photo51::ops::cpu
