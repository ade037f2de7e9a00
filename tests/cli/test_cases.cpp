// Every row of the list of small inputs that came out wrong once: the right value, or a refusal or a warning
// that names the matter. Other tests go into each kind; this one says at a glance that none has come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "cases.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/pet/suv.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::test {
namespace {

namespace fs = std::filesystem;

struct Row {
  std::string name, row;  ///< of the test; the folder or file
  std::function<Verdict()> look;
};
void PrintTo(const Row& row, std::ostream* to) {
  *to << row.row;
}

/// The largest SUV by body weight of a PET, or why there is none.
std::pair<double, std::string> largest_suv(const std::string& name) {
  try {
    const auto suv = imaging::to_suv(imaging::read_volume(case_file(name)), imaging::SuvType::body_weight);
    return {suv.data.max().item<double>(), ""};
  } catch (const core::Error& error) {
    return {NAN, error.what()};
  }
}

Row inspected(const std::string& test, const std::string& file, std::function<bool(const Inspected&)> right) {
  return {test, file, [file, right] {
            const Inspected found = inspect_case(file);
            return Verdict{found.json.is_object() && right(found), found.said()};
          }};
}

Row measured(const std::string& test, const std::string& image, const std::string& mask,
             std::function<bool(const Measured&)> right, std::vector<std::string> more = {}) {
  return {test, mask, [image, mask, right, more] {
            const Measured found = measure(image, mask, more);
            return Verdict{right(found), found.said()};
          }};
}

auto volume_is(double mm3) {
  return [mm3](const Measured& found) { return found.is(mm3); };
}
auto refused_for(const std::string& word) {
  return [word](const auto& found) { return found.refused_for(word); };
}
bool is_clean(const Inspected& found) {
  return found.is_clean();
}

std::vector<Row> dicom_rows() {
  const std::string d = "dicom/";
  std::vector<Row> rows;
  for (const std::string file : {"one/000.IMA", "dwi"})
    rows.push_back(inspected(
        "Mosaic_" + file.substr(0, 3), d + "c01_mosaic/" + file,
        [](const Inspected& found) { return found.has_size(16, 16, 9) || found.refused_for("MOSAIC"); }));
  rows.push_back(inspected("DixonTypesInOneSeries", d + "c02_mdixon/shuffled", refused_for("ImageType")));
  const std::string rt = d + "c03_rt_degenerate/";
  rows.push_back(measured("StructureSet", rt + "ct", rt + "good.dcm", volume_is(864)));
  rows.push_back(
      measured("ContourOfTwoPointsElsewhere", rt + "ct", rt + "twopoints.dcm#GTV", volume_is(864)));
  rows.push_back(measured("ContoursBetweenSlices", rt + "ct", rt + "between.dcm",
                          [](const Measured& found) { return found.is(864) && says(found.err, "slices"); }));
  const std::string overlap = d + "c04_rt_overlap/";
  for (const std::string file : {"twice", "overlap"})
    rows.push_back(
        measured("Contours_" + file, overlap + "ct", overlap + file + ".dcm",
                 [](const Measured& found) { return found.is(864) || found.refused_for("contour"); }));
  const std::string names = d + "c05_rt_names/";
  const auto any = [](const Measured& found) { return found.exit_code == 0 && found.volume_mm3 > 0; };
  rows.push_back(measured("RoiNameInLatin1", names + "ct", names + "latin1.dcm#Gehirn\u00f6dem", any));
  rows.push_back(measured("EqualRoiNamesByNumber", names + "ct", names + "same.dcm#2", any));
  rows.push_back(
      measured("EqualRoiNamesByName", names + "ct", names + "same.dcm#GTV", refused_for("number")));
  rows.push_back(measured("AnEmptyRoiAmongAll", names + "ct", names + "empty.dcm#*", any));
  rows.push_back({"PetDaysWithDate", d + "c06_pet_days/with_date", [d] {
                    const auto [suv, why] = largest_suv(d + "c06_pet_days/with_date");
                    return Verdict{is_near(suv, 22.298, 1e-3), std::to_string(suv) + why};
                  }});
  rows.push_back({"PetDaysWithoutDate", d + "c06_pet_days/time_only", [d] {
                    const auto [suv, why] = largest_suv(d + "c06_pet_days/time_only");
                    return Verdict{std::isnan(suv) && says(why, "date"), std::to_string(suv) + why};
                  }});
  rows.push_back({"PetRescaleGood", d + "c07_pet_rescale/good", [d] {
                    const auto [suv, why] = largest_suv(d + "c07_pet_rescale/good");
                    return Verdict{is_near(suv, 0.5, 1e-3), std::to_string(suv) + why};
                  }});
  for (const std::string file : {"missing", "comma"})
    rows.push_back(
        inspected("PetRescale_" + file, d + "c07_pet_rescale/" + file, refused_for("RescaleSlope")));
  rows.push_back({"EnhancedPet", d + "c08_pet_enhanced/enhanced.dcm", [d] {
                    // 5,000 Bq/ml in each frame; 350 MBq at 10:00 have decayed until 11:00; 70 kg.
                    const double right = 5000 * 70e3 / (350e6 * std::exp2(-3600 / 6586.2));
                    const auto [suv, why] = largest_suv(d + "c08_pet_enhanced/enhanced.dcm");
                    return Verdict{is_near(suv, right, 1e-3), std::to_string(suv) + why};
                  }});
  const std::string sparse = d + "c09_seg_sparse/";
  rows.push_back(measured("SegmentationOfOneFrame", sparse + "ct", sparse + "one_slice.dcm", volume_is(90)));
  rows.push_back(measured("SegmentationOfThreeFrames", sparse + "ct", sparse + "three.dcm", volume_is(270)));
  const std::string eye = d + "c10_mask_eye/";
  rows.push_back(
      measured("MaskInItsPlace", eye + "ct.nii.gz", eye + "right.nii.gz",
               [](const Measured& found) { return found.is(640) && is_near(found.mean, 46, 0.05); }));
  rows.push_back(measured("MaskElsewhere", eye + "ct.nii.gz", eye + "eye.nii.gz", refused_for("outside")));
  const std::string slicer = d + "c12_seg_nrrd/";
  for (const std::string name : {"Tumour", "Node"})
    rows.push_back(
        measured("SlicerLayer_" + name, slicer + "ct.nrrd", slicer + "layers.seg.nrrd#" + name, any));
  rows.push_back(measured("SlicerLayersUnpicked", slicer + "ct.nrrd", slicer + "layers.seg.nrrd",
                          refused_for("Tumour")));
  rows.push_back(inspected("PositionsWithOneDigit", d + "c13_uneven/r0625", [](const Inspected& found) {
    return found.exit_code == 0 && is_near(found.json["spacing"][2].get<double>(), 0.625, 1e-3);
  }));
  rows.push_back(inspected("BlankSeriesUid", d + "c14_uid_per_slice/no_uid_contiguous",
                           refused_for("SeriesInstanceUID")));
  rows.push_back(inspected("CleanTomosynthesis", d + "c15_dbt/left_mlo.dcm", is_clean));
  rows.push_back(inspected("CleanColorStill", d + "c16_ultrasound/rgb_still.dcm", is_clean));
  rows.push_back(inspected("CleanMammogram", d + "c26_mg_and_vr/mg.dcm", is_clean));
  for (const std::string file : {"ut", "jitter"})
    rows.push_back(inspected("CleanMr_" + file, d + "c26_mg_and_vr/" + file, is_clean));
  rows.push_back({"SameWarningsForFileAndFolder", d + "c18_padding", [d] {
                    const Inspected one = inspect_case(d + "c18_padding/one/000.dcm"),
                                    folder = inspect_case(d + "c18_padding/folder");
                    const auto kinds = [](const Inspected& found) {
                      return std::pair(says(found.json["warnings"].dump(), "padding"),
                                       says(found.json["warnings"].dump(), "lossy"));
                    };
                    return Verdict{kinds(one) == kinds(folder) && kinds(one) == std::pair(true, true),
                                   one.said() + " | " + folder.said()};
                  }});
  const std::string values = d + "c21_nan_float_labels/";
  for (const std::string file : {"scaled_labels", "almost", "mask255", "nan_background"})
    rows.push_back(measured(
        "Labels_" + file, values + "ct.nii.gz", values + file + ".nii.gz", [](const Measured& found) {
          return (found.exit_code == 0 && found.volume_mm3 > 0 && found.volume_mm3 < 1500) ||
                 found.refused_for("label");
        }));
  rows.push_back(measured("LabelsOfAProbabilityMap", values + "ct.nii.gz", values + "probability.nii.gz",
                          refused_for("threshold")));
  rows.push_back(measured("LabelsOneHot", values + "ct.nii.gz", values + "onehot4d.nii.gz#2", any));
  rows.push_back(measured("LabelsEmpty", values + "ct.nii.gz", values + "empty.nii.gz",
                          [](const Measured& found) { return found.exit_code == 3; }));
  for (const std::string file : {"cbct_first_place", "cbct", "spect"})
    rows.push_back(inspected(
        "MultiFrame_" + file, d + "c23_cbct/" + file + ".dcm",
        [](const Inspected& found) { return found.exit_code == 0 || !found.json["error"].is_null(); }));
  for (const std::string file : {"dwi", "dce"})
    rows.push_back(inspected("Inspect_" + file, d + "c24_dwi_dce/" + file, [file](const Inspected& found) {
      return found.exit_code == 0 && found.json["kind"] == "volume" && found.notes(file == "dwi" ? "b" : "s");
    }));
  return rows;
}

std::vector<Row> slide_rows() {
  const std::string s = "slides/";
  std::vector<Row> rows;
  rows.push_back(
      measured("PictureMaskOfItsSize", s + "mask_size/image.png", s + "mask_size/same.png",
               [](const Measured& found) { return found.exit_code == 0 && is_near(found.mean, 20, 1e-3); }));
  rows.push_back(measured("PictureMaskOfAnotherSize", s + "mask_size/image.png", s + "mask_size/half.png",
                          refused_for("size")));
  rows.push_back(inspected("TwoScenesAreNoLevels", s + "two_scenes/cores.tif", [](const Inspected& found) {
    return found.exit_code == 3 || found.notes("1 level");
  }));
  rows.push_back(inspected("LevelsWithoutFlag", s + "two_scenes/levels_no_flag.tif",
                           [](const Inspected& found) { return found.notes("3 levels"); }));
  rows.push_back(inspected("MiraxWithoutItsFolder", s + "mrxs_alone/lonely0.mrxs", refused_for("folder")));
  rows.push_back(
      inspected("PreviewAsFirstPage", s + "first_page_label/preview_first.tif", [](const Inspected& found) {
        return found.exit_code == 3 || (found.json["size"][0].get<int64_t>() > 1000);
      }));
  for (const std::string file :
       {"cycif_interleaved/five_samples_gray.tif", "dicom_rgb_paths/one_instance.dcm"})
    rows.push_back(inspected("Channels_" + file.substr(0, 5), s + file, refused_for("slide.channels")));
  rows.push_back(
      inspected("OmePlanesAreColor", s + "ome_rgb_planes/three_pages.ome.tif",
                [](const Inspected& found) { return found.exit_code == 0 && found.json["channels"] == 3; }));
  rows.push_back(inspected("ExifOrientation", s + "pictures/exif6.jpg", [](const Inspected& found) {
    return found.exit_code == 0 &&
           found.json["size"] == inspect_case("slides/pictures/exif6.png").json["size"];
  }));
  rows.push_back(inspected("MinIsWhite", s + "pictures/miniswhite.tif",
                           [](const Inspected& found) { return is_near(found.number("mean"), 84.8, 0.01); }));
  rows.push_back(inspected("Palette", s + "pictures/palette.tif", [](const Inspected& found) {
    return found.exit_code == 0 && found.json["channels"] == 3 && found.number("max") <= 255;
  }));
  rows.push_back(inspected("Zstandard", s + "pictures/tiles_zstd.tif",
                           [](const Inspected& found) { return found.exit_code == 0; }));
  rows.push_back(inspected(
      "Jpeg2000WithoutTransform", s + "dicom_colour/j2k_ybr_full_no_mct.dcm", [](const Inspected& found) {
        return found.exit_code == 0 && is_near(found.number("mean"), (227 + 174 + 196) / 3.0, 0.02);
      }));
  for (const std::string file : {"plain", "with_ann"})
    rows.push_back(inspected("SlideFolder_" + file, s + "dicom_folder/" + file, [](const Inspected& found) {
      return found.exit_code == 0 && found.json["kind"] == "slide";
    }));
  for (const std::string file : {"ome_units/pm.ome.tif", "ome_units/single_quotes.ome.tif",
                                 "ome_units/first_image_is_label.ome.tif", "imagej_units/micron.tif"})
    rows.push_back(
        inspected("Microns_" + file.substr(file.find('/') + 1, file.find('.') - file.find('/') - 1), s + file,
                  [](const Inspected& found) { return found.notes("0.5"); }));
  rows.push_back(inspected("AppMagWithDecimals", s + "aperio/appmag_float.svs",
                           [](const Inspected& found) { return found.notes("40"); }));
  for (const std::string file : {"sections", "sections_old"})
    rows.push_back({"SpaceRanger_" + file, s + "visium/" + file + ".csv", [s, file] {
                      const TemporaryFolder folder;
                      std::vector<std::string> arguments{
                          "spots", case_file(s + "visium/" + file + ".csv").string(),
                          "--out", (folder / "out").string(),
                          "--x",   "pxl_col_in_fullres",
                          "--y",   "pxl_row_in_fullres"};
                      const Outcome outcome = run_program(arguments);
                      return Verdict{outcome.exit_code == 0, last_line(outcome.out + outcome.err)};
                    }});
  return rows;
}

/// A config of the cases, whose names are an earlier version's, with today's.
std::string migrated(const std::string& name, const TemporaryFolder& folder) {
  const fs::path copy = folder / "c.yaml";
  core::write_file_atomic(copy, slurp(case_file(name)));
  run_program({"migrate", copy.string(), "--quiet"});
  return copy.string();
}

std::vector<Row> radiomics_rows() {
  const std::string r = "radiomics/";
  std::vector<Row> rows;
  const std::string image = r + "labels/i.nii.gz", labels = r + "labels/labels.nii.gz";
  rows.push_back({"OneLabelIsAskedFor", labels, [image, labels] {
                    const Measured first = measure(image, labels), picked = measure(image, labels + "#1"),
                                   second = measure(image, labels, {"pyradiomics.label=2"}),
                                   second_picked = measure(image, labels + "#2");
                    return Verdict{first.exit_code == 0 && first.volume_mm3 == picked.volume_mm3 &&
                                       second.exit_code == 0 && second.volume_mm3 != first.volume_mm3 &&
                                       second.volume_mm3 == second_picked.volume_mm3,
                                   first.said() + " | " + second.said()};
                  }});
  rows.push_back(measured("MaskOf255", image, r + "labels/m255.nii.gz", [](const Measured& found) {
    return (found.exit_code == 0 && found.volume_mm3 > 0) || found.refused_for("255");
  }));
  rows.push_back(measured("MaskOf600", image, r + "labels/m600.nii.gz", [](const Measured& found) {
    return (found.exit_code == 0 && found.volume_mm3 > 0) || found.refused_for("600");
  }));
  rows.push_back(measured("SoftMask", r + "float_mask/i.nii.gz", r + "float_mask/soft.nii.gz",
                          refused_for("threshold")));
  rows.push_back(measured("MaskHalfOutside", r + "geometry/i.nii.gz", r + "geometry/half_out.nii.gz",
                          refused_for("outside")));
  rows.push_back(
      measured("MaskOfTheSameGrid", r + "geometry/i.nii.gz", r + "geometry/same.nii.gz", volume_is(1861)));
  rows.push_back(measured("FineMaskIsResampledOnce", r + "fine_mask/i.nrrd", r + "fine_mask/thin.nrrd",
                          volume_is(118), {"pyradiomics.resampledPixelSpacing=[1, 1, 1]"}));
  for (const std::string file :
       {"ct.yaml", "mr.yaml", "minimal.yaml", "onlyclasses.yaml", "null.yaml", "params.json"})
    rows.push_back(
        {"ParameterFile_" + file.substr(0, file.find('.')), r + "params/" + file, [r, file] {
           const Outcome outcome =
               run_program({"radiomics", case_file(r + "params/i.nii.gz").string(),
                            case_file(r + "params/m.nii.gz").string(), "--config",
                            case_file(r + "params/" + file).string(), "--format", "json"});
           return Verdict{outcome.exit_code == 0, outcome.exit_code == 0 ? "read" : last_line(outcome.err)};
         }});
  rows.push_back({"ParameterFileOfAWrongType", r + "params/gldm_float.yaml", [r] {
                    const Outcome outcome =
                        run_program({"radiomics", case_file(r + "params/i.nii.gz").string(),
                                     case_file(r + "params/m.nii.gz").string(), "--config",
                                     case_file(r + "params/gldm_float.yaml").string()});
                    return Verdict{outcome.exit_code == 2 && says(outcome.err, "gldm_a"), outcome.err};
                  }});
  rows.push_back(
      {"ClassesSpelledOtherwise", r + "s_labels", [r] {
         const TemporaryFolder folder;
         const Outcome outcome = run_program({"doctor", migrated(r + "s_labels/c.yaml", folder),
                                              "cohort.manifest=" + case_file(r + "s_labels/m.csv").string()});
         const std::string said = outcome.out + outcome.err;
         return Verdict{outcome.exit_code == 3 && says(said, "did you mean `Beta`") && says(said, "alpha"),
                        said};
       }});
  for (const std::string word : {"Mutant", "unknown"})
    rows.push_back({"LabelWord_" + word, r + "s_labels", [r, word] {
                      const TemporaryFolder folder;
                      std::string table = slurp(case_file(r + "s_external/train.csv"));
                      table += "P998,north,0,0,0," + word + ",beta,370,1,44\n";
                      core::write_file_atomic(folder / "m.csv", table);
                      const Outcome outcome =
                          run_program({"doctor", migrated(r + "s_external/c.yaml", folder),
                                       "cohort.manifest=" + (folder / "m.csv").string()});
                      const std::string said = outcome.out + outcome.err;
                      // A word that says nothing is a blank, and that is said.
                      return Verdict{outcome.exit_code == (word == "unknown" ? 0 : 3) && says(said, word) &&
                                         says(said, "mut"),
                                     said};
                    }});
  rows.push_back(
      {"OneHeadCannotBeScored", r + "s_external", [r] {
         const TemporaryFolder folder;
         const std::string run = (folder / "run").string(), out = (folder / "out").string();
         const Outcome trained =
             run_program({"train", migrated(r + "s_external/c.yaml", folder),
                          "cohort.manifest=" + case_file(r + "s_external/train.csv").string(), "--out", run});
         std::string table = slurp(case_file(r + "s_external/new.csv"));
         std::string one_class = table.substr(0, table.find('\n') + 1);
         for (size_t at = one_class.size(); at < table.size(); at = table.find('\n', at) + 1) {
           std::string line = table.substr(at, table.find('\n', at) + 1 - at);
           size_t cell = 0;
           for (int comma = 0; comma < 5; ++comma) cell = line.find(',', cell) + 1;
           one_class += line.replace(cell, 1, "1");
         }
         core::write_file_atomic(folder / "new.csv", one_class);
         const Outcome scored =
             run_program({"evaluate", run, "--cases", (folder / "new.csv").string(), "--out", out});
         const std::string metrics = slurp(fs::path(out) / "metrics.csv");
         return Verdict{trained.exit_code == 0 && scored.exit_code == 0 && says(scored.err, "mut") &&
                            says(metrics, "subtype") && says(scored.err, "head os") && !says(metrics, "mut,"),
                        trained.err + scored.err};
       }});
  return rows;
}

std::vector<Row> security_rows() {
  const std::string s = "security/";
  std::vector<Row> rows;
  for (const std::string file : {"10.png", "16.png", "truncated.jpg", "cyc.tif", "deep.dcm"})
    rows.push_back(inspected("Damaged_" + file.substr(0, file.find('.')), s + file,
                             [](const Inspected& found) { return found.exit_code == 3; }));
  for (const std::string header : {"t1c.mhd", "t1c.nhdr"})
    rows.push_back({"DetachedVoxels_" + header.substr(4), s + "detached/A/" + header, [s, header] {
                      const double a = inspect_case(s + "detached/A/" + header).number("mean"),
                                   b = inspect_case(s + "detached/B/" + header).number("mean");
                      return Verdict{std::isfinite(a) && std::isfinite(b) && a != b,
                                     std::to_string(a) + " and " + std::to_string(b)};
                    }});
  return rows;
}

std::vector<Row> all_rows() {
  std::vector<Row> rows = dicom_rows();
  for (const auto& more : {slide_rows(), radiomics_rows(), security_rows()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

class Cases : public testing::TestWithParam<Row> {};

TEST_P(Cases, IsRight) {
  PHOTO51_NEEDS_SHARED_CASES("README.md");
  const Verdict verdict = GetParam().look();
  EXPECT_TRUE(verdict.right) << GetParam().row << ": " << verdict.said;
  std::printf("%s: %s\n", GetParam().row.c_str(), verdict.said.c_str());
}

INSTANTIATE_TEST_SUITE_P(Rows, Cases, testing::ValuesIn(all_rows()), [](const auto& row) {
  std::string name = row.param.name;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

}  // namespace
}  // namespace photo51::test
