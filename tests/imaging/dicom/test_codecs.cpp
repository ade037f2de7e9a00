/// Compressed streams that are not what the header says, or not whole.

#include <ATen/ops/equal.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imaging/dicom/header.hpp"
#include "imaging/dicom/pixels/codecs.hpp"
#include "imaging/dicom/pixels/fragments.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "support/dicom_file.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::HasSubstr;

/// One stream of each family, and what decodes it.
struct Stream {
  const char* file;
  DecodedFrame (*decode)(ByteSpan, const FrameShape&);
  const char* name;
};
const Stream kStreams[] = {
    {"MR_small_jp2klossless.dcm",
     [](ByteSpan bytes, const FrameShape& shape) { return decode_jpeg2000(bytes, shape, 1); }, "JPEG 2000"},
    {"MR_small_jpeg_ls_lossless.dcm", decode_jpeg_ls, "JPEG-LS"},
    {"SC_rgb_jpeg_dcmtk.dcm", decode_jpeg, "JPEG"}};

template <class Work>
std::string refusal(const Work& work) {
  return test::message_of(core::Fault::data, work);
}

TEST(DicomCodecs, RefuseWhatIsCutOffDamagedOrAnotherSize) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  for (const Stream& stream : kStreams) {
    SCOPED_TRACE(stream.name);
    const DicomHeader header = read_dicom_header(test::shared_data() / "dicom/files" / stream.file);
    const std::vector<uint8_t> bytes = read_compressed_frames(*header.file->getDataset(), 1)[0];
    const FrameShape shape{header.rows, header.columns, header.samples};
    EXPECT_EQ(stream.decode(bytes, shape).bytes.size(),
              static_cast<size_t>(shape.rows * shape.columns * header.samples * header.bits_allocated / 8));
    FrameShape other = shape;
    other.rows += 1;
    EXPECT_THAT(refusal([&] { stream.decode(bytes, other); }), HasSubstr("but its compressed pixels are"));
    const std::string refused = std::string("its ") + stream.name + " pixels cannot be decoded";
    for (const size_t kept : {size_t{0}, size_t{3}, bytes.size() / 3, bytes.size() * 2 / 3})
      EXPECT_THAT(refusal([&] { stream.decode(ByteSpan(bytes).first(kept), shape); }), HasSubstr(refused))
          << kept;
    const std::vector<uint8_t> garbage(1000, 0x5A);
    EXPECT_THAT(refusal([&] { stream.decode(garbage, shape); }), HasSubstr(refused));
  }
}

TEST(DicomCodecs, ReadTheHeaderOfAJpeg) {
  const std::vector<uint8_t> lossless{0xFF, 0xD8, 0xFF, 0xFF, 0xFE, 0, 4, 1, 2,  // a comment, padded
                                      0xFF, 0xC3, 0,    11,   16,   1, 2, 0, 9, 1, 0, 0};
  const JpegHeader header = read_jpeg_header(lossless);
  EXPECT_EQ(header.process, 3);
  EXPECT_EQ(header.precision, 16);
  EXPECT_EQ(header.rows, 258);
  EXPECT_EQ(header.columns, 9);
  EXPECT_EQ(header.samples, 1);
  EXPECT_THAT(refusal([&] { read_jpeg_header(ByteSpan(lossless).first(10)); }), HasSubstr("no frame header"));
}

/// A frame header of three components with these names and this sampling of the first, behind an APP segment.
std::vector<uint8_t> color_stream(const std::vector<uint8_t>& app, const char* names, uint8_t sampling) {
  std::vector<uint8_t> stream{0xFF, 0xD8};
  stream.insert(stream.end(), app.begin(), app.end());
  stream.insert(stream.end(), {0xFF, 0xC0, 0, 17, 8, 0, 4, 0, 4, 3});
  for (size_t c = 0; c < 3; ++c)
    stream.insert(stream.end(), {static_cast<uint8_t>(names[c]), c == 0 ? sampling : uint8_t{0x11}, 0});
  return stream;
}

TEST(DicomCodecs, AStreamSaysItsColors) {
  const auto adobe = [](uint8_t transform) {
    return std::vector<uint8_t>{0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, transform};
  };
  const std::vector<uint8_t> none, jfif{0xFF, 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 2, 0, 0, 1, 0, 1, 0, 0};
  const auto is_ycc = [](const std::vector<uint8_t>& stream) { return read_jpeg_header(stream).is_ycc; };
  EXPECT_EQ(is_ycc(color_stream(none, "\1\2\3", 0x11)), std::nullopt);
  EXPECT_EQ(is_ycc(color_stream(none, "RGB", 0x11)), false);
  EXPECT_EQ(is_ycc(color_stream(none, "rgb", 0x11)), false);
  EXPECT_EQ(is_ycc(color_stream(none, "\1\2\3", 0x21)), true);
  EXPECT_EQ(is_ycc(color_stream(jfif, "\1\2\3", 0x11)), true);
  EXPECT_EQ(is_ycc(color_stream(adobe(0), "\1\2\3", 0x11)), false);
  EXPECT_EQ(is_ycc(color_stream(adobe(1), "\1\2\3", 0x11)), true);
}

