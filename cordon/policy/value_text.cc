#include "cordon/policy/value_text.h"

#include <bit>
#include <optional>

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

std::string flags_text(uint8_t family, uint64_t value, uint64_t field_mask, Arch arch) {
  std::string text;
  if (field_mask != 0) {
    std::string_view field = abi::constant_for_value(family, value & field_mask, arch);
    if (!field.empty()) {
      text = field;
      value &= ~field_mask;
    }
  }
  while (value != 0) {
    std::string_view name = widest_member(family, value, arch);
    if (name.empty()) break;
    append(text, name);
    value &= ~abi::constant(name, arch).value_or(value);
  }
  if (value != 0) append(text, base::hex(value));
  if (!text.empty()) return text;
  std::string_view zero = abi::constant_for_value(family, 0, arch);
  return zero.empty() ? "0" : std::string(zero);
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

std::string number_text(const abi::Argument& argument, uint64_t value) {
  if (argument.is_pointer) return value == 0 ? "NULL" : base::hex(value);
  if (argument.bits == 32 && is_fd(argument.name)) return decimal(value, 32, true);
  if (argument.type.find("umode_t") != std::string_view::npos) {
    std::string octal;
    for (uint64_t rest = value; rest != 0; rest >>= 3) octal.insert(octal.begin(), static_cast<char>('0' + (rest & 7)));
    return octal.empty() ? "0" : "0" + octal;
  }
  if (argument.is_signed || is_size(argument.type)) return decimal(value, argument.bits, argument.is_signed);
  constexpr uint64_t kSmall = 4096;
  return value < kSmall ? std::to_string(value) : base::hex(value);
}

std::optional<abi::Argument> prototype_of(const ArgumentPlace& place) {
  if (place.syscall.empty()) return std::nullopt;
  return abi::argument_at(place.syscall, place.slot, place.arch);
}

// Families are told by x86_64's slots; clone's flags stand in another on s390.
unsigned reference_slot(const ArgumentPlace& place, const abi::Argument& argument) {
  auto reference = abi::find_argument(place.syscall, argument.name, Arch::x86_64).argument;
  return reference ? reference->slot : place.slot;
}

}  // namespace

std::string value_text(const ArgumentPlace& place, uint64_t value) {
  std::optional<abi::Argument> argument = prototype_of(place);
  if (!argument) return base::hex(value);
  if (argument->bits == 32 && value == kFdCwd && is_fd(argument->name)) return "AT_FDCWD";
  auto families = abi::families_for(place.syscall, reference_slot(place, *argument));
  for (uint8_t index : families) {
    std::string_view exact = abi::constant_for_value(index, value, place.arch);
    const abi::ConstantFamily& family = abi::family(index);
    bool is_field_mask = family.field_mask != 0 && value == family.field_mask;
    if (!exact.empty() && !is_field_mask) return std::string(exact);
  }
  for (uint8_t index : families) {
    const abi::ConstantFamily& family = abi::family(index);
    if (family.use == abi::ConstantUse::flags) return flags_text(index, value, family.field_mask, place.arch);
  }
  return number_text(*argument, value);
}

std::string mask_text(const ArgumentPlace& place, uint64_t mask) {
  std::optional<abi::Argument> argument = prototype_of(place);
  if (!argument) return base::hex(mask);
  auto families = abi::families_for(place.syscall, reference_slot(place, *argument));
  for (uint8_t index : families) {
    std::string_view exact = abi::constant_for_value(index, mask, place.arch);
    if (!exact.empty()) return std::string(exact);
  }
  for (uint8_t index : families)
    if (abi::family(index).use == abi::ConstantUse::flags) return flags_text(index, mask, 0, place.arch);
  return base::hex(mask);
}

std::string masked_value_text(const ArgumentPlace& place, uint64_t mask, uint64_t value) {
  std::optional<abi::Argument> argument = prototype_of(place);
  if (!argument) return value == 0 ? "0" : base::hex(value);
  auto families = abi::families_for(place.syscall, reference_slot(place, *argument));
  for (uint8_t index : families) {
    const abi::ConstantFamily& family = abi::family(index);
    if (family.field_mask == 0 || family.field_mask != mask) continue;
    std::string_view field = abi::constant_for_value(index, value, place.arch);
    if (!field.empty()) return std::string(field);
  }
  return value == 0 ? "0" : mask_text(place, value);
}

}  // namespace cordon::policy
