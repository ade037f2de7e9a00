#include "radiomics/ibsi/maximal_correlation.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace photo51::radiomics {
namespace {

using Vector = Eigen::VectorXd;

double largest_eigenvalue(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  const auto size = static_cast<Eigen::Index>(diagonal.size());
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(Eigen::Map<const Vector>(diagonal.data(), size),
                                Eigen::Map<const Vector>(beside.data(), size - 1), Eigen::EigenvaluesOnly);
  return solver.eigenvalues()[size - 1];
}

}  // namespace

double maximal_correlation(const std::vector<Cell>& cells, const std::vector<double>& by_row,
                           const std::vector<double>& by_column) {
  const auto size = static_cast<Eigen::Index>(by_row.size());
  std::vector<Cell> scaled = cells;
  for (Cell& cell : scaled) cell.count /= std::sqrt(by_row[cell.row] * by_column[cell.column]);
  // The matrix times its transpose is symmetric; its largest eigenvalue is 1, with this vector.
  const Vector known = Eigen::Map<const Vector>(by_row.data(), size).cwiseSqrt();
  const auto levels = (known.array() > 0).count();
  const auto multiplied = [&](const Vector& vector) {
    Vector half = Vector::Zero(size), whole = Vector::Zero(size);
    for (const Cell& cell : scaled) half[cell.column] += cell.count * vector[cell.row];
    for (const Cell& cell : scaled) whole[cell.row] += cell.count * half[cell.column];
    return whole;
  };
  constexpr double kTolerance = 1e-12;
  constexpr int kPatience = 4;
  std::vector<Vector> basis{known};
  std::vector<double> diagonal, beside;
  // Any start will do that has a part of every eigenvector.
  Vector next = Vector::Zero(size);
  for (Eigen::Index i = 0; i < size; ++i)
    if (known[i] > 0) next[i] = std::cos(static_cast<double>(i * i)) + 0.5;
  double largest = 0;
  for (int calm = 0; static_cast<Eigen::Index>(basis.size()) < levels && calm < kPatience;) {
    for (int twice = 0; twice < 2; ++twice)
      for (const Vector& vector : basis) next -= vector.dot(next) * vector;
    const double length = next.norm();
    if (length < kTolerance) break;
    if (!diagonal.empty()) beside.push_back(length);
    basis.push_back(next / length);
    next = multiplied(basis.back());
    diagonal.push_back(basis.back().dot(next));
    const double found = largest_eigenvalue(diagonal, beside);
    calm = found - largest < kTolerance * found ? calm + 1 : 0;
    largest = found;
  }
  return std::sqrt(std::max(0.0, largest));
}

}  // namespace photo51::radiomics
