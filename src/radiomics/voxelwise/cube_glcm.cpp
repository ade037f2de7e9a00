// Co-occurrence in a cube that slides along x: pairs that leave are taken out, pairs that enter are added,
// and sums over the matrix follow each of them.
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "radiomics/ibsi/counts.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/voxelwise/families.hpp"

namespace photo51::radiomics {
namespace {

enum Name : size_t {
  autocorrelation,
  cluster_prominence,
  cluster_shade,
  cluster_tendency,
  contrast,
  correlation,
  difference_average,
  difference_entropy,
  difference_variance,
  id,
  idm,
  idmn,
  idn,
  imc1,
  imc2,
  inverse_variance,
  joint_average,
  joint_energy,
  joint_entropy,
  mcc,
  maximum_probability,
  sum_average,
  sum_entropy,
  sum_squares,
  kNames
};
static_assert(pyradiomics::kGlcmNames.size() == kNames);

/// Counts whose sum of count * log2(count) is kept.
class Histogram {
 public:
  void resize(size_t size) { counts_.assign(size, 0); }
  void add(size_t at, int32_t change) {
    int32_t& count = counts_[at];
    logs_ -= times_log2(count);
    count += change;
    logs_ += times_log2(count);
  }
  void clear(size_t at) { counts_[at] = 0; }
  void restart() { logs_ = 0; }
  int32_t operator[](size_t at) const { return counts_[at]; }
  double entropy(double total) const { return std::max(0.0, std::log2(total) - logs_ / total); }

 private:
  std::vector<int32_t> counts_;
  double logs_ = 0;
};

/// Weights of differences between levels.
struct Weights {
  std::vector<double> id, idm, idn, idmn, inverse;
  explicit Weights(int32_t highest) {
    const auto levels = static_cast<double>(highest);
    for (int32_t k = 0; k <= highest; ++k) {
      const auto d = static_cast<double>(k);
      id.push_back(1 / (1 + d));
      idm.push_back(1 / (1 + d * d));
      idn.push_back(1 / (1 + d / levels));
      idmn.push_back(1 / (1 + d * d / (levels * levels)));
      inverse.push_back(k == 0 ? 0 : 1 / (d * d));
    }
  }
};

/// The symmetric matrix of one direction, as sums over its pairs.
class Matrix {
 public:
  void resize(int32_t highest) {
    highest_ = highest;
    cells_.resize(static_cast<size_t>(highest) * highest);
    levels_.resize(highest + 1);
    differences_.resize(highest + 1);
    sums_.resize(2 * highest + 1);
    frequency_.assign(1, 0);
  }

  void restart(const std::vector<std::pair<int32_t, int32_t>>& pairs, const Weights& weights) {
    for (const auto& [a, b] : pairs) change(a, b, -1, weights);
    for (Histogram* one : {&cells_, &levels_, &differences_, &sums_}) one->restart();
    id_ = idm_ = idn_ = idmn_ = inverse_ = 0;
  }

  void change(int32_t a, int32_t b, int32_t sign, const Weights& weights) {
    const int64_t sum = a + b, difference = std::abs(a - b);
    pairs_ += sign;
    products_ += sign * int64_t{a} * b;
    squares_ += sign * (int64_t{a} * a + int64_t{b} * b);
    first_ += sign * sum;
    second_ += sign * sum * sum;
    third_ += sign * sum * sum * sum;
    fourth_ += sign * sum * sum * sum * sum;
    distance_ += sign * difference;
    contrast_ += sign * difference * difference;
    id_ += sign * weights.id[difference];
    idm_ += sign * weights.idm[difference];
    idn_ += sign * weights.idn[difference];
    idmn_ += sign * weights.idmn[difference];
    inverse_ += sign * weights.inverse[difference];
    if (a == b) {
      cell(a, a, 2 * sign);
      levels_.add(a, 2 * sign);
    } else {
      cell(a, b, sign);
      cell(b, a, sign);
      levels_.add(a, sign);
      levels_.add(b, sign);
    }
    differences_.add(difference, sign);
    sums_.add(sum, sign);
  }

  int32_t pairs() const { return pairs_; }
  int32_t of_level(int32_t level) const { return levels_[level]; }
  int32_t of_cell(int32_t a, int32_t b) const { return cells_[at(a, b)]; }

