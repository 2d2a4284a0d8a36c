#include "cordon/base/wide_unsigned.h"

#include <algorithm>
#include <bit>

#include "cordon/base/assert.h"

namespace cordon::base {

WideUnsigned WideUnsigned::power_of_two(unsigned exponent) { return WideUnsigned(1) << exponent; }

WideUnsigned& WideUnsigned::operator+=(const WideUnsigned& other) {
  uint64_t carry = 0;
  for (size_t i = 0; i < kLimbs; ++i) {
    const uint64_t sum = limbs_[i] + other.limbs_[i];
    const uint64_t next = sum < limbs_[i] ? 1 : 0;
    limbs_[i] = sum + carry;
    carry = next | (limbs_[i] < sum ? 1 : 0);
  }
  CORDON_ASSERT(carry == 0, "sums stay within 576 bits");
  return *this;
}

WideUnsigned WideUnsigned::operator-(const WideUnsigned& smaller) const {
  CORDON_ASSERT(smaller <= *this, "no number is below zero");
  WideUnsigned result;
  uint64_t borrow = 0;
  for (size_t i = 0; i < kLimbs; ++i) {
    const uint64_t part = limbs_[i] - smaller.limbs_[i];
    const uint64_t next = part > limbs_[i] ? 1 : 0;
    result.limbs_[i] = part - borrow;
    borrow = next | (part < borrow ? 1 : 0);
  }
  return result;
}

// By halves of limbs, so that no product is wider than 64 bits.
WideUnsigned WideUnsigned::operator*(uint64_t factor) const {
  constexpr uint64_t kHalf = 0xffffffff;
  auto times = [this](uint64_t half) {
    WideUnsigned product;
    uint64_t carry = 0;
    for (size_t i = 0; i < kLimbs; ++i) {
      const uint64_t low = (limbs_[i] & kHalf) * half + carry;
      const uint64_t high = (limbs_[i] >> 32) * half + (low >> 32);
      product.limbs_[i] = high << 32 | (low & kHalf);
      carry = high >> 32;
    }
    CORDON_ASSERT(carry == 0, "products stay within 576 bits");
    return product;
  };
  WideUnsigned result = times(factor & kHalf);
  if (factor > kHalf) result += times(factor >> 32) << 32;
  return result;
}

WideUnsigned WideUnsigned::operator<<(unsigned bits) const {
  CORDON_ASSERT(bit_length() == 0 || bit_length() + bits <= kBits, "numbers stay within 576 bits");
  WideUnsigned result;
  const size_t limbs = bits / 64;
  const unsigned rest = bits % 64;
  for (size_t i = kLimbs; i-- > limbs;) {
    result.limbs_[i] = limbs_[i - limbs] << rest;
    if (rest != 0 && i > limbs) result.limbs_[i] |= limbs_[i - limbs - 1] >> (64 - rest);
  }
  return result;
}

std::strong_ordering WideUnsigned::operator<=>(const WideUnsigned& other) const {
  for (size_t i = kLimbs; i-- > 0;)
    if (limbs_[i] != other.limbs_[i]) return limbs_[i] <=> other.limbs_[i];
  return std::strong_ordering::equal;
}

unsigned WideUnsigned::bit_length() const {
  for (size_t i = kLimbs; i-- > 0;)
    if (limbs_[i] != 0) return static_cast<unsigned>(64 * i) + static_cast<unsigned>(std::bit_width(limbs_[i]));
  return 0;
}

bool WideUnsigned::is_power_of_two() const {
  int bits = 0;
  for (uint64_t limb : limbs_) bits += std::popcount(limb);
  return bits == 1;
}

std::string WideUnsigned::decimal() const {
  constexpr uint64_t kDigits = 1'000'000'000;  // nine at a time
  std::string text;
  WideUnsigned rest = *this;
  while (rest.bit_length() != 0) {
    uint64_t remainder = 0;
    for (size_t i = kLimbs; i-- > 0;) {
      const uint64_t high = remainder << 32 | rest.limbs_[i] >> 32;
      const uint64_t low = (high % kDigits) << 32 | (rest.limbs_[i] & 0xffffffff);
      rest.limbs_[i] = (high / kDigits) << 32 | low / kDigits;
      remainder = low % kDigits;
    }
    for (int digit = 0; digit < 9; ++digit, remainder /= 10) text += static_cast<char>('0' + remainder % 10);
  }
  while (!text.empty() && text.back() == '0') text.pop_back();
  std::reverse(text.begin(), text.end());
  return text.empty() ? "0" : text;
}

namespace {

// Of a number of more than 64 bits: whether it is 2^(length - 1/2) or more, by its first 32 bits and the square root
// of 2.
bool rounds_up(const WideUnsigned& number) {
  constexpr uint64_t kRootOfTwo = 3037000500;  // 2^31 * sqrt(2), rounded up
  return number >= WideUnsigned(kRootOfTwo) << (number.bit_length() - 32);
}

// "2^30", "4294967297", "about 2^190"
std::string number_text(const WideUnsigned& number) {
  constexpr unsigned kFewBits = 16;
  const unsigned length = number.bit_length();
  if (number.is_power_of_two() && length > kFewBits) return "2^" + std::to_string(length - 1);
  if (length <= 64) return std::to_string(number.low());
  return "about 2^" + std::to_string(rounds_up(number) ? length : length - 1);
}

}  // namespace

std::string count_text(const WideUnsigned& count, unsigned bits) {
  const WideUnsigned all = WideUnsigned::power_of_two(bits);
  const std::string of = "2^" + std::to_string(bits);
  if (count == all) return "all " + of;
  const WideUnsigned others = all - count;
  const bool are_few = others.bit_length() <= 16 || count.bit_length() > 64;
  return (others < count && are_few ? "all but " + number_text(others) : number_text(count)) + " of " + of;
}

}  // namespace cordon::base
