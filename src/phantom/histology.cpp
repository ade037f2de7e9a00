#include "phantom/histology.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace photo51::phantom {
namespace {

constexpr double kField = 512;  // um
constexpr double kPi = std::numbers::pi;

/// Amounts of the two stains, row by row.
class Section {
 public:
  explicit Section(double mpp) : mpp_(mpp), side_(std::llround(kField / mpp)) {
    haematoxylin_.resize(static_cast<size_t>(side_ * side_));
    eosin_.resize(haematoxylin_.size());
  }
  int64_t side() const { return side_; }
  double haematoxylin(int64_t pixel) const { return haematoxylin_[static_cast<size_t>(pixel)]; }
  double eosin(int64_t pixel) const { return eosin_[static_cast<size_t>(pixel)]; }

  /// Calls `visit(haematoxylin, eosin, x, y)` (um) for the pixels within `radius` um.
  template <class Visit>
  void around(double x, double y, double radius, Visit visit) {
    const auto low = [&](double at) { return std::max<int64_t>(0, std::llround((at - radius) / mpp_)); };
    const auto high = [&](double at) {
      return std::min<int64_t>(side_ - 1, std::llround((at + radius) / mpp_));
    };
    for (int64_t row = low(y); row <= high(y); ++row)
      for (int64_t column = low(x); column <= high(x); ++column) {
        const auto pixel = static_cast<size_t>(row * side_ + column);
        visit(haematoxylin_[pixel], eosin_[pixel], mpp_ * (static_cast<double>(column) + 0.5),
              mpp_ * (static_cast<double>(row) + 0.5));
      }
  }

 private:
  double mpp_;
  int64_t side_;
  std::vector<float> haematoxylin_, eosin_;
};

struct Place {
  double x, y;
};
struct Tubule {
  Place at;
  double lumen;  ///< radius, um
};

class Tissue2d {
 public:
  Tissue2d(const Patient& patient, int64_t seed) : random_(stream(seed, patient.index, "section")) {
    const auto rank = [&](Trait trait) { return normal_rank(patient.traits[trait]); };
    outline_ = Waves(8, 0.8, 2, random_);
    fibres_ = Waves(8, 12, 60, random_);
    radius_ = random_.uniform(195, 225);
    cells_ = 700 + 3300 * rank(cellularity);
    nucleus_ = 2.5 + 2.0 * rank(nuclear_size);
    spread_ = 0.10 + 0.15 * rank(nuclear_size);
    chromatin_ = 0.7 + 0.9 * rank(chromatin);
    tubules_ = static_cast<int>(std::round(14 * rank(tubules)));
  }

  void draw(Section& section) {
    draw_stroma(section);
    const std::vector<Tubule> tubules = place_tubules();
    for (const Tubule& tubule : tubules) draw_tubule(section, tubule);
    auto nuclei = static_cast<int64_t>(std::round(cells_ * kPi * radius_ * radius_ * 1e-6));
    // The lining of the tubules takes its cells first.
    for (const Tubule& tubule : tubules) {
      const double ring = tubule.lumen + 5;
      const auto count = std::min<int64_t>(nuclei, std::llround(2 * kPi * ring / (2.6 * nucleus_)));
      for (int64_t k = 0; k < count; ++k, --nuclei) {
        const double angle =
            2 * kPi * (static_cast<double>(k) + 0.3 * random_.normal()) / static_cast<double>(count);
        draw_nucleus(section, {tubule.at.x + ring * std::cos(angle), tubule.at.y + ring * std::sin(angle)});
      }
    }
    for (int64_t tries = 20 * nuclei; nuclei > 0 && tries > 0; --tries) {
      const Place at{random_.uniform(0, kField), random_.uniform(0, kField)};
      const bool free = std::ranges::none_of(
          tubules, [&](const Tubule& t) { return std::hypot(at.x - t.at.x, at.y - t.at.y) < t.lumen + 9; });
      if (!free || !inside(at, 6)) continue;
      draw_nucleus(section, at);
      --nuclei;
    }
  }

 private:
  bool inside(const Place& at, double margin) const {
    const double x = at.x - kField / 2, y = at.y - kField / 2, distance = std::hypot(x, y);
    if (distance < 1) return true;
    return distance < radius_ * (1 + 0.06 * outline_({x / distance, y / distance, 0})) - margin;
  }

