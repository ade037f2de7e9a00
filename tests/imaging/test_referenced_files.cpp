#include "photo51/imaging/referenced_files.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imaging/readers.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/file_limits.hpp"
#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string meta_header(const std::string& data_file) {
  return "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nElementSpacing = "
         "1 1 1\n"
         "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nDimSize = 2 2 2\nElementType = MET_UCHAR\n" +
         data_file + "\n";
}
std::string nrrd_header(const std::string& data_file) {
  return "NRRD0004\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
         "space directions: (1,0,0) (0,1,0) (0,0,1)\nencoding: raw\n" +
         data_file + "\n";
}

class ReferencedFiles : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) {
    core::make_directories((folder_ / name).parent_path());
    core::write_file_atomic(folder_ / name, text);
    return folder_ / name;
  }
  void expect_refused(const fs::path& header, const std::string& field, const std::string& name) {
    for (const auto& read : {+[](const fs::path& path) { referenced_files(path); },
                             +[](const fs::path& path) { read_volume(path); }})
      EXPECT_THAT(test::message_of(core::Fault::data, [&] { read(header); }),
                  testing::AllOf(HasSubstr(header.string()), HasSubstr(field), HasSubstr(name)));
  }
  void TearDown() override { set_file_limits({}); }
  test::TemporaryFolder folder_;
};

TEST_F(ReferencedFiles, FilesThatHoldAllOfThemselvesReferToNone) {
  EXPECT_THAT(referenced_files(write("a.mha", meta_header("ElementDataFile = LOCAL") + "01234567")),
              IsEmpty());
  EXPECT_THAT(referenced_files(write("a.nrrd", nrrd_header("") + "data file: no header any more")),
              IsEmpty());
  EXPECT_THAT(referenced_files(write("table.csv", "patient,NDims\nP1,3\n")), IsEmpty());
  EXPECT_THAT(referenced_files(write("empty", "")), IsEmpty());
}

TEST_F(ReferencedFiles, VoxelsBesideTheHeaderAreFound) {
  const auto raw = write("a.raw", "01234567");
  EXPECT_THAT(referenced_files(write("a.mhd", meta_header("ElementDataFile = a.raw"))), ElementsAre(raw));
  EXPECT_THAT(referenced_files(write("b.mhd", meta_header("ElementDataFile: a.raw"))), ElementsAre(raw));
  EXPECT_THAT(referenced_files(write("a.nhdr", nrrd_header("data file: a.raw"))), ElementsAre(raw));
  EXPECT_THAT(referenced_files(write("b.nhdr", nrrd_header("DataFile: a.raw"))), ElementsAre(raw));
  EXPECT_EQ(read_volume(folder_ / "a.mhd").data.flatten()[7].item<int>(), '7');
  EXPECT_EQ(read_volume(folder_ / "a.nhdr").data.flatten()[7].item<int>(), '7');
}

TEST_F(ReferencedFiles, ListsAndPatternsAreFoundFileByFile) {
  const auto one = write("v01.raw", "0123"), two = write("v02.raw", "4567");
  const auto both = ElementsAre(one, two);
  EXPECT_THAT(referenced_files(write("l.mhd", meta_header("ElementDataFile = LIST\nv01.raw\nv02.raw"))),
              both);
  EXPECT_THAT(referenced_files(write("p.mhd", meta_header("ElementDataFile = v%02d.raw 1 2 1"))), both);
  EXPECT_THAT(referenced_files(write("l.nhdr", nrrd_header("data file: LIST\nv01.raw\nv02.raw"))), both);
  EXPECT_THAT(referenced_files(write("p.nhdr", nrrd_header("data file: v%02d.raw 1 2 1"))), both);
  EXPECT_THAT(referenced_files(write("r.nhdr", nrrd_header("data file: v%02d.raw 2 1 -1"))),
              ElementsAre(two, one));
  EXPECT_TRUE(at::equal(read_volume(folder_ / "p.nhdr").data, read_volume(folder_ / "l.nhdr").data));
}

TEST_F(ReferencedFiles, RefusesWhatLiesElsewhere) {
  const auto secret = write("secret.raw", "01234567");
  for (const std::string& name :
       {secret.string(), std::string("../secret.raw"), std::string("in/../../secret.raw")}) {
    expect_refused(write("patient/a.mhd", meta_header("ElementDataFile = " + name)), "ElementDataFile", name);
    expect_refused(write("patient/l.mhd", meta_header("ElementDataFile = LIST\n" + name)), "ElementDataFile",
                   name);
    expect_refused(write("patient/a.nhdr", nrrd_header("data file: " + name)), "data file", name);
  }
}

