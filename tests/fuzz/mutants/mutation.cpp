#include "fuzz/mutants/mutation.hpp"

#include <algorithm>
#include <array>

namespace photo51::fuzz {
namespace {

using core::Random;

/// A run of up to `most` bytes, short ones more often.
std::pair<size_t, size_t> run_in(const Bytes& file, size_t most, Random& random) {
  const size_t begin = random.below(file.size());
  const size_t limit = std::min(most, file.size() - begin);
  return {begin, 1 + random.below(1 + random.below(limit))};
}

/// At and around the ends of the usual words, and a small and any number.
uint64_t absurd(Random& random) {
  constexpr std::array<uint64_t, 12> kNumbers{0,     1,       255,        256,        32767,      32768,
                                              65535, 1000000, 2147483647, 2147483648, 4294967295, UINT64_MAX};
  const uint64_t pick = random.below(kNumbers.size() + 2);
  if (pick < kNumbers.size()) return kNumbers[pick];
  return pick == kNumbers.size() ? random.below(100) : random.next_u64();
}

Mutant flip(const Bytes& file, const std::vector<Field>& fields, Random& random) {
  Mutant mutant{"bits flipped:", file};
  for (uint64_t left = 1 + random.below(1 + random.below(16)); left > 0; --left) {
    size_t at = random.below(file.size());
    if (!fields.empty() && random.chance(0.5)) {
      // Mostly in what a field says: where its tag or length is hit, the file falls apart at once.
      const Field& field = fields[random.below(fields.size())];
      const bool in_value = field.value.bytes > 0 && random.chance(0.8);
      at = in_value ? field.value.at + random.below(field.value.bytes) : field.begin + random.below(12);
      at = std::min(file.size() - 1, at);
    }
    const uint64_t bit = random.below(8);
    mutant.bytes[at] = static_cast<uint8_t>(mutant.bytes[at] ^ (1U << bit));
    mutant.what += " " + std::to_string(at) + "." + std::to_string(bit);
  }
  return mutant;
}

Mutant zero(const Bytes& file, Random& random) {
  const auto [begin, count] = run_in(file, 4096, random);
  Mutant mutant{"zeroed " + std::to_string(count) + " bytes at " + std::to_string(begin), file};
  std::fill_n(mutant.bytes.begin() + static_cast<std::ptrdiff_t>(begin), count, uint8_t{0});
  return mutant;
}

Mutant repeat(const Bytes& file, Random& random) {
  const auto [begin, count] = run_in(file, 4096, random);
  Mutant mutant{"repeated " + std::to_string(count) + " bytes at " + std::to_string(begin), file};
  const auto from = file.begin() + static_cast<std::ptrdiff_t>(begin);
  mutant.bytes.insert(mutant.bytes.begin() + static_cast<std::ptrdiff_t>(begin), from,
                      from + static_cast<std::ptrdiff_t>(count));
  return mutant;
}

Mutant cut_off(const Bytes& file, Random& random) {
  // Headers are at the front: half of the cuts are among the first bytes.
  const size_t most = random.chance(0.5) ? std::min<size_t>(file.size(), 2048) : file.size();
  const size_t left = 1 + random.below(most);
  return {"cut off after " + std::to_string(left) + " bytes",
          {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(left)}};
}

/// One to three fields less.
Mutant take_out(const Bytes& file, const std::vector<Field>& fields, Random& random) {
  Mutant mutant{"taken out:", file};
  for (uint64_t left = 1 + random.below(3); left > 0; --left) {
    const Field& field = fields[random.below(fields.size())];
    if (field.end > mutant.bytes.size()) continue;
    if (field.end > field.begin) {
      mutant.bytes.erase(mutant.bytes.begin() + static_cast<std::ptrdiff_t>(field.begin),
                         mutant.bytes.begin() + static_cast<std::ptrdiff_t>(field.end));
      mutant.what += " " + field.name;
      return mutant;  // the others lie elsewhere now
    }
    if (field.length.bytes == 0) continue;
    // Offsets elsewhere would be wrong without its bytes; under a private number nobody looks for it.
    write_number(mutant.bytes, {field.length.at - 4, 2, field.length.big_endian}, 65000);
    mutant.what += " " + field.name;
  }
  return mutant.bytes == file ? zero(file, random) : mutant;
}

/// What a parser of numbers may take and its caller may not expect.
std::string odd_number(Random& random) {
  constexpr std::array<const char*, 6> kOdd{"-1", "nan", "inf", "1e300", "-1e-300", "99999999999999999999"};
  return kOdd[random.below(kOdd.size())];
}

void replace_digits(Bytes& file, const Place& place, const std::string& digits) {
  const auto at = file.begin() + static_cast<std::ptrdiff_t>(place.at);
  const auto next = file.erase(at, at + static_cast<std::ptrdiff_t>(place.bytes));
  file.insert(next, digits.begin(), digits.end());
}

Mutant make_absurd(const Bytes& file, const std::vector<Field>& fields, bool lengths, Random& random) {
  std::vector<const Field*> able;
  for (const Field& field : fields)
    if (lengths ? field.length.bytes > 0 : field.is_dimension && field.value.bytes > 0)
      able.push_back(&field);
  if (able.empty()) return zero(file, random);
  Mutant mutant{lengths ? "lengths:" : "dimensions:", file};
  for (uint64_t left = 1 + random.below(lengths ? 1 : 3); left > 0; --left) {
    const Field& field = *able[random.below(able.size())];
    const uint64_t value = absurd(random);
    mutant.what += " " + field.name + " = " + std::to_string(value);
    if (!lengths && field.value.grows) {
      replace_digits(mutant.bytes, field.value,
                     random.chance(0.2) ? odd_number(random) : std::to_string(value));
      return mutant;  // the others lie elsewhere now
    }
    write_number(mutant.bytes, lengths ? field.length : field.value, value);
  }
  return mutant;
}

Mutant damage(const Bytes& file, const std::vector<Field>& fields, Random& random) {
  switch (random.below(fields.empty() ? 4 : 9)) {
    case 0:
      return cut_off(file, random);
    case 1:
      return zero(file, random);
    case 2:
      return repeat(file, random);
    case 3:
    case 4:
      return flip(file, fields, random);
    case 5:
      return take_out(file, fields, random);
    case 6:
      return make_absurd(file, fields, true, random);
    default:
      return make_absurd(file, fields, false, random);
  }
}

}  // namespace

Mutant mutate(const Bytes& file, Random& random) {
  Mutant mutant = damage(file, fields_of(file), random);
  if (random.chance(0.7)) mend_checksums(mutant.bytes);
  return mutant;
}

}  // namespace photo51::fuzz
