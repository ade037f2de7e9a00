#include "imaging/tiff/ome.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.hpp"

namespace photo51::imaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Ome, KnowsUnitsOfLength) {
  for (const auto& [unit, microns] : {std::pair{"\xC2\xB5m", 1.0},
                                      {"\xCE\xBCm", 1.0},
                                      {"pm", 1e-6},
                                      {"nm", 1e-3},
                                      {"mm", 1e3},
                                      {"cm", 1e4},
                                      {"m", 1e6},
                                      {"\xC3\x85", 1e-4},
                                      {"in", 25400.0},
                                      {"micron", 1.0},
                                      {"\\u00B5m", 1.0}})
    EXPECT_NEAR(microns_in(unit).value(), microns, 1e-9 * microns) << unit;
  EXPECT_FALSE(microns_in("pixel").has_value());
  EXPECT_FALSE(microns_in("reference frame").has_value());
}

TEST(Ome, IsReadByItsElements) {
  const std::string xml =
      "<?xml version=\"1.0\"?><ome:OME xmlns:ome='x'><ome:Instrument ID='I'><ome:Objective ID='O:1' "
      "NominalMagnification='4'/><ome:Objective ID='O:2' NominalMagnification=\"20.0\"/></ome:Instrument>"
      "<!-- PhysicalSizeX=\"7\" --><ome:Image ID='a' Name='label'><ome:Pixels SizeX='10' SizeY='20' "
      "PhysicalSizeX='40' PhysicalSizeY='40'><ome:TiffData IFD='0' PlaneCount='1'/></ome:Pixels></ome:Image>"
      "<ome:Image ID='b'><ome:ObjectiveSettings ID='O:2'/><ome:Pixels DimensionOrder='XYZCT' SizeX='100' "
      "SizeY='50' SizeC='2' SizeZ='3' SizeT='1' PhysicalSizeX = '250' PhysicalSizeXUnit = \"nm\" "
      "PhysicalSizeY='0.25'><ome:Channel Name='DAPI &amp; more'/><ome:Channel Name='FITC'/>"
      "<ome:TiffData IFD='1' PlaneCount='6'/></ome:Pixels></ome:Image></ome:OME>";
  ASSERT_TRUE(is_ome(xml));
  const auto images = parse_ome(xml);
  ASSERT_EQ(images.size(), 2U);
  const OmeImage* image = ome_image_of(images, 100, 50, 1);
  ASSERT_EQ(image, &images[1]);
  EXPECT_NEAR(image->um_x.value(), 0.25, 1e-12);
  EXPECT_NEAR(image->um_y.value(), 0.25, 1e-12);
  EXPECT_EQ(image->magnification, 20);
  EXPECT_EQ(image->order, "XYZCT");
  EXPECT_THAT(image->channel_names, ElementsAre("DAPI & more", "FITC"));
  EXPECT_TRUE(image->has_page(6));
  EXPECT_FALSE(image->has_page(7));
  EXPECT_EQ(ome_image_of(images, 100, 51, 1), nullptr);
  EXPECT_EQ(ome_image_of(images, 10, 20, 0)->id, "a");
}

TEST(Ome, SaysWhatItCannotUse) {
  const auto images = parse_ome(
      "<OME><Image><Pixels SizeX='1' SizeY='1' PhysicalSizeX='3' PhysicalSizeXUnit='pixel'/></Image></OME>");
  EXPECT_FALSE(images[0].um_x.has_value());
  EXPECT_THAT(images[0].size_problem, HasSubstr("PhysicalSizeX is `3` in `pixel`"));
  PHOTO51_EXPECT_ERROR(parse_ome("<OME><Image></OME>"), data, HasSubstr("OME-XML is damaged in line 1"));
}

TEST(Ome, RefusesEntitiesAndMegabytes) {
  for (const std::string body : {"[<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]",
                                 "[<!ENTITY x SYSTEM 'file:///etc/passwd'>]", "SYSTEM 'x.dtd'"})
    PHOTO51_EXPECT_ERROR(parse_ome("<!DOCTYPE OME " + body + "><OME><Image ID='1'/></OME>"), data,
                         HasSubstr("has a DOCTYPE"));
  PHOTO51_EXPECT_ERROR(parse_ome("<OME>" + std::string(65 << 20, ' ') + "</OME>"), data,
                       HasSubstr("more than the 64 MiB that are read"));
}

TEST(Ome, TakesNoCountsThatCannotBeMultiplied) {
  const auto images =
      parse_ome("<OME><Image><Pixels SizeC='999999999' SizeZ='999999999' SizeT='3'/></Image></OME>");
  EXPECT_EQ(images.at(0).channels, 0);
  EXPECT_EQ(images.at(0).depth, 0);
  EXPECT_EQ(images.at(0).times, 3);
}

TEST(Ome, MayHaveAMicroSignInLatin1) {
  const auto images = parse_ome(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME><Image><Pixels SizeX='1' SizeY='1' PhysicalSizeX='0.5' "
      "PhysicalSizeXUnit='\xB5m'/></Image></OME>");
  EXPECT_EQ(images[0].um_x, 0.5);
}

TEST(ImageJ, CountsImagesAndNamesItsUnit) {
  const auto text = parse_imagej("ImageJ=1.53t\nimages=6\nchannels=2\nslices=3\nunit=micron\nloop=false\n");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->images, 6);
  EXPECT_EQ(text->channels, 2);
  EXPECT_EQ(text->um_x, 1.0);
  EXPECT_FALSE(parse_imagej("ImageJ=1\nunit=pixel\n")->um_x.has_value());
  EXPECT_FALSE(parse_imagej("Aperio").has_value());
  PHOTO51_EXPECT_ERROR(require_imagej_pages("ImageJ=1\nimages=6\n", 1), data, HasSubstr("holds 6 images"));
  require_imagej_pages("ImageJ=1\nimages=6\n", 6);
}

}  // namespace
}  // namespace photo51::imaging
