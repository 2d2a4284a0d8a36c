#include <span>
#include <vector>

#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/filter_views.h"
#include "cli/load.h"
#include "cli/policy_table.h"
#include "cli/process_source.h"
#include "cli/verb.h"
#include "cordon/formats/cordon_text.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon show app.cordon               calls by action, per architecture\n"
    "  cordon show profile.json --as text   as cordon's own text\n"
    "  cordon show filter.bpf               a raw filter, decompiled: calls by action\n"
    "  cordon show pid:1234                 what a running process may do under all its filters\n"
    "  cordon show app.cordon --as asm      the filter, each return with the rule it serves\n"
    "  cordon show app.cordon --as tree     what the filter asks, in its order, and each answer with its rule\n"
    "  cordon show app.cordon --as dot >app.dot    the same as a picture, for Graphviz\n"
    "  cordon show app.cordon --as html >app.html    a page: calls, decisions, instructions, cost\n"
    "  cordon show app.cordon --as cost     instructions, paths, what the kernel answers from its bitmap";

std::string text_of(const std::string& view_name, std::span<const FilterView> views, const Loaded& loaded,
                    const std::string& table) {
  if (view_name == "html") return filter_page(views, loaded, table);
  if (view_name == "cost") return cost_text(views, loaded);
  std::string text;
  for (size_t i = 0; i < views.size(); ++i) {
    if (views.size() > 1) text += (view_name == "asm" ? "; " : "// ") + filter_name(views, i) + "\n";
    text += view_name == "asm"    ? assembly_text(views[i])
            : view_name == "tree" ? tree_text(views[i])
                                  : dot_text(views[i]);
  }
  return text;
}

// Of the filters of a process one after the other, which pictures and pages cannot be.
int show_stack(const std::string& view_name, const Loaded& loaded, const OutputOptions& output) {
  if (view_name == "dot" || view_name == "html")
    return fail(usage_error("--as " + view_name + " shows one filter, and '" + loaded.name + "' has " +
                                std::to_string(loaded.programs.size()),
                            loaded.name + "/0 is the oldest of them"),
                output, kUsage);
  std::string text;
  for (const AttachedFilter& filter : loaded.process->filters) {
    const FilterView view = view_of(filter.program);
    text +=
        "== " + describe_filter(*loaded.process, filter) + "\n" + text_of(view_name, std::span(&view, 1), loaded, "");
  }
  return finish_output(text, kDone);
}

// A raw filter's table is that of the policy it is equal to.
int show_programs(const std::string& view_name, const Loaded& loaded, const OutputOptions& output) {
  if (loaded.programs.size() > 1) return show_stack(view_name, loaded, output);
  std::string table;
  if (view_name == "html") {
    const Result<Loaded> policy = decompiled(loaded, {});
    table = policy ? policy_table(*policy) : "no policy says what this filter does\n";
  }
  const FilterView view = view_of(loaded.programs.front());
  return finish_output(text_of(view_name, std::span(&view, 1), loaded, table), kDone);
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
  app->add_option("--as", view, "table (default), text, asm, tree, dot, cost or html")
      ->type_name("VIEW")
      ->check(one_of({"table", "text", "asm", "tree", "dot", "cost", "html"}));
  add_policy_options(*app, reading);
  add_json_option(*app, output);
  add_quiet_option(*app, output, "print no warnings");
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;

  Result<Loaded> loaded = load(spec, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return status_of_unread(loaded.error());
  const bool is_of_policy = view.empty() || view == "table" || view == "text";
  if (!loaded->policy && !output.json && !is_of_policy) return show_programs(view, *loaded, output);
  if (!loaded->policy && is_of_policy) {
    loaded = decompiled(*loaded, {});
    if (!loaded) return fail(loaded.error(), output, kUndecided);
  }
  if (output.json && (view.empty() || view == "table")) return finish_output(policy_table_json(*loaded), kDone);
  if (output.json) return fail(no_json(view), output, kUsage);
  if (view.empty() || view == "table") return finish_output(policy_table(*loaded), kDone);
  if (view == "text") return finish_output(formats::write_cordon(*loaded->policy), kDone);
  const Result<FilterStack> stack = compile_stack(*loaded, {}, {});
  if (!stack) return fail(stack.error(), output, status_of_failure(stack.error(), kUsage));
  std::vector<FilterView> views;
  for (const Filter& filter : stack->filters) views.push_back(view_of(filter, *loaded));
  const std::string table = view == "html" ? policy_table(*loaded) : "";
  return finish_output(text_of(view, views, *loaded, table), kDone);
}

}  // namespace cordon::cli
