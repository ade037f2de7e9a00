#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "phantom/anatomy.hpp"
#include "phantom/genes.hpp"
#include "phantom/scanner.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/phantom/phantom.hpp"
#include "support/shared_data.hpp"

namespace photo51::phantom {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct WrittenCohort {
  test::TemporaryFolder folder;
  PhantomSummary summary = write_phantom({.patients = 12, .seed = 3, .threads = 2}, folder.path());
};
const WrittenCohort& written_cohort() {
  static const WrittenCohort instance;
  return instance;
}

/// The centre of the mask in the patient, in mm.
Point centre_of(const imaging::Volume& mask) {
  const at::Tensor at = mask.data[0].nonzero().to(at::kDouble).mean(0);
  return mask.geometry.to_world({at[2].item<double>(), at[1].item<double>(), at[0].item<double>()});
}

TEST(Phantom, WritesWhatTheManifestNames) {
  const fs::path& folder = written_cohort().folder.path();
  const core::Table table = core::read_table(folder / "cohort.csv");
  ASSERT_EQ(table.rows.size(), 12U);
  std::map<std::string, int64_t> missing;
  for (const auto& row : table.rows)
    for (const char* column : {"t1c", "flair", "seg", "ct", "expression", "pet", "mg_lcc", "mg_lmlo",
                               "mg_rcc", "mg_rmlo", "us", "wsi", "mutations"}) {
      const std::string& cell = row[table.require(column)];
      missing[column] += cell.empty();
      EXPECT_TRUE(cell.empty() || fs::exists(folder / cell)) << cell;
      if (!cell.empty()) continue;
      for (const char* suffix : {"", ".nii.gz", ".dcm", ".svs", ".tif"})
        EXPECT_FALSE(fs::exists(folder / row[0] / (column + std::string(suffix)))) << column;
    }
  EXPECT_EQ(missing["seg"], 0);
  for (const auto& [column, count] : written_cohort().summary.missing)
    EXPECT_EQ(missing[column], count) << column;

  const core::Table expression = core::read_table(folder / "expression.tsv");
  EXPECT_EQ(expression.rows.size(), 100U);
  EXPECT_EQ(expression.columns.size(), 1 + 12U - static_cast<size_t>(missing["expression"]));
  const Patient first = draw_patient({.seed = 3}, 0);
  if (first.has_expression) {
    EXPECT_NEAR(std::stod(expression.rows[0][expression.require("P0001")]),
                table_value(gene_panel()[0], first.expression[0]), 1e-4);
  }
  const std::string sets = core::read_file(folder / "pathways.gmt");
  EXPECT_EQ(std::count(sets.begin(), sets.end(), '\n'), 6);
  EXPECT_THAT(sets, HasSubstr("PHANTOM_GROWTH\tgenes that follow a hidden gene\tHELIX2\tGRW1"));
}

TEST(Phantom, SavesItsAnswer) {
  const auto json = nlohmann::json::parse(core::read_file(written_cohort().folder / "phantom.json"));
  EXPECT_EQ(json.at("seed"), 3);
  for (const auto& [view, value] : written_cohort().summary.population) {
    EXPECT_EQ(json.at("best_auroc").at(view), value);
    EXPECT_GT(value, 0.6) << view;
  }
  EXPECT_EQ(json.at("genotype_log_odds"), nlohmann::json({-0.3, 3.5, 3.5}));
  const core::Table hidden = core::read_table(written_cohort().folder / "hidden.csv");
  for (size_t i = 0; i < 12; ++i) {
    const double g1 = std::stod(hidden.rows[i][hidden.require("g1")]);
    const double g2 = std::stod(hidden.rows[i][hidden.require("g2")]);
    EXPECT_NEAR(std::stod(hidden.rows[i][hidden.require("p_hidden_genes")]),
                1 / (1 + std::exp(0.3 - 3.5 * (g1 + g2))), 1e-9);
  }
}

TEST(Phantom, SameSeedSameBytesWhateverTheNumberOfPatientsAndThreads) {
  test::TemporaryFolder again;
  write_phantom({.patients = 5, .seed = 3, .threads = 1}, again.path());
  int compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(again.path())) {
    const fs::path relative = fs::relative(entry.path(), again.path());
    if (!entry.is_regular_file() || !relative.has_parent_path()) continue;
    EXPECT_EQ(core::hash_file(entry.path()), core::hash_file(written_cohort().folder.path() / relative))
        << relative;
    ++compared;
  }
  EXPECT_GT(compared, 50);
  test::TemporaryFolder other;
  write_phantom({.patients = 4, .seed = 4}, other.path());
  EXPECT_NE(core::hash_file(other / "P0001/seg.nii.gz"),
            core::hash_file(written_cohort().folder / "P0001/seg.nii.gz"));
}

