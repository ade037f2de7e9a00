#include "imaging/dicom/pixels/unpack.hpp"

#include <cstring>

namespace photo51::imaging {
namespace {

/// Arithmetic in `Work`, wide enough for the word's value with its sign.
template <class Word, class Work, class To>
void integers(const uint8_t* bytes, int64_t count, const WordLayout& layout, To* to) {
  const Word mask = layout.stored >= static_cast<int>(8 * sizeof(Word))
                        ? static_cast<Word>(~Word{0})
                        : static_cast<Word>((Word{1} << layout.stored) - 1);
  const Work sign = layout.is_signed ? Work{1} << (layout.stored - 1) : Work{0};
  const int shift = layout.shift;
  for (int64_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, bytes + static_cast<size_t>(i) * sizeof(Word), sizeof(Word));
    const auto value = static_cast<Work>(static_cast<Word>(word >> shift) & mask);
    to[i] = static_cast<To>((value ^ sign) - sign);
  }
}

}  // namespace

at::ScalarType type_for(const WordLayout& layout) {
  if (layout.is_float) return at::kFloat;
  if (layout.word == 1) return at::kByte;
  if (layout.word == 8) return layout.is_signed ? at::kShort : at::kByte;
  if (layout.word == 16) return layout.is_signed || layout.stored < 16 ? at::kShort : at::kInt;
  return layout.is_signed || layout.stored < 32 ? at::kInt : at::kLong;
}

void unpack(const uint8_t* bytes, int64_t first_bit, int64_t count, const WordLayout& layout, void* to) {
  if (layout.is_float && layout.word == 64) {
    for (int64_t i = 0; i < count; ++i) {
      double value;
      std::memcpy(&value, bytes + 8 * i, 8);
      static_cast<float*>(to)[i] = static_cast<float>(value);
    }
  } else if (layout.is_float) {
    std::memcpy(to, bytes, static_cast<size_t>(count) * 4);
  } else if (layout.word == 1) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t bit = first_bit + i;
      static_cast<uint8_t*>(to)[i] = static_cast<uint8_t>(bytes[bit / 8] >> (bit % 8) & 1);
    }
  } else if (layout.word == 8) {
    if (layout.is_signed)
      integers<uint8_t, int32_t>(bytes, count, layout, static_cast<int16_t*>(to));
    else
      integers<uint8_t, int32_t>(bytes, count, layout, static_cast<uint8_t*>(to));
  } else if (layout.word == 16) {
    if (type_for(layout) == at::kShort)
      integers<uint16_t, int32_t>(bytes, count, layout, static_cast<int16_t*>(to));
    else
      integers<uint16_t, int32_t>(bytes, count, layout, static_cast<int32_t*>(to));
  } else {
    if (type_for(layout) == at::kInt)
      integers<uint32_t, int64_t>(bytes, count, layout, static_cast<int32_t*>(to));
    else
      integers<uint32_t, int64_t>(bytes, count, layout, static_cast<int64_t*>(to));
  }
}

}  // namespace photo51::imaging
