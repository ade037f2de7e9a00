#pragma once
/// A cohort of balls in noise, and radiomics inputs of it.

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "fixture.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/random.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/radiomics.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/radiomics/features.hpp"

namespace photo51::data {

inline RadiomicsOptions parsed(const std::string& yaml) {
  return read_input_as<RadiomicsOptions>(yaml);
}

/// Radiomics of statistics alone, which take no time.
inline RadiomicsOptions quick(const std::string& more = "") {
  return parsed("{modality: radiomics, from: t1, mask: seg, settings: {families: statistics}" + more + "}");
}

inline std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < count; ++row) rows.push_back(row);
  return rows;
}

inline std::vector<std::string> features_of(const FittedTransforms& fitted,
                                            const std::string& input = "rad") {
  return nlohmann::json::parse(to_json(fitted))["inputs"][input]["features"].get<std::vector<std::string>>();
}

/// Balls of different sizes and brightness in noise, t1 and t2, each with its mask.
class RadiomicsInput : public CohortFolder {
 protected:
  static constexpr int cases = 8;

  static imaging::Geometry grid() {
    imaging::Geometry geometry;
    geometry.size = {20, 18, 12};
    geometry.spacing = {1, 1, 1.5};
    return geometry;
  }
  static at::Tensor ball(double radius) {
    const auto axis = [](int64_t n) { return at::arange(n, at::kFloat) - static_cast<double>(n - 1) / 2; };
    return (axis(20).view({1, 1, 1, 20}).square() + axis(18).view({1, 1, 18, 1}).square() +
            (1.5 * axis(12)).view({1, 12, 1, 1}).square())
        .lt(radius * radius);
  }
  void write_case(int i, double shift = 0) const {
    core::Random random({11, static_cast<uint64_t>(i)});
    const auto inside = ball(3.5 + 0.4 * i);
    for (const char* name : {"t1", "t2"}) {
      auto values = at::empty({1, 12, 18, 20}, at::kFloat);
      auto* at = values.data_ptr<float>();
      for (int64_t k = 0; k < values.numel(); ++k) at[k] = static_cast<float>(10 * random.normal());
      values += inside.to(at::kFloat) * (100.0 + 20 * ((3 * i) % cases)) + 200.0 + shift;
      imaging::write_nifti(imaging::make_volume(values, grid()), file(name, i));
    }
    imaging::write_nifti(imaging::make_volume(inside.to(at::kByte), grid()), file("seg", i));
  }
  std::filesystem::path file(const std::string& name, int i) const {
    return folder_ / (name + std::to_string(i) + ".nii");
  }
  void SetUp() override {
    for (int i = 0; i < cases; ++i) write_case(i);
  }
  /// Every second case is from South.
  static std::string manifest(int count = cases) {
    std::string text = "patient,site,t1,mri.t2,seg\n";
    for (int i = 0; i < count; ++i) {
      const std::string n = std::to_string(i);
      text += "P" + n + (i % 2 == 1 ? ",South" : ",North") + ",t1" + n + ".nii,t2" + n + ".nii,seg" + n +
              ".nii\n";
    }
    return text;
  }
  std::vector<radiomics::Feature> extracted(const std::string& image, int i,
                                            const radiomics::Settings& settings) const {
    const auto volume = imaging::read_volume(file(image, i));
    const auto mask = imaging::on_grid_of(imaging::read_mask(file("seg", i).string(), {&volume}), volume);
    return radiomics::extract(volume, mask, settings);
  }
  static std::vector<float> values(const Cohort& cohort, const FittedTransforms& fitted, int64_t row) {
    const auto read = CaseLoader(cohort, fitted).load(row).inputs.at("rad").values;
    return {read.data_ptr<float>(), read.data_ptr<float>() + read.numel()};
  }
  std::string refused(const std::string& yaml) const {
    return failure(core::Fault::usage, [&] { read_input(yaml); });
  }
};

}  // namespace photo51::data