TEST(Phantom, ACohortOfTheHeadAndExpressionIsAPartOfTheWhole) {
  test::TemporaryFolder head;
  const PhantomSummary summary = write_phantom(
      {.patients = 4, .seed = 3, .modalities = {"mri", "ct", "expression"}, .threads = 2}, head.path());
  EXPECT_THAT(summary.observers,
              testing::ElementsAre("hidden_genes", "everything", "images", "mri", "ct", "expression"));
  const auto& whole = written_cohort().summary.population;
  EXPECT_EQ(summary.population.at("everything"), whole.at("mri_ct_expression"));
  EXPECT_EQ(summary.population.at("images"), whole.at("mri_ct"));
  EXPECT_THAT(core::read_file(head / "cohort.csv"),
              HasSubstr("patient,site,age,sex,t1c,flair,seg,ct,expression,genotype,subtype,time,event\n"));
  EXPECT_THAT(core::read_file(head / "hidden.csv"),
              HasSubstr("density,p_hidden_genes,p_everything,p_images,p_mri,p_ct,p_expression,log_hazard"));
  int compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(head.path())) {
    const fs::path relative = fs::relative(entry.path(), head.path());
    if (!entry.is_regular_file() || !relative.has_parent_path()) continue;
    EXPECT_EQ(core::hash_file(entry.path()), core::hash_file(written_cohort().folder.path() / relative))
        << relative;
    EXPECT_TRUE(relative.string().find("ct/") != std::string::npos || relative.extension() == ".gz")
        << relative;
    ++compared;
  }
  EXPECT_GT(compared, 20);
  EXPECT_FALSE(fs::exists(head / "mutations.maf"));

  test::TemporaryFolder slides;
  const PhantomSummary only =
      write_phantom({.patients = 4, .seed = 3, .modalities = {"histopathology"}}, slides.path());
  EXPECT_THAT(only.observers, testing::ElementsAre("hidden_genes", "everything", "images", "histopathology"));
  EXPECT_FALSE(fs::exists(slides / "P0001/seg.nii.gz"));
}

