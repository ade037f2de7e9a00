#include <gmock/gmock.h>
#include <zlib.h>

#include <cstring>
#include <fstream>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/privacy/privacy.hpp"
#include "photo51/imaging/write.hpp"
#include "support/shared_data.hpp"
#include "support/write_tiff.hpp"

namespace photo51::imaging {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

namespace fs = std::filesystem;

class PrivacyOfFormats : public ::testing::Test {
 protected:
  std::vector<std::string> of(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return elements(name);
  }
  std::vector<std::string> elements(const std::string& name, Care care = Care::thorough) const {
    const Identity identity = identity_of(folder_ / name, care);
    EXPECT_THAT(identity.unchecked, IsEmpty());
    return identity.elements;
  }
  std::vector<std::string> unchecked(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return identity_of(folder_ / name).unchecked;
  }
  std::string nifti() const {
    Geometry geometry;
    geometry.size = {2, 2, 2};
    write_nifti(make_volume(at::ones({1, 2, 2, 2}, at::kByte), geometry), folder_ / "made.nii");
    std::ifstream file(folder_ / "made.nii", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::TemporaryFolder folder_;
};

std::string with_text(std::string bytes, size_t at, const std::string& text) {
  return bytes.replace(at, text.size(), text);
}

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
std::string big(uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
          static_cast<char>(value)};
}

TEST_F(PrivacyOfFormats, NiftiFields) {
  const std::string plain = nifti();
  EXPECT_THAT(of("a.nii", plain), IsEmpty());
  struct Place {
    size_t at;
    const char* name;
  };
  for (const auto& [at, name] : {Place{4, "data_type"}, Place{14, "db_name"}, Place{148, "descrip"},
                                 Place{228, "aux_file"}, Place{328, "intent_name"}})
    EXPECT_THAT(of("a.nii", with_text(plain, at, "Franklin")), ElementsAre(name));
  // What converters write of themselves and of the sequence is nobody's; the time of day is the patient's.
  const std::string blank = with_text(plain, 148, std::string(80, '\0'));
  for (const char* technical : {"FSL5.0", "6.0.5:9e026117", "TE=4.2;phase=1", "spm - 3D normalized"})
    EXPECT_THAT(of("a.nii", with_text(blank, 148, technical)), IsEmpty()) << technical;
  for (const char* telling : {"TE=4.2;Time=124529.345", "12.03.1961", "FSL of Franklin", "0815"})
    EXPECT_THAT(of("a.nii", with_text(blank, 148, telling)), ElementsAre("descrip")) << telling;
  // Behind the text's end.
  EXPECT_THAT(of("a.nii", with_text(blank, 160, "Franklin")), ElementsAre("descrip"));
}

TEST_F(PrivacyOfFormats, NiftiExtensions) {
  const std::string plain = nifti();
  const auto extended = [&](int32_t code, const std::string& text, char flag = 1) {
    std::string body = text;
    body.resize((text.size() + 8 + 15) / 16 * 16 - 8, '\0');
    const std::string extension = raw(static_cast<int32_t>(body.size() + 8)) + raw(code) + body;
    std::string file = with_text(plain, 108, raw(static_cast<float>(352 + extension.size())));
    file[348] = flag;
    return file.insert(352, extension);
  };
  EXPECT_THAT(of("a.nii", extended(6, "Franklin, Rosalind")), ElementsAre("NIfTI extension 6"));
  EXPECT_THAT(of("a.nii", extended(6, "")), IsEmpty());
  EXPECT_THAT(of("a.nii", extended(6, "Franklin, Rosalind", 0)), ElementsAre("text before the voxels"));
  const std::string packed = (folder_ / "packed.nii.gz").string(), file = extended(2, "Franklin");
  gzFile gz = gzopen(packed.c_str(), "wb");
  ASSERT_EQ(gzwrite(gz, file.data(), static_cast<unsigned>(file.size())), static_cast<int>(file.size()));
  gzclose(gz);
  EXPECT_THAT(elements("packed.nii.gz"), ElementsAre("NIfTI extension 2"));
  EXPECT_THAT(unchecked("far.nii", with_text(plain, 108, raw(1e9F))),
              ElementsAre(HasSubstr("far.nii: more than 16 MB stand before its voxels")));
}

TEST_F(PrivacyOfFormats, NrrdAndMetaImage) {
  const std::string nrrd =
      "NRRD0004\n# Complete NRRD file format specification at:\n# "
      "http://teem.sourceforge.net/nrrd/format.html\ntype: uchar\ndimension: 3\nsizes: 1 1 "
      "1\nencoding: raw\nDWMRI_b-value:=1000\nSegment0_Name:=tumour\n";
  EXPECT_THAT(of("a.nrrd", nrrd + "\nx"), IsEmpty());
  EXPECT_THAT(of("a.nrrd", nrrd + "patient:=Franklin\n# seen by Watson\ncontent: Rosalind\r\n\r\nx"),
              ElementsAre("comment", "content", "patient"));
  EXPECT_THAT(of("a.nrrd", nrrd + "\npatient:=pixels"), IsEmpty());  // the voxels
  const std::string meta = "ObjectType = Image\nNDims = 3\nDimSize = 1 1 1\nElementType = MET_UCHAR\n";
  const std::string end = "ElementDataFile = LOCAL\nx";
  EXPECT_THAT(of("a.mha", meta + end), IsEmpty());
  EXPECT_THAT(of("a.mha", meta + "Comment = Franklin\nName = Rosalind\nAcquisitionDate = 19520506\n" + end),
              ElementsAre("AcquisitionDate", "Comment", "Name"));
  EXPECT_THAT(unchecked("b.mha", meta), ElementsAre(HasSubstr("has no ElementDataFile")));
}

TEST_F(PrivacyOfFormats, TiffTags) {
  const at::Tensor pixels = at::zeros({1, 16, 16}, at::kByte);
  const auto described = [&](const std::string& text) {
    test::TiffLevel level;
    level.rgb = pixels;
    level.tile = 0;
    level.description = text;
    test::write_tiff(folder_ / "a.tif", {level});
    return elements("a.tif");
  };
  EXPECT_THAT(described(""), IsEmpty());
  EXPECT_THAT(described("Franklin"), ElementsAre("ImageDescription"));
  EXPECT_THAT(described("ImageJ=1.53c\nimages=1\nunit=micron\n"), IsEmpty());
  EXPECT_THAT(described("ImageJ=1.53c\nimages=1\npatient=Franklin\n"), ElementsAre("ImageJ patient"));
  EXPECT_THAT(
      described("Aperio Image Library v11.2.1\n16x16 [0,0 16x16] (16x16) JPEG/RGB Q=30|AppMag = 20|MPP = "
                "0.5|User = rosalind|Date = 12/29/09"),
      ElementsAre("aperio.User", "aperio.Date"));
  EXPECT_THAT(
      described("<OME><Image ID=\"Image:0\" Name=\"Image0\"><AcquisitionDate>1952-05-06</AcquisitionDate>"
                "<Pixels SizeX=\"16\"/></Image><Experimenter ID=\"E:0\" LastName=\"Gosling\"/>"
                "<Instrument><Microscope SerialNumber=\"A51\"/></Instrument></OME>"),
      ElementsAre("OME Experimenter LastName", "OME AcquisitionDate", "OME Microscope SerialNumber"));
  EXPECT_THAT(described("<OME><Image>Franklin"), Contains("ImageDescription"));

  described("");
  TIFF* tiff = TIFFOpen((folder_ / "a.tif").c_str(), "r+");
  ASSERT_NE(tiff, nullptr);
  for (const uint32_t tag :
       {TIFFTAG_ARTIST, TIFFTAG_HOSTCOMPUTER, TIFFTAG_DOCUMENTNAME, TIFFTAG_PAGENAME, TIFFTAG_COPYRIGHT})
    TIFFSetField(tiff, tag, "Franklin");
  TIFFSetField(tiff, TIFFTAG_DATETIME, "1952:05:06 12:00:00");
  TIFFSetField(tiff, TIFFTAG_SOFTWARE, "ImageJ 1.53");
  TIFFRewriteDirectory(tiff);
  TIFFClose(tiff);
  EXPECT_THAT(elements("a.tif"),
              ElementsAre("Artist", "Copyright", "DocumentName", "HostComputer", "PageName", "DateTime"));
}

/// A classic little-endian TIFF of one directory of ASCII tags; `next`: where a further one stands.
std::string tags_of(const std::vector<std::pair<uint16_t, std::string>>& texts, uint32_t next = 0) {
  std::string file =
      "II*" + std::string(1, '\0') + raw(uint32_t{8}) + raw(static_cast<uint16_t>(texts.size()));
  auto place = static_cast<uint32_t>(10 + 12 * texts.size() + 4);
  std::string values;
  for (const auto& [tag, text] : texts) {
    file += raw(tag) + raw(uint16_t{2}) + raw(static_cast<uint32_t>(text.size() + 1)) +
            raw(static_cast<uint32_t>(place + values.size()));
    values += text + '\0';
  }
  return file + raw(next) + values;
}

TEST_F(PrivacyOfFormats, TiffTagsOfNobodyAndDirectoriesThatLoop) {
  EXPECT_THAT(of("a.tif", tags_of({{51000, "Franklin"}, {305, "libtiff 4.5"}}, 8)), ElementsAre("tag 51000"));
  EXPECT_THAT(unchecked("cut.tif", tags_of({{315, "Franklin"}}).substr(0, 30)),
              ElementsAre(HasSubstr("cut.tif: its tags lead beyond its end")));
}

TEST_F(PrivacyOfFormats, TiffTagsThatPromiseTooMuch) {
  // A BigTIFF counts in 8 bytes; its directory stands at byte 16.
  const std::string head =
      "II+" + std::string(1, '\0') + raw(uint16_t{8}) + raw(uint16_t{0}) + raw(uint64_t{16});
  EXPECT_THAT(unchecked("tags.tif", head + raw(uint64_t{100001})),
              ElementsAre(HasSubstr("tags.tif: a directory has an absurd number of tags")));
  EXPECT_THAT(unchecked("long.tif", head + raw(uint64_t{1}) + raw(uint16_t{315}) + raw(uint16_t{2}) +
                                        raw(uint64_t{1} << 62U) + raw(uint64_t{0})),
              ElementsAre(HasSubstr("long.tif: a tag has an absurd length")));
  constexpr uint16_t kSubIfds = 330, kLong = 4;
  EXPECT_THAT(
      unchecked("many.tif", "II*" + std::string(1, '\0') + raw(uint32_t{8}) + raw(uint16_t{1}) +
                                raw(kSubIfds) + raw(kLong) + raw(uint32_t{100001}) + raw(uint32_t{0})),
      ElementsAre(HasSubstr("many.tif: it has an absurd number of directories")));
}

std::string png_chunk(const std::string& name, const std::string& value) {
  return big(static_cast<uint32_t>(value.size())) + name + value + std::string(4, '\0');
}

TEST_F(PrivacyOfFormats, PngChunks) {
  const std::string start = "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", std::string(13, '\0'));
  const std::string end = png_chunk("IDAT", "pixels") + png_chunk("IEND", "");
  const auto text = [](const std::string& keyword, const std::string& value) {
    return png_chunk("tEXt", keyword + '\0' + value);
  };
  EXPECT_THAT(of("a.png", start + text("Software", "Matplotlib version3.5.1, https://matplotlib.org/") + end),
              IsEmpty());
  EXPECT_THAT(of("a.png", start + text("Author", "Gosling") + text("Comment", "of Franklin") + end),
              ElementsAre("PNG text Author", "PNG text Comment"));
  EXPECT_THAT(of("a.png", start + end + text("Comment", "behind")), ElementsAre("bytes after the image"));
  EXPECT_THAT(of("a.png",
                 start + png_chunk("IDAT", "x") + text("Title", "behind the pixels") + png_chunk("IEND", "")),
              ElementsAre("PNG text Title"));
  EXPECT_THAT(of("a.png", start + png_chunk("tIME", "1234567") + png_chunk("prVt", "Franklin") +
                              png_chunk("eXIf", tags_of({{315, "Franklin"}})) + end),
              ElementsAre("Artist", "PNG chunk prVt", "PNG tIME"));
  EXPECT_THAT(unchecked("cut.png", start + "\xff\xff\xff\x7ftEXt"),
              ElementsAre(HasSubstr("ends within a chunk")));
}

std::string segment(int marker, const std::string& body) {
  const auto length = static_cast<uint16_t>(body.size() + 2);
  return std::string(1, '\xff') + static_cast<char>(marker) + static_cast<char>(length >> 8U) +
         static_cast<char>(length & 0xFFU) + body;
}

TEST_F(PrivacyOfFormats, JpegSegments) {
  const std::string start = "\xff\xd8" + segment(0xE0, std::string("JFIF\0\1\1", 7)),
                    scan = segment(0xDA, "abcdef") + "pixels\xff" + std::string(1, '\0') + "\xff\xd3more",
                    end = "\xff\xd9";
  EXPECT_THAT(of("a.jpg", start + segment(0xFE, "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90") +
                              scan + end),
              IsEmpty());
  EXPECT_THAT(of("a.jpg", start + segment(0xFE, "Franklin") + scan + end), ElementsAre("JPEG comment"));
  const std::string exif =
      std::string("Exif\0\0", 6) + tags_of({{315, "Gosling"}, {306, "1952:05:06 12:00:00"}});
  EXPECT_THAT(of("a.jpg", start + segment(0xE1, exif) + scan + end), ElementsAre("Artist", "DateTime"));
  EXPECT_THAT(of("a.jpg", start + segment(0xE1, "http://ns.adobe.com/xap/1.0/") + segment(0xE5, "Franklin") +
                              scan + end),
              ElementsAre("JPEG APP5 segment", "XMP"));
  EXPECT_THAT(of("a.jpg", start + scan + end + "Franklin"), ElementsAre("bytes after the image"));
  EXPECT_THAT(of("a.jpg", start + scan + segment(0xFE, "Franklin") + scan + end),
              ElementsAre("JPEG comment"));
  EXPECT_THAT(elements("a.jpg", Care::quick), IsEmpty());
  EXPECT_THAT(unchecked("cut.jpg", start + "\xff\xfe\x7f\x7f" + "Franklin"),
              ElementsAre(HasSubstr("ends within a segment")));
}

TEST_F(PrivacyOfFormats, InspectNamesTheSame) {
  std::ofstream(folder_ / "a.nii", std::ios::binary) << with_text(nifti(), 14, "Franklin");
  EXPECT_THAT(inspect(folder_ / "a.nii").phi, ElementsAre("db_name"));
}

TEST_F(PrivacyOfFormats, PublicFilesAreQuietOrTold) {
  PHOTO51_NEEDS_SHARED_DATA("wsi");
  const fs::path data = test::shared_data();
  EXPECT_THAT(identity_of(data / "wsi/CMU-1-Small-Region.svs").elements,
              IsSupersetOf({"aperio.User", "aperio.Date", "aperio.Time", "label picture", "macro picture"}));
  for (const char* folder : {"lgg/images", "sts/images", "busi/images", "radiomics/pyradiomics"}) {
    if (!fs::exists(data / folder)) continue;
    int looked = 0;
    for (const auto& entry : fs::recursive_directory_iterator(data / folder)) {
      if (!entry.is_regular_file() || looked > 40) continue;
      const std::string suffix = entry.path().extension().string();
      if (suffix != ".gz" && suffix != ".jpg" && suffix != ".nrrd") continue;
      ++looked;
      EXPECT_EQ(identity_of(entry.path()), Identity{}) << entry.path();
    }
    EXPECT_GT(looked, 0) << folder;
  }
}

}  // namespace
}  // namespace photo51::imaging
