#pragma once
/// The head of a phantom patient as functions of a point in the patient (mm, LPS): no grid, so that MRI, mask
/// and CT of any scanner agree.

#include <array>
#include <vector>

#include "phantom/biology.hpp"

namespace photo51::phantom {

using Point = std::array<double, 3>;

/// A smooth random function with mean 0 and standard deviation 1: a sum of plane waves.
class Waves {
 public:
  Waves() = default;
  /// `count` waves whose wavelengths (mm, or whatever unit points have) lie between `shortest` and `longest`.
  Waves(int count, double shortest, double longest, core::Random& random);
  double operator()(const Point& point) const;

 private:
  struct Wave {
    Point vector;
    double phase;
  };
  std::vector<Wave> waves_;
};

/// What lies at a point.
struct Tissue {
  double head = 0;       ///< distance from the centre of the head; 1 = the surface of the brain
  double ventricle = 0;  ///< < 1: inside a ventricle
  double grey = 0;       ///< 0 white matter … 1 grey matter
  double lesion = 9;     ///< < 1: inside the lesion
  double texture = 0;    ///< the lesion's texture, standard deviation 1
};

class Anatomy {
 public:
  Anatomy(const Patient& patient, int64_t seed);

  Tissue at(const Point& point) const;

  /// Signals without scanner, in units of about 1.
  double t1c(const Tissue& tissue) const;
  double flair(const Tissue& tissue) const;
  /// HU.
  double ct(const Tissue& tissue) const;
  /// SUV of an amino acid tracer.
  double pet(const Tissue& tissue, const Point& point) const;

  const Point& head_centre() const { return head_centre_; }
  const Point& lesion_centre() const { return lesion_centre_; }

 private:
  double lesion_distance(const Point& point) const;

  Point head_centre_{}, brain_radii_{}, lesion_centre_{}, lesion_axis_{};
  Point ventricle_radii_{};
  double lesion_radius_ = 0, stretch_ = 1, bumps_ = 0;
  double texture_ = 0, enhancement_ = 0, density_ = 0, uptake_ = 0, unevenness_ = 0;
  Waves cortex_, surface_, grain_, metabolism_;
};

}  // namespace photo51::phantom
