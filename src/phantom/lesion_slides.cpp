#include "photo51/phantom/lesion_slides.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>
#include <optional>

#include "phantom/anatomy.hpp"
#include "phantom/histology.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/slide/write.hpp"

namespace photo51::phantom {
namespace {

namespace fs = std::filesystem;

constexpr int64_t slide_side = 1600;  ///< pixels
constexpr double slide_mpp = 1;       ///< um
constexpr const char* lesion_table = "lesions.csv";

/// Nuclei of one kind of tissue.
struct Cells {
  double density;  ///< a mm2
  double radius;   ///< um
  double amount;   ///< of haematoxylin
};
constexpr Cells stroma_cells{900, 3.0, 0.9}, lesion_cells{4500, 4.5, 1.25};

struct Disc {
  double x, y, radius;
};

/// The tissue of one slide: amounts of the two stains, row by row.
class WholeSection {
 public:
  WholeSection(int64_t seed, int64_t index, bool has_lesion)
      : random_(stream(seed, index, "whole section")),
        outline_(6, 0.9, 2.5, random_),
        fibres_(8, 20, 120, random_),
        blue_(slide_side * slide_side, 0.0F),
        pink_(blue_.size(), 0.0F) {
    extent_ = random_.uniform(620, 700);
    // The lesion lies wholly within the tissue.
    const double radius = random_.uniform(160, 260), angle = random_.uniform(0, 2 * std::numbers::pi);
    const double away = random_.uniform(0, 0.8 * extent_ - radius);
    if (has_lesion) lesion_ = Disc{middle + away * std::cos(angle), middle + away * std::sin(angle), radius};
    draw_stroma();
    draw_nuclei(stroma_cells, {middle, middle, 1.2 * extent_}, true);
    if (lesion_) draw_nuclei(lesion_cells, *lesion_, false);
  }

  const std::optional<Disc>& lesion() const { return lesion_; }

  /// Through the microscope, uint8 [3, side, side].
  at::Tensor scanned() {
    const SlideSite& site = slide_sites()[0];
    const double more_blue = std::exp(0.10 * random_.normal()), more_pink = std::exp(0.12 * random_.normal());
    at::Tensor picture = at::empty({3, slide_side, slide_side}, at::kByte);
    auto* to = picture.mutable_data_ptr<uint8_t>();
    for (size_t i = 0; i < blue_.size(); ++i) {
      const double h = more_blue * blue_[i], e = more_pink * pink_[i], noise = 2.5 * random_.normal();
      for (size_t c = 0; c < 3; ++c)
        to[c * blue_.size() + i] = static_cast<uint8_t>(std::clamp(
            std::round(242 * std::exp(-1.6 * (h * site.haematoxylin[c] + e * site.eosin[c])) + noise), 0.0,
            255.0));
    }
    return picture;
  }

 private:
  static constexpr double middle = slide_side / 2.0;

  bool inside(double x, double y) const {
    const double dx = x - middle, dy = y - middle, distance = std::hypot(dx, dy);
    if (distance < 1) return true;
    return distance < extent_ * (1 + 0.06 * outline_({dx / distance, dy / distance, 0}));
  }

  void draw_stroma() {
    constexpr int64_t step = 8;  // fibres vary slowly
    for (int64_t row = 0; row < slide_side; row += step)
      for (int64_t column = 0; column < slide_side; column += step) {
        const double wave = fibres_({static_cast<double>(column), 2.0 * static_cast<double>(row), 0});
        for (int64_t y = row; y < row + step; ++y)
          for (int64_t x = column; x < column + step; ++x) {
            if (!inside(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5)) continue;
            const auto pixel = static_cast<size_t>(y * slide_side + x);
            pink_[pixel] = static_cast<float>(std::max(0.1, 0.42 + 0.12 * wave));
            blue_[pixel] = 0.05F;
          }
      }
  }

  void draw_nuclei(const Cells& cells, const Disc& within, bool not_in_lesion) {
    const auto count = std::llround(cells.density * 1e-6 * slide_mpp * slide_mpp * std::numbers::pi *
                                    within.radius * within.radius);
    for (int64_t i = 0; i < count; ++i) {
      const double away = within.radius * std::sqrt(random_.uniform()),
                   angle = random_.uniform(0, 2 * std::numbers::pi);
      const double x = within.x + away * std::cos(angle), y = within.y + away * std::sin(angle);
      const double radius = cells.radius * std::exp(0.15 * random_.normal()) / slide_mpp;
      const double amount = cells.amount * std::exp(0.12 * random_.normal());
      if (!inside(x, y)) continue;
      if (not_in_lesion && lesion_ && std::hypot(x - lesion_->x, y - lesion_->y) < lesion_->radius) continue;
      draw_nucleus(x, y, radius, amount);
    }
  }

