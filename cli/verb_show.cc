#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/policy_table.h"
#include "cli/verb.h"
#include "cordon/abi/syscalls.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/formats/cordon_text.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon show app.cordon               calls by action, per architecture\n"
    "  cordon show profile.json --as text   as cordon's own text\n"
    "  cordon show filter.bpf               a raw filter, decompiled: calls by action\n"
    "  cordon show app.cordon --as asm      the filter, each return with the rule it serves\n"
    "  cordon show app.cordon --as cost     instructions, paths, what the kernel answers from its bitmap";

std::string cost_text(const bpf::Program& program, const Loaded& loaded) {
  const bpf::Cost cost = bpf::cost(program);
  std::string text = "instructions            " + std::to_string(cost.insn_count) + " of 4096\n" +
                     "converted by the kernel " + std::to_string(cost.converted_count) +
                     " of 32768 for all stacked filters\n" + "longest path            " +
                     std::to_string(cost.longest_path) + " instructions\n";
  if (!loaded.resolved) return text;
  for (const ArchTable& table : loaded.resolved->arches) {
    size_t cached = 0, steps = 0, total = 0;
    auto arch = abi::arch_of_call(table.audit_arch, 0).value_or(abi::native_arch());
    for (size_t i = 0; i < abi::syscall_count(arch); ++i) {
      const bpf::ConstAllow answer = bpf::is_const_allow(program, table.audit_arch, abi::syscall_at(arch, i).number);
      cached += answer.answer ? 1 : 0;
      steps += answer.steps;
      ++total;
    }
    text += "on " + std::string(abi::name(arch)) + ": " + std::to_string(cached) + " of " + std::to_string(total) +
            " calls are answered from the kernel's bitmap and run no instruction; finding that out at attach takes " +
            std::to_string(steps) + " steps\n";
  }
  return text;
}

std::string annotated(const Filter& filter, const Loaded& loaded) {
  auto annotate = [&](size_t pc) -> std::string {
    if (pc >= filter.provenance.size() || filter.provenance[pc].empty()) return "";
    const Origin& origin = filter.provenance[pc].front();
    if (origin.kind == Origin::Kind::default_action) return "default";
    if (origin.kind == Origin::Kind::bad_arch) return "badarch";
    if (origin.kind == Origin::Kind::unknown) return "unknown";
    const Place place = place_of(loaded, origin);
    return place.file + ":" + std::to_string(place.line) +
           (filter.provenance[pc].size() > 1 ? " and " + std::to_string(filter.provenance[pc].size() - 1) + " more"
                                             : "");
  };
  return bpf::disassemble(filter.program, {.endian = filter.endian, .comments = true, .annotate = annotate});
}

Diagnostics no_json(const std::string& view) {
  return usage_error("--as " + view + " has no JSON form", "`cordon disasm --json` lists instructions");
}

}  // namespace

int show_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  std::string spec, view;
  auto app = make_app("show [options] POLICY", "Looks at a policy.", kExamples);
  app->add_option("POLICY", spec, "policy source")->required();
  app->add_option("--as", view, "table (default), text, asm or cost")
      ->type_name("VIEW")
      ->check(one_of({"table", "text", "asm", "cost"}));
  add_policy_options(*app, reading);
  add_json_option(*app, output);
  add_quiet_option(*app, output, "print no warnings");
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;

  Result<Loaded> loaded = load(spec, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return kUsage;
  if (loaded->program && !output.json) {
    if (view == "asm") return finish_output(bpf::disassemble(*loaded->program, {}), kDone);
    if (view == "cost") return finish_output(cost_text(*loaded->program, *loaded), kDone);
  }
  if (loaded->program && (view.empty() || view == "table" || view == "text")) {
    loaded = decompiled(*loaded, {});
    if (!loaded) return fail(loaded.error(), output, kUndecided);
  }
  if (output.json && (view.empty() || view == "table")) return finish_output(policy_table_json(*loaded), kDone);
  if (output.json) {
    return fail(no_json(view), output, kUsage);
  }
  if (view.empty() || view == "table") return finish_output(policy_table(*loaded), kDone);
  if (view == "text") return finish_output(formats::write_cordon(*loaded->policy), kDone);
  Result<Filter> filter = compile(*loaded, {}, {});
  if (!filter) {
    print_diagnostics(filter.error(), output);
    return kUsage;
  }
  return finish_output(view == "asm" ? annotated(*filter, *loaded) : cost_text(filter->program, *loaded), kDone);
}

}  // namespace cordon::cli