TEST(Phantom, MriMaskAndCtLieInOneWorld) {
  const core::Table table = core::read_table(written_cohort().folder / "cohort.csv");
  int cts = 0;
  std::set<std::string> seen_sites;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const Patient patient = draw_patient({.seed = 3}, static_cast<int64_t>(i));
    const imaging::Volume mask = imaging::read_volume(written_cohort().folder / row[table.require("seg")]);
    EXPECT_TRUE(mask.geometry.matches(grid_of(sites()[patient.site].mri), 0.01));
    if (const auto& t1c = row[table.require("t1c")]; !t1c.empty()) {
      const imaging::Volume image = imaging::read_volume(written_cohort().folder / t1c);
      EXPECT_TRUE(image.geometry.matches(mask.geometry));
      EXPECT_EQ(imaging::count_not_finite(image), 0);
    }
    const Anatomy anatomy(patient, 3);
    const Point centre = centre_of(mask);
    for (size_t a = 0; a < 3; ++a) EXPECT_NEAR(centre[a], anatomy.lesion_centre()[a], 6) << patient.id;
    if (row[table.require("ct")].empty()) continue;
    ++cts;
    seen_sites.insert(row[table.require("site")]);
    const imaging::Volume ct = imaging::read_volume(written_cohort().folder / row[table.require("ct")]);
    EXPECT_EQ(ct.units, imaging::Units::hounsfield);
    EXPECT_EQ(ct.modality, imaging::Modality::ct);
    // The reader may order slices and rows its own way; every voxel must stand where the anatomy has it.
    const at::Tensor held = ct.data.to(at::kFloat).contiguous();
    const auto* voxels = held.data_ptr<float>();
    const auto& size = ct.geometry.size;
    double square = 0;
    for (int64_t z = 0; z < size[2]; ++z)
      for (int64_t y = 0; y < size[1]; ++y)
        for (int64_t x = 0; x < size[0]; ++x) {
          const Point at =
              ct.geometry.to_world({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
          const double truth = std::max(-1024.0, anatomy.ct(anatomy.at(at)));
          const double error = *voxels++ - truth;
          square += error * error;
        }
    const double noise = std::sqrt(square / static_cast<double>(size[0] * size[1] * size[2]));
    EXPECT_NEAR(noise, phantom::sites()[patient.site].ct_noise, 0.6) << patient.id;
  }
  EXPECT_GE(cts, 6);
  EXPECT_EQ(seen_sites.size(), 3U);
}

TEST(Phantom, TraitsShowInThePicture) {
  // Two patients who differ in one trait only.
  const auto measure = [](Trait trait, double value) {
    Patient patient = draw_patient({.seed = 3}, 0);
    patient.traits = {};
    patient.traits[trait] = value;
    const Images images = scan(patient, Anatomy(patient, 3), 3);
    const at::Tensor mask = images.mask.data[0] > 0;
    const at::Tensor t1c = images.t1c.data[0].to(at::kFloat).masked_select(mask);
    const at::Tensor flair = images.flair.data[0].to(at::kFloat).masked_select(mask);
    const at::Tensor inside = mask.nonzero().to(at::kFloat);
    const at::Tensor centred = inside - inside.mean(0);
    const at::Tensor spread = std::get<0>(at::linalg_eigh(centred.t().mm(centred), "L"));
    struct Result {
      double t1c_mean, flair_deviation, stretch, voxels;
    };
    return Result{t1c.mean().item<double>(), flair.std().item<double>(),
                  std::sqrt((spread[2] / spread[0]).item<double>()), mask.sum().item<double>()};
  };
  EXPECT_GT(measure(enhancement, 2).t1c_mean, 1.3 * measure(enhancement, -2).t1c_mean);
  EXPECT_GT(measure(texture, 2).flair_deviation, 1.4 * measure(texture, -2).flair_deviation);
  EXPECT_GT(measure(elongation, 2).stretch, 1.3 * measure(elongation, -2).stretch);
  EXPECT_NEAR(measure(elongation, 2).voxels / measure(elongation, -2).voxels, 1, 0.1);
}

TEST(Phantom, RefusesWhatCannotBe) {
  test::TemporaryFolder folder;
  const auto message = [&](const PhantomOptions& options) -> std::string {
    try {
      write_phantom(options, folder.path());
    } catch (const core::Error& error) {
      EXPECT_EQ(error.fault(), core::Fault::usage);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message({.patients = 3}), HasSubstr("patients: 3 is not in 4..9999"));
  EXPECT_THAT(message({.missing_sequence = -0.1}), HasSubstr("missing_sequence"));
  EXPECT_THAT(message({.missing_ct = 1.5}), HasSubstr("missing_ct: 1.5 is not in 0..1"));
  EXPECT_THAT(message({.missing_expression = 2}), HasSubstr("missing_expression"));
  EXPECT_THAT(message({.missing_pet = 2}), HasSubstr("missing_pet"));
  EXPECT_THAT(message({.missing_mammography = 2}), HasSubstr("missing_mammography"));
  EXPECT_THAT(message({.missing_view = -1}), HasSubstr("missing_view"));
  EXPECT_THAT(message({.missing_ultrasound = 2}), HasSubstr("missing_ultrasound"));
  EXPECT_THAT(message({.missing_histopathology = 2}), HasSubstr("missing_histopathology"));
  EXPECT_THAT(message({.missing_mutations = 2}), HasSubstr("missing_mutations"));
  EXPECT_THAT(message({.modalities = {"mri", "mammografy"}}),
              HasSubstr("modalities: the phantom has no `mammografy` (did you mean `mammography`?)"));
  core::write_file_atomic(folder / "file", "x");
  EXPECT_THROW(write_phantom({.patients = 4}, folder / "file"), core::Error);
  // A folder with anybody's files in it, such as a cohort.
  EXPECT_THAT(message({.patients = 4, .modalities = {"expression"}}), HasSubstr("no phantom.json"));
  std::filesystem::remove(folder / "file");
  EXPECT_EQ(message({.patients = 4, .modalities = {"expression"}}), "");
  EXPECT_EQ(message({.patients = 4, .modalities = {"expression"}}), "") << "its own cohort it replaces";
}

}  // namespace
}  // namespace photo51::phantom