  void draw_nucleus(double x, double y, double radius, double amount) {
    const auto low = [&](double at) { return std::max<int64_t>(0, std::llround(at - radius - 1)); };
    const auto high = [&](double at) {
      return std::min<int64_t>(slide_side - 1, std::llround(at + radius + 1));
    };
    for (int64_t row = low(y); row <= high(y); ++row)
      for (int64_t column = low(x); column <= high(x); ++column) {
        const double distance =
            std::hypot(static_cast<double>(column) + 0.5 - x, static_cast<double>(row) + 0.5 - y);
        const double part = std::clamp(radius - distance + 0.5, 0.0, 1.0);
        const auto pixel = static_cast<size_t>(row * slide_side + column);
        blue_[pixel] = std::max(blue_[pixel], static_cast<float>(part * amount));
        pink_[pixel] *= static_cast<float>(1 - 0.6 * part);
      }
  }

  core::Random random_;
  Waves outline_, fibres_;
  double extent_ = 0;
  std::optional<Disc> lesion_;
  std::vector<float> blue_, pink_;
};

/// With the seed, so that nobody of two cohorts has the same.
std::string name_of_patient(int64_t seed, int64_t index) {
  const std::string number = std::to_string(index + 1);
  return "S" + std::to_string(seed) + "_" + std::string(4 - number.size(), '0') + number;
}

/// One of each two patients.
bool draws_lesion(int64_t seed, int64_t index) {
  const bool first = stream(seed, index / 2, "which of two").chance(0.5);
  return first == (index % 2 == 0);
}

void check_slides(const LesionSlideOptions& options, const fs::path& folder) {
  if (options.patients < 2 || options.patients > 9999)
    core::fail_usage("patients: " + std::to_string(options.patients) + " is not in 2..9999");
  core::make_directories(folder);
  if (!fs::is_empty(folder) && !fs::exists(folder / lesion_table))
    core::fail_usage(folder.string() + ": is neither empty nor slides of the phantom (no " + lesion_table +
                     "), so nothing is written there; choose another folder");
}

}  // namespace

std::vector<SlideLesion> write_lesion_slides(const LesionSlideOptions& options, const fs::path& folder) {
  check_slides(options, folder);
  const auto count = static_cast<size_t>(options.patients);
  std::vector<std::optional<Disc>> lesions(count);
  core::write_file_atomic(folder / lesion_table, "");  // the mark of the folder
  {
    core::Progress progress("slides", options.patients);
    std::mutex mutex;
    core::ThreadPool pool(options.threads);
    pool.parallel_for(options.patients, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        WholeSection section(options.seed, i, draws_lesion(options.seed, i));
        imaging::write_slide(section.scanned(), folder / (name_of_patient(options.seed, i) + ".tif"),
                             {.mpp = slide_mpp});
        const std::lock_guard lock(mutex);
        lesions[static_cast<size_t>(i)] = section.lesion();
        progress.advance();
      }
    });
  }
  std::vector<SlideLesion> places;
  std::string table = core::csv_row({"patient", "x", "y", "radius"});
  std::string manifest = core::csv_row({"patient", "slide", "lesion"});
  for (size_t i = 0; i < count; ++i) {
    const std::string name = name_of_patient(options.seed, static_cast<int64_t>(i));
    manifest += core::csv_row({name, name + ".tif", lesions[i] ? "1" : "0"});
    if (!lesions[i]) continue;
    places.push_back({name, lesions[i]->x, lesions[i]->y, lesions[i]->radius});
    table += core::csv_row({name, core::format_fixed(lesions[i]->x, 1), core::format_fixed(lesions[i]->y, 1),
                            core::format_fixed(lesions[i]->radius, 1)});
  }
  core::write_file_atomic(folder / lesion_table, table);
  // The manifest comes last: where it stands, the cohort is whole.
  core::write_file_atomic(folder / "cohort.csv", manifest);
  return places;
}

}  // namespace photo51::phantom
