#include "cordon/prove/named_value.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/abi/constants.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve_value.h"

namespace cordon::prove {
namespace {

constexpr uint64_t kSmall = 4096;
constexpr size_t kMaxFlags = 5;  // more flags in a value say less than its number

std::optional<uint64_t> parsed_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Value> parsed_part(std::string_view text) {
  Value value;
  if (abi::is_constant_name(text)) {
    value.kind = Value::Kind::name;
    value.name = text;
    return value;
  }
  const bool is_negative = text.starts_with('-');
  const std::optional<uint64_t> number = parsed_number(is_negative ? text.substr(1) : text);
  if (!number) return std::nullopt;
  value.number = *number;
  if (!is_negative) return value;
  Value negated;
  negated.kind = Value::Kind::negate;
  negated.operands.push_back(std::move(value));
  return negated;
}

// "O_WRONLY|O_CLOEXEC|0x8", as policy::value_text writes it.
std::optional<Value> parsed(std::string_view text) {
  Value whole;
  whole.kind = Value::Kind::any_of;
  while (true) {
    const size_t bar = std::min(text.find('|'), text.size());
    std::optional<Value> part = parsed_part(text.substr(0, bar));
    if (!part) return std::nullopt;
    whole.operands.push_back(std::move(*part));
    if (bar == text.size()) break;
    text.remove_prefix(bar + 1);
  }
  if (whole.operands.size() > 1) return whole;
  Value only = std::move(whole.operands.front());
  return only;
}

}  // namespace

Value number_value(uint64_t number) {
  Value value;
  value.number = number;
  return value;
}

Value ValueNamer::checked(const std::string& text, uint64_t number, size_t max_parts) const {
  const std::optional<Value> value = parsed(text);
  const size_t parts = value ? value->operands.size() : 0;
  if (!value || parts > max_parts || (parts > 1 && !is_named(*value))) return number_value(number);
  const auto resolved = policy::resolve_value(*value, {0, place_.arch, width_});
  if (!resolved || !resolved->fits || resolved->bits != number) return number_value(number);
  return *value;
}

Value ValueNamer::value(uint64_t number) const {
  return checked(policy::value_text(place_, number), number, kMaxFlags);
}

Value ValueNamer::mask(uint64_t mask) const { return checked(policy::mask_text(place_, mask), mask, 64); }

Value ValueNamer::masked_value(uint64_t mask, uint64_t number) const {
  return checked(policy::masked_value_text(place_, mask, number), number, kMaxFlags);
}

bool is_named(const Value& value) {
  if (value.operands.empty()) return value.kind == Value::Kind::name;
  return std::all_of(value.operands.begin(), value.operands.end(), is_named);
}

unsigned reading_cost(const Value& value) {
  if (value.kind == Value::Kind::name) return 3;
  if (value.kind == Value::Kind::number) return value.number < kSmall ? 3 : 5;
  unsigned cost = value.kind == Value::Kind::any_of ? 0 : 1;
  for (const Value& operand : value.operands)
    cost += value.kind == Value::Kind::any_of && cost > 0 ? 2 : reading_cost(operand);
  return cost;
}

}  // namespace cordon::prove
