#include <algorithm>
#include <cstring>
#include <deque>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "imaging/privacy/formats.hpp"
#include "imaging/privacy/text.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

constexpr uint16_t kByte = 1, kAscii = 2, kUndefined = 7;
constexpr uint16_t kDescription = 270, kSubIfds = 330, kExif = 34665, kGps = 34853, kInterop = 40965;
/// More directories than any slide has; more entries than any directory.
constexpr size_t kMostDirectories = 10000;
constexpr uint64_t kMostEntries = 100000, kMostText = uint64_t{1} << 26;

std::string name_of_tag(uint16_t tag) {
  switch (tag) {
    case 269:
      return "DocumentName";
    case kDescription:
      return "ImageDescription";
    case 271:
      return "Make";
    case 272:
      return "Model";
    case 285:
      return "PageName";
    case 305:
      return "Software";
    case 306:
      return "DateTime";
    case 315:
      return "Artist";
    case 316:
      return "HostComputer";
    case 337:
      return "TargetPrinter";
    case 700:
      return "XMP";
    case 33432:
      return "Copyright";
    case 33723:
      return "IPTC";
    case 34377:
      return "Photoshop data";
    case kGps:
      return "GPS";
    case 36867:
      return "DateTimeOriginal";
    case 36868:
      return "DateTimeDigitized";
    case 37500:
      return "MakerNote";
    case 37510:
      return "UserComment";
    case 40091:
      return "XPTitle";
    case 40092:
      return "XPComment";
    case 40093:
      return "XPAuthor";
    case 40094:
      return "XPKeywords";
    case 40095:
      return "XPSubject";
    case 42016:
      return "ImageUniqueID";
    case 42032:
      return "CameraOwnerName";
    case 42033:
      return "BodySerialNumber";
    case 42037:
      return "LensSerialNumber";
    case 50839:
      return "ImageJ metadata";
    default:
      return "tag " + std::to_string(tag);
  }
}

/// Texts of a fixed meaning and binary tables, which hold no words of a person.
bool is_of_the_format(uint16_t tag) {
  constexpr uint16_t kMake = 271, kModel = 272, kColorProfile = 34675, kTables = 347, kInks = 333,
                     kExifVersion = 36864, kComponents = 37121, kFlashpix = 40960, kSpectral = 34852,
                     kFileSource = 41728, kSceneType = 41729, kPattern = 41730, kLensMake = 42035,
                     kLensModel = 42036, kSubSeconds = 37520, kLastSubSeconds = 37522;
  for (const uint16_t known :
       {kMake, kModel, kColorProfile, kTables, kInks, kExifVersion, kComponents, kFlashpix, kSpectral,
        kFileSource, kSceneType, kPattern, kLensMake, kLensModel})
    if (tag == known) return true;
  return tag >= kSubSeconds && tag <= kLastSubSeconds;
}

bool is_date_tag(uint16_t tag) {
  return tag == 306 || tag == 36867 || tag == 36868;
}

struct Entry {
  uint16_t tag = 0, type = 0;
  uint64_t count = 0, place = 0;  ///< where its value stands
};

class Tags {
 public:
  explicit Tags(const ReadAt& read) : read_(read) {}

  Findings look() {
    char mark[4];
    get(0, mark, sizeof mark);
    if (std::memcmp(mark, "II", 2) != 0 && std::memcmp(mark, "MM", 2) != 0)
      core::fail_data("its tags begin with neither II nor MM");
    big_endian_ = mark[0] == 'M';
    const uint64_t version = number(2, 2);
    constexpr uint64_t kClassic = 42, kBig = 43, kOlympus = 0x4F52;  // of some cameras
    if (version != kClassic && version != kBig && version != kOlympus)
      core::fail_data("its tags are of an unknown version");
    large_ = version == kBig;
    queue(large_ ? number(8, 8) : number(4, 4));
    for (; !waiting_.empty(); waiting_.pop_front()) directory(waiting_.front());
    return std::move(found_);
  }

