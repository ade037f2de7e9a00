#include "photo51/imaging/mammography/mammogram.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "support/dicom_file.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

/// A right MLO for presentation, 2 x 3 pixels of 12 bits.
test::DicomFile written_mammogram(const char* laterality = "R", const char* view = "MLO") {
  test::DicomFile file;
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.2").text(0x00080018, "UI", "2.25.1");
  file.text(0x00080022, "DA", "20200102").text(0x00080032, "TM", "101500");
  file.text(0x00080060, "CS", "MG").text(0x00080068, "CS", "FOR PRESENTATION");
  file.text(0x00100020, "LO", "P7").text(0x0020000D, "UI", "2.25.5").text(0x0020000E, "UI", "2.25.6");
  file.text(0x00181114, "DS", "1.25").text(0x00181164, "DS", "0.1\\0.05").text(0x00185101, "CS", view);
  file.text(0x00200062, "CS", laterality).text(0x00200020, "CS", "P\\F");
  file.pixels16(2, 3, 1, 12, {0, 1, 2, 100, 4000, 4095});
  return file;
}

test::DicomFile code(const char* value) {
  test::DicomFile item;
  item.text(0x00080100, "SH", value).text(0x00080102, "SH", "SCT").text(0x00080104, "LO", "a view");
  return item;
}

