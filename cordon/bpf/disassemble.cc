#include "cordon/bpf/disassemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/bpf/context.h"
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

class Commenter {
 public:
  Commenter(const Program& program, const DisassembleOptions& options) : options_(options), known_(known_at(program)) {
    for (size_t pc = 0; pc < program.size(); ++pc) {
      if (program[pc].code != kJeqK || !holds_plain(known_[pc], kOffsetArch)) continue;
      if (std::optional<Arch> arch = abi::arch_of_call(program[pc].k, 0)) arches_.push_back(*arch);
    }
    if (arches_.empty()) arches_.push_back(abi::native_arch());
  }

  std::string comment(const Insn& insn, const OpcodeInfo& info, size_t pc) const {
    std::string text;
    if (has_unused_values(insn, info.form)) {
      text = fmt::format("{} {}", info.mnemonic, operands(insn, info.form, pc));
      while (text.ends_with(' ')) text.pop_back();
    }
    add(text, known_[pc].is_reachable ? meaning(insn, info.form, known_[pc]) : "unreachable");
    if (options_.annotate) add(text, options_.annotate(pc));
    return text;
  }

 private:
  static bool holds_plain(const Known& known, uint32_t offset) {
    return known.loaded_offset == offset && known.mask == UINT32_MAX;
  }

  static void add(std::string& text, const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += ", ";
    text += part;
  }

  std::string meaning(const Insn& insn, Form form, const Known& known) const {
    switch (form) {
      case Form::load: return load(insn.k, known);
      case Form::branch_k: return compared(insn, known);
      case Form::ret_k: return action(insn.k, known);
      case Form::alu_k:
        if (insn.code == kAndK && insn.k == ~abi::kX32Bit && known.loaded_offset == kOffsetNr)
          return "without the x32 bit";
        return "";
      default: return "";
    }
  }

  // The argument that lies at an offset, where the call is known.
  struct KnownArgument {
    Arch arch;
    std::string_view syscall;
    std::string_view name;
  };
  static std::optional<KnownArgument> argument_at(uint32_t offset, const Known& known) {
    if (offset < kOffsetArgs || !known.audit_arch || !known.nr) return std::nullopt;
    std::optional<Arch> arch = abi::arch_of_call(*known.audit_arch, *known.nr);
    if (!arch) return std::nullopt;
    std::string_view syscall = abi::name_of(*known.nr, *arch);
    if (syscall.empty()) return std::nullopt;
    std::optional<abi::Argument> argument = abi::argument_at(syscall, (offset - kOffsetArgs) / 8, *arch);
    if (!argument) return std::nullopt;
    return KnownArgument{*arch, syscall, argument->name};
  }

  std::string load(uint32_t offset, const Known& known) const {
    std::string text = field_name(offset, options_.endian);
    std::optional<KnownArgument> argument = argument_at(offset, known);
    return argument ? fmt::format("{}, {} of {}", text, argument->name, argument->syscall) : text;
  }

  // "TCGETS": the constant a low word is compared with.
  std::string constant(const Insn& insn, const Known& known) const {
    bool is_exact = insn.code == kJeqK || insn.code == kJsetK;
    if (!is_exact || insn.k == 0 || !known.loaded_offset || *known.loaded_offset < kOffsetArgs) return "";
    bool is_high = (*known.loaded_offset % 8 == 4) == (options_.endian == Endian::little);
    std::optional<KnownArgument> argument = argument_at(*known.loaded_offset, known);
    if (is_high || !argument) return "";
    // Families are listed by the slots of x86_64's prototype.
    abi::ArgumentLookup listed = abi::find_argument(argument->syscall, argument->name, Arch::x86_64);
    if (!listed.argument) return "";
    for (uint8_t family : abi::families_for(argument->syscall, listed.argument->slot)) {
      std::string_view name = abi::constant_for_value(family, insn.k, argument->arch);
      if (!name.empty()) return std::string(name);
    }
    return "";
  }

