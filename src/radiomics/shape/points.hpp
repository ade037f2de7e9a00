#pragma once
/// Vectors of three numbers, z, y, x.

#include <array>
#include <cstdint>

namespace photo51::radiomics {

template <class T>
using Triple = std::array<T, 3>;
using Point = Triple<double>;   ///< mm
using Place = Triple<int64_t>;  ///< on a lattice

template <class T>
Triple<T> minus(const Triple<T>& a, const Triple<T>& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
template <class T>
Triple<T> cross(const Triple<T>& a, const Triple<T>& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
template <class T>
T dot(const Triple<T>& a, const Triple<T>& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

}  // namespace photo51::radiomics