TEST_F(ReferencedFiles, RefusesLinksThatLeadElsewhereUnlessAllowed) {
  const auto secret = write("secret.raw", "01234567");
  core::make_directories(folder_ / "patient");
  fs::create_symlink(secret, folder_ / "patient/a.raw");
  fs::create_directory_symlink("..", folder_ / "patient/up");
  const auto header = write("patient/a.mhd", meta_header("ElementDataFile = a.raw"));
  expect_refused(header, "ElementDataFile", "a link that leads out of the folder of the header");
  expect_refused(write("patient/b.nhdr", nrrd_header("data file: up/secret.raw")), "data file",
                 "set cohort.detached_files to `anywhere`");
  set_file_limits({.follow_out_of_folder = true});
  EXPECT_THAT(referenced_files(header), ElementsAre(folder_ / "patient/a.raw"));
  EXPECT_EQ(read_volume(write("patient/c.mhd", meta_header("ElementDataFile = ../secret.raw")))
                .data.flatten()[7]
                .item<int>(),
            '7');
}

TEST_F(ReferencedFiles, FollowsLinksThatStayBesideEitherHeader) {
  write("store/a.raw", "01234567");
  write("store/a.mhd", meta_header("ElementDataFile = a.raw"));
  core::make_directories(folder_ / "links");
  for (const char* name : {"a.mhd", "a.raw"})
    fs::create_symlink(folder_ / "store" / name, folder_ / "links" / name);
  EXPECT_THAT(referenced_files(folder_ / "links/a.mhd"), ElementsAre(folder_ / "links/a.raw"));
}

TEST_F(ReferencedFiles, AFieldInsideACommentHidesNothing) {
  write("secret.raw", "01234567");
  write("patient/LOCAL", "01234567");
  expect_refused(write("patient/a.mhd", "Comment = ElementDataFile = LOCAL\n" +
                                            meta_header("ElementDataFile = ../secret.raw")),
                 "ElementDataFile", "../secret.raw");
  PHOTO51_EXPECT_ERROR(
      require_meta_data_field(write("b.mhd", meta_header("ElementDataFile = LOCAL")), "x.raw"), data,
      HasSubstr("ElementDataFile is `LOCAL` and, read otherwise, `x.raw`"));
}

TEST_F(ReferencedFiles, AnNrrdHeaderHidesNothingBehindLineEndsOrMegabytes) {
  write("secret.raw", "01234567");
  expect_refused(write("patient/a.nhdr", nrrd_header("# a comment\rdata file: ../secret.raw")), "data file",
                 "../secret.raw");
  std::string padding;
  while (padding.size() < (size_t{1} << 20)) padding += "# nothing to see here\n";
  expect_refused(write("patient/b.nhdr", nrrd_header(padding + "data file: ../secret.raw")), "NRRD header",
                 "does not end within 1 MiB");
}

TEST_F(ReferencedFiles, SlidesOfManyFilesStayInTheirFolder) {
  write("secret.dat", "tiles");
  const auto mirax = write("m/s.mrxs", "a preview");
  const auto settings = write("m/s/Slidedat.ini", "[DATAFILE]\nFILE_COUNT = 1\nFILE_0 = ../../secret.dat\n");
  PHOTO51_EXPECT_ERROR(referenced_files(mirax), data,
                       AllOf(HasSubstr(settings.string()), HasSubstr("FILE_0 names `../../secret.dat`")));
  write("m/s/Slidedat.ini", "[DATAFILE]\nFILE_COUNT = 0\n");
  fs::create_symlink(folder_ / "secret.dat", folder_ / "m/s/Data0000.dat");
  PHOTO51_EXPECT_ERROR(referenced_files(mirax), data, HasSubstr("Data0000.dat in its folder is a link"));
  const auto linked = write("n/s.mrxs", "a preview");
  fs::create_directory_symlink(folder_ / "m/s", folder_ / "n/s");
  PHOTO51_EXPECT_ERROR(referenced_files(linked), data, HasSubstr("its folder is a link that leads out"));
  const auto vms = write("m/s.vms", "[Virtual Microscope Specimen]\nImageFile=../secret.dat\n");
  PHOTO51_EXPECT_ERROR(referenced_files(vms), data, HasSubstr("ImageFile names `../secret.dat`"));
  const auto map = write("m/map.opt", "map");
  EXPECT_THAT(
      referenced_files(write("m/t.vms", "[Virtual Microscope Specimen]\nMapFile=map.opt\nNoLayers=1\n")),
      ElementsAre(map));
}

