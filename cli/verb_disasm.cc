#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/verb.h"
#include "cordon/base/json_writer.h"
#include "cordon/bpf/disassemble.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon disasm filter.bpf              instructions with names of calls and actions\n"
    "  cordon disasm app.cordon              the filter cordon makes of a policy\n"
    "  cordon disasm --big-endian s390x.bpf  a filter for a big-endian machine\n"
    "  cordon disasm filter.bpf --json";

std::string json_listing(const bpf::Program& program) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.disasm/1").key("instructions").begin_array();
  for (const bpf::Insn& insn : program.insns()) {
    json.begin_object().key("code").value(uint32_t{insn.code}).key("jt").value(uint32_t{insn.jt});
    json.key("jf").value(uint32_t{insn.jf}).key("k").value(insn.k).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace

int disasm_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  std::string spec;
  bool big_endian = false;
  auto app =
      make_app("disasm [options] SOURCE", "Disassembles a filter, or the filter cordon makes of a policy.", kExamples);
  app->add_option("SOURCE", spec, "a raw filter, or any policy source")->required();
  app->add_flag("--big-endian", big_endian, "name argument words as on a big-endian machine");
  add_policy_options(*app, reading);
  add_json_option(*app, output);
  add_quiet_option(*app, output, "print no warnings");
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;

  Result<Loaded> loaded = load(spec, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return kUsage;
  if (big_endian && !loaded->program)
    return fail(usage_error("--big-endian means nothing for '" + loaded->name + "'",
                            "it is for raw filters; a policy names its architectures"),
                output, kUsage);
  Endian endian = big_endian ? Endian::big : Endian::little;
  if (!loaded->program) {
    Result<Filter> filter = compile(*loaded, {}, {});
    if (!filter) {
      print_diagnostics(filter.error(), output);
      return kUsage;
    }
    loaded->program = filter->program;
    endian = filter->endian;
  }
  if (output.json) return finish_output(json_listing(*loaded->program), kDone);
  return finish_output(bpf::disassemble(*loaded->program, {.endian = endian, .comments = true, .annotate = {}}), kDone);
}

}  // namespace cordon::cli
