// Whole numbers of up to 576 bits: how many calls there are of a kind.
//
//   WideUnsigned count = WideUnsigned::power_of_two(192) - WideUnsigned(1);
//   count.decimal() == "6277101735386680763835789423207666416102355444464034512895"
//   base::count_text(count, 192) == "all but 1 of 2^192"
//
// Adding and shifting beyond 576 bits is the caller's mistake, and asserted.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace cordon::base {

class WideUnsigned {
 public:
  static constexpr unsigned kBits = 576;

  WideUnsigned() = default;
  explicit WideUnsigned(uint64_t value) { limbs_[0] = value; }
  static WideUnsigned power_of_two(unsigned exponent);

  WideUnsigned& operator+=(const WideUnsigned& other);
  WideUnsigned operator-(const WideUnsigned& smaller) const;
  WideUnsigned operator*(uint64_t factor) const;
  WideUnsigned operator<<(unsigned bits) const;
  bool operator==(const WideUnsigned&) const = default;
  std::strong_ordering operator<=>(const WideUnsigned& other) const;

  // How many bits it takes; 0 for 0.
  unsigned bit_length() const;
  bool is_power_of_two() const;
  uint64_t low() const { return limbs_[0]; }
  std::string decimal() const;

 private:
  static constexpr size_t kLimbs = kBits / 64;
  std::array<uint64_t, kLimbs> limbs_{};  // the lowest first
};

// A count out of 2^bits in as few words as tell it: "0", "1 of 2^32", "2^30 of 2^32", "all but 1 of 2^64",
// "about 2^190 of 2^192", "all 2^32". Below 2^64 it is exact, beyond that to the nearest power of two.
std::string count_text(const WideUnsigned& count, unsigned bits);

}  // namespace cordon::base
