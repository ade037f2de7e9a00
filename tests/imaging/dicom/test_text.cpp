#include "imaging/dicom/character_sets.hpp"

#include <gtest/gtest.h>

#include "imaging/dicom/select.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

TEST(DicomText, IsReadByItsCharacterSet) {
  EXPECT_EQ(to_utf8("GTV", "ISO_IR 100"), "GTV");
  EXPECT_EQ(to_utf8("Gehirn\xF6"
                    "dem",
                    "ISO_IR 100"),
            "Gehirnödem");
  EXPECT_EQ(to_utf8("Gehirnödem", "ISO_IR 192"), "Gehirnödem");
  EXPECT_EQ(to_utf8("\xBE\xDF\xE3\xE5\xDE\xDB\xEC", "ISO_IR 144"), "Опухоль");
  EXPECT_EQ(to_utf8("\xC3\xEA\xEA\xEF\xF2", "ISO_IR 126"), "Γκκος");
  EXPECT_EQ(to_utf8("\xD4\xCF", "ISO_IR 13"), "ﾔﾏ");
  EXPECT_EQ(to_utf8("\x1B$B\x3C\x70\x61\x67\x1B(B", "\\ISO 2022 IR 87"), "腫瘍");
  EXPECT_EQ(to_utf8("\x1B$)C\xC1\xBE\xBE\xE7", "\\ISO 2022 IR 149"), "종양");
  EXPECT_EQ(to_utf8("\x1B$)A\xD6\xD7\xC1\xF6", "\\ISO 2022 IR 58"), "肿瘤");
  EXPECT_EQ(to_utf8("\xD6\xD7\xC1\xF6", "GB18030"), "肿瘤");
}

TEST(DicomText, SaysSomethingWhereTheCharacterSetIsWrong) {
  EXPECT_EQ(to_utf8("Gehirn\xF6"
                    "dem",
                    ""),
            "Gehirnödem");
  EXPECT_EQ(to_utf8("Gehirnödem", ""), "Gehirnödem");
  EXPECT_EQ(to_utf8("Gehirn\xF6"
                    "dem",
                    "ISO_IR 192"),
            "Gehirnödem");
  EXPECT_EQ(to_utf8("Gehirn\xF6"
                    "dem",
                    "ISO-IR 100"),
            "Gehirnödem");
  EXPECT_EQ(to_utf8("Gehirnödem", "UTF-8"), "Gehirnödem");
  EXPECT_EQ(to_utf8("Gehirn\xF6"
                    "dem",
                    "NONSENSE 7"),
            "Gehirnödem");
}

TEST(DicomText, PatternsCountLettersNotBytes) {
  EXPECT_TRUE(matches_pattern("Gehirnödem", "gehirn?dem"));
  EXPECT_TRUE(matches_pattern("Gehirnödem", "*ödem"));
  EXPECT_FALSE(matches_pattern("Gehirnödem", "gehirn??dem"));
}

TEST(DicomText, PicksRoisAndSeriesByTheirNames) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c05_rt_names");
  const auto files = test::shared_cases() / "dicom/c05_rt_names";
  const Volume ct = read_volume(files / "ct");
  EXPECT_EQ(read_volume((files / "ct_latin1").string() + "#desc:Schädel nativ").data.size(1), 4);
  EXPECT_GT(read_mask((files / "latin1.dcm").string() + "#Gehirnödem", {&ct}).data.sum().item<int>(), 0);
}

}  // namespace
}  // namespace photo51::imaging
