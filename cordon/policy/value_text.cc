#include "cordon/policy/value_text.h"

#include <bit>
#include <optional>
#include <span>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace {

constexpr uint64_t kFdCwd = 0xffffff9c;  // -100 in the 32 bits the kernel reads

void append(std::string& text, std::string_view part) {
  if (!text.empty()) text += '|';
  text += part;
}

// The member of the family that covers the most bits of `bits` and none beside them.
std::string_view widest_member(uint8_t family, uint64_t bits, Arch arch) {
  std::string_view best;
  uint64_t best_value = 0;
  for (uint16_t index : abi::family_members(family)) {
    std::optional<uint64_t> value = abi::constant_value(index, arch);
    if (!value || *value == 0 || (*value & ~bits) != 0) continue;
    if (std::popcount(*value) > std::popcount(best_value)) {
      best = abi::constant_name(index);
      best_value = *value;
    }
  }
  return best;
}

// Takes from `rest` what the family names, and says it. A sub-field (O_ACCMODE) is named even where it is 0,
// but only where all its bits are known.
void name_bits(std::string& text, uint64_t& rest, uint8_t index, uint64_t known, Arch arch) {
  const abi::ConstantFamily& family = abi::family(index);
  if (family.use == abi::ConstantUse::one_of) {
    uint64_t field = rest & family.field_mask;
    bool is_field =
        family.field_mask != 0 && (known & family.field_mask) == family.field_mask && field != family.field_mask;
    std::string_view name = is_field ? abi::constant_for_value(index, field, arch) : std::string_view();
    if (name.empty()) return;
    append(text, name);
    rest &= ~family.field_mask;
    return;
  }
  while (rest != 0) {
    std::string_view name = widest_member(index, rest, arch);
    if (name.empty()) return;
    append(text, name);
    rest &= ~abi::constant(name, arch).value_or(rest);
  }
}

// Empty where nothing has a name.
std::string bits_text(std::span<const uint8_t> families, uint64_t value, uint64_t known, Arch arch) {
  std::string text;
  uint64_t rest = value;
  for (uint8_t index : families) name_bits(text, rest, index, known, arch);
  if (rest != 0 && !text.empty()) append(text, base::hex(rest));
  return text;
}

std::string_view exact_name(std::span<const uint8_t> families, uint64_t value, Arch arch) {
  for (uint8_t index : families) {
    const abi::ConstantFamily& family = abi::family(index);
    bool is_field = family.use == abi::ConstantUse::one_of && family.field_mask != 0;
    std::string_view name = is_field ? std::string_view() : abi::constant_for_value(index, value, arch);
    if (!name.empty()) return name;
  }
  return {};
}

bool is_fd(std::string_view name) { return name == "fd" || name.ends_with("fd") || name.starts_with("fd"); }

bool is_size(std::string_view type) {
  return type.find("size_t") != std::string_view::npos || type.find("off_t") != std::string_view::npos ||
         type.find("pid_t") != std::string_view::npos || type.find("uid_t") != std::string_view::npos ||
         type.find("gid_t") != std::string_view::npos;
}

std::string decimal(uint64_t value, unsigned bits, bool is_signed) {
  bool negative = is_signed && ((value >> (bits - 1)) & 1) != 0;
  if (!negative) return std::to_string(value);
  return "-" + std::to_string((~value + 1) & low_ones(bits));
}

std::string octal_text(uint64_t value) {
  std::string octal;
  for (uint64_t rest = value; rest != 0; rest >>= 3) octal.insert(octal.begin(), static_cast<char>('0' + (rest & 7)));
  return octal.empty() ? "0" : "0" + octal;
}

std::string number_text(const abi::Argument& argument, uint64_t value) {
  if (argument.is_pointer) return value == 0 ? "NULL" : base::hex(value);
  if (argument.bits == 32 && is_fd(argument.name)) return decimal(value, 32, true);
  if (argument.is_signed || is_size(argument.type)) return decimal(value, argument.bits, argument.is_signed);
  constexpr uint64_t kSmall = 4096;
  return value < kSmall ? std::to_string(value) : base::hex(value);
}

std::optional<abi::Argument> prototype_of(const ArgumentPlace& place) {
  if (place.syscall.empty()) return std::nullopt;
  return abi::argument_at(place.syscall, place.slot, place.arch);
}

}  // namespace

// Families are told by x86_64's slots; clone's flags stand in another on s390.
std::span<const uint8_t> constant_families(const ArgumentPlace& place) {
  const std::optional<abi::Argument> argument = prototype_of(place);
  if (!argument) return {};
  const auto reference = abi::find_argument(place.syscall, argument->name, Arch::x86_64).argument;
  return abi::families_for(place.syscall, reference ? reference->slot : place.slot);
}

std::string value_text(const ArgumentPlace& place, uint64_t value) {
  std::optional<abi::Argument> argument = prototype_of(place);
  if (!argument) return base::hex(value);
  if (argument->bits == 32 && value == kFdCwd && is_fd(argument->name)) return "AT_FDCWD";
  if (argument->type.find("umode_t") != std::string_view::npos) return octal_text(value);
  std::span<const uint8_t> families = constant_families(place);
  std::string text = bits_text(families, value, UINT64_MAX, place.arch);
  std::string_view exact = exact_name(families, value, place.arch);
  // A sub-field says more than a flag that happens to be the whole value: O_RDONLY|O_CLOEXEC.
  if (text.find('|') == std::string::npos && !exact.empty() && value != 0) return std::string(exact);
  // All ones ask a question, as personality(0xffffffff) does: no union of flags.
  if (value == low_ones(argument->bits) && text.find("0x") != std::string::npos) return base::hex(value);
  if (!text.empty()) return text;
  return exact.empty() ? number_text(*argument, value) : std::string(exact);
}

std::string mask_text(const ArgumentPlace& place, uint64_t mask) {
  std::optional<abi::Argument> argument = prototype_of(place);
  if (!argument) return base::hex(mask);
  std::span<const uint8_t> families = constant_families(place);
  std::string text;
  uint64_t rest = mask;
  for (uint8_t index : families) {
    const abi::ConstantFamily& family = abi::family(index);
    bool has_field = family.field_mask != 0 && (rest & family.field_mask) == family.field_mask;
    std::string_view name =
        has_field ? abi::constant_for_value(index, family.field_mask, place.arch) : std::string_view();
    if (name.empty()) continue;
    append(text, name);
    rest &= ~family.field_mask;
  }
  std::string flags = bits_text(families, rest, 0, place.arch);
  if (!flags.empty()) {
    append(text, flags);
  } else if (rest != 0) {
    append(text, base::hex(rest));
  }
  return text;
}

std::string masked_value_text(const ArgumentPlace& place, uint64_t mask, uint64_t value) {
  std::optional<abi::Argument> argument = prototype_of(place);
  std::string text;
  if (argument) text = bits_text(constant_families(place), value, mask, place.arch);
  if (!text.empty()) return text;
  return value == 0 ? "0" : base::hex(value);
}

}  // namespace cordon::policy