TEST_F(ReferencedFiles, RefusesWhatIsMissingOrNoFile) {
  for (const std::string name : {"absent.raw", "folder", "-"}) {
    core::make_directories(folder_ / "folder");
    expect_refused(write("a.mhd", meta_header("ElementDataFile = " + name)), "ElementDataFile", name);
    expect_refused(write("a.nhdr", nrrd_header("data file: " + name)), "data file", name);
  }
  expect_refused(write("c.mhd", meta_header("Comment = cut off")), "ElementDataFile", "cut off");
}

TEST_F(ReferencedFiles, RefusesPatternsThatDoNotNumberFiles) {
  for (const std::string pattern : {"%s.raw 1 2 1", "%n%d.raw 1 2 1", "v%02d.raw", "v%02d.raw 1 2 0",
                                    "v%02d.raw 2 1 1", "v%02d.raw 0 1000000000 1"}) {
    expect_refused(write("a.mhd", meta_header("ElementDataFile = " + pattern)), "ElementDataFile", pattern);
    expect_refused(write("a.nhdr", nrrd_header("data file: " + pattern)), "data file", pattern);
  }
}

TEST_F(ReferencedFiles, AMetaImageHasAFewDimensions) {
  for (const std::string count : {"1000000", "0", "-1", "11", "1e300", "3 3", "99999999999999999999", ""})
    for (const std::string sign : {" = ", ":"})
      expect_refused(
          write("a.mhd", "ObjectType = Image\nNDims" + sign + count + "\nElementDataFile = LOCAL\n"), "NDims",
          "1 to 10 dimensions");
  // The last one counts.
  expect_refused(write("a.mha", "ObjectType = Image\nNDims = 3\n NDims = 4000\nElementDataFile = LOCAL\n"),
                 "NDims", "4000");
}

TEST_F(ReferencedFiles, AMetaImageHidesNothingBehindTheNameOfItsLastField) {
  const std::string comment = "ObjectType = Image\nComment = ElementDataFile = LOCAL\n";
  expect_refused(write("a.mha", comment + "NDims = 4000\nElementDataFile = LOCAL\n"), "NDims", "`4000`");
  expect_refused(write("a.mha", comment + "NDims = 3\nCompressedDataSize = -1\nElementDataFile = LOCAL\n"),
                 "CompressedDataSize", "`-1`");
}

TEST_F(ReferencedFiles, AMetaImagePacksNoMoreThanThereIs) {
  for (const std::string size : {"-1", "1e9", "1000000000000", "99999999999999999999", "many"})
    expect_refused(
        write("a.mha", "ObjectType = Image\nNDims = 3\nCompressedData = True\nCompressedDataSize = " + size +
                           "\nElementDataFile = LOCAL\n"),
        "CompressedDataSize", "`" + size + "`");
  write("a.zraw", "01234567");
  const auto beside = [&](const std::string& size) {
    return write("a.mhd", "ObjectType = Image\nNDims = 3\nCompressedDataSize = " + size +
                              "\nElementDataFile = a.zraw\n");
  };
  EXPECT_EQ(referenced_files(beside("8")).size(), 1U);
  expect_refused(beside("800"), "CompressedDataSize", "`800`");
}

TEST_F(ReferencedFiles, TheHashAndSizeCoverTheVoxels) {
  const auto a = write("A/t.mhd", meta_header("ElementDataFile = t.raw"));
  const auto b = write("B/t.mhd", meta_header("ElementDataFile = t.raw"));
  write("A/t.raw", "01234567");
  write("B/t.raw", "01234568");
  EXPECT_NE(content_hash(a), content_hash(b));
  EXPECT_EQ(content_bytes(a), fs::file_size(a) + 8);
  write("B/t.raw", "01234567");
  EXPECT_EQ(content_hash(a), content_hash(b));
  const auto alone = write("alone.mha", meta_header("ElementDataFile = LOCAL") + "01234567");
  EXPECT_EQ(content_hash(alone), core::hash_file(alone));
}

TEST_F(ReferencedFiles, AMiraxSlideIsItsFolderToo) {
  const auto slide = write("s.mrxs", "a preview");
  EXPECT_THAT(referenced_files(slide), IsEmpty());
  const auto data = write("s/Data0000.dat", "tiles"), index = write("s/Index.dat", "index");
  EXPECT_THAT(referenced_files(slide), ElementsAre(data, index));
}

TEST_F(ReferencedFiles, ALinkToItselfInAFolderIsNoFile) {
  const auto file = write("series/a.dcm", "a");
  fs::create_symlink("loop", folder_ / "series/loop");
  EXPECT_THAT(content_files(folder_ / "series"), ElementsAre(file));
}

}  // namespace
}  // namespace photo51::imaging
