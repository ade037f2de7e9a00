#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "phantom/breast.hpp"
#include "phantom/files.hpp"
#include "phantom/histology.hpp"
#include "phantom/mutations.hpp"
#include "phantom/pet.hpp"
#include "phantom/sonogram.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "support/shared_data.hpp"

namespace photo51::phantom {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int64_t kSeed = 3;

/// One patient of each hospital, who has everything, as files.
struct Written {
  test::TemporaryFolder folder;
  std::vector<Patient> patients;
  Written() {
    for (int64_t i = 0; i < 3; ++i) {
      Patient p = draw_patient({.seed = kSeed}, i);
      p.has_t1c = p.has_flair = p.has_ct = p.has_pet = p.has_ultrasound = p.has_slide = true;
      p.has_mammogram = {true, true, true, true};
      write_images(p, modalities_of({}), kSeed, folder.path() / p.id);
      patients.push_back(p);
    }
  }
};
const Written& written() {
  static const Written instance;
  return instance;
}

TEST(PhantomFiles, PetIsTheScanInTheWorldOfTheHead) {
  for (const Patient& p : written().patients) {
    const PetScan scan = scan_pet(p, Anatomy(p, kSeed), kSeed);
    const imaging::Volume back = imaging::read_volume(written().folder.path() / p.id / "pet");
    ASSERT_EQ(back.units, imaging::Units::becquerel_per_ml) << p.id;
    // Feet-first slices come back from feet to head.
    const at::Tensor stored =
        back.geometry.handedness() * scan.suv.geometry.handedness() < 0 ? back.data.flip({1}) : back.data;
    const double scale = scan.becquerel.data.max().item<double>();
    EXPECT_LT((stored.to(at::kFloat) - scan.becquerel.data).abs().max().item<double>(), scale / 32767)
        << p.id;

    // SUV from the tags: Bq/ml * weight / decayed dose.
    const auto& t = scan.tags;
    const auto seconds = [](const std::string& time) {
      return 3600 * std::stod(time.substr(0, 2)) + 60 * std::stod(time.substr(2, 2)) +
             std::stod(time.substr(4));
    };
    const double dose =
        t.dose * std::pow(2, -(seconds(t.series_time) - seconds(t.injection_time)) / t.half_life);
    const at::Tensor suv = scan.becquerel.data * (1000 * t.weight / dose);
    EXPECT_LT((suv - scan.suv.data).abs().max().item<double>(), 1e-4) << p.id;

    // The lesion is where the MRI's mask is.
    const imaging::Volume mask = imaging::read_volume(written().folder.path() / p.id / "seg.nii.gz");
    const auto index = back.geometry.to_index(Anatomy(p, kSeed).lesion_centre());
    for (size_t a = 0; a < 3; ++a) {
      EXPECT_GE(index[a], 0);
      EXPECT_LT(index[a], static_cast<double>(back.geometry.size[a]));
    }
    EXPECT_GT(mask.data.sum().item<int64_t>(), 100);
  }
}

TEST(PhantomFiles, MammogramsAndUltrasoundAreNamedByTheManifest) {
  for (const Patient& p : written().patients) {
    const fs::path folder = written().folder.path() / p.id;
    const Breasts breasts(p, kSeed);
    for (const MammogramView view : {left_cc, left_mlo, right_cc, right_mlo}) {
      const Mammogram taken = take_mammogram(p, breasts, view, kSeed);
      EXPECT_EQ(taken.tags.laterality == "L", view == left_cc || view == left_mlo);
      EXPECT_TRUE(fs::exists(folder / (std::string(kMammogramColumns[view]) + ".dcm")));
      // The breast lies at the chest wall's side.
      const at::Tensor picture = taken.image.data[0][0].to(at::kFloat);
      const int64_t half = picture.size(1) / 2;
      const double left = picture.narrow(1, 0, half).mean().item<double>();
      const double right = picture.narrow(1, picture.size(1) - half, half).mean().item<double>();
      EXPECT_EQ(left > right, taken.tags.laterality == "L") << p.id << " " << kMammogramColumns[view];
    }
    EXPECT_TRUE(fs::exists(folder / "us.dcm"));
    EXPECT_TRUE(fs::exists(folder / slide_name(p)));
  }
}

/// By which part of its size `measure` is larger where the trait is 2 than where it is -2, everything else as
/// drawn (noise too); the least of three patients, one a hospital.
template <class Measure>
double effect(Trait trait, Measure measure) {
  double least = 2;
  for (int64_t i = 0; i < 3; ++i) {
    Patient p = draw_patient({.seed = 9}, i);
    p.traits[trait] = 2;
    const double high = measure(p);
    p.traits[trait] = -2;
    const double low = measure(p);
    least = std::min(least, 2 * (high - low) / (std::abs(high) + std::abs(low)));
  }
  return least;
}

TEST(PhantomFiles, TraitsShowInThePictures) {
  const auto lesion_suv = [](const Patient& p) {
    const Anatomy anatomy(p, 9);
    const PetScan scan = scan_pet(p, anatomy, 9);
    std::vector<double> inside;
    const auto* suv = scan.suv.data.const_data_ptr<float>();
    for_each_voxel(scan.suv.geometry, [&](int64_t voxel, const Point& point) {
      if (anatomy.at(point).lesion < 0.8) inside.push_back(static_cast<double>(suv[voxel]));
    });
    return at::tensor(inside, at::kDouble);
  };
  EXPECT_GT(effect(uptake, [&](const Patient& p) { return lesion_suv(p).mean().item<double>(); }), 0.3);
  EXPECT_GT(
      effect(unevenness,
             [&](const Patient& p) { return (lesion_suv(p).std() / lesion_suv(p).mean()).item<double>(); }),
      0.2);

  const auto mammogram = [](const Patient& p) {
    const MammogramView view = p.left_breast ? left_cc : right_cc;
    const Mammogram taken = take_mammogram(p, Breasts(p, 9), view, 9);
    return taken.image.data[0][0].to(at::kFloat) / static_cast<double>((1 << taken.tags.bits) - 1);
  };
  EXPECT_GT(effect(breast_density, [&](const Patient& p) { return mammogram(p).mean().item<double>(); }),
            0.02);
  EXPECT_GT(
      effect(calcification, [&](const Patient& p) { return (mammogram(p) > 0.8).sum().item<double>(); }),
      0.5);
  EXPECT_GT(effect(spiculation,
                   [&](const Patient& p) {
                     const at::Tensor m = mammogram(p);
                     return (m.slice(0, 1) - m.slice(0, 0, -1)).abs().mean().item<double>();
                   }),
            0);

  const auto sonogram = [](const Patient& p) { return take_sonogram(p, 9).frames.to(at::kFloat); };
  const auto middle = [&](const Patient& p) {
    // About the lesion: 13 to 16 mm deep, at most 4 mm off the middle.
    return -sonogram(p)
                .narrow(0, 3, 2)
                .narrow(1, 0, 1)
                .narrow(2, 48, 12)
                .narrow(3, 58, 12)
                .mean()
                .item<double>();
  };
  EXPECT_GT(effect(hypoechogenicity, middle), 0.2);
  EXPECT_GT(
      effect(shadow,
             [&](const Patient& p) {
               return -sonogram(p).narrow(1, 0, 1).narrow(2, 92, 24).narrow(3, 52, 24).mean().item<double>();
             }),
      0.1);

  const auto dark = [](const Patient& p) {
    const at::Tensor picture = scan_slide(p, 9).picture.to(at::kFloat);
    return (picture[0] < 140).to(at::kDouble).mean().item<double>();
  };
  EXPECT_GT(effect(cellularity, dark), 0.3);
  EXPECT_GT(effect(nuclear_size, dark), 0.1);
  EXPECT_GT(effect(chromatin,
                   [](const Patient& p) {
                     const at::Tensor red = scan_slide(p, 9).picture[0].to(at::kFloat).flatten();
                     return -std::get<0>(red.kthvalue(red.numel() / 50)).item<double>();
                   }),
            0.1);
  EXPECT_GT(effect(tubules,
                   [](const Patient& p) {
                     // Empty lumens within the section.
                     const at::Tensor picture = scan_slide(p, 9).picture.to(at::kFloat);
                     const int64_t side = picture.size(1);
                     return (picture[1].narrow(0, side / 4, side / 2).narrow(1, side / 4, side / 2) > 225)
                         .to(at::kDouble)
                         .mean()
                         .item<double>();
                   }),
            0.2);
}

TEST(PhantomFiles, MutationTableHasTheDriversAndNobodyWhoWasNotSequenced) {
  std::vector<Patient> patients;
  for (int64_t i = 0; i < 60; ++i) patients.push_back(draw_patient({.seed = kSeed}, i));
  const test::TemporaryFolder folder;
  const std::string text = mutation_table(patients, kSeed);
  EXPECT_THAT(text, HasSubstr("#version 2.4\nHugo_Symbol\t"));
  EXPECT_EQ(text, mutation_table(patients, kSeed));
  core::write_file_atomic(folder / "m.tsv", text.substr(text.find('\n') + 1));
  const core::Table table = core::read_table(folder / "m.tsv");
  std::map<std::string, MutationPattern> drivers;
  int silent = 0;
  for (const auto& row : table.rows) {
    const std::string& who = row[table.require("Tumor_Sample_Barcode")];
    const bool changes = row[table.require("Variant_Classification")] != "Silent";
    silent += !changes;
    for (size_t k = 0; k < kDrivers.size(); ++k)
      if (changes && row[table.require("Hugo_Symbol")] == kDrivers[k].name) drivers[who] |= 1U << k;
    EXPECT_EQ(std::stoi(row[table.require("t_depth")]),
              std::stoi(row[table.require("t_ref_count")]) + std::stoi(row[table.require("t_alt_count")]));
    EXPECT_NE(row[table.require("Reference_Allele")], row[table.require("Tumor_Seq_Allele2")]);
  }
  EXPECT_GT(silent, 5);
  for (const Patient& p : patients) EXPECT_EQ(drivers[p.id], p.has_mutations ? p.drivers : 0U) << p.id;
}

}  // namespace
}  // namespace photo51::phantom
