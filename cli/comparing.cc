#include "cli/comparing.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/exit_status.h"
#include "cordon/abi/arch.h"
#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

// Together at most a tenth of a second where one thing is compared with another: no answer is told soon.
constexpr uint64_t kStepsPerEffort = 1'000'000, kPartStepsPerEffort = 3'000'000;

std::string arch_of(const Call& call) {
  const auto arch = abi::arch_of_call(call.audit_arch, call.nr);
  return arch ? std::string(abi::name(*arch)) : "an architecture without a name (" + base::hex(call.audit_arch) + ")";
}

// The name of the call without its architecture, which is told apart.
std::string without_arch(const std::string& text) {
  const size_t open = text.find('(');
  return text.substr(0, std::min(text.find('@'), open)) + text.substr(open);
}

}  // namespace

void add_comparing_options(CommandLine& app, ComparingLine& line) {
  app.add_flag("--as-permission", line.comparing.as_permission,
               "compare only whether a call may run (allow, log, notify, trace) or not");
  app.add_flag("--exempt-uprobes", line.comparing.exempt_uprobe_calls,
               "leave out the calls 335 and 336 of x86_64, which newer kernels do not filter");
  app.add_flag("--filter-only", line.comparing.filter_only,
               "leave lines out that are not about calls (files, net, scope, caps, limit)");
  app.add_option("--effort", line.comparing.effort, "let the proof take so many times its usual bound, 1 to 1000")
      ->type_name("N")
      ->check(in_range(1, 1000));
  add_policy_options(app, line.reading);
  add_json_option(app, line.output);
  add_quiet_option(app, line.output, "print no warnings");
  add_output_options(app, line.output);
}

std::variant<Sides, int> read_sides(CommandLine& app, ComparingLine& line, int argc, char** argv) {
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  Result<std::vector<Loaded>> sources = load_all({line.left, line.right}, line.reading);
  print_diagnostics(sources.diagnostics(), line.output);
  if (!sources) return status_of_unread(sources.error());
  return Sides{std::move((*sources)[0]), std::move((*sources)[1])};
}

prove::Meaning meaning_of(const Loaded& loaded) {
  if (loaded.resolved) return &*loaded.resolved;
  return std::span<const bpf::Program>(loaded.programs);
}

prove::CompareOptions compare_options(const Sides& sides, const ComparingOptions& options) {
  prove::CompareOptions result;
  result.as_permission = options.as_permission;
  result.encode.exempt_uprobe_calls = options.exempt_uprobe_calls;
  result.encode.max_steps = kStepsPerEffort * options.effort;
  result.encode.max_part_steps = kPartStepsPerEffort * options.effort;
  result.encode.endian = abi::info(abi::native_arch()).endian;
  for (const Loaded* side : {&sides.left, &sides.right})
    if (side->resolved && !side->resolved->arches.empty()) result.encode.endian = side->resolved->arches[0].endian;
  return result;
}

std::string witness_text(const prove::Witness& witness) {
  return without_arch(policy::describe_whole_call(witness.call)) + " on " + arch_of(witness.call) + ": left " +
         policy::to_string(witness.left, abi::native_arch()) + ", right " +
         policy::to_string(witness.right, abi::native_arch());
}

void write_witnesses(JsonWriter& json, const prove::Comparison& comparison) {
  const std::pair<const char*, const std::optional<prove::Witness>*> kinds[] = {
      {"looser", &comparison.looser}, {"tighter", &comparison.tighter}, {"same_strictness", &comparison.data}};
  for (const auto& [relation, witness] : kinds) {
    if (!witness->has_value()) continue;
    json.begin_object()
        .key("relation")
        .value(relation)
        .key("call")
        .value(without_arch(policy::describe_whole_call((*witness)->call)));
    json.key("arch").value(arch_of((*witness)->call));
    json.key("left").value(policy::to_string((*witness)->left, abi::native_arch()));
    json.key("right").value(policy::to_string((*witness)->right, abi::native_arch())).end_object();
  }
}

std::string undecided_text(const prove::Comparison& comparison) {
  const prove::Undecided& why = *comparison.undecided;
  std::string text =
      "  the bound of " + std::to_string(why.steps) + " steps was reached at the " + (why.is_left ? "left" : "right") +
      " side" + (why.pc ? ", instruction " + std::to_string(*why.pc) : std::string()) + "; --effort N allows more\n";
  for (const auto* witness : {&comparison.looser, &comparison.tighter, &comparison.data})
    if (witness->has_value()) text += "  found by trying: " + witness_text(**witness) + "\n";
  return text;
}

}  // namespace cordon::cli
