#include "fuzz/mutants/made.hpp"

#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <zlib.h>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/write.hpp"
#include "support/dicom_objects.hpp"
#include "support/torch_archive.hpp"
#include "support/write_tiff.hpp"

namespace photo51::fuzz {
namespace {

namespace fs = std::filesystem;

std::string packed(const std::string& plain, int window_bits) {
  std::string bytes(compressBound(plain.size()) + 64, '\0');
  z_stream zip{};
  deflateInit2(&zip, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  zip.avail_in = static_cast<uInt>(plain.size());
  zip.next_out = reinterpret_cast<Bytef*>(bytes.data());
  zip.avail_out = static_cast<uInt>(bytes.size());
  if (deflate(&zip, Z_FINISH) != Z_STREAM_END) core::fail_run("zlib cannot pack");
  bytes.resize(zip.total_out);
  deflateEnd(&zip);
  return bytes;
}

void write_pictures(const fs::path& folder) {
  const at::Tensor rgb = at::randint(0, 256, {40, 50, 3}, at::kByte);
  core::write_file_atomic(folder / "rgb.png", imaging::encode_png(rgb));
  core::write_file_atomic(folder / "gray.png", imaging::encode_png(rgb.select(2, 0).contiguous()));
  core::write_file_atomic(folder / "flat.png", imaging::encode_png(at::zeros({200, 200}, at::kByte)));
  const at::Tensor slide = at::randint(0, 256, {3, 200, 240}, at::kByte);
  const at::Tensor smaller = slide.slice(1, 0, std::nullopt, 2).slice(2, 0, std::nullopt, 2);
  test::write_tiff(folder / "levels.tif", {{.rgb = slide, .mpp = 0.5}, {.rgb = smaller}});
  test::write_tiff(folder / "jpeg.tif", {{.rgb = slide, .compression = COMPRESSION_JPEG}}, true);
  test::write_tiff(
      folder / "ome.tif",
      {{.rgb = slide.narrow(0, 0, 1),
        .compression = COMPRESSION_LZW,
        .description =
            "<OME><Image ID='a'><Pixels DimensionOrder='XYZCT' SizeX='240' SizeY='200' SizeC='1' SizeZ='1' "
            "SizeT='1' PhysicalSizeX='0.5' PhysicalSizeY='0.5'><Channel Name='DAPI'/><TiffData IFD='0' "
            "PlaneCount='1'/></Pixels></Image></OME>"}});
}

void write_volumes(const fs::path& folder) {
  imaging::Volume volume;
  volume.data = at::randint(-100, 100, {1, 6, 7, 8}, at::kShort);
  volume.geometry.size = {8, 7, 6};
  volume.geometry.spacing = {1, 2, 3};
  imaging::write_nifti(volume, folder / "v.nii");
  imaging::write_nifti(volume, folder / "v.nii.gz");
  const auto* words = static_cast<const char*>(volume.data.const_data_ptr());
  const std::string voxels(words, volume.data.nbytes());
  const std::string nrrd =
      "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 8 7 6\nspace directions: "
      "(1,0,0) "
      "(0,2,0) (0,0,3)\nkinds: domain domain domain\nendian: little\nspace origin: (0,0,0)\nencoding: ";
  core::write_file_atomic(folder / "raw.nrrd", nrrd + "raw\n\n" + voxels);
  core::write_file_atomic(folder / "gzip.nrrd", nrrd + "gzip\n\n" + packed(voxels, MAX_WBITS + 16));
  const std::string meta =
      "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nTransformMatrix = 1 "
      "0 0 0 1 0 0 "
      "0 1\nOffset = 1 2 3\nElementSpacing = 1 2 3\nDimSize = 8 7 6\nElementType = MET_SHORT\n";
  core::write_file_atomic(folder / "raw.mha", meta + "ElementDataFile = LOCAL\n" + voxels);
  const std::string small = packed(voxels, MAX_WBITS);
  core::write_file_atomic(folder / "zlib.mha", meta + "CompressedData = True\nCompressedDataSize = " +
                                                   std::to_string(small.size()) +
                                                   "\nElementDataFile = LOCAL\n" + small);
}

void write_dicom(const fs::path& folder) {
  test::write_slice(folder / "native.dcm", "CT", 24, 0, 7);
  DcmFileFormat file;
  if (file.loadFile((folder / "native.dcm").c_str()).bad() ||
      file.saveFile((folder / "deflated.dcm").c_str(), EXS_DeflatedLittleEndianExplicit).bad())
    core::fail_run("DCMTK cannot deflate");
  DcmRLEEncoderRegistration::registerCodecs();
  if (file.getDataset()->chooseRepresentation(EXS_RLELossless, nullptr).bad() ||
      file.saveFile((folder / "rle.dcm").c_str(), EXS_RLELossless).bad())
    core::fail_run("DCMTK cannot encode runs");
  DcmRLEEncoderRegistration::cleanup();
  const std::vector<Uint8> ones(15, 1);
  test::write_segmentation(folder / "seg.dcm", {.between = 2},
                           {{.z = 0, .pixels = ones}, {.z = 2, .pixels = ones}});
  test::write_structure_set(folder / "rtstruct.dcm", {{"tumour", {{1, 1}, {8, 1}, {8, 8}, {1, 8}}, 0},
                                                      {"tumour", {{2, 2}, {6, 2}, {6, 6}}, 2}});
}

void write_texts(const fs::path& folder) {
  std::string header =
      R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"I64","shape":[1],)"
      R"("data_offsets":[24,32]}})";
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size());
  core::write_file_atomic(folder / "weights.safetensors", length + header + std::string(32, 'x'));
  // Without checksums, which would keep the reader from seeing what changed.
  const std::string floats = test::pickle::storage("FloatStorage", "0", 8);
  const std::string state = test::pickle::dict({{"a", test::pickle::tensor(floats, 2, {2, 3}, {3, 1})},
                                                {"b", test::pickle::tensor(floats, 0, {8}, {1})}});
  core::write_file_atomic(
      folder / "weights.pth",
      test::zip_archive({{.name = "w/data.pkl",
                          .bytes = test::pickle::program(test::pickle::dict({{"state_dict", state}})),
                          .checksum = false},
                         {.name = "w/data/0", .bytes = std::string(32, 'x'), .checksum = false}},
                        {.wide = true}));
  core::write_file_atomic(folder / "table.csv",
                          "patient,site,\"age, years\",note\nP1,A,61,\"said \"\"no\"\"\"\nP2,B,,\n");
  core::write_file_atomic(
      folder / "config.yaml",
      "count: 3\nwindow: {low: 0, high: [1, 2]}\nnames: &n [a, b]\nagain: *n\ntext: |\n  line\n");
}

}  // namespace

void write_originals(const fs::path& folder) {
  at::manual_seed(1);
  write_pictures(folder);
  write_volumes(folder);
  write_dicom(folder);
  write_texts(folder);
}

}  // namespace photo51::fuzz
