#include "photo51/core/cells.hpp"

#include <gtest/gtest.h>

namespace photo51::core {
namespace {

TEST(Cells, BlanksOfPortalsAndSpreadsheets) {
  for (const char* blank :
       {"", "  ", "NA", "n/a", "#N/A", "NaN", "null", "None", ".", "-", "--", "'--", "[Not Available]",
        "[not applicable]", "[Completed]", "Not Reported", "unknown", "<NA>", "\xC2\xA0"})
    EXPECT_TRUE(is_blank(blank)) << blank;
  for (const char* word :
       {"0", "-1", "no", "negative", "[Other]", "Unknown primary", "N", "na1", "---x", "none seen"})
    EXPECT_FALSE(is_blank(word)) << word;
  EXPECT_TRUE(is_doubtful_blank("None"));
  EXPECT_FALSE(is_doubtful_blank("NA"));
}

TEST(Cells, NumbersWithCommas) {
  for (const char* text : {"0,5", "-1,25", "12,5e3", "1,234"}) EXPECT_TRUE(has_decimal_comma(text)) << text;
  for (const char* text : {"0.5", "1,2,3", "1.234,5", "a,b", ",", "1", "nan"})
    EXPECT_FALSE(has_decimal_comma(text)) << text;
}

TEST(Cells, Dates) {
  for (const char* text :
       {"2019-03-12", "12.03.2019", "3/12/19", "12-Mar-2019", "2019/3/1 12:30", "2019-03-12T08:00"})
    EXPECT_TRUE(is_date(text)) << text;
  for (const char* text : {"2019", "12.5", "1-2", "T1-2-3", "2019-03/12", "20190312-1-1", "1.2.3a"})
    EXPECT_FALSE(is_date(text)) << text;
}

TEST(Cells, OneSpellingForOneWord) {
  for (const char* text : {"wild type", "Wild-Type", " WILD_TYPE ", "wild\xC2\xA0type"})
    EXPECT_EQ(spelling(text), spelling("wildtype")) << text;
  EXPECT_EQ(spelling("1.0"), spelling("1"));
  EXPECT_NE(spelling("ER-"), spelling("ER"));
  EXPECT_NE(spelling("1-2"), spelling("12"));
}

}  // namespace
}  // namespace photo51::core
