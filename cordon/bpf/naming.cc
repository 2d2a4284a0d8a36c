#include "cordon/bpf/naming.h"

#include <fmt/format.h>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"

namespace cordon::bpf {
namespace {

bool holds_plain(const Known& known, uint32_t offset) {
  return known.loaded_offset == offset && known.mask == UINT32_MAX;
}

std::vector<Arch> arches_asked_for(const Program& program, const std::vector<Known>& known) {
  std::vector<Arch> arches;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    if (program[pc].code != kJeqK || !holds_plain(known[pc], kOffsetArch)) continue;
    if (std::optional<Arch> arch = abi::arch_of_call(program[pc].k, 0)) arches.push_back(*arch);
  }
  return arches;
}

// "exit", or the range a comparison bounds: "from exit up", "above exit", "x32".
std::string number_range(const Insn& insn, Arch arch, uint32_t audit_arch) {
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

}  // namespace

std::string field_name(uint32_t offset, Endian endian) {
  if (offset == kOffsetNr) return "nr";
  if (offset == kOffsetArch) return "arch";
  bool is_high = (offset % 8 == 4) == (endian == Endian::little);
  std::string name = offset < kOffsetArgs ? "ip" : fmt::format("arg{}", (offset - kOffsetArgs) / 8);
  return name + (is_high ? ".high" : ".low");
}

std::optional<Endian> endian_of(const Program& program) {
  const std::vector<Arch> arches = arches_asked_for(program, known_at(program));
  if (arches.empty()) return std::nullopt;
  return abi::info(arches.front()).endian;
}

Naming::Naming(const Program& program, Endian endian)
    : program_(program), endian_(endian), known_(known_at(program)), arches_(arches_asked_for(program, known_)) {
  if (arches_.empty()) arches_.push_back(abi::native_arch());
}

std::string Naming::meaning(size_t pc) const {
  const Insn& insn = program_[pc];
  const Known& known = known_[pc];
  switch (find_opcode(insn.code)->form) {
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
std::optional<Naming::KnownArgument> Naming::argument_at(uint32_t offset, const Known& known) {
  if (offset < kOffsetArgs || !known.audit_arch || !known.nr) return std::nullopt;
  std::optional<Arch> arch = abi::arch_of_call(*known.audit_arch, *known.nr);
  if (!arch) return std::nullopt;
  std::string_view syscall = abi::name_of(*known.nr, *arch);
  if (syscall.empty()) return std::nullopt;
  std::optional<abi::Argument> argument = abi::argument_at(syscall, (offset - kOffsetArgs) / 8, *arch);
  if (!argument) return std::nullopt;
  return KnownArgument{*arch, syscall, *argument};
}

std::string Naming::load(uint32_t offset, const Known& known) const {
  std::string text = field_name(offset, endian_);
  std::optional<KnownArgument> found = argument_at(offset, known);
  return found ? fmt::format("{}, {} of {}", text, found->argument.name, found->syscall) : text;
}

// "TCGETS": the constant a low word has this value by.
std::string Naming::constant(uint32_t value, const Known& known) const {
  if (value == 0 || !known.loaded_offset || *known.loaded_offset < kOffsetArgs) return "";
  std::optional<KnownArgument> found = argument_at(*known.loaded_offset, known);
  if (is_high(*known.loaded_offset) || !found) return "";
  // Families are listed by the slots of x86_64's prototype.
  abi::ArgumentLookup listed = abi::find_argument(found->syscall, found->argument.name, Arch::x86_64);
  if (!listed.argument) return "";
  for (uint8_t family : abi::families_for(found->syscall, listed.argument->slot)) {
    std::string_view name = abi::constant_for_value(family, value, found->arch);
    if (!name.empty()) return std::string(name);
  }
  return "";
}

std::string Naming::compared(const Insn& insn, const Known& known) const {
  if (holds_plain(known, kOffsetArch)) {
    std::optional<Arch> arch = abi::arch_of_call(insn.k, 0);
    return arch ? std::string(abi::name(*arch)) : "";
  }
  if (known.loaded_offset != kOffsetNr) return insn.code == kJeqK || insn.code == kJsetK ? constant(insn.k, known) : "";
  if (!known.audit_arch) return "";
  std::optional<Arch> arch = abi::arch_of_call(*known.audit_arch, insn.k);
  if (!arch) return "";
  if (insn.code == kJsetK) return *arch == Arch::x32 && insn.k == abi::kX32Bit ? "x32" : "";
  return number_range(insn, *arch, *known.audit_arch);
}

std::string Naming::call(size_t pc, uint32_t number) const {
  const Known& known = known_[pc];
  const auto arch = known.audit_arch ? abi::arch_of_call(*known.audit_arch, number) : std::nullopt;
  if (!arch) return "";
  const std::string_view name = abi::name_of(number, *arch);
  return (*arch == Arch::x32 && !name.empty() ? "x32 " : "") + std::string(name);
}

// What A holds: "nr & 0xbfffffff", "flags", "count.high"
std::string Naming::operand(const Known& known) const {
  if (!known.loaded_offset) return "A";
  const uint32_t offset = *known.loaded_offset;
  std::string text = field_name(offset, endian_);
  if (std::optional<KnownArgument> found = argument_at(offset, known)) {
    text = std::string(found->argument.name);
    if (is_high(offset))
      text += ".high";
    else if (found->argument.bits > 32)
      text += ".low";
  }
  if (known.mask == UINT32_MAX) return text;
  const std::string mask = constant(known.mask, known);
  return text + " & " + (mask.empty() ? fmt::format("{:#x}", known.mask) : mask);
}

std::string Naming::compared_value(const Insn& insn, const Known& known) const {
  std::string name;
  if (holds_plain(known, kOffsetArch)) {
    name = compared(insn, known);
  } else if (known.loaded_offset == kOffsetNr) {
    if (const auto arch = known.audit_arch ? abi::arch_of_call(*known.audit_arch, insn.k) : std::nullopt)
      name = (*arch == Arch::x32 && insn.k != abi::kX32Bit ? "x32 " : "") + std::string(abi::name_of(insn.k, *arch));
    if (name == "x32 " || (insn.k == abi::kX32Bit && insn.code != kJeqK)) name.clear();
  } else {
    name = constant(insn.k, known);
  }
  return name.empty() ? fmt::format("{:#x}", insn.k) : name;
}

std::string Naming::condition(size_t pc) const {
  const Insn& insn = program_[pc];
  const Known& known = known_[pc];
  const std::string left = operand(known);
  const bool is_x = find_opcode(insn.code)->form == Form::branch_x;
  const std::string right = is_x ? "X" : compared_value(insn, known);
  switch (insn.code) {
    case kJeqK:
    case kJeqX: return left + " == " + right;
    case kJgtK:
    case kJgtX: return left + " > " + right;
    case kJgeK:
    case kJgeX: return left + " >= " + right;
    default: return left + " & " + right + " != 0";
  }
}

// The one name the number has on every arch that can come here; numbers differ on mips, sparc and others.
std::string Naming::errno_text(uint16_t number, const Known& known) const {
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

std::string Naming::action(uint32_t ret, const Known& known) const {
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

}  // namespace cordon::bpf
