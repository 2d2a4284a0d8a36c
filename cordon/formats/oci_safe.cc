#include "cordon/formats/oci_safe.h"

#include <algorithm>
#include <cstdint>

#include "cordon/abi/syscalls.h"

namespace cordon::formats {
namespace {

// Rules take it the square of those it has, and far more where they are conjunctions.
constexpr size_t kMaxValues = 1024, kMaxConjunctions = 48;
constexpr size_t kFewComparisons = 16;

bool is_narrow(const OciArg& arg) { return arg.value <= UINT32_MAX && arg.value_two <= UINT32_MAX; }

// Its upper half is compared with zero, or not at all.
bool is_value(const OciArg& arg) {
  if (arg.op != OciOp::masked_eq) return arg.op == OciOp::eq && is_narrow(arg);
  const uint64_t upper_mask = arg.value >> 32;
  return arg.value_two <= UINT32_MAX && (upper_mask == 0 || upper_mask == UINT32_MAX);
}

template <class Predicate>
bool all_args(std::span<const OciAlternative> alternatives, Predicate predicate) {
  return std::all_of(alternatives.begin(), alternatives.end(), [&](const OciAlternative& one) {
    return std::all_of(one.args.begin(), one.args.end(), predicate);
  });
}

// A few comparisons of one argument with values below 2^32 come out right.
bool are_about_one_argument(std::span<const OciAlternative> alternatives) {
  return alternatives.size() <= kFewComparisons && all_args(alternatives, is_narrow) &&
         std::all_of(alternatives.begin(), alternatives.end(), [&](const OciAlternative& one) {
           return one.args.size() == 1 && one.args[0].index == alternatives[0].args[0].index;
         });
}

// Registers of 64 bits, numbers of a 32-bit ABI.
bool has_half_compared(Arch arch) { return arch == Arch::x32 || arch == Arch::mips64n32 || arch == Arch::mipsel64n32; }

}  // namespace

std::optional<std::string> libseccomp_doubt(std::span<const OciAlternative> alternatives,
                                            std::span<const Arch> arches) {
  for (const Arch arch : arches) {
    const bool is_half = has_half_compared(arch);
    if ((is_half || abi::info(arch).word_bits == 32) && !all_args(alternatives, is_narrow))
      return "on " + std::string(abi::name(arch)) + " it cuts values to 32 bits";
    if (is_half && !all_args(alternatives, [](const OciArg& arg) { return arg.op == OciOp::masked_eq; }))
      return "on " + std::string(abi::name(arch)) + " it compares the lower half of registers alone";
  }
  const bool has_conjunction = std::any_of(alternatives.begin(), alternatives.end(),
                                           [](const OciAlternative& one) { return one.args.size() > 1; });
  if (alternatives.size() > (has_conjunction ? kMaxConjunctions : kMaxValues))
    return "it may not end with so many entries (" + std::to_string(alternatives.size()) + ")";
  if (alternatives.size() > 1 && !all_args(alternatives, is_value) && !are_about_one_argument(alternatives))
    return "of several entries it compares wrong what is no value or mask of the lower 32 bits";
  return std::nullopt;
}

}  // namespace cordon::formats