 private:
  void get(uint64_t at, void* to, size_t count) const {
    if (read_(at, to, count) != count) core::fail_data("its tags lead beyond its end");
  }
  uint64_t number(uint64_t at, size_t bytes) const {
    unsigned char raw[8];
    get(at, raw, bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8U | raw[big_endian_ ? i : bytes - 1 - i];
    return value;
  }
  void queue(uint64_t at) {
    if (at == 0 || !seen_.insert(at).second) return;  // directories may lead back to one another
    if (seen_.size() > kMostDirectories) core::fail_data("it has more than 10000 directories");
    waiting_.push_back(at);
  }

  void directory(uint64_t at) {
    const uint64_t count = large_ ? number(at, 8) : number(at, 2);
    if (count > kMostEntries) core::fail_data("a directory has an absurd number of tags");
    const size_t head = large_ ? 8 : 2, size = large_ ? 20 : 12, field = large_ ? 8 : 4;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t here = at + head + i * size;
      Entry entry;
      entry.tag = static_cast<uint16_t>(number(here, 2));
      entry.type = static_cast<uint16_t>(number(here + 2, 2));
      entry.count = number(here + 4, field);
      entry.place = here + 4 + field;
      if (bytes_of(entry) > field) entry.place = number(entry.place, field);
      take(entry);
    }
    // An EXIF block may end behind its last entry.
    const uint64_t next = at + head + count * size;
    char there[8];
    if (read_(next, there, field) == field) queue(number(next, field));
  }

  static uint64_t width_of(uint16_t type) {
    constexpr uint64_t kWidths[] = {1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8};
    return type < std::size(kWidths) ? kWidths[type] : 1;
  }
  static uint64_t bytes_of(const Entry& entry) {
    if (entry.count > UINT64_MAX / 8) core::fail_data("a tag has an absurd length");
    return entry.count * width_of(entry.type);
  }

  void take(const Entry& entry) {
    if (entry.tag == kGps) found_.insert({name_of_tag(kGps), true});
    if (entry.tag == kSubIfds || entry.tag == kExif || entry.tag == kGps || entry.tag == kInterop)
      return follow(entry);
    if (is_of_the_format(entry.tag)) return;
    if (entry.type == kAscii) return take_text(entry);
    constexpr uint16_t kFirstPrivate = 32768, kXmp = 700;
    if ((entry.type == kByte || entry.type == kUndefined) &&
        (entry.tag >= kFirstPrivate || entry.tag == kXmp))
      take_bytes(entry);
  }

  void follow(const Entry& entry) {
    const uint64_t width = width_of(entry.type);
    if (width != 4 && width != 8) return;
    if (entry.count > kMostEntries) core::fail_data("it has an absurd number of directories");
    for (uint64_t i = 0; i < entry.count; ++i) queue(number(entry.place + i * width, width));
  }

  std::string value_of(const Entry& entry) const {
    const uint64_t bytes = bytes_of(entry);
    if (bytes > kMostText) core::fail_data(name_of_tag(entry.tag) + " is longer than 64 MB");
    std::string value(bytes, '\0');
    get(entry.place, value.data(), value.size());
    return value;
  }

  void take_text(const Entry& entry) {
    const std::string value = value_of(entry);
    // A tag may hold several texts, each to its NUL.
    for (const std::string& part : core::split(value, '\0')) {
      const std::string text(core::trim(part));
      if (entry.tag == kDescription) {
        found_.merge(identity_of_description(text));
      } else if (is_date_tag(entry.tag) ? !is_dummy_date(text) : !is_technical_text(text)) {
        constexpr uint16_t kSoftware = 305;
        found_.insert({name_of_tag(entry.tag), !is_date_tag(entry.tag) && entry.tag != kSoftware});
      }
    }
  }

  void take_bytes(const Entry& entry) {
    const std::string value = value_of(entry);
    constexpr uint16_t kUserComment = 37510;
    constexpr size_t kCode = 8;  // its character set, before the text
    const std::string_view text =
        std::string_view(value).substr(entry.tag == kUserComment ? std::min(kCode, value.size()) : 0);
    if (holds_words(text)) found_.insert({name_of_tag(entry.tag), false});
  }

  const ReadAt& read_;
  bool big_endian_ = false, large_ = false;
  std::set<uint64_t> seen_;
  std::deque<uint64_t> waiting_;
  Findings found_;
};

}  // namespace

Findings identity_of_tags(const ReadAt& read) {
  return Tags(read).look();
}

Findings identity_of_tiff(const fs::path& path) {
  core::require_regular_file(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) core::fail_data("it cannot be opened");
  return identity_of_tags([&](uint64_t offset, void* to, size_t count) -> size_t {
    if (offset > static_cast<uint64_t>(INT64_MAX)) return 0;
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(static_cast<char*>(to), static_cast<std::streamsize>(count));
    return static_cast<size_t>(file.gcount());
  });
}

}  // namespace photo51::imaging
