#include "cordon/sandbox/audit_record.h"

#include <charconv>

namespace cordon::sandbox {
namespace {

constexpr char kEnrichedMark = 0x1d;  // what follows are interpretations added by a daemon

// The value of " key=", with quotes; empty if there is none. Keys are searched outside quotes.
std::string_view raw_value(std::string_view text, std::string_view key) {
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    bool is_word = !quoted && (at == 0 || text[at - 1] == ' ') && text.substr(at).starts_with(key);
    if (!is_word || text.substr(at + key.size(), 1) != "=") continue;
    std::string_view value = text.substr(at + key.size() + 1);
    if (value.starts_with('"')) {
      size_t end = value.find('"', 1);
      return end == std::string_view::npos ? value : value.substr(0, end + 1);
    }
    return value.substr(0, value.find(' '));
  }
  return {};
}

template <class T>
bool read_number(std::string_view value, int base, T& number) {
  if (base == 16 && value.starts_with("0x")) value.remove_prefix(2);
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number, base);
  return !value.empty() && error == std::errc() && end == value.data() + value.size();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Quoted if it is harmless, else hexadecimal without quotes (audit_log_untrustedstring).
std::string read_text(std::string_view value) {
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    if (value.ends_with('"')) value.remove_suffix(1);
    return std::string(value);
  }
  std::string text;
  for (size_t i = 0; i + 1 < value.size(); i += 2) {
    int high = hex_digit(value[i]);
    int low = hex_digit(value[i + 1]);
    if (high < 0 || low < 0) return std::string(value);  // "(null)"
    text += static_cast<char>(high * 16 + low);
  }
  return value.size() % 2 == 0 ? text : std::string(value);
}

bool names_other_type(std::string_view text) {
  std::string_view type = raw_value(text, "type");
  return !type.empty() && type != "1326" && type != "SECCOMP";
}

}  // namespace

std::optional<AuditRecord> parse_audit_record(std::string_view text) {
  text = text.substr(0, text.find(kEnrichedMark));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0' || text.back() == '\r')) text.remove_suffix(1);
  if (names_other_type(text)) return std::nullopt;
  AuditRecord record;
  bool complete = read_number(raw_value(text, "pid"), 10, record.pid) &&
                  read_number(raw_value(text, "arch"), 16, record.audit_arch) &&
                  read_number(raw_value(text, "syscall"), 10, record.nr) &&
                  read_number(raw_value(text, "code"), 16, record.code);
  if (!complete) return std::nullopt;
  read_number(raw_value(text, "sig"), 10, record.signal);
  read_number(raw_value(text, "ip"), 16, record.instruction_pointer);
  record.command = read_text(raw_value(text, "comm"));
  record.executable = read_text(raw_value(text, "exe"));
  return record;
}

}  // namespace cordon::sandbox