  std::string compared(const Insn& insn, const Known& known) const {
    if (holds_plain(known, kOffsetArch)) {
      std::optional<Arch> arch = abi::arch_of_call(insn.k, 0);
      return arch ? std::string(abi::name(*arch)) : "";
    }
    if (known.loaded_offset != kOffsetNr) return constant(insn, known);
    if (!known.audit_arch) return "";
    std::optional<Arch> arch = abi::arch_of_call(*known.audit_arch, insn.k);
    if (!arch) return "";
    if (insn.code == kJsetK) return *arch == Arch::x32 && insn.k == abi::kX32Bit ? "x32" : "";
    return number(insn, *arch, *known.audit_arch);
  }

  // "exit", or the range a comparison bounds: "from exit up", "above exit", "x32".
  static std::string number(const Insn& insn, Arch arch, uint32_t audit_arch) {
    const bool has_x32 = audit_arch == abi::info(Arch::x32).audit_arch;
    const bool is_above = insn.code == kJgtK;
    if (has_x32 && ((insn.code == kJgeK && insn.k == abi::kX32Bit) || (is_above && insn.k == abi::kX32Bit - 1)))
      return "x32";
    const std::string_view name = abi::name_of(insn.k, arch);
    if (name.empty()) return "";
    const std::string full = arch == Arch::x32 ? fmt::format("x32 {}", name) : std::string(name);
    if (insn.code == kJgeK) return fmt::format("from {} up", full);
    return is_above ? fmt::format("above {}", full) : full;
  }

  // The one name the number has on every arch that can come here; numbers differ on mips, sparc and others.
  std::string errno_text(uint16_t number, const Known& known) const {
    std::vector<Arch> arches = arches_;
    if (known.audit_arch) {
      if (std::optional<Arch> arch = abi::arch_of_call(*known.audit_arch, 0)) arches = {*arch};
    }
    std::string_view name = abi::errno_symbol(number, arches[0]);
    for (Arch arch : arches) {
      if (abi::errno_symbol(number, arch) != name) name = {};
    }
    return name.empty() ? fmt::format("errno {}", number) : fmt::format("errno {}", name);
  }

  std::string action(uint32_t ret, const Known& known) const {
    constexpr uint16_t kMaxErrno = 4095;  // MAX_ERRNO, which __seccomp_filter clamps to
    uint16_t data = static_cast<uint16_t>(ret);
    auto dropping_data = [&](const char* name) {
      return data == 0 ? std::string(name) : fmt::format("{}, data {} has no meaning", name, data);
    };
    switch (ret & 0xffff0000) {
      case 0x80000000: return data == 0 ? "kill_process" : fmt::format("kill_process, si_errno {}", data);
      case 0x00000000: return data == 0 ? "kill_thread" : fmt::format("kill_thread, si_errno {}", data);
      case 0x00030000: return fmt::format("trap {}", data);
      case 0x00050000:
        if (data > kMaxErrno) return fmt::format("errno 4095, clamped from {}", data);
        return data == 0 ? "errno 0, the call seems to succeed" : errno_text(data, known);
      case 0x7fc00000: return dropping_data("notify");
      case 0x7ff00000: return fmt::format("trace {}", data);
      case 0x7ffc0000: return dropping_data("log");
      case 0x7fff0000: return data == 0 ? "allow" : fmt::format("allow, data {} defeats the kernel's bitmap", data);
      default: return "kill_process, as no action has this value";
    }
  }

  const DisassembleOptions& options_;
  std::vector<Known> known_;
  std::vector<Arch> arches_;  // those the program asks for, or the native one
};

}  // namespace

std::string field_name(uint32_t offset, Endian endian) {
  if (offset == kOffsetNr) return "nr";
  if (offset == kOffsetArch) return "arch";
  bool is_high = (offset % 8 == 4) == (endian == Endian::little);
  std::string name = offset < kOffsetArgs ? "ip" : fmt::format("arg{}", (offset - kOffsetArgs) / 8);
  return name + (is_high ? ".high" : ".low");
}

std::string disassemble(const Program& program, const DisassembleOptions& options) {
  std::optional<Commenter> commenter;
  if (options.comments) commenter.emplace(program, options);
  size_t index_width = fmt::formatted_size("{}", program.size() - 1);
  fmt::memory_buffer text;
  auto out = std::back_inserter(text);
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const OpcodeInfo& info = *find_opcode(program[pc].code);
    std::string line = instruction(program[pc], info, pc);
    std::string comment;
    if (commenter) {
      comment = commenter->comment(program[pc], info, pc);
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
