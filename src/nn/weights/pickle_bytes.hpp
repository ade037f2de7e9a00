#pragma once
/// The bytes of a program in the pickle format, one piece after the other.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "photo51/core/error.hpp"

namespace photo51::nn {

[[noreturn]] inline void fail_pickle(const char* what) {
  core::fail_data(std::string("its pickle makes no sense: ") + what +
                  "; the file is damaged, or no file of torch.save");
}

/// Error (data) where the program ends before a piece does.
class PickleBytes {
 public:
  explicit PickleBytes(std::string_view program) : program_(program) {}

  std::string_view take(uint64_t count) {
    if (count > program_.size() - at_) fail_pickle("it is cut off");
    const std::string_view bytes = program_.substr(at_, count);
    at_ += count;
    return bytes;
  }
  /// Little-endian.
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  /// Without its end.
  std::string_view line() {
    const size_t end = program_.find('\n', at_);
    if (end == std::string_view::npos) fail_pickle("it is cut off");
    const std::string_view text = take(end - at_);
    ++at_;
    return text;
  }
  size_t at() const { return at_; }

 private:
  std::string_view program_;
  size_t at_ = 0;
};

}  // namespace photo51::nn
