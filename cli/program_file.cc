#include "cli/program_file.h"

#include <unistd.h>

#include "cli/exit_status.h"
#include "cordon/base/text.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/raw.h"

namespace cordon::cli {
namespace {

std::string c_text(const bpf::Program& program, const std::string& remark) {
  std::string text = "/* struct sock_filter[], " + std::to_string(program.size()) + " instructions" +
                     (remark.empty() ? "" : ", " + remark) + " */\n";
  for (const bpf::Insn& insn : program.insns())
    text += "{" + base::hex(insn.code) + ", " + std::to_string(insn.jt) + ", " + std::to_string(insn.jf) + ", " +
            base::hex(insn.k) + "},\n";
  return text;
}

}  // namespace

std::vector<std::string> program_formats() { return {"bpf", "hex", "c", "asm"}; }

std::string program_text(const bpf::Program& program, const ProgramFile& file) {
  if (file.format == "hex") return bpf::write_hex(program);
  if (file.format == "c") return c_text(program, file.remark);
  if (file.format == "asm")
    return (file.remark.empty() ? "" : "; " + file.remark + "\n") +
           bpf::disassemble(program, {.endian = file.endian, .comments = true, .annotate = {}});
  return bpf::write_raw(program);
}

int write_program(const bpf::Program& program, const ProgramFile& file, const OutputOptions& output) {
  const bool is_raw = file.format.empty() || file.format == "bpf";
  if (file.path == "-" && is_raw && ::isatty(STDOUT_FILENO) == 1)
    return fail(usage_error("a raw filter is not written to a terminal", "give -o FILE, or --to asm"), output, kUsage);
  Result<Done> written = write_file(file.path, program_text(program, file));
  return written ? kDone : fail(written.error(), output, kRefused);
}

}  // namespace cordon::cli
