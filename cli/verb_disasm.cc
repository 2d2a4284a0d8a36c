#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/stacked.h"
#include "cli/verb.h"
#include "cordon/base/json_writer.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/naming.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon disasm filter.bpf              instructions with names of calls and actions\n"
    "  cordon disasm app.cordon              the filter cordon makes of a policy\n"
    "  cordon disasm --big-endian any.bpf    a filter for a big-endian machine that asks for no architecture\n"
    "  cordon disasm pid:1234                all filters of a running process, the oldest first\n"
    "  cordon disasm filter.bpf --json";

void write_instructions(JsonWriter& json, const bpf::Program& program) {
  json.key("instructions").begin_array();
  for (const bpf::Insn& insn : program.insns()) {
    json.begin_object().key("code").value(uint32_t{insn.code}).key("jt").value(uint32_t{insn.jt});
    json.key("jf").value(uint32_t{insn.jf}).key("k").value(insn.k).end_object();
  }
  json.end_array();
}

std::string json_listing(const bpf::Program& program) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.disasm/1");
  write_instructions(json, program);
  json.end_object();
  return std::move(json).take();
}

std::string json_listing(const ProcessFilters& process) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.disasm/1");
  json.key("process").value(process.process).key("thread").value(process.thread).key("name").value(process.name);
  json.key("filters").begin_array();
  for (const AttachedFilter& filter : process.filters) {
    json.begin_object().key("index").value(filter.index);
    if (filter.is_logged) json.key("logged").value(*filter.is_logged);
    write_instructions(json, filter.program);
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::string json_listing(const std::vector<bpf::Program>& programs) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.disasm/1").key("filters").begin_array();
  for (size_t i = 0; i < programs.size(); ++i) {
    json.begin_object().key("index").value(i);
    write_instructions(json, programs[i]);
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

// `unasked` is the byte order of filters that ask for no architecture. One filter is assembly text. The heads of
// several are none, so that `asm` does not take them for one.
std::string listing(const Loaded& loaded, Endian unasked) {
  std::string text;
  for (size_t i = 0; i < loaded.programs.size(); ++i) {
    if (loaded.programs.size() > 1 || loaded.process)
      text += (loaded.programs.size() > 1 ? "== " : "; ") + describe_program(loaded, i) + "\n";
    const bpf::Program& program = loaded.programs[i];
    text += bpf::disassemble(program,
                             {.endian = bpf::endian_of(program).value_or(unasked), .comments = true, .annotate = {}});
  }
  return text;
}

}  // namespace

int disasm_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  SourceOptions source;
  bool big_endian = false;
  CommandLine app("disasm [options] POLICY", "Disassembles a filter, or the filter cordon makes of a policy.",
                  kExamples);
  add_source_options(app, source);
  app.add_flag("--big-endian", big_endian,
               "name argument words as on a big-endian machine where a filter asks for no architecture");
  add_policy_options(app, reading);
  add_json_option(app, output);
  add_quiet_option(app, output, "print no warnings");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;

  Result<Loaded> loaded = load(source, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return status_of_unread(loaded.error());
  if (big_endian && loaded->policy)
    return fail(usage_error("--big-endian means nothing for '" + loaded->name + "'",
                            "it is for raw filters; a policy names its architectures"),
                output, kUsage);
  if (loaded->policy) {
    Result<FilterStack> stack = compile_stack(*loaded, {}, {});
    if (!stack) return fail(stack.error(), output, status_of_failure(stack.error(), kUsage));
    for (Filter& filter : stack->filters) {
      loaded->programs.push_back(std::move(filter.program));
      loaded->program_names.push_back(loaded->name);
    }
  }
  const Endian unasked = big_endian ? Endian::big : abi::info(abi::native_arch()).endian;
  if (!output.json) return finish_output(listing(*loaded, unasked), kDone);
  if (loaded->process) return finish_output(json_listing(*loaded->process), kDone);
  const bool is_one = loaded->programs.size() == 1;
  return finish_output(is_one ? json_listing(loaded->programs.front()) : json_listing(loaded->programs), kDone);
}

}  // namespace cordon::cli
