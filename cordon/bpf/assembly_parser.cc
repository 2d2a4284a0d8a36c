#include "cordon/bpf/assembly_parser.h"

#include <algorithm>
#include <utility>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/naming.h"

namespace cordon::bpf {
namespace {

constexpr uint32_t kMaxErrno = 4095;  // MAX_ERRNO, which the kernel clamps to

constexpr std::string_view kNumbers = "numbers are decimal without leading zeros, or hexadecimal with 0x";

struct ActionWord {
  std::string_view word;
  uint32_t ret;
  bool has_data;
};
constexpr ActionWord kActions[] = {{"allow", 0x7fff0000, false},       {"log", 0x7ffc0000, false},
                                   {"trace", 0x7ff00000, true},        {"notify", 0x7fc00000, false},
                                   {"errno", 0x00050000, true},        {"trap", 0x00030000, true},
                                   {"kill_thread", 0x00000000, false}, {"kill_process", 0x80000000, false}};

// What other assemblers of classic BPF have.
struct Foreign {
  std::string_view mnemonic, cure;
};
constexpr Foreign kForeign[] = {
    {"jmp", "write ja"},
    {"jne", "write jeq with the targets swapped"},
    {"jlt", "write jge with the targets swapped"},
    {"jle", "write jgt with the targets swapped"},
    {"ldb", "seccomp takes loads of whole words alone: ld [OFFSET]"},
    {"ldh", "seccomp takes loads of whole words alone: ld [OFFSET]"},
    {"mod", "classic BPF has it, seccomp does not take it"},
};

std::string_view shape(Form form) {
  switch (form) {
    case Form::load: return " [OFFSET]";
    case Form::length: return " len";
    case Form::immediate:
    case Form::alu_k:
    case Form::ret_k: return " #NUMBER";
    case Form::cell: return " M[CELL]";
    case Form::alu_x: return " x";
    case Form::plain: return "";
    case Form::jump: return " TARGET";
    case Form::branch_k: return " #NUMBER, TARGET, TARGET";
    case Form::branch_x: return " x, TARGET, TARGET";
    case Form::ret_a: return " a";
  }
  return "";
}

// "neg", "ld [OFFSET], ld len, ld #NUMBER or ld M[CELL]"
std::string ways_to_write(std::string_view mnemonic) {
  if (mnemonic == "ret") return "ret ACTION, ret #NUMBER or ret a";
  if (mnemonic == "raw") return "raw CODE, JT, JF, K";
  std::vector<std::string> ways;
  for (const OpcodeInfo& info : opcodes())
    if (info.mnemonic == mnemonic) ways.push_back(std::string(mnemonic) + std::string(shape(info.form)));
  std::string text;
  for (size_t i = 0; i < ways.size(); ++i) text += (i == 0 ? "" : i + 1 == ways.size() ? " or " : ", ") + ways[i];
  return text;
}

// How the first operand looks, and the form of instruction that has such.
bool fits(Form form, const Token& first) {
  switch (form) {
    case Form::load: return first.is('[');
    case Form::length: return first.text == "len";
    case Form::immediate:
    case Form::alu_k:
    case Form::branch_k:
    case Form::ret_k: return first.is('#');
    case Form::cell: return first.text == "M";
    case Form::alu_x:
    case Form::branch_x: return first.text == "x";
    case Form::plain: return first.is_end();
    case Form::jump: return first.is_word();
    case Form::ret_a: return first.text == "a";
  }
  return false;
}

// "not 'x'", for what was expected.
std::string instead(const Token& found) {
  return found.is_end() ? ", not the end of the line" : ", not " + quoted(found.text);
}

bool is_name(const Token& token) { return token.is_word() && !is_digit(token.text[0]); }

}  // namespace

std::optional<ParsedInsn> AssemblyParser::instruction(const Token& mnemonic) {
  mnemonic_ = mnemonic;
  parsed_ = {};
  const bool is_read = mnemonic.text == "ret" ? ret() : mnemonic.text == "raw" ? raw() : known();
  if (!is_read) return std::nullopt;
  const Token rest = lexer_.next();
  if (rest.is_end()) return parsed_;
  mistake(rest, "asm-operand", quoted(rest.text) + " stands behind the whole instruction",
          "write " + ways_to_write(mnemonic.text) + "; a comment begins with ';'");
  return std::nullopt;
}

// Always false, for readers to end with.
bool AssemblyParser::mistake(const Token& token, std::string code, std::string message, std::string hint) {
  mistakes_.push_back({token, std::move(code), std::move(message), std::move(hint)});
  return false;
}

bool AssemblyParser::known() {
  const Token first = lexer_.peek();
  bool is_mnemonic = false;
  for (const OpcodeInfo& info : opcodes()) {
    if (info.mnemonic != mnemonic_.text) continue;
    is_mnemonic = true;
    if (!fits(info.form, first)) continue;
    parsed_.insn.code = info.code;
    return operands(info.form);
  }
  return is_mnemonic ? wrong_operand(first) : unknown();
}

bool AssemblyParser::unknown() {
  if (!mnemonic_.is_word())
    return mistake(mnemonic_, "asm-syntax", "expected an instruction or a label" + instead(mnemonic_),
                   "a comment begins with ';'");
  std::vector<std::string_view> names{"raw"};
  for (const OpcodeInfo& info : opcodes()) names.push_back(info.mnemonic);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string hint = base::did_you_mean(mnemonic_.text, names);
  for (const Foreign& foreign : kForeign)
    if (foreign.mnemonic == mnemonic_.text) hint = foreign.cure;
  return mistake(mnemonic_, "asm-mnemonic", "no instruction is called " + quoted(mnemonic_.text), std::move(hint));
}

bool AssemblyParser::wrong_operand(const Token& found) {
  const std::string word = quoted(mnemonic_.text);
  const std::string hint = "write " + ways_to_write(mnemonic_.text);
  if (found.is_end()) return mistake(mnemonic_, "asm-operand", word + " lacks its operand", hint);
  return mistake(found, "asm-operand", word + " does not take " + quoted(found.text), hint);
}

bool AssemblyParser::operands(Form form) {
  const bool has_sign =
      form == Form::load || form == Form::cell || form == Form::length || form == Form::alu_x || form == Form::branch_x;
  if (has_sign) lexer_.next();
  switch (form) {
    case Form::load: return offset();
    case Form::immediate:
    case Form::alu_k: return immediate();
    case Form::cell: return expect('[') && number(parsed_.insn.k, UINT32_MAX) && expect(']');
    case Form::jump: return target(parsed_.jump);
    case Form::branch_k:
      if (!immediate()) return false;
      [[fallthrough]];
    case Form::branch_x: return expect(',') && target(parsed_.on_true) && expect(',') && target(parsed_.on_false);
    default: return true;
  }
}

bool AssemblyParser::expect(char wanted) {
  const Token token = lexer_.next();
  if (token.is(wanted)) return true;
  return mistake(token, "asm-syntax", std::string("expected '") + wanted + "'" + instead(token),
                 "write " + ways_to_write(mnemonic_.text));
}

bool AssemblyParser::number(uint32_t& value, uint32_t highest) {
  const Token token = lexer_.next();
  const std::optional<uint64_t> read = parse_number(token.text);
  if (!read) return mistake(token, "asm-number", "expected a number" + instead(token), std::string(kNumbers));
  if (*read > highest)
    return mistake(token, "asm-number", quoted(token.text) + " is too large",
                   "expected at most " + (highest == UINT32_MAX ? base::hex(highest) : std::to_string(highest)));
  value = static_cast<uint32_t>(*read);
  return true;
}

bool AssemblyParser::offset() {
  const Token name = lexer_.peek();
  if (!is_name(name)) return number(parsed_.insn.k, UINT32_MAX) && expect(']');
  lexer_.next();
  for (uint32_t offset = 0; offset < kDataSize; offset += 4) {
    if (field_name(offset, abi::info(arch_).endian) != name.text) continue;
    parsed_.insn.k = offset;
    return expect(']');
  }
  return mistake(name, "asm-field", "struct seccomp_data has no word " + quoted(name.text),
                 "nr, arch, ip.low, ip.high, arg0.low, arg0.high to arg5.high, or an offset in bytes");
}

bool AssemblyParser::target(Token& token) {
  token = lexer_.next();
  if (is_name(token) || (token.is_word() && parse_number(token.text))) return true;
  return mistake(token, "asm-target", "expected a target" + instead(token), "the number of an instruction, or a label");
}

bool AssemblyParser::raw() {
  uint32_t code = 0, jt = 0, jf = 0;
  if (!(number(code, UINT16_MAX) && expect(',') && number(jt, UINT8_MAX) && expect(',') && number(jf, UINT8_MAX) &&
        expect(',') && number(parsed_.insn.k, UINT32_MAX)))
    return false;
  parsed_.insn.code = static_cast<uint16_t>(code);
  parsed_.insn.jt = static_cast<uint8_t>(jt);
  parsed_.insn.jf = static_cast<uint8_t>(jf);
  return true;
}

bool AssemblyParser::ret() {
  parsed_.insn.code = kRetK;
  const Token first = lexer_.peek();
  if (first.is('#')) return immediate();
  if (!is_name(first)) return wrong_operand(first);
  lexer_.next();
  if (first.text == "a") {
    parsed_.insn.code = kRetA;
    return true;
  }
  std::vector<std::string_view> names;
  for (const ActionWord& action : kActions) {
    names.push_back(action.word);
    if (action.word != first.text) continue;
    parsed_.insn.k = action.ret;
    return !action.has_data || data_of(action.word);
  }
  std::string hint = base::did_you_mean(first.text, names);
  if (hint.empty()) hint = "allow, log, trace, notify, errno, trap, kill_thread, kill_process, #NUMBER or a";
  return mistake(first, "asm-action", "no action is called " + quoted(first.text), std::move(hint));
}

// `trap` and `trace` stand for 0; an errno is always told.
bool AssemblyParser::data_of(std::string_view action) {
  const Token name = lexer_.peek();
  const bool is_errno = action == "errno";
  if (!is_errno && name.is_end()) return true;
  uint32_t value = 0;
  if (is_errno && is_name(name)) {
    lexer_.next();
    const std::optional<uint16_t> known = abi::errno_number(name.text, arch_);
    if (!known)
      return mistake(name, "asm-errno",
                     "no errno of " + std::string(abi::name(arch_)) + " is called " + quoted(name.text),
                     "a name as in errno.h, such as EPERM, or a number from 0 to 4095");
    value = *known;
  } else if (!number(value, is_errno ? kMaxErrno : uint32_t{UINT16_MAX})) {
    return false;
  }
  parsed_.insn.k |= value;
  return true;
}

}  // namespace cordon::bpf
