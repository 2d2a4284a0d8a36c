// Builds the line from what the argument families of the tables know: an argument that takes constants is
// pinned to the value the call had, everything else stays open.
#include "cordon/formats/suggest.h"

#include <bit>
#include <optional>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/danger.h"
#include "cordon/policy/value_text.h"

namespace cordon::formats {
namespace {

// One pinned argument: its register as the call had it, and how that is written.
struct PinnedArgument {
  std::string name;  // the prototype's; "arg1" where there is none
  unsigned slot = 0;
  uint64_t value = 0;             // the bits the kernel reads
  bool has_high_garbage = false;  // the register holds more
  std::string text;               // "TCGETS", "O_WRONLY|O_CREAT", "0x7"
};

std::string number_text(uint64_t value) { return value < 10 ? std::to_string(value) : base::hex(value); }

uint64_t low_bits(uint64_t value, uint8_t bits) { return bits >= 64 ? value : value & ((uint64_t{1} << bits) - 1); }

std::string join(std::string text, std::string_view name) {
  return text.empty() ? std::string(name) : text + "|" + std::string(name);
}

// Takes the family's flags out of `rest`, the widest first, so that O_SYNC is not called O_DSYNC.
std::string take_flags(uint8_t family, uint64_t& rest, Arch arch) {
  std::string text;
  while (rest != 0) {
    std::optional<uint16_t> widest;
    int width = 0;
    for (uint16_t member : abi::family_members(family)) {
      std::optional<uint64_t> value = abi::constant_value(member, arch);
      if (!value || *value == 0 || (*value & ~rest) != 0 || std::popcount(*value) <= width) continue;
      widest = member;
      width = std::popcount(*value);
    }
    if (!widest) break;
    rest &= ~*abi::constant_value(*widest, arch);
    text = join(std::move(text), abi::constant_name(*widest));
  }
  return text;
}

// The value as names of the families that fit; a number where names do not say all of it.
std::string constant_text(std::span<const uint8_t> families, uint64_t value, Arch arch) {
  for (uint8_t index : families) {
    const abi::ConstantFamily& family = abi::family(index);
    if (family.use != abi::ConstantUse::one_of || family.field_mask != 0) continue;
    std::string_view name = abi::constant_for_value(index, value, arch);
    if (!name.empty()) return std::string(name);
  }
  std::string text;
  uint64_t rest = value;
  for (uint8_t index : families) {
    uint64_t mask = abi::family(index).field_mask;
    std::string_view name = mask == 0 ? std::string_view() : abi::constant_for_value(index, value & mask, arch);
    // A zero field beside other bits goes without saying, but people do write O_RDONLY|O_CLOEXEC.
    bool goes_unsaid = (value & mask) == 0 && (value & ~mask) != 0 && abi::family(index).name != "open_access";
    if (name.empty() || goes_unsaid) continue;
    rest &= ~mask;
    text = join(std::move(text), name);
  }
  for (uint8_t index : families) {
    if (abi::family(index).use != abi::ConstantUse::flags) continue;
    std::string flags = take_flags(index, rest, arch);
    if (!flags.empty()) text = join(std::move(text), flags);
  }
  return rest == 0 && !text.empty() ? text : number_text(value);
}

bool is_open(std::string_view call, const abi::Argument& argument, std::span<const uint8_t> families) {
  if (families.empty() || argument.is_pointer) return true;
  // A descriptor, and a mode that follows what is created, say nothing about which call it is.
  std::string_view name = argument.name;
  if (name == "mode" || name == "umode" || name == "mask")
    return call != "access" && call != "faccessat" && call != "faccessat2" && call != "fallocate";
  return name.ends_with("fd");
}

std::vector<PinnedArgument> pin_arguments(const Call& call, std::string_view name, Arch arch) {
  std::vector<PinnedArgument> pinned;
  for (unsigned slot = 0; slot < abi::argument_count(name, arch) && slot < 6; ++slot) {
    std::optional<abi::Argument> argument = abi::argument_at(name, slot, arch);
    if (!argument) continue;
    std::span<const uint8_t> families = policy::constant_families({name, slot, arch});
    if (is_open(name, *argument, families)) continue;
    PinnedArgument made{std::string(argument->name), slot, low_bits(call.args[slot], argument->bits), false, {}};
    uint8_t word = abi::info(arch).word_bits;
    made.has_high_garbage = low_bits(call.args[slot], word) != made.value;
    made.text = constant_text(families, made.value, arch);
    if (made.has_high_garbage) made.value = low_bits(call.args[slot], word);
    pinned.push_back(std::move(made));
  }
  return pinned;
}

std::string minijail_line(std::string_view name, const std::vector<PinnedArgument>& arguments) {
  std::string line = std::string(name) + ": ";
  if (arguments.empty()) return line + "1";
  for (size_t i = 0; i < arguments.size(); ++i) {
    const PinnedArgument& argument = arguments[i];
    // minijail compares whole registers.
    line += (i == 0 ? "arg" : " && arg") + std::to_string(argument.slot) + " == ";
    line += argument.has_high_garbage ? base::hex(argument.value) : argument.text;
  }
  return line;
}

std::string cordon_line(std::string_view name, Arch arch, const std::vector<PinnedArgument>& arguments) {
  std::string line = "allow " + std::string(name);
  if (arch != abi::native_arch()) line += "@" + std::string(abi::name(arch));
  for (size_t i = 0; i < arguments.size(); ++i)
    line += (i == 0 ? "(" : ", ") + arguments[i].name + " == " + arguments[i].text;
  return arguments.empty() ? line : line + ")";
}

std::string oci_line(std::string_view name, const std::vector<PinnedArgument>& arguments) {
  std::string line = R"({"names": [")" + base::json_escape(name) + R"("], "action": "SCMP_ACT_ALLOW")";
  for (size_t i = 0; i < arguments.size(); ++i) {
    line += i == 0 ? R"(, "args": [)" : ", ";
    line += R"({"index": )" + std::to_string(arguments[i].slot) + R"(, "value": )" +
            std::to_string(arguments[i].value) + R"(, "op": "SCMP_CMP_EQ"})";
  }
  return line + (arguments.empty() ? "}" : "]}");
}

}  // namespace

Suggestion suggest_allow(const Call& call, PolicyFormat format) {
  std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  if (!arch) return {{}, "the call came in by an architecture cordon does not know"};
  std::string_view known = abi::name_of(call.nr, *arch);
  std::string name = known.empty() ? "syscall_" + std::to_string(call.nr) : std::string(known);
  std::vector<PinnedArgument> arguments =
      known.empty() ? std::vector<PinnedArgument>() : pin_arguments(call, known, *arch);
  Suggestion suggestion;
  suggestion.warning = danger_of(call, known, *arch);
  switch (format) {
    case PolicyFormat::cordon: suggestion.line = cordon_line(name, *arch, arguments); return suggestion;
    case PolicyFormat::minijail: suggestion.line = minijail_line(name, arguments); break;
    case PolicyFormat::oci: suggestion.line = oci_line(name, arguments); break;
  }
  if (known.empty()) {
    suggestion.line.clear();
    suggestion.warning = "the format has no way to name call number " + std::to_string(call.nr);
  }
  return suggestion;
}

}  // namespace cordon::formats
