#include "cordon/bpf/disassemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "cordon/bpf/naming.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

// Wide enough for every instruction but a branch between four-digit targets.
constexpr size_t kCommentColumn = 28;

bool has_unused_values(const Insn& insn, Form form) {
  return (!is_branch(form) && (insn.jt != 0 || insn.jf != 0)) || (!uses_k(form) && insn.k != 0);
}

std::string operands(const Insn& insn, Form form, size_t pc) {
  switch (form) {
    case Form::load: return fmt::format("[{}]", insn.k);
    case Form::length: return "len";
    case Form::immediate:
    case Form::alu_k: return fmt::format("#{:#x}", insn.k);
    case Form::cell: return fmt::format("M[{}]", insn.k);
    case Form::alu_x: return "x";
    case Form::plain: return "";
    case Form::jump: return fmt::format("{}", pc + 1 + insn.k);
    case Form::branch_k: return fmt::format("#{:#x}, {}, {}", insn.k, pc + 1 + insn.jt, pc + 1 + insn.jf);
    case Form::branch_x: return fmt::format("x, {}, {}", pc + 1 + insn.jt, pc + 1 + insn.jf);
    case Form::ret_k: return fmt::format("#{:#010x}", insn.k);
    case Form::ret_a: return "a";
  }
  return "";
}

std::string instruction(const Insn& insn, const OpcodeInfo& info, size_t pc) {
  if (has_unused_values(insn, info.form)) {
    return fmt::format("raw {:#04x}, {}, {}, {:#010x}", insn.code, insn.jt, insn.jf, insn.k);
  }
  std::string text = operands(insn, info.form, pc);
  return text.empty() ? std::string(info.mnemonic) : fmt::format("{} {}", info.mnemonic, text);
}

std::string comment_of(const Program& program, const Naming& naming, const DisassembleOptions& options, size_t pc) {
  const Insn& insn = program[pc];
  const OpcodeInfo info = *find_opcode(insn.code);
  std::string text;
  auto add = [&text](const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += ", ";
    text += part;
  };
  if (has_unused_values(insn, info.form)) {
    text = fmt::format("{} {}", info.mnemonic, operands(insn, info.form, pc));
    while (text.ends_with(' ')) text.pop_back();
  }
  add(naming.known(pc).is_reachable ? naming.meaning(pc) : "unreachable");
  if (options.annotate) add(options.annotate(pc));
  return text;
}

}  // namespace

std::string instruction_text(const Program& program, size_t pc) {
  return instruction(program[pc], *find_opcode(program[pc].code), pc);
}

std::string disassemble(const Program& program, const DisassembleOptions& options) {
  std::optional<Naming> naming;
  if (options.comments) naming.emplace(program, options.endian);
  size_t index_width = fmt::formatted_size("{}", program.size() - 1);
  fmt::memory_buffer text;
  auto out = std::back_inserter(text);
  for (size_t pc = 0; pc < program.size(); ++pc) {
    std::string line = instruction_text(program, pc);
    std::string comment;
    if (naming) {
      comment = comment_of(program, *naming, options, pc);
    } else if (options.annotate) {
      comment = options.annotate(pc);
    }
    // One line an instruction, whatever the caller's annotation holds.
    std::replace(comment.begin(), comment.end(), '\n', ' ');
    fmt::format_to(out, "{:>{}}: ", pc, index_width);
    if (comment.empty()) {
      fmt::format_to(out, "{}\n", line);
    } else {
      fmt::format_to(out, "{:<{}} ; {}\n", line, kCommentColumn, comment);
    }
  }
  return fmt::to_string(text);
}

}  // namespace cordon::bpf
