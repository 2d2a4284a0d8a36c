// What instructions are about, in names: for listings, trees and pictures of a program.
//
//   Naming naming(program, Endian::little);
//   naming.meaning(1)     // "x86_64", "from exit up", "arg1.low, cmd of ioctl", "errno EPERM"
//   naming.condition(1)   // "arch == x86_64", "nr >= exit", "cmd == TCGETS"
//
// A name is told only where it is certain on every path to the instruction: a number has one where the architecture
// is known, an argument where the call is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/abi/arguments.h"
#include "cordon/bpf/context.h"
#include "cordon/bpf/opcode.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

// "arg1.low"; the words of a 64-bit field lie in machine order. The offset is one a filter can load.
std::string field_name(uint32_t offset, Endian endian);

// In which byte order the program's machine has the words of 64-bit fields: that of the architectures it asks for. No
// value where it asks for none.
std::optional<Endian> endian_of(const Program& program);

class Naming {
 public:
  // `program` must outlive this.
  Naming(const Program& program, Endian endian);

  const Known& known(size_t pc) const { return known_[pc]; }
  // Of a load, a comparison or a return; empty where there is nothing to add to the instruction.
  std::string meaning(size_t pc) const;
  // When a branch goes to its first target: "flags & O_ACCMODE == O_RDONLY"; "A" stands for what has no name.
  std::string condition(size_t pc) const;
  // What a `ret #k` answers: "errno EPERM".
  std::string action(size_t pc) const { return action(program_[pc].k, known_[pc]); }
  // "exit" where the number is a call's on an architecture the instruction may serve; empty elsewhere.
  std::string call(size_t pc, uint32_t number) const;

 private:
  struct KnownArgument {
    Arch arch;
    std::string_view syscall;
    abi::Argument argument;
  };

  static std::optional<KnownArgument> argument_at(uint32_t offset, const Known& known);
  bool is_high(uint32_t offset) const { return (offset % 8 == 4) == (endian_ == Endian::little); }
  std::string load(uint32_t offset, const Known& known) const;
  std::string constant(uint32_t value, const Known& known) const;
  std::string compared(const Insn& insn, const Known& known) const;
  std::string compared_value(const Insn& insn, const Known& known) const;
  std::string operand(const Known& known) const;
  std::string errno_text(uint16_t number, const Known& known) const;
  std::string action(uint32_t ret, const Known& known) const;

  const Program& program_;
  Endian endian_;
  std::vector<Known> known_;
  std::vector<Arch> arches_;  // those the program asks for, or the native one
};

}  // namespace cordon::bpf
