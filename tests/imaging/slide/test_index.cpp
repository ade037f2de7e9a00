// The reference values of the shared slides: shared/data/wsi/index.csv.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

/// One row of the index by column name.
struct Row {
  const core::Table& table;
  size_t row;
  std::string operator[](const char* column) const { return table.rows[row][table.require(column)]; }
  double number(const char* column) const { return core::parse_double((*this)[column]).value(); }
};

void expect_levels(const Row& row, const Slide& slide) {
  const auto sizes = core::split(row["level_dimensions"], ' ');
  ASSERT_EQ(slide.levels().size(), sizes.size());
  EXPECT_EQ(static_cast<double>(slide.levels().size()), row.number("levels"));
  for (size_t i = 0; i < sizes.size(); ++i)
    EXPECT_EQ(std::to_string(slide.levels()[i].width) + "x" + std::to_string(slide.levels()[i].height),
              sizes[i]);
  if (row["downsamples"].empty()) return;
  const auto downsamples = core::split(row["downsamples"], ' ');
  for (size_t i = 0; i < sizes.size(); ++i)
    EXPECT_NEAR(slide.levels()[i].downsample, core::parse_double(downsamples[i]).value(), 1e-4);
}

void expect_scale(const Row& row, const Slide& slide) {
  // 352.8 um is 72 dots per inch: a printer's resolution, not a microscope's.
  if (row["mpp_x"].empty() || row.number("mpp_x") > 100) {
    EXPECT_FALSE(slide.info().mpp.has_value());
    EXPECT_THAT(test::message_of(core::Fault::data, [&] { slide.mpp(); }), testing::HasSubstr("set mpp"));
    return;
  }
  EXPECT_NEAR(slide.mpp()[0], row.number("mpp_x"), 1e-4);
  EXPECT_NEAR(slide.mpp()[1], row.number("mpp_y"), 1e-4);
}

void expect_colors(const Row& row, const Slide& slide) {
  int x = 0, y = 0;
  int width = static_cast<int>(slide.levels()[0].width), height = static_cast<int>(slide.levels()[0].height);
  std::sscanf(row["region"].c_str(), "level0 x=%d y=%d w=%d h=%d", &x, &y, &width, &height);
  const at::Tensor mean = slide.read(0, x, y, width, height).to(at::kDouble).mean({1, 2});
  // 16 bits become 8 by rounding v / 257.
  const double scale = row.number("mean_r") > 255 ? 257 : 1;
  const char* columns[] = {"mean_r", "mean_g", "mean_b"};
  // OpenSlide answers for either of these two instances with the JPEG one; asked for the other, we read it.
  const bool other = row["file"] == "boxes_dicom/boxes_1.dcm";
  const double uncompressed[] = {217.6875, 205.21875, 217.3125};
  for (int64_t c = 0; c < 3; ++c)
    EXPECT_NEAR(mean[c].item<double>() * scale, other ? uncompressed[c] : row.number(columns[c]),
                scale == 1 ? 0.02 : 2);
}

TEST(SlideIndex, EveryRowReadsToItsValuesOrFails) {
  PHOTO51_NEEDS_SHARED_DATA("wsi/index.csv");
  const auto folder = test::shared_data() / "wsi";
  const core::Table table = core::read_table(folder / "index.csv");
  ASSERT_GE(table.rows.size(), 10U);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const Row row{table, i};
    SCOPED_TRACE(row["file"]);
    if (row["mean_r"].empty()) {
      const std::string message = test::message_of(
          core::Fault::data, [&] { open_slide(folder / row["file"]).read(0, 0, 0, 16, 16); });
      EXPECT_THAT(message, testing::HasSubstr(row["file"]));
      EXPECT_THAT(message, testing::HasSubstr("copy the file again"));
      continue;
    }
    const Slide slide = open_slide(folder / row["file"]);
    expect_levels(row, slide);
    expect_scale(row, slide);
    expect_colors(row, slide);
  }
}

}  // namespace
}  // namespace photo51::imaging
