#include "cordon/bpf/raw.h"

#include <algorithm>
#include <cstring>

#include "cordon/bpf/verify.h"

namespace cordon::bpf {
namespace {

Insn swapped(const Insn& insn) { return {__builtin_bswap16(insn.code), insn.jt, insn.jf, __builtin_bswap32(insn.k)}; }

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

bool is_hex_text(std::string_view bytes) {
  return bytes.find_first_not_of("0123456789abcdefABCDEFxX, \t\r\n") == std::string_view::npos;
}

// What the bytes look like, where they are no filter; empty if nothing is recognised.
std::string guess(std::string_view bytes) {
  if (bytes.starts_with("\x7f"
                        "ELF"))
    return "this is an ELF file; a raw filter has no header";
  if (bytes.empty() || !is_text(bytes)) return {};
  size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  if (bytes[first] == '{' || bytes[first] == '[') return "this looks like JSON; read it as an OCI profile";
  if (is_hex_text(bytes)) return "this looks like hexadecimal text: make it binary with 'xxd -r -p'";
  return "this looks like text; a raw filter is an array of struct sock_filter";
}

std::string guess(std::string_view bytes, const std::vector<Insn>& insns) {
  std::vector<Insn> other(insns.size());
  std::transform(insns.begin(), insns.end(), other.begin(), swapped);
  if (verify(other).empty()) return "in the other byte order this is a valid filter: it was made for another machine";
  return guess(bytes);
}

constexpr char kDigits[] = "0123456789abcdef";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Program> read_raw(std::string_view bytes) {
  Diagnostics problems;
  size_t leftover = bytes.size() % sizeof(Insn);
  if (leftover != 0) {
    problems.error("bpf-length", {},
                   "a raw filter is a multiple of 8 bytes long, this has " + std::to_string(bytes.size()) + " (" +
                       std::to_string(leftover) + " left over)",
                   guess(bytes));
    return problems;
  }
  if (bytes.size() / sizeof(Insn) > kMaxInsns) {
    problems.error("bpf-too-long", {},
                   "a raw filter has at most " + std::to_string(kMaxInsns) + " instructions, this has " +
                       std::to_string(bytes.size() / sizeof(Insn)),
                   guess(bytes));
    return problems;
  }
  std::vector<Insn> insns(bytes.size() / sizeof(Insn));
  if (!insns.empty()) std::memcpy(insns.data(), bytes.data(), bytes.size());
  Diagnostics findings = verify(insns);
  if (findings.empty()) return Program::create(std::move(insns));
  std::string hint = guess(bytes, insns);
  if (hint.empty()) return findings;
  // Bytes that are something else altogether have a finding in nearly every instruction; one tells it all.
  Diagnostic first = *findings.begin();
  first.hint = hint;
  return first;
}

std::string write_raw(const Program& program) {
  return {reinterpret_cast<const char*>(program.insns().data()), program.size() * sizeof(Insn)};
}

Result<Program> read_hex(std::string_view text) {
  std::string bytes;
  Diagnostics problems;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',') {
      ++i;
      continue;
    }
    if (text.substr(i, 2) == "0x" || text.substr(i, 2) == "0X") {
      i += 2;
      continue;
    }
    int high = digit(c);
    int low = i + 1 < text.size() ? digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) {
      problems.error("bpf-hex", {}, "byte " + std::to_string(i) + " of the text is not a pair of hexadecimal digits",
                     "write each byte as two digits, such as 06 00 00 00 00 00 ff 7f");
      return problems;
    }
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return read_raw(bytes);
}

std::string write_hex(const Program& program) {
  std::string text;
  std::string bytes = write_raw(program);
  for (size_t i = 0; i < bytes.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
    if (i % sizeof(Insn) == sizeof(Insn) - 1) text += '\n';
  }
  return text;
}

}  // namespace cordon::bpf
