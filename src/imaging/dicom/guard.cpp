#include "imaging/dicom/guard.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

/// Structured reports nest a dozen sequences.
constexpr size_t kDeepest = 128;
/// Of a deflated file: what there may be beside twice the promised pixels, and how much of that in elements,
/// each of which the parser gives some hundred bytes however short it is.
constexpr uint64_t kSpare = 64ULL << 20, kSpareElements = 1'000'000;
constexpr uint32_t kUndefined = 0xFFFFFFFF;

/// The file's bytes from front to back, inflated from where it is said.
class Bytes {
 public:
  explicit Bytes(std::istream& file) : file_(file) {}
  ~Bytes() {
    if (inflating_) inflateEnd(&zip_);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  uint64_t position() const { return position_; }

  /// The next bytes without passing them; fewer at the end.
  size_t peek(char* to, size_t count) {
    while (end_ - at_ < count && refill()) {
    }
    const size_t got = std::min(count, end_ - at_);
    std::memcpy(to, buffer_.data() + at_, got);
    return got;
  }
  bool read(char* to, size_t count) {
    if (peek(to, count) < count) return false;
    at_ += count;
    position_ += count;
    return true;
  }
  bool skip(uint64_t count) {
    while (count > 0) {
      const uint64_t here = std::min<uint64_t>(count, end_ - at_);
      at_ += here;
      position_ += here;
      count -= here;
      if (count == 0) return true;
      if (!inflating_ && count > buffer_.size()) {
        file_.seekg(static_cast<std::streamoff>(count), std::ios::cur);
        position_ += count;
        return static_cast<bool>(file_) && file_.peek() != std::istream::traits_type::eof();
      }
      if (!refill()) return false;
    }
    return true;
  }
  void inflate_from_here() {
    packed_.assign(buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
                   buffer_.begin() + static_cast<std::ptrdiff_t>(end_));
    at_ = end_ = 0;
    zip_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    zip_.avail_in = static_cast<uInt>(packed_.size());
    inflating_ = inflateInit2(&zip_, -MAX_WBITS) == Z_OK;
  }

 private:
  bool refill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= at_;
    at_ = 0;
    const size_t room = buffer_.size() - end_;
    const size_t got = inflating_ ? unpack(buffer_.data() + end_, room) : load(buffer_.data() + end_, room);
    end_ += got;
    return got > 0;
  }
  size_t load(char* to, size_t room) {
    file_.read(to, static_cast<std::streamsize>(room));
    return static_cast<size_t>(file_.gcount());
  }
  size_t unpack(char* to, size_t room) {
    zip_.next_out = reinterpret_cast<Bytef*>(to);
    zip_.avail_out = static_cast<uInt>(room);
    while (zip_.avail_out == room) {
      if (zip_.avail_in == 0) {
        packed_.resize(buffer_.size());
        const size_t got = load(packed_.data(), packed_.size());
        if (got == 0) return 0;
        zip_.next_in = reinterpret_cast<Bytef*>(packed_.data());
        zip_.avail_in = static_cast<uInt>(got);
      }
      const int state = inflate(&zip_, Z_NO_FLUSH);
      if (state != Z_OK) return room - zip_.avail_out;
    }
    return room - zip_.avail_out;
  }

  std::istream& file_;
  std::vector<char> buffer_ = std::vector<char>(1 << 16), packed_;
  size_t at_ = 0, end_ = 0;
  uint64_t position_ = 0;
  z_stream zip_{};
  bool inflating_ = false;
};

struct Syntax {
  bool is_explicit = true, is_big = false;
};

struct Element {
  uint16_t group = 0, number = 0;
  std::array<char, 2> vr{};
  uint32_t length = 0;
  bool is(const char* name) const { return vr[0] == name[0] && vr[1] == name[1]; }
};

/// A sequence or an item of one.
struct Level {
  bool is_sequence = false, holds_fragments = false;
  std::optional<uint64_t> end;
  Syntax syntax;
};

class Walk {
 public:
  explicit Walk(std::istream& file) : bytes_(file) {}