  void draw_stroma(Section& section) {
    // Fibres vary slowly: sampled on a grid of 4 um, linear between.
    constexpr double kStep = 4;
    const auto count = static_cast<size_t>(kField / kStep) + 3;
    std::vector<double> grid(count * count);
    for (size_t j = 0; j < count; ++j)
      for (size_t i = 0; i < count; ++i)
        grid[j * count + i] =
            fibres_({kStep * static_cast<double>(i), 2 * kStep * static_cast<double>(j), 0});
    section.around(kField / 2, kField / 2, kField, [&](float& blue, float& pink, double x, double y) {
      if (!inside({x, y}, 0)) return;
      const auto i = static_cast<size_t>(x / kStep), j = static_cast<size_t>(y / kStep);
      const double u = x / kStep - static_cast<double>(i), v = y / kStep - static_cast<double>(j);
      const double* at = &grid[j * count + i];
      const double wave =
          (1 - v) * ((1 - u) * at[0] + u * at[1]) + v * ((1 - u) * at[count] + u * at[count + 1]);
      pink = static_cast<float>(std::max(0.1, 0.42 + 0.12 * wave));
      blue = 0.05F;
    });
  }

  std::vector<Tubule> place_tubules() {
    std::vector<Tubule> placed;
    for (int tries = 0; tries < 400 && static_cast<int>(placed.size()) < tubules_; ++tries) {
      const Tubule next{{random_.uniform(0, kField), random_.uniform(0, kField)}, random_.uniform(8, 16)};
      const bool free = std::ranges::none_of(placed, [&](const Tubule& t) {
        return std::hypot(next.at.x - t.at.x, next.at.y - t.at.y) < next.lumen + t.lumen + 22;
      });
      if (free && inside(next.at, next.lumen + 12)) placed.push_back(next);
    }
    return placed;
  }

  static void draw_tubule(Section& section, const Tubule& t) {
    section.around(t.at.x, t.at.y, t.lumen + 10, [&](float& blue, float& pink, double x, double y) {
      const double distance = std::hypot(x - t.at.x, y - t.at.y);
      if (distance < t.lumen)
        blue = pink = 0.01F;
      else if (distance < t.lumen + 10)
        blue = 0.10F, pink = 0.55F;
    });
  }

  void draw_nucleus(Section& section, const Place& at) {
    const double size = nucleus_ * std::exp(spread_ * random_.normal());
    const double longer = random_.uniform(1, 1.35), turn = random_.uniform(0, kPi);
    const double amount = chromatin_ * std::exp(0.12 * random_.normal());
    const double c = std::cos(turn), s = std::sin(turn);
    section.around(at.x, at.y, 1.4 * size, [&](float& blue, float& pink, double x, double y) {
      const double dx = x - at.x, dy = y - at.y;
      const double reach = std::hypot((c * dx + s * dy) / longer, (c * dy - s * dx) * longer) / size;
      const auto part = static_cast<float>(std::clamp((1 - reach) * size / 0.6 + 0.5, 0.0, 1.0));
      blue = std::max(blue, part * static_cast<float>(amount * (0.75 + 0.25 * reach)));
      pink *= 1 - 0.6F * part;
    });
  }

  core::Random random_;
  Waves outline_, fibres_;
  double radius_, cells_, nucleus_, spread_, chromatin_;
  int tubules_;
};

}  // namespace

const std::array<SlideSite, 3>& slide_sites() {
  static const std::array<SlideSite, 3> table{{
      {"synthetic 1", 0.50, true, {0.65, 0.70, 0.29}, {0.07, 0.99, 0.11}},
      {"synthetic 2", 0.46, true, {0.55, 0.76, 0.35}, {0.10, 0.94, 0.30}},
      {"synthetic 3", 0.55, false, {0.71, 0.65, 0.27}, {0.05, 0.90, 0.20}},
  }};
  return table;
}

Slide scan_slide(const Patient& patient, int64_t seed) {
  const SlideSite& site = slide_sites()[patient.site];
  Section section(site.mpp);
  Tissue2d(patient, seed).draw(section);

  core::Random random = stream(seed, patient.index, "stainer");
  const double blue = std::exp(0.10 * random.normal()), pink = std::exp(0.12 * random.normal());
  const int64_t pixels = section.side() * section.side();
  at::Tensor picture = at::empty({3, section.side(), section.side()}, at::kByte);
  auto* to = picture.data_ptr<uint8_t>();
  for (int64_t i = 0; i < pixels; ++i) {
    const double h = blue * section.haematoxylin(i), e = pink * section.eosin(i),
                 noise = 2.5 * random.normal();
    for (size_t c = 0; c < 3; ++c) {
      const double light = 242 * std::exp(-1.6 * (h * site.haematoxylin[c] + e * site.eosin[c])) + noise;
      to[static_cast<int64_t>(c) * pixels + i] =
          static_cast<uint8_t>(std::clamp(std::round(light), 0.0, 255.0));
    }
  }
  return {std::move(picture), {.mpp = site.mpp, .aperio = site.aperio, .scanner = site.scanner}};
}

}  // namespace photo51::phantom