class Mammograms : public testing::Test {
 protected:
  MammogramFacts facts(const test::DicomFile& file) {
    file.save(folder_ / "mg.dcm");
    return read_mammogram_facts(folder_ / "mg.dcm");
  }
  std::filesystem::path save(const std::string& name, const test::DicomFile& file) {
    file.save(folder_ / name);
    return folder_ / name;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Mammograms, ReadsWhatTheHeaderSays) {
  const MammogramFacts found = facts(written_mammogram());
  EXPECT_EQ(found.laterality, "R");
  EXPECT_EQ(found.view, "MLO");
  EXPECT_EQ(found.intent, "FOR PRESENTATION");
  EXPECT_EQ(found.acquired, "20200102101500");
  EXPECT_EQ(found.wall, "right");
  EXPECT_FALSE(found.tomosynthesis);
  ASSERT_TRUE(found.spacing);
  EXPECT_NEAR((*found.spacing)[0], 0.04, 1e-12);
  EXPECT_NEAR((*found.spacing)[1], 0.08, 1e-12);
  EXPECT_THAT(found.spacing_source, HasSubstr("ImagerPixelSpacing (0018,1164) over Estimated"));
  EXPECT_THAT(found.warnings, IsEmpty());
}

TEST_F(Mammograms, NeverGuessesTheLaterality) {
  test::DicomFile file = written_mammogram().remove(0x00200062).text(0x0008103E, "LO", "R MLO");
  EXPECT_EQ(facts(file).laterality, "");
  EXPECT_THAT(facts(file).warnings,
              Contains(HasSubstr("no ImageLaterality (0020,0062): which breast it is is not known "
                                 "(SeriesDescription \"R MLO\" is not used)")));
  EXPECT_EQ(facts(file.text(0x00200060, "CS", "R")).laterality, "R");  // of the series
  const MammogramFacts both = facts(written_mammogram().text(0x00200060, "CS", "L"));
  EXPECT_EQ(both.laterality, "");
  EXPECT_THAT(both.warnings,
              Contains(HasSubstr("Laterality (0020,0060) is L, but ImageLaterality (0020,0062) is R")));
  EXPECT_THAT(facts(written_mammogram("X")).warnings, Contains(HasSubstr("is `X`, not L, R or B")));
  test::DicomFile shared, anatomy;
  anatomy.text(0x00209072, "CS", "L");
  shared.items(0x00209071, {anatomy});
  EXPECT_EQ(
      facts(written_mammogram().remove(0x00200062).remove(0x00200020).items(0x52009229, {shared})).laterality,
      "L");
}

TEST_F(Mammograms, ReadsViewsFromCodesOldAndNew) {
  const auto coded = [&](const char* value) {
    return facts(written_mammogram().remove(0x00185101).items(0x00540220, {code(value)})).view;
  };
  EXPECT_EQ(coded("399162004"), "CC");
  EXPECT_EQ(coded("R-10242"), "CC");
  EXPECT_EQ(coded("R-10226"), "MLO");
  EXPECT_EQ(coded("399192008"), "XCCL");
  EXPECT_EQ(coded("12345"), "");
  EXPECT_THAT(facts(written_mammogram().items(0x00540220, {code("12345")})).warnings,
              Contains(HasSubstr("ViewCodeSequence (0054,0220) has the unknown code 12345")));
  const MammogramFacts both = facts(written_mammogram().items(0x00540220, {code("399162004")}));
  EXPECT_EQ(both.view, "");
  EXPECT_THAT(
      both.warnings,
      Contains(HasSubstr("ViewPosition (0018,5101) is MLO, but ViewCodeSequence (0054,0220) says CC")));
  EXPECT_THAT(facts(written_mammogram().remove(0x00185101)).warnings,
              Contains(HasSubstr("the view is not known")));
  test::DicomFile view = code("399368009");
  view.items(0x00540222, {code("R-102D6"), code("399055006"), code("77")});
  EXPECT_THAT(facts(written_mammogram().items(0x00540220, {view})).modifiers,
              ElementsAre("magnification", "spot compression", "code 77"));
}

TEST_F(Mammograms, TellsTheIntentsApart) {
  const std::string raw = "1.2.840.10008.5.1.4.1.1.1.2.1";
  EXPECT_EQ(facts(written_mammogram().remove(0x00080068).text(0x00080016, "UI", raw)).intent,
            "FOR PROCESSING");
  const MammogramFacts both = facts(written_mammogram().text(0x00080016, "UI", raw));
  EXPECT_EQ(both.intent, "");
  EXPECT_THAT(both.warnings, Contains(HasSubstr("the intent is contradictory")));
  EXPECT_THAT(facts(written_mammogram().text(0x00080068, "CS", "FOR FUN")).warnings,
              Contains(HasSubstr("PresentationIntentType (0008,0068) is `FOR FUN`")));
  EXPECT_THAT(
      facts(written_mammogram().remove(0x00080068).text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7"))
          .warnings,
      Contains("no PresentationIntentType (0008,0068)"));
}

TEST_F(Mammograms, KnowsWhoseSpacingItIs) {
  const auto spacing = [&](const test::DicomFile& file) { return facts(file).spacing.value()[1]; };
  EXPECT_NEAR(spacing(written_mammogram().remove(0x00181114)), 0.1, 1e-12);
  EXPECT_THAT(facts(written_mammogram().remove(0x00181114)).warnings,
              Contains(HasSubstr("the spacing is the detector's")));
  // The same PixelSpacing is the detector's still; another one was calibrated.
  EXPECT_NEAR(spacing(written_mammogram().text(0x00280030, "DS", "0.1\\0.05")), 0.08, 1e-12);
  EXPECT_NEAR(spacing(written_mammogram().text(0x00280030, "DS", "0.07\\0.07")), 0.07, 1e-12);
  EXPECT_NEAR(
      spacing(written_mammogram().text(0x00280030, "DS", "0.1\\0.05").text(0x00280A02, "CS", "GEOMETRY")),
      0.1, 1e-12);
  test::DicomFile film = written_mammogram().remove(0x00181164);
  EXPECT_FALSE(facts(film).spacing);
  EXPECT_THAT(facts(film).warnings, Contains(HasSubstr("the size of a pixel is not known")));
  EXPECT_NEAR(spacing(test::DicomFile(film).text(0x00182010, "DS", "0.05\\0.05")), 0.05, 1e-12);
  EXPECT_NEAR(spacing(film.text(0x00280030, "DS", "0.2\\0.2")), 0.2, 1e-12);
  EXPECT_THAT(facts(film).warnings, Contains(HasSubstr("without ImagerPixelSpacing (0018,1164)")));
}

TEST_F(Mammograms, ReportsAMirroredPicture) {
  EXPECT_THAT(
      facts(written_mammogram("L")).warnings,
      Contains(HasSubstr("PatientOrientation (0020,0020) puts the chest wall at the picture's right")));
  EXPECT_THAT(facts(written_mammogram("L").text(0x00200020, "CS", "A\\F")).warnings, IsEmpty());
}

TEST_F(Mammograms, ReadsPixelsBrightForDense) {
  const Mammogram plain = read_mammogram(save("a.dcm", written_mammogram()));
  EXPECT_TRUE(
      at::equal(plain.volume.data.flatten().to(at::kInt), at::tensor({0, 1, 2, 100, 4000, 4095}, at::kInt)));
  EXPECT_EQ(plain.volume.modality, Modality::mammography);
  EXPECT_EQ(plain.volume.geometry.spacing[0], 0.04);
  EXPECT_TRUE(plain.volume.spacing_known);
  const Mammogram inverted =
      read_mammogram(save("b.dcm", written_mammogram().text(0x00280004, "CS", "MONOCHROME1")));
  EXPECT_TRUE(inverted.facts.inverted);
  EXPECT_TRUE(at::equal(inverted.volume.data.flatten().to(at::kInt),
                        at::tensor({4095, 4094, 4093, 3995, 95, 0}, at::kInt)));
}

TEST_F(Mammograms, ReadsPictureFiles) {
  core::write_file_atomic(folder_ / "film.png", encode_png(at::arange(20, at::kByte).view({4, 5})));
  const Mammogram film = read_mammogram(folder_ / "film.png");
  EXPECT_EQ(film.volume.data.sizes(), (at::IntArrayRef{1, 1, 4, 5}));
  EXPECT_FALSE(film.volume.spacing_known);
  EXPECT_THAT(film.facts.warnings, Contains(HasSubstr("neither laterality nor view")));
  test::DicomFile color;
  color.text(0x00080060, "CS", "MG").pixels(1, 2, 1, 3, {1, 2, 3, 4, 5, 6}).save(folder_ / "color.dcm");
  PHOTO51_EXPECT_ERROR(read_mammogram(folder_ / "color.dcm"), data, HasSubstr("a mammogram is gray"));
  PHOTO51_EXPECT_ERROR(facts(written_mammogram().text(0x00080060, "CS", "CT")), data,
                       HasSubstr("Modality (0008,0060) is CT, not MG"));
}

TEST_F(Mammograms, GroupsTheFourViewsWithOnesMissing) {
  save("1.dcm", written_mammogram("R", "CC"));
  save("2.dcm", written_mammogram("L", "CC"));
  save("3.dcm", written_mammogram("L", "MLO"));
  test::DicomFile spot = written_mammogram("L", "CC"), view = code("399162004");
  view.items(0x00540222, {code("R-102D7")});
  save("4.dcm", spot.items(0x00540220, {view}));
  core::write_file_atomic(folder_ / "notes.txt", "not an image");
  const MammogramExam exam = group_views({folder_.path()});
  EXPECT_EQ(exam.patient_id, "P7");
  EXPECT_THAT(exam.views, ElementsAre(Key("left_cc"), Key("left_mlo"), Key("right_cc")));
  EXPECT_EQ(exam.views.at("right_cc").path.filename(), "1.dcm");
  ASSERT_EQ(exam.others.size(), 1U);
  EXPECT_EQ(exam.others[0].path.filename(), "4.dcm");
}

TEST_F(Mammograms, PicksOneOfTwoOnlyWhenTold) {
  const auto early = save("early.dcm", written_mammogram()),
             late = save("late.dcm", written_mammogram().text(0x00080032, "TM", "1130"));
  PHOTO51_EXPECT_ERROR(group_views({early, late}), data,
                       HasSubstr("late.dcm: is a second R MLO beside early.dcm"));
  EXPECT_EQ(group_views({early, late}, {.duplicates = "latest"}).views.at("right_mlo").path, late);
  EXPECT_EQ(group_views({late, early}, {.duplicates = "latest"}).views.at("right_mlo").path, late);
  EXPECT_EQ(group_views({late, early}, {.duplicates = "first"}).views.at("right_mlo").path, early);
  EXPECT_EQ(group_views({late, early}, {.duplicates = "first"}).others.at(0).path, late);
  PHOTO51_EXPECT_ERROR(group_views({early}, {.duplicates = "last"}), usage, HasSubstr("there is no `last`"));
  const auto undated = save("undated.dcm", written_mammogram().remove(0x00080022));
  PHOTO51_EXPECT_ERROR(group_views({early, undated}, {.duplicates = "first"}), data,
                       HasSubstr("undated.dcm: has no AcquisitionDate (0008,0022)"));
}

TEST_F(Mammograms, RefusesToMixOrGuess) {
  const auto shown = save("shown.dcm", written_mammogram("R", "CC"));
  const auto raw = save("raw.dcm", written_mammogram()
                                       .text(0x00080068, "CS", "FOR PROCESSING")
                                       .text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.2.1"));
  PHOTO51_EXPECT_ERROR(
      group_views({shown, raw}), data,
      HasSubstr("raw.dcm: is FOR PROCESSING, but shown.dcm is FOR PRESENTATION (PresentationIntentType "
                "(0008,0068)); their gray levels do not mean the same: say which intent to keep"));
  EXPECT_THAT(group_views({shown, raw}, {.intent = "FOR PROCESSING"}).views, ElementsAre(Key("right_mlo")));
  const auto refusal = [&](const test::DicomFile& file) {
    const auto error = test::error_of([&] { group_views({shown, save("odd.dcm", file)}); });
    return error ? std::string(error->what()) : "no error";
  };
  EXPECT_THAT(refusal(written_mammogram().text(0x00100020, "LO", "P8")),
              HasSubstr("odd.dcm: is of another patient"));
  EXPECT_THAT(refusal(written_mammogram().text(0x0020000D, "UI", "2.25.9")),
              HasSubstr("is of another study"));
  EXPECT_THAT(refusal(written_mammogram().remove(0x00200062)),
              HasSubstr("odd.dcm: no ImageLaterality (0020,0062)"));
  EXPECT_THAT(refusal(written_mammogram("B")), HasSubstr("its ImageLaterality (0020,0062) is not known"));
  EXPECT_THAT(refusal(written_mammogram().remove(0x00185101)),
              HasSubstr("odd.dcm: no ViewPosition (0018,5101)"));
  EXPECT_THAT(refusal(written_mammogram().text(0x00080068, "CS", "FOR FUN")), HasSubstr("is `FOR FUN`"));
  PHOTO51_EXPECT_ERROR(group_views({}), data, HasSubstr("there is no mammogram"));
}

TEST_F(Mammograms, InspectReportsThem) {
  const auto path = save("a.dcm", written_mammogram().remove(0x00200062).text(0x0008103E, "LO", "R MLO"));
  const Inspection found = inspect(path);
  EXPECT_EQ(found.error, "");
  EXPECT_THAT(found.notes, Contains("laterality not known MLO, FOR PRESENTATION"));
  EXPECT_THAT(found.warnings, Contains(HasSubstr("no ImageLaterality (0020,0062)")));
}

TEST_F(Mammograms, ReadsARealOne) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files/GH133.dcm");
  const Mammogram real = read_mammogram(test::shared_data() / "dicom/files/GH133.dcm");
  EXPECT_EQ(real.facts.laterality, "R");
  EXPECT_EQ(real.facts.view, "MLO");
  EXPECT_EQ(real.facts.intent, "FOR PRESENTATION");
  EXPECT_EQ(real.facts.wall, "right");
  EXPECT_NEAR((*real.facts.spacing)[0], 0.0940909, 1e-6);
  EXPECT_EQ(real.volume.data.sizes(), (at::IntArrayRef{1, 1, 3062, 2394}));
}

}  // namespace
}  // namespace photo51::imaging