/// The header's word for the colors is changed; the stream decides where it says something itself.
TEST(DicomCodecs, FollowsTheStreamNotTheHeader) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const test::TemporaryFolder folder;
  const auto files = test::shared_data() / "dicom/files";
  const auto colors = [&](const char* name, const char* photometric) {
    DcmFileFormat file;
    EXPECT_TRUE(file.loadFile((files / name).c_str()).good());
    file.getDataset()->putAndInsertString(DCM_PhotometricInterpretation, photometric);
    const auto path = folder / name;
    EXPECT_TRUE(file.saveFile(path.c_str(), file.getDataset()->getOriginalXfer()).good());
    return read_dicom_pixels(read_dicom_header(path));
  };
  // Chrominance that is stored more coarsely; components that are named R, G and B.
  EXPECT_TRUE(at::equal(colors("SC_rgb_dcmtk_+eb+cy+np.dcm", "RGB"),
                        colors("SC_rgb_dcmtk_+eb+cy+np.dcm", "YBR_FULL_422")));
  EXPECT_TRUE(
      at::equal(colors("SC_rgb_dcmtk_+eb+cr.dcm", "YBR_FULL"), colors("SC_rgb_dcmtk_+eb+cr.dcm", "RGB")));
}

TEST(DicomCodecs, DeepLuminanceAndChrominanceAreNotConverted) {
  const test::TemporaryFolder folder;
  test::DicomFile file;
  file.text(0x00280004, "CS", "YBR_FULL").pixels16(1, 2, 1, 16, {1, 2, 3, 4, 5, 6});
  file.shorts(0x00280002, {3}).shorts(0x00280006, {0}).save(folder / "deep.dcm");
  EXPECT_THAT(
      refusal([&] { read_dicom_pixels(read_dicom_header(folder / "deep.dcm")); }),
      HasSubstr("deep.dcm: colors of 16 bits in YBR_FULL cannot be converted; convert the file to RGB"));
}

TEST(DicomCodecs, FragmentsOfAFrameAreJoined) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const test::TemporaryFolder folder;
  const auto file = test::shared_data() / "dicom/files/emri_small_jpeg_ls_lossless.dcm";
  const DicomHeader header = read_dicom_header(file);
  const auto frames = read_compressed_frames(*header.file->getDataset(), 10);
  ASSERT_EQ(frames.size(), 10U);

  // The same frames, each in two fragments, without an offset table.
  DcmFileFormat split;
  ASSERT_TRUE(split.loadFile(file.c_str()).good());
  auto* sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  for (const auto& frame : frames) {
    const size_t half = frame.size() / 4 * 2;
    for (const auto& [begin, end] : {std::pair{size_t{0}, half}, std::pair{half, frame.size()}}) {
      auto* item = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
      item->putUint8Array(frame.data() + begin, static_cast<unsigned long>(end - begin));
      sequence->insert(item);
    }
  }
  auto* pixels = new DcmPixelData(DCM_PixelData);
  pixels->putOriginalRepresentation(EXS_JPEGLSLossless, nullptr, sequence);
  split.getDataset()->insert(pixels, true);
  EXPECT_EQ(read_compressed_frames(*split.getDataset(), 10), frames);
  EXPECT_THAT(refusal([&] { read_compressed_frames(*split.getDataset(), 9); }),
              HasSubstr("which of its 20 fragments make which of its 9 frames cannot be told"));
  EXPECT_THAT(refusal([&] { read_compressed_frames(*split.getDataset(), 21); }),
              HasSubstr("says 21 frames, but its pixels are 20 fragments"));
}

TEST(DicomCodecs, AnIconOfAbsurdSizeIsLeftAlone) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const test::TemporaryFolder folder;
  const auto original = test::shared_data() / "dicom/files/MR_small_RLE.dcm";
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(original.c_str()).good());
  DcmItem* icon = nullptr;
  ASSERT_TRUE(file.getDataset()->findOrCreateSequenceItem(DCM_IconImageSequence, icon).good());
  for (const DcmTagKey& tag : {DCM_Rows, DCM_Columns}) icon->putAndInsertUint16(tag, 65535);
  for (const DcmTagKey& tag : {DCM_BitsAllocated, DCM_BitsStored}) icon->putAndInsertUint16(tag, 16);
  icon->putAndInsertUint16(DCM_SamplesPerPixel, 1);
  icon->putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  auto* sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  auto* item = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
  const std::vector<Uint8> garbage(128, 0x5A);
  item->putUint8Array(garbage.data(), static_cast<unsigned long>(garbage.size()));
  sequence->insert(item);
  auto* pixels = new DcmPixelData(DCM_PixelData);
  pixels->putOriginalRepresentation(EXS_RLELossless, nullptr, sequence);
  icon->insert(pixels);
  ASSERT_TRUE(file.saveFile((folder / "icon.dcm").c_str(), EXS_RLELossless).good());
  EXPECT_TRUE(at::equal(read_dicom_pixels(read_dicom_header(folder / "icon.dcm")),
                        read_dicom_pixels(read_dicom_header(original))));
}

TEST(DicomCodecs, AFileCutInItsPixelsIsAnError) {
  PHOTO51_NEEDS_SHARED_DATA("dicom/files");
  const test::TemporaryFolder folder;
  for (const char* name : {"MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "JPEG-LL.dcm",
                           "SC_rgb_jpeg_dcmtk.dcm", "emri_small_jpeg_ls_lossless.dcm"}) {
    const std::string bytes = core::read_file(test::shared_data() / "dicom/files" / name);
    core::write_file_atomic(folder / name, bytes.substr(0, bytes.size() * 3 / 4));
    const Inspection found = inspect(folder / name);
    EXPECT_THAT(found.error, HasSubstr(name));
    EXPECT_FALSE(found.measured) << name;
  }
}

}  // namespace
}  // namespace photo51::imaging