  /// Adds all features but the MCC to `values`.
  void add_features(double* values) const {
    const auto n = static_cast<double>(pairs_), total = 2 * n;
    const double mean = static_cast<double>(first_) / total;
    const double product = static_cast<double>(products_) / n;
    const double variance = static_cast<double>(squares_ * 2 * pairs_ - first_ * first_) / (total * total);
    values[autocorrelation] += product;
    add_clusters(values);
    values[contrast] += static_cast<double>(contrast_) / n;
    const double covariance = static_cast<double>(4 * products_ * pairs_ - first_ * first_) / (total * total);
    values[correlation] += variance == 0 ? 1 : covariance / variance;
    const double distance = static_cast<double>(distance_) / n;
    values[difference_average] += distance;
    values[difference_entropy] += differences_.entropy(n);
    values[difference_variance] += static_cast<double>(contrast_ * pairs_ - distance_ * distance_) / (n * n);
    values[id] += id_ / n;
    values[idm] += idm_ / n;
    values[idmn] += idmn_ / n;
    values[idn] += idn_ / n;
    values[inverse_variance] += inverse_ / n;
    const double joint = cells_.entropy(total), marginal = levels_.entropy(total);
    const bool flat = variance == 0;  // one level: nothing to be informed of
    values[imc1] += flat ? 0 : (joint - 2 * marginal) / marginal;
    values[imc2] += flat ? 0 : std::sqrt(std::max(0.0, 1 - std::exp(-2 * (2 * marginal - joint))));
    values[joint_average] += mean;
    values[joint_energy] += static_cast<double>(energy_) / (total * total);
    values[joint_entropy] += joint;
    values[maximum_probability] += largest() / total;
    values[sum_average] += 2 * mean;
    values[sum_entropy] += sums_.entropy(n);
    values[sum_squares] += variance;
  }

 private:
  size_t at(int32_t a, int32_t b) const { return static_cast<size_t>(a - 1) * highest_ + (b - 1); }

  void cell(int32_t a, int32_t b, int32_t change) {
    const size_t place = at(a, b);
    const int64_t before = cells_[place], after = before + change;
    energy_ += after * after - before * before;
    if (after >= static_cast<int64_t>(frequency_.size())) frequency_.resize(2 * after + 1, 0);
    --frequency_[before];
    ++frequency_[after];
    cells_.add(place, change);
  }

  double largest() const {
    size_t count = frequency_.size() - 1;
    while (count > 0 && frequency_[count] <= 0) --count;
    return static_cast<double>(count);
  }

  /// Central moments of the sums of two levels, from whole numbers: differences of large sums lose nothing.
  void add_clusters(double* values) const {
    __extension__ using Wide = __int128;
    const Wide n = pairs_, s1 = first_, s2 = second_, s3 = third_, s4 = fourth_;
    const auto over = [&](Wide value, int power) {
      return static_cast<double>(value) / std::pow(static_cast<double>(pairs_), power);
    };
    values[cluster_tendency] += over(n * s2 - s1 * s1, 2);
    values[cluster_shade] += over(n * n * s3 - 3 * n * s1 * s2 + 2 * s1 * s1 * s1, 3);
    values[cluster_prominence] +=
        over(n * n * n * s4 - 4 * n * n * s1 * s3 + 6 * n * s1 * s1 * s2 - 3 * s1 * s1 * s1 * s1, 4);
  }

  int32_t highest_ = 0;
  int64_t pairs_ = 0, products_ = 0, squares_ = 0, first_ = 0, second_ = 0, third_ = 0, fourth_ = 0,
          distance_ = 0, contrast_ = 0, energy_ = 0;
  double id_ = 0, idm_ = 0, idn_ = 0, idmn_ = 0, inverse_ = 0;
  Histogram cells_, levels_, differences_, sums_;
  std::vector<int64_t> frequency_;  ///< how many cells have each count
};

/// The second largest eigenvalue, in magnitude, of the matrix with its levels' shares divided out.
class MaximalCorrelation {
 public:
  explicit MaximalCorrelation(int32_t highest) : place_(highest + 1, -1) {}

  double of(const Matrix& matrix, const std::vector<std::pair<int32_t, int32_t>>& pairs) {
    levels_.clear();
    for (const auto& [a, b] : pairs) {
      for (const int32_t level : {a, b}) {
        if (place_[level] >= 0) continue;
        place_[level] = static_cast<int32_t>(levels_.size());
        levels_.push_back(level);
      }
    }
    const double result = apart(pairs) ? 1 : second(matrix, pairs);
    for (const int32_t level : levels_) place_[level] = -1;
    return result;
  }

