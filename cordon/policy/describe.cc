#include "cordon/policy/describe.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/value_text.h"

namespace cordon::policy {
namespace {

std::string_view name_of(const Call& call) {
  std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  return arch ? abi::name_of(call.nr, *arch) : std::string_view();
}

std::string slot_name(const ArgumentPlace& place) {
  if (!place.syscall.empty())
    if (auto argument = abi::argument_at(place.syscall, place.slot, place.arch)) return std::string(argument->name);
  return "arg" + std::to_string(place.slot);
}

unsigned slot_bits(const ArgumentPlace& place) {
  if (!place.syscall.empty())
    if (auto argument = abi::argument_at(place.syscall, place.slot, place.arch)) return argument->bits;
  return abi::info(place.arch).word_bits;
}

// How a test's operand and values are written.
struct TestText {
  std::string left;
  ArgumentPlace place;
  uint64_t mask = 0;
  bool is_whole = false;    // all bits of the argument: no mask is written
  bool is_pointer = false;  // the instruction pointer
  bool is_raw = false;      // the whole register, more than the kernel reads
};

bool is_argument_pointer(const ArgumentPlace& place) {
  if (place.syscall.empty()) return false;
  const auto argument = abi::argument_at(place.syscall, place.slot, place.arch);
  return argument && argument->is_pointer;
}

// Null or not: all that the language asks a pointer but as raw().
bool asks_null(const ResolvedTest& test, uint64_t word) {
  const std::vector<Interval> null{{0, 0}};
  return test.mask == word && (test.allowed == null || complement(test.allowed, test.mask) == null);
}

TestText test_text(const ResolvedTest& test, std::string_view syscall, Arch arch) {
  TestText text;
  text.mask = test.mask;
  text.place = {syscall, test.operand, arch};
  uint64_t word = low_ones(abi::info(arch).word_bits);
  if (test.operand == ResolvedTest::kInstructionPointer) {
    text.is_pointer = true;
    text.left = "ip";
    text.is_whole = test.mask == word;
  } else {
    uint64_t read = low_ones(slot_bits(text.place));
    text.left = slot_name(text.place);
    text.is_whole = test.mask == read;
    const bool is_address = is_argument_pointer(text.place) && !asks_null(test, word);
    text.is_raw = is_address || (test.mask & ~read) != 0;
    if (text.is_raw) {
      // By its name a pointer cannot be asked more than whether it is null.
      text.left = "raw(" + (is_address ? "arg" + std::to_string(test.operand) : text.left) + ")";
      text.is_whole = test.mask == word;
    }
  }
  if (text.is_whole) return text;
  // A mask that leaves out little is shorter said by what it leaves out: op & ~(FUTEX_PRIVATE_FLAG).
  const uint64_t asked = text.is_raw ? word : low_ones(text.is_pointer ? 64 : slot_bits(text.place));
  const uint64_t outside = asked & ~test.mask;
  if (!text.is_pointer && std::popcount(outside) < std::popcount(test.mask)) {
    text.left += " & ~(" + mask_text(text.place, outside) + ")";
    return text;
  }
  std::string mask = text.is_pointer ? base::hex(test.mask) : mask_text(text.place, test.mask);
  text.left += " & " + (mask.find('|') == std::string::npos ? mask : "(" + mask + ")");
  return text;
}

// Of a whole register: the names of what the kernel reads are for no value that has more, and a negative number of
// the argument's width is another one here.
std::string raw_value_text(const TestText& text, uint64_t value) {
  const uint64_t read = low_ones(slot_bits(text.place));
  std::string named = value_text(text.place, value & read);
  if (named.starts_with('-') || named == "AT_FDCWD") {
    const uint64_t word = low_ones(abi::info(text.place.arch).word_bits);
    const bool is_extended = (value | (read >> 1)) == word;  // from the argument's width
    return is_extended && named != "AT_FDCWD" ? named : base::hex(value);
  }
  return value <= read ? named : base::hex(value);
}

std::string one_value(const TestText& text, uint64_t value) {
  if (text.is_pointer) return base::hex(value);
  if (text.is_raw && text.is_whole) return raw_value_text(text, value);
  return text.is_whole ? value_text(text.place, value) : masked_value_text(text.place, text.mask, value);
}

std::string range_text(const TestText& text, const Interval& range) {
  if (range.first == range.last) return one_value(text, range.first);
  auto bound = [](uint64_t value) { return value < 65536 ? std::to_string(value) : base::hex(value); };
  return bound(range.first) + ".." + bound(range.last);
}

std::string set_text(const TestText& text, std::span<const Interval> set) {
  std::string list;
  for (const Interval& range : set) list += (list.empty() ? "" : ", ") + range_text(text, range);
  return text.left + " in " + (set.size() == 1 ? list : "{" + list + "}");
}

constexpr uint64_t kMaxNamed = 6;

// The values one by one if they are few and each has a name; else nothing.
std::vector<Interval> named_values(const TestText& text, std::span<const Interval> set) {
  std::vector<Interval> values;
  for (const Interval& range : set) {
    if (range.last - range.first >= kMaxNamed || values.size() + (range.last - range.first) >= kMaxNamed) return {};
    for (uint64_t value = range.first; value <= range.last; ++value) {
      if (std::string written = one_value(text, value); written[0] < 'A' || written[0] > 'z') return {};
      values.push_back({value, value});
      if (value == UINT64_MAX) break;
    }
  }
  return values;
}

std::string describe_test(const ResolvedTest& test, std::string_view syscall, Arch arch) {
  TestText text = test_text(test, syscall, arch);
  std::span<const Interval> allowed = test.allowed;
  auto is_single = [](std::span<const Interval> set) { return set.size() == 1 && set[0].first == set[0].last; };
  if (is_single(allowed)) return text.left + " == " + one_value(text, allowed[0].first);
  std::vector<Interval> others = complement(allowed, test.mask);
  if (std::vector<Interval> named = named_values(text, allowed); !named.empty()) return set_text(text, named);
  if (is_single(others)) return text.left + " != " + one_value(text, others[0].first);
  if (allowed.size() == 1 && allowed[0].first == 0)
    return text.left + " <= " + range_text(text, {allowed[0].last, allowed[0].last});
  if (allowed.size() == 1 && allowed[0].last == test.mask)
    return text.left + " >= " + range_text(text, {allowed[0].first, allowed[0].first});
  if (others.size() < allowed.size()) return "!(" + set_text(text, others) + ")";
  return set_text(text, allowed);
}

std::string describe_nested(const ResolvedCondition& condition, std::string_view syscall, Arch arch, bool is_inner) {
  if (condition.kind == ResolvedCondition::Kind::test) return describe_test(condition.test, syscall, arch);
  std::string_view joint = condition.kind == ResolvedCondition::Kind::all ? " && " : " || ";
  std::string text;
  for (const ResolvedCondition& operand : condition.operands) {
    if (!text.empty()) text += joint;
    text += describe_nested(operand, syscall, arch, true);
  }
  return is_inner ? "(" + text + ")" : text;
}

}  // namespace

std::string describe_syscall(const Call& call) {
  std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  std::string_view known = name_of(call);
  std::string text = known.empty() ? "syscall_" + std::to_string(call.nr) : std::string(known);
  if (!arch) return text + "@" + base::hex(call.audit_arch);
  return *arch == abi::native_arch() ? text : text + "@" + std::string(abi::name(*arch));
}

std::string describe_argument(const Call& call, unsigned slot) {
  if (slot >= call.args.size()) return {};
  std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  if (!arch) return base::hex(call.args[slot]);
  ArgumentPlace place{name_of(call), slot, *arch};
  return value_text(place, call.args[slot] & low_ones(slot_bits(place)));
}

std::string describe_call(const Call& call) {
  std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  std::string_view name = name_of(call);
  unsigned count = name.empty() ? 6 : abi::argument_count(name, *arch);
  std::string text = describe_syscall(call) + "(";
  for (unsigned slot = 0; slot < count && slot < call.args.size(); ++slot) {
    std::string argument = arch ? slot_name({name, slot, *arch}) : "arg" + std::to_string(slot);
    text += (slot == 0 ? "" : ", ") + argument + "=" + describe_argument(call, slot);
  }
  return text + ")";
}

std::string describe_whole_call(const Call& call) {
  const std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  if (!arch) return describe_call(call);
  const std::string_view name = name_of(call);
  const unsigned count = name.empty() ? 6 : abi::argument_count(name, *arch);
  std::string text;
  auto add = [&](const std::string& value) { text += (text.empty() ? "" : ", ") + value; };
  for (unsigned slot = 0; slot < call.args.size(); ++slot) {
    const ArgumentPlace place{name, slot, *arch};
    const bool has_more = (call.args[slot] & ~low_ones(slot_bits(place))) != 0;
    if (has_more || (slot >= count && call.args[slot] != 0))
      add("raw(" + (slot < count ? slot_name(place) : "arg" + std::to_string(slot)) +
          ")=" + base::hex(call.args[slot]));
    else if (slot < count)
      add(slot_name(place) + "=" + describe_argument(call, slot));
  }
  if (call.instruction_pointer != 0) add("ip=" + base::hex(call.instruction_pointer));
  return describe_syscall(call) + "(" + text + ")";
}

std::string describe_condition(const ResolvedCondition& condition, uint32_t nr, Arch arch) {
  if (condition.is_always()) return "always";
  if (condition.is_never()) return "never";
  return describe_nested(condition, abi::name_of(nr, arch), arch, false);
}

}  // namespace cordon::policy
