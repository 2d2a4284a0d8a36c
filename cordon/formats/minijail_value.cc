#include "cordon/formats/minijail_value.h"

#include <charconv>
#include <string>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/formats/nearest_errno.h"

namespace cordon::formats {

std::optional<MinijailNumber> read_minijail_number(const MinijailToken& token, Arch arch, ProfileReporter& report) {
  MinijailNumber number;
  std::string_view digits = token.text;
  number.is_negative = digits.starts_with('-');
  if (number.is_negative) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.starts_with('0')) {
    base = 8;
    digits.remove_prefix(1);
  }
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, number.magnitude, base);
  if (error == std::errc::invalid_argument || stop != end) {
    report.error("minijail-syntax", token.span, "'" + base::printable(token.text.substr(0, 40)) + "' is not a number",
                 "numbers are 42, 0x2a or 052");
    return std::nullopt;
  }
  uint64_t max = abi::info(arch).word_bits == 32 ? UINT32_MAX : UINT64_MAX;
  uint64_t limit = number.is_negative ? max / 2 + 1 : max;
  if (error == std::errc::result_out_of_range || number.magnitude > limit) {
    std::string limit_text = number.is_negative ? "at least -" : "at most ";
    report.error("minijail-overflow", token.span,
                 std::string(token.text.substr(0, 40)) + " does not fit an argument of " +
                     std::string(abi::name(arch)) + ": " + limit_text + std::to_string(limit));
    return std::nullopt;
  }
  return number;
}

std::optional<NamedAction> read_minijail_errno(const MinijailToken& token, Arch arch, ProfileReporter& report) {
  if (token.kind == MinijailToken::Kind::word) {
    if (std::optional<uint16_t> number = abi::errno_number(token.text, arch))
      return NamedAction{{ActionKind::errno_, *number}, std::string(token.text)};
    std::optional<uint64_t> constant = abi::constant(token.text, arch);
    if (constant && *constant <= policy::kMaxErrno)
      return NamedAction{{ActionKind::errno_, static_cast<uint16_t>(*constant)}, {}};
    report.error("unknown-errno", token.span, "unknown errno '" + base::printable(token.text) + "'",
                 nearest_errno(token.text));
    return std::nullopt;
  }
  std::optional<MinijailNumber> number = read_minijail_number(token, arch, report);
  if (!number) return std::nullopt;
  if (number->is_negative) {
    report.error("errno-range", token.span, "invalid errno value " + std::string(token.text),
                 "errno values are 0 to 4095");
    return std::nullopt;
  }
  if (number->magnitude > policy::kMaxErrno) {
    report.error("errno-range", token.span,
                 "errno " + std::string(token.text) + " is out of range: libminijail would pass on its low 16 bits, " +
                     std::to_string(number->magnitude & 0xffff) +
                     ((number->magnitude & 0xffff) > policy::kMaxErrno ? ", which the kernel takes for 4095" : ""),
                 "errno values are 0 to 4095");
    return std::nullopt;
  }
  return NamedAction{{ActionKind::errno_, static_cast<uint16_t>(number->magnitude)}, {}};
}

}  // namespace cordon::formats