 private:
  int32_t root(int32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  /// Levels that fall into two sets, either never beside or only ever beside each other, are perfectly
  /// correlated: the eigenvalue is 1. Found as two pieces of, or no odd ring in, the graph of levels.
  bool apart(const std::vector<std::pair<int32_t, int32_t>>& pairs) {
    const auto n = static_cast<int32_t>(levels_.size());
    if (n == 1) return false;
    parent_.resize(2 * n);  // each level on either side
    for (int32_t i = 0; i < 2 * n; ++i) parent_[i] = i;
    for (const auto& [a, b] : pairs) {
      const int32_t i = place_[a], j = place_[b];
      parent_[root(i)] = root(j + n);
      parent_[root(i + n)] = root(j);
    }
    const int32_t first = root(0);
    for (int32_t i = 1; i < 2 * n; ++i)
      if (root(i) != first) return true;
    return false;
  }

  double second(const Matrix& matrix, const std::vector<std::pair<int32_t, int32_t>>& pairs) {
    const auto n = static_cast<Eigen::Index>(levels_.size());
    if (n == 1) return 0;
    scaled_.setZero(n, n);
    for (const auto& [a, b] : pairs) {
      const double shares = static_cast<double>(matrix.of_level(a)) * matrix.of_level(b);
      scaled_(place_[a], place_[b]) = scaled_(place_[b], place_[a]) =
          matrix.of_cell(a, b) / std::sqrt(shares);
    }
    solver_.compute(scaled_, Eigen::EigenvaluesOnly);
    const auto& values = solver_.eigenvalues();  // ascending; the last is 1
    return std::max(std::abs(values[0]), std::abs(values[n - 2]));
  }

  std::vector<int32_t> place_, levels_, parent_;
  Eigen::MatrixXd scaled_;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver_;
};

class CubeGlcm final : public CubeFamily {
 public:
  CubeGlcm(const Levelled& image, const Cube& cube)
      : image_(image), cube_(cube), weights_(image.highest), correlation_(image.highest) {
    for (Matrix& matrix : matrices_) matrix.resize(image.highest);
  }

  void start(int64_t voxel) override {
    if (centre_ >= 0) {
      collect();
      for (int i = 0; i < kDirections; ++i) matrices_[i].restart(pairs_[i], weights_);
    }
    centre_ = voxel;
    change(cube_.pairs, 1);
  }

  void step(int64_t voxel) override {
    change(cube_.leaving, -1);
    centre_ = voxel;
    change(cube_.entering, 1);
  }

  void values(int64_t, double* values) override {
    collect();
    std::fill(values, values + kNames, 0);
    int directions = 0;
    for (int i = 0; i < kDirections; ++i) {
      if (matrices_[i].pairs() == 0) continue;
      ++directions;
      matrices_[i].add_features(values);
      values[mcc] += correlation_.of(matrices_[i], pairs_[i]);
    }
    for (size_t i = 0; i < kNames; ++i)
      values[i] = directions > 0 ? values[i] / directions : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  void change(const std::vector<CubePair>& pairs, int32_t sign) {
    for (const CubePair& pair : pairs) {
      const int32_t a = level(pair.first), b = level(pair.second);
      if (a > 0 && b > 0) matrices_[pair.direction].change(a, b, sign, weights_);
    }
  }

  /// The pairs in the cube, by direction.
  void collect() {
    for (auto& pairs : pairs_) pairs.clear();
    for (const CubePair& pair : cube_.pairs) {
      const int32_t a = level(pair.first), b = level(pair.second);
      if (a > 0 && b > 0) pairs_[pair.direction].emplace_back(a, b);
    }
  }

  int32_t level(int32_t number) const { return image_.level[centre_ + cube_.voxels[number]]; }

  const Levelled& image_;
  const Cube& cube_;
  Weights weights_;
  int64_t centre_ = -1;
  std::array<Matrix, kDirections> matrices_;
  std::array<std::vector<std::pair<int32_t, int32_t>>, kDirections> pairs_;
  MaximalCorrelation correlation_;
};

}  // namespace

std::span<const char* const> glcm_map_names() {
  return pyradiomics::kGlcmNames;
}
std::unique_ptr<CubeFamily> make_cube_glcm(const Levelled& image, const Cube& cube) {
  return std::make_unique<CubeGlcm>(image, cube);
}

}  // namespace photo51::radiomics
