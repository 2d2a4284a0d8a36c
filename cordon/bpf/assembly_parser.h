// One instruction as it is written, without what other lines say: where its jumps lead stays a word.
//
//   AssemblyParser parser(lexer, Arch::x86_64, mistakes);
//   parser.instruction(lexer.next());   // "jeq #5, yes, 9": code and k, on_true "yes", on_false "9"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/bpf/assembly_lexer.h"
#include "cordon/bpf/insn.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {

struct AssemblyMistake {
  std::optional<Token> token;  // none: about the program
  std::string code, message, hint;
  std::optional<Token> earlier{};  // what it contradicts
};

struct ParsedInsn {
  Insn insn;
  Token jump, on_true, on_false;  // no words where the instruction has no such target
};

class AssemblyParser {
 public:
  AssemblyParser(AssemblyLexer& lexer, Arch arch, std::vector<AssemblyMistake>& mistakes)
      : lexer_(lexer), arch_(arch), mistakes_(mistakes) {}

  // The line from the mnemonic, which is read already, to its end; none after a mistake, the line's only one.
  std::optional<ParsedInsn> instruction(const Token& mnemonic);

 private:
  bool mistake(const Token& token, std::string code, std::string message, std::string hint = {});
  bool unknown();
  bool wrong_operand(const Token& found);
  bool known();
  bool operands(Form form);
  bool expect(char wanted);
  bool number(uint32_t& value, uint32_t highest);
  bool immediate() { return expect('#') && number(parsed_.insn.k, UINT32_MAX); }
  bool offset();
  bool target(Token& token);
  bool raw();
  bool ret();
  bool data_of(std::string_view action);

  AssemblyLexer& lexer_;
  Arch arch_;
  std::vector<AssemblyMistake>& mistakes_;
  Token mnemonic_;
  ParsedInsn parsed_;
};

}  // namespace cordon::bpf
