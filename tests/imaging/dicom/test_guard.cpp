#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "imaging/dicom/guard.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "support/dicom_file.hpp"
#include "support/dicom_objects.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::string raw(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

class DicomGuard : public testing::Test {
 protected:
  void save(const std::string& syntax, const std::string& dataset) {
    std::string uid = syntax;
    if (uid.size() % 2 != 0) uid += '\0';
    std::ofstream file(path(), std::ios::binary);
    file << std::string(128, '\0') << "DICM" << raw({2, 0, 0x10, 0}) << "UI"
         << raw({static_cast<int>(uid.size()), 0}) << uid << dataset;
  }
  std::string refusal() {
    std::istringstream bytes(core::read_file(path()));
    const std::string said = test::message_of(core::Fault::data, [&] { guard_dicom(path()); });
    EXPECT_EQ(test::message_of(core::Fault::data, [&] { guard_dicom(bytes); }), said);
    return said;
  }
  fs::path path() const { return folder_ / "a.dcm"; }
  test::TemporaryFolder folder_;
};

const char kImplicit[] = "1.2.840.10008.1.2", kExplicit[] = "1.2.840.10008.1.2.1",
           kBig[] = "1.2.840.10008.1.2.2", kDeflated[] = "1.2.840.10008.1.2.1.99";

TEST_F(DicomGuard, RefusesDeepNesting) {
  // A sequence and an item of undefined length.
  const std::string open_item = raw({0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF});
  const std::string little = raw({8, 0, 0x40, 0x11}) + "SQ" + raw({0, 0, 0xFF, 0xFF, 0xFF, 0xFF}) + open_item;
  const std::string unknown =
      raw({9, 0, 0x40, 0x11}) + "UN" + raw({0, 0, 0xFF, 0xFF, 0xFF, 0xFF}) + open_item;
  const std::string implicit = raw({8, 0, 0x40, 0x11, 0xFF, 0xFF, 0xFF, 0xFF}) + open_item;
  const std::string big = raw({0, 8, 0x11, 0x40}) + "SQ" + raw({0, 0, 0xFF, 0xFF, 0xFF, 0xFF}) +
                          raw({0xFF, 0xFE, 0xE0, 0, 0xFF, 0xFF, 0xFF, 0xFF});
  const auto times = [](const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  const std::vector<std::pair<std::string, std::string>> levels{
      {kExplicit, little}, {kImplicit, implicit}, {kBig, big}};
  for (const auto& [syntax, level] : levels) {
    save(syntax, times(level, 100));
    EXPECT_NO_THROW(guard_dicom(path())) << syntax;
    save(syntax, times(level, 1000));
    EXPECT_THAT(refusal(), HasSubstr("nested more than 128 deep")) << syntax;
  }
  save(kExplicit, unknown + times(implicit, 1000));
  EXPECT_THAT(refusal(), HasSubstr("nested"));
  // Behind a fragment of pixels, a stray item and a representation that is none.
  save(kExplicit, raw({0x10, 0, 0x10, 0}) + "pn" + raw({2, 0, 'A', 'B'}) + open_item + times(little, 1000));
  EXPECT_THAT(refusal(), HasSubstr("nested"));
}

TEST_F(DicomGuard, RefusesDeepNestingOfDefinedLength) {
  std::string inner;
  for (int i = 0; i < 200; ++i) {
    const auto length = [](size_t size) {
      std::string bytes(4, '\0');
      const auto number = static_cast<uint32_t>(size);
      std::memcpy(bytes.data(), &number, 4);
      return bytes;
    };
    inner = raw({0xFE, 0xFF, 0, 0xE0}) + length(inner.size()) + inner;
    inner = raw({8, 0, 0x40, 0x11}) + length(inner.size()) + inner;
  }
  save(kImplicit, inner);
  EXPECT_THAT(refusal(), HasSubstr("nested"));
}

TEST_F(DicomGuard, RefusesWhatUnpacksToFarMoreThanPromised) {
  const auto deflated = [](const std::string& plain) {
    std::string packed(plain.size() + 1000, '\0');
    z_stream zip{};
    EXPECT_EQ(deflateInit2(&zip, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    zip.avail_in = static_cast<uInt>(plain.size());
    zip.next_out = reinterpret_cast<Bytef*>(packed.data());
    zip.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&zip, Z_FINISH), Z_STREAM_END);
    packed.resize(zip.total_out);
    deflateEnd(&zip);
    return packed;
  };
  const auto pixels = [](int rows, uint32_t bytes) {
    std::string length(4, '\0');
    std::memcpy(length.data(), &bytes, 4);
    const auto us = [](int element, int value) {
      return raw({0x28, 0, element & 255, element >> 8}) + "US" + raw({2, 0, value & 255, value >> 8});
    };
    return us(2, 1) + us(0x10, rows) + us(0x11, 1000) + us(0x100, 16) + raw({0xE0, 0x7F, 0x10, 0}) + "OW" +
           raw({0, 0}) + length + std::string(bytes, '\0');
  };
  save(kDeflated, deflated(pixels(1000, 2'000'000)));
  EXPECT_NO_THROW(guard_dicom(path()));
  save(kDeflated, deflated(pixels(1000, 100'000'000)));
  EXPECT_THAT(refusal(), HasSubstr("its header promises 2000000 bytes of pixels"));
  // Elements without a value cost the parser more than the file.
  const std::string empty = raw({8, 0, 0x16, 0}) + "UI" + raw({0, 0});
  std::string many;
  for (int i = 0; i < 1'000'100; ++i) many += empty;
  save(kDeflated, deflated(many));
  EXPECT_THAT(refusal(), HasSubstr("unpacks to more than 1000000 elements"));
  const std::string frames = raw({0x28, 0, 8, 0}) + "IS" + raw({6, 0}) + "900000";
  save(kDeflated, deflated(frames + pixels(60000, 1000)));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("its header promises 900000 frame(s) of 1000 x 60000 pixels"),
                               HasSubstr("raise cohort.max_gib_per_file")));
}

TEST_F(DicomGuard, TheProgramSurvivesAHundredThousandSequences) {
  PHOTO51_NEEDS_SHARED_CASES("security/deep.dcm");
  const Inspection found = inspect(test::shared_cases() / "security/deep.dcm");
  EXPECT_THAT(found.error, HasSubstr("deep.dcm: has sequences nested more than 128 deep"));
}

}  // namespace
}  // namespace photo51::imaging