  void go() {
    char magic[132] = {};
    if (bytes_.peek(magic, sizeof magic) == sizeof magic && std::memcmp(magic + 128, "DICM", 4) == 0)
      bytes_.skip(sizeof magic);
    begin();
    while (true) {
      while (!levels_.empty() && levels_.back().end && bytes_.position() >= *levels_.back().end)
        levels_.pop_back();
      const Syntax syntax = levels_.empty() ? syntax_ : levels_.back().syntax;
      const auto element = next(syntax);
      if (!element) return;
      ++elements_;
      bound(element->length == kUndefined ? 0 : element->length);
      if (!enter(*element, syntax) && !leave_damage()) return;
    }
  }

 private:
  template <class T>
  static T number(const char* bytes, bool big) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[big ? i : sizeof(T) - 1 - i]);
      value = static_cast<T>(value << 8 | byte);
    }
    return value;
  }

  /// Passes the meta header and learns the transfer syntax; without one, by the look of the first element.
  void begin() {
    std::string uid;
    const Syntax meta{};
    char start[2];
    while (bytes_.peek(start, 2) == 2 && number<uint16_t>(start, false) == 2) {
      const auto element = next(meta);
      if (!element || element->length == kUndefined) return;
      if (element->number == 0x0010 && element->length <= 64) {
        uid.resize(element->length);
        if (!bytes_.read(uid.data(), uid.size())) return;
        while (!uid.empty() && (uid.back() == '\0' || uid.back() == ' ')) uid.pop_back();
      } else if (!bytes_.skip(element->length)) {
        return;
      }
    }
    if (uid.empty()) {
      char look[6] = {};
      bytes_.peek(look, sizeof look);
      syntax_.is_explicit = std::isupper(static_cast<unsigned char>(look[4])) != 0 &&
                            std::isupper(static_cast<unsigned char>(look[5])) != 0;
      syntax_.is_big = look[0] == 0 && look[1] != 0;
    }
    if (uid == "1.2.840.10008.1.2" || uid == "1.2.840.113619.5.2") syntax_.is_explicit = false;
    if (uid == "1.2.840.10008.1.2.2") syntax_.is_big = true;
    if (uid == "1.2.840.10008.1.2.1.99") {
      deflated_ = true;
      bytes_.inflate_from_here();
    }
  }

  std::optional<Element> next(const Syntax& syntax) {
    char head[8];
    if (!bytes_.read(head, sizeof head)) return {};
    Element element;
    element.group = number<uint16_t>(head, syntax.is_big);
    element.number = number<uint16_t>(head + 2, syntax.is_big);
    if (element.group == 0xFFFE || !syntax.is_explicit) {
      element.length = number<uint32_t>(head + 4, syntax.is_big);
      return element;
    }
    // As DCMTK takes them: what is no pair of capitals is a slip with a short length, and what is one and is
    // not known is of a standard to come, which all have long ones.
    element.vr = {head[4], head[5]};
    bool is_short = std::ranges::any_of(
        element.vr, [](char c) { return std::isupper(static_cast<unsigned char>(c)) == 0; });
    for (const char* vr : {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO",
                           "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"})
      is_short = is_short || element.is(vr);
    if (is_short) {
      element.length = number<uint16_t>(head + 6, syntax.is_big);
      return element;
    }
    char length[4];
    if (!bytes_.read(length, sizeof length)) return {};
    element.length = number<uint32_t>(length, syntax.is_big);
    return element;
  }

  /// Refuses a value that would unpack to what the header does not account for.
  void bound(uint64_t length) const {
    if (!deflated_) return;
    if (promised() > kSpare)
      require_within_limit(static_cast<double>(promised()), "its header promises " + std::to_string(frames_) +
                                                                " frame(s) of " + std::to_string(columns_) +
                                                                " x " + std::to_string(rows_) + " pixels");
    if (elements_ > kSpareElements)
      core::fail_data("is deflated and unpacks to more than " + std::to_string(kSpareElements) +
                      " elements; such a file is damaged or made to do harm");
    if (bytes_.position() + length <= kSpare + 2 * promised()) return;
    core::fail_data("is deflated and unpacks to " + std::to_string((bytes_.position() + length) >> 20) +
                    " MB or more, but its header promises " + std::to_string(promised()) +
                    " bytes of pixels (Rows (0028,0010), Columns (0028,0011), NumberOfFrames (0028,0008), "
                    "BitsAllocated (0028,0100)); such a file is damaged or made to do harm");
  }

  /// False when it does not fit where it stands.
  bool enter(const Element& element, const Syntax& syntax) {
    const bool in_sequence = !levels_.empty() && levels_.back().is_sequence;
    if (element.group == 0xFFFE) return delimit(element, in_sequence, syntax);
    if (in_sequence) return false;
    const bool pixels = element.group == 0x7FE0 && element.number == 0x0010;
    const bool unknown = element.is("UN") || !syntax.is_explicit;
    bool sequence = element.is("SQ") || element.length == kUndefined;
    if (!sequence && unknown && element.length >= 8) {
      char item[4];
      sequence = bytes_.peek(item, 4) == 4 && number<uint16_t>(item, syntax.is_big) == 0xFFFE &&
                 number<uint16_t>(item + 2, syntax.is_big) == 0xE000;
    }
    if (!sequence) {
      if (levels_.empty() && element.group == 0x0028) return note(element, syntax);
      return bytes_.skip(element.length);
    }
    Level level{true, pixels && element.length == kUndefined, {}, syntax};
    // Inside a sequence of unknown representation all is implicit little endian (PS3.5 6.2.2).
    if (element.is("UN")) level.syntax = {false, false};
    if (element.length != kUndefined) level.end = bytes_.position() + element.length;
    levels_.push_back(level);
    const auto depth = std::ranges::count_if(levels_, &Level::is_sequence);
    if (static_cast<size_t>(depth) > kDeepest)
      core::fail_data("has sequences nested more than " + std::to_string(kDeepest) +
                      " deep; such nesting is damaged or made to do harm, and is not read");
    return true;
  }

  bool delimit(const Element& element, bool in_sequence, const Syntax& syntax) {
    if (element.number == 0xE000) {
      if (!in_sequence) return true;
      if (levels_.back().holds_fragments) return element.length != kUndefined && bytes_.skip(element.length);
      Level item{false, false, {}, syntax};
      if (element.length != kUndefined) item.end = bytes_.position() + element.length;
      levels_.push_back(item);
      return true;
    }
    if (element.number == 0xE0DD && !in_sequence && levels_.size() > 1) levels_.pop_back();
    if (!levels_.empty()) levels_.pop_back();
    return true;
  }

  /// What the header promises of the pixels.
  bool note(const Element& element, const Syntax& syntax) {
    if (element.length > 16) return bytes_.skip(element.length);
    char value[17] = {};
    if (!bytes_.read(value, element.length)) return false;
    const auto take = [&](uint16_t tag, uint64_t& to) {
      if (element.number == tag && element.length == 2) to = number<uint16_t>(value, syntax.is_big);
    };
    take(0x0002, samples_);
    take(0x0010, rows_);
    take(0x0011, columns_);
    take(0x0100, bits_);
    if (element.number == 0x0008)
      frames_ = static_cast<uint64_t>(
          std::clamp<long long>(core::parse_int(core::trim(value)).value_or(1), 1, 1'000'000));
    return true;
  }
  uint64_t promised() const {
    return rows_ * columns_ * frames_ * std::min<uint64_t>(samples_, 4) * std::min<uint64_t>(bits_, 64) / 8;
  }

  /// Goes on after the innermost part whose end is known; false when there is none.
  bool leave_damage() {
    while (!levels_.empty() && (!levels_.back().end || *levels_.back().end < bytes_.position()))
      levels_.pop_back();
    return !levels_.empty() && bytes_.skip(*levels_.back().end - bytes_.position());
  }

  Bytes bytes_;
  Syntax syntax_;
  bool deflated_ = false;
  uint64_t elements_ = 0;
  std::vector<Level> levels_;
  uint64_t rows_ = 0, columns_ = 0, frames_ = 1, samples_ = 1, bits_ = 0;
};

}  // namespace

void guard_dicom(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  guard_dicom(file);
}

void guard_dicom(std::istream& file) {
  Walk(file).go();
}

}  // namespace photo51::imaging
