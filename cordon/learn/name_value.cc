// Names for the values of arguments: what makes a learned policy readable. A name is used only if it
// stands for exactly the number on that ABI, so a doubtful name costs readability, never meaning.
#include <algorithm>
#include <bit>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/learn/generalise.h"

namespace cordon::learn {
namespace {

// Calls whose arguments mean what another call's do; the constants are listed there.
std::string_view documented_as(std::string_view syscall) {
  constexpr std::pair<std::string_view, std::string_view> kTwins[] = {
      {"fcntl64", "fcntl"},         {"mmap2", "mmap"},          {"futex_time64", "futex"}, {"ugetrlimit", "getrlimit"},
      {"getsockopt", "setsockopt"}, {"setrlimit", "getrlimit"}, {"dup3", "openat"},        {"pipe2", "openat"},
      {"open", "openat"},           {"accept4", "socket"},
  };
  for (auto [twin, name] : kTwins) {
    if (twin == syscall) return name;
  }
  return {};
}

std::span<const uint8_t> families_of(std::string_view syscall, std::string_view argument) {
  abi::ArgumentLookup found = abi::find_argument(syscall, argument, Arch::x86_64);
  if (!found.argument) return {};
  return abi::families_for(syscall, found.argument->slot);
}

std::span<const uint8_t> families_of(const InterestingArgument& interest) {
  std::span<const uint8_t> families = families_of(interest.syscall, interest.argument);
  if (!families.empty()) return families;
  std::string_view twin = documented_as(interest.syscall);
  if (twin.empty()) return {};
  families = families_of(twin, interest.argument);
  return families.empty() ? families_of(twin, "type") : families;
}

Value number(uint64_t value) {
  Value result;
  result.number = value;
  return result;
}

Value named(std::string_view name) {
  Value result;
  result.kind = Value::Kind::name;
  result.name = std::string(name);
  return result;
}

std::string_view exact_name(std::span<const uint8_t> families, uint64_t value, Arch arch) {
  for (uint8_t family : families) {
    std::string_view name = abi::constant_for_value(family, value, arch);
    if (!name.empty() && abi::constant(name, arch) == value) return name;
  }
  return {};
}

struct NamedBits {
  uint64_t bits;
  std::string_view name;
};

// Members that are flags: some bits, none of the sub-field. Masks and sizes among them would only confuse.
std::vector<NamedBits> flag_members(std::span<const uint8_t> families, uint64_t field, Arch arch) {
  std::vector<NamedBits> members;
  for (uint8_t family : families) {
    for (uint16_t index : abi::family_members(family)) {
      std::string_view name = abi::constant_name(index);
      std::optional<uint64_t> value = abi::constant_value(index, arch);
      bool is_flag = value && *value != 0 && (*value & field) == 0 && name.find("MASK") == std::string_view::npos &&
                     name.find("_SIZE_") == std::string_view::npos && abi::constant(name, arch) == value;
      if (is_flag) members.push_back({*value, name});
    }
  }
  // Names for several bits first (O_SYNC contains O_DSYNC); the order of the data otherwise.
  std::stable_sort(members.begin(), members.end(), [](const NamedBits& a, const NamedBits& b) {
    return std::popcount(a.bits) > std::popcount(b.bits);
  });
  return members;
}

// The low byte of clone's flags is a signal.
std::span<const uint8_t> field_families(const InterestingArgument& interest, std::span<const uint8_t> families,
                                        uint8_t& signal_family) {
  if (interest.field_name != "CSIGNAL") return families;
  std::optional<uint8_t> found = abi::find_family("signal");
  if (!found) return {};
  signal_family = *found;
  return {&signal_family, 1};
}

std::vector<Value> flags_in(const InterestingArgument& interest, std::span<const uint8_t> families, uint64_t bits,
                            Arch arch) {
  std::vector<Value> parts;
  for (const NamedBits& member : flag_members(families, interest.field, arch)) {
    if ((member.bits & bits) != member.bits) continue;
    parts.push_back(named(member.name));
    bits &= ~member.bits;
  }
  if (bits != 0) parts.push_back(number(bits));
  return parts;
}

Value name_union(const InterestingArgument& interest, uint64_t value, Arch arch) {
  std::span<const uint8_t> families = families_of(interest);
  uint8_t signal_family = 0;
  std::vector<Value> parts;
  uint64_t field = value & interest.field;
  if (interest.field != 0) {
    std::string_view name = exact_name(field_families(interest, families, signal_family), field, arch);
    if (!name.empty())
      parts.push_back(named(name));
    else if (field != 0)
      parts.push_back(number(field));
  } else if (std::string_view name = exact_name(families, value, arch); !name.empty()) {
    return named(name);
  }
  for (Value& flag : flags_in(interest, families, value & ~interest.field, arch)) parts.push_back(std::move(flag));
  if (parts.empty()) return number(0);
  if (parts.size() == 1) return std::move(parts[0]);
  Value result;
  result.kind = Value::Kind::any_of;
  result.operands = std::move(parts);
  return result;
}

}  // namespace

Value name_value(Arch arch, uint32_t nr, unsigned slot, uint64_t value) {
  const InterestingArgument* interest = observe::find_interest(arch, nr, slot);
  // A protocol is another one in each family: its number says more than a name of the wrong family.
  if (!interest || interest->argument == "protocol") return number(value);
  if (interest->use == ArgumentUse::flags) return name_union(*interest, value, arch);
  std::string_view name = exact_name(families_of(*interest), value, arch);
  return name.empty() ? number(value) : named(name);
}

Value name_option(Arch arch, uint64_t value, const std::set<uint64_t>& levels) {
  struct Meaning {
    std::string_view level, family;
  };
  constexpr Meaning kMeanings[] = {
      {"SOL_SOCKET", "sock_option"},
      {"IPPROTO_TCP", "tcp_opt"},
      {"IPPROTO_IP", "ip_opt"},
  };
  if (levels.size() != 1) return number(value);
  for (const Meaning& meaning : kMeanings) {
    std::optional<uint8_t> family = abi::find_family(meaning.family);
    if (!family || abi::constant(meaning.level, arch) != *levels.begin()) continue;
    // The families also hold fields of the options' structures; an option's own name is the shortest.
    std::string_view best;
    for (uint16_t index : abi::family_members(*family)) {
      std::string_view name = abi::constant_name(index);
      bool fits = abi::constant_value(index, arch) == value && abi::constant(name, arch) == value;
      if (fits && (best.empty() || name.size() < best.size())) best = name;
    }
    return best.empty() ? number(value) : named(best);
  }
  return number(value);
}

std::vector<Value> name_flags(Arch arch, uint32_t nr, unsigned slot, uint64_t bits) {
  const InterestingArgument* interest = observe::find_interest(arch, nr, slot);
  if (!interest) return {number(bits)};
  return flags_in(*interest, families_of(*interest), bits, arch);
}

}  // namespace cordon::learn
