// Which register a condition speaks of, and how many of its bits the kernel reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/arguments.h"
#include "cordon/policy/condition.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/resolve_condition.h"

namespace cordon::policy::detail {

struct ResolvedOperand {
  uint8_t operand = 0;  // as in ResolvedTest, or a hidden one
  unsigned width = 64;
  bool is_signed = false;
  bool is_pointer = false;  // named, so only null may be asked for
};

constexpr unsigned word_bits(Arch arch) { return abi::info(arch).word_bits; }

// The call has the argument, but not in a register of its own on this ABI. Its width is that of the
// 64-bit prototype: nothing but constant folding depends on it.
constexpr ResolvedOperand hidden_operand(std::string_view name, const CallContext& call) {
  std::span<const std::string_view> names = abi::argument_names(call.syscall);
  auto index = static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  ResolvedOperand result;
  result.operand = static_cast<uint8_t>(kFirstHiddenOperand + std::min<size_t>(index, 200));
  if (auto wide = abi::find_argument(call.syscall, name, Arch::x86_64).argument) result.width = wide->bits;
  return result;
}

template <class Text, class Hearer>
constexpr std::optional<ResolvedOperand> named_operand(const BasicArgTest<Text>& test, const CallContext& call,
                                                       Hearer& report) {
  if (call.by_number) {
    report.argument_name_on_number(test, call);
    return std::nullopt;
  }
  abi::ArgumentLookup lookup = abi::find_argument(call.syscall, test.operand.name, call.arch);
  if (lookup.argument) {
    const abi::Argument& argument = *lookup.argument;
    return ResolvedOperand{argument.slot, argument.bits, argument.is_signed, argument.is_pointer};
  }
  if (lookup.absence == abi::ArgumentAbsence::not_in_slots) return hidden_operand(test.operand.name, call);
  report.no_such_argument(test, call);
  return std::nullopt;
}

template <class Text, class Hearer>
constexpr ResolvedOperand slot_operand(const BasicArgTest<Text>& test, const CallContext& call, Hearer& report) {
  unsigned slot = test.operand.slot;
  ResolvedOperand result{static_cast<uint8_t>(slot), word_bits(call.arch), false, false};
  if (call.syscall.empty()) return result;
  if (auto argument = abi::argument_at(call.syscall, slot, call.arch)) {
    result.width = argument->bits;
    result.is_signed = argument->is_signed;
    result.is_pointer = argument->is_pointer && !call.by_number;
  } else if (!call.by_number && slot >= abi::argument_count(call.syscall, call.arch)) {
    report.beyond_prototype(test, call);
  }
  return result;
}

// No value: an error was reported.
template <class Text, class Hearer>
constexpr std::optional<ResolvedOperand> resolve_operand(const BasicArgTest<Text>& test, const CallContext& call,
                                                         Hearer& report) {
  using Kind = typename BasicOperand<Text>::Kind;
  std::optional<ResolvedOperand> result;
  switch (test.operand.kind) {
    case Kind::instruction_pointer:
      result = ResolvedOperand{ResolvedTest::kInstructionPointer, 64, false, false};
      break;
    case Kind::slot:
      if (test.operand.slot > 5) {
        report.no_such_slot(test, call);
        return std::nullopt;
      }
      result = slot_operand(test, call, report);
      break;
    case Kind::named: result = named_operand(test, call, report); break;
  }
  if (!result || result->operand >= kFirstHiddenOperand) return result;
  if (test.operand.raw) {
    result->width = 64;
    result->is_signed = false;
  }
  result->width = std::min(result->width, word_bits(call.arch));
  return result;
}

}  // namespace cordon::policy::detail
