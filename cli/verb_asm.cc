#include "cli/exit_status.h"
#include "cli/options.h"
#include "cli/program_file.h"
#include "cli/verb.h"
#include "cordon/base/text.h"
#include "cordon/bpf/assemble.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon asm hand.asm -o hand.bpf                 a filter written by hand\n"
    "  cordon disasm app.bpf > app.asm                 take one apart, change it,\n"
    "  cordon asm app.asm -o app.bpf                   and put it together again\n"
    "  cordon asm --arch s390x hand.asm --to hex -o -  with [arg0.low] and ENOSYS as there\n"
    "  echo 'ret errno EPERM' | cordon asm - -o no.bpf";

struct Options {
  std::string path, output_path, to, arch;
};

int assemble(const Options& options, const OutputOptions& output) {
  Result<Arch> arch = find_arch(options.arch);
  if (!arch) return fail(arch.error(), output, kUsage);
  Result<std::string> text = read_file(options.path);
  if (!text) return fail(text.error(), output, kUsage);
  const std::string name = options.path == "-" ? "standard input" : base::printable(options.path);
  Result<bpf::Program> program = bpf::assemble(*text, {.name = name, .arch = *arch});
  if (!program) return fail(program.error(), output, kUsage);
  return write_program(*program, {.path = options.output_path, .format = options.to, .endian = abi::info(*arch).endian},
                       output);
}

}  // namespace

int asm_main(int argc, char** argv) {
  OutputOptions output;
  Options options;
  CommandLine app("asm [options] FILE.asm -o FILE",
                  "Assembles a filter from what disasm writes, or from text written by hand.", kExamples);
  app.add_option("FILE.asm", options.path, "instructions, one a line; - is standard input")->required();
  app.add_option("-o,--output", options.output_path, "where the filter goes; - is standard output")
      ->required()
      ->type_name("FILE");
  app.add_option("--to", options.to, "bpf (default), hex, c or asm")
      ->type_name("FMT")
      ->check(one_of(program_formats()));
  app.add_option("--arch", options.arch,
                 "whose errno numbers are meant, and whose order of an argument's words (default: native)")
      ->type_name("ARCH");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  if (const Diagnostics lost = source_overwritten(options.path, options.output_path); !lost.empty())
    return fail(lost, output, kUsage);
  return assemble(options, output);
}

}  // namespace cordon::cli
