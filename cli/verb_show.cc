#include <span>
#include <vector>

#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/filter_views.h"
#include "cli/load.h"
#include "cli/policy_table.h"
#include "cli/profile.h"
#include "cli/stacked.h"
#include "cli/verb.h"
#include "cordon/formats/cordon_text.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon show app.cordon               calls by action, per architecture\n"
    "  cordon show profile.json --as text   as cordon's own text\n"
    "  cordon show filter.bpf               a raw filter, decompiled: calls by action\n"
    "  cordon show pid:1234                 what a running process may do under all its filters\n"
    "  cordon show -p one.bpf -p two.bpf    what is allowed under a stack of filters\n"
    "  cordon show app.cordon --as asm      the filter, each return with the rule it serves\n"
    "  cordon show app.cordon --as tree     what the filter asks, in its order, and each answer with its rule\n"
    "  cordon show app.cordon --as dot -o app.dot    the same as a picture, for Graphviz\n"
    "  cordon show app.cordon --as html -o app.html    a page: calls, decisions, instructions, cost\n"
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

// One filter after the other; for Graphviz as many graphs.
std::string stack_text(const std::string& view_name, const Loaded& loaded) {
  std::string text;
  for (size_t i = 0; i < loaded.programs.size(); ++i) {
    const FilterView view = view_of(loaded.programs[i]);
    text += (view_name == "dot" ? "// " : "== ") + describe_program(loaded, i) + "\n" +
            text_of(view_name, std::span(&view, 1), loaded, "");
  }
  return text;
}

// The table of raw filters is that of the policy they are equal to.
std::string programs_text(const std::string& view_name, const Loaded& loaded) {
  if (loaded.programs.size() > 1 && view_name != "html") return stack_text(view_name, loaded);
  std::vector<FilterView> views;
  for (const bpf::Program& program : loaded.programs) views.push_back(view_of(program));
  std::string table;
  if (view_name == "html") {
    const Result<Loaded> policy = decompiled(loaded, {});
    table = policy ? policy_table(*policy)
                   : "no policy says what " + std::string(views.size() > 1 ? "these filters do" : "this filter does") +
                         "\n";
  }
  return text_of(view_name, views, loaded, table);
}

int give(const std::string& path, const std::string& text, const OutputOptions& output) {
  if (path == "-") return finish_output(text, kDone);
  const Result<Done> written = write_file(path, text);
  return written ? kDone : fail(written.error(), output, kRefused);
}

// Raw filters as they are, those of a policy compiled for the recorded calls if there are any.
int show_filters(const std::string& view, const Loaded& loaded, const std::vector<std::string>& profile,
                 const std::string& path, const OutputOptions& output) {
  const Result<CallProfile> weighted = read_profile(profile, loaded);
  print_diagnostics(weighted.diagnostics(), output);
  if (!weighted) return kUsage;
  std::vector<bpf::Program> programs = loaded.programs;
  std::string text;
  if (loaded.policy) {
    const Result<FilterStack> stack = compile_stack(loaded, {.weights = weighted->weights}, {});
    if (!stack) return fail(stack.error(), output, status_of_failure(stack.error(), kUsage));
    std::vector<FilterView> views;
    for (const Filter& filter : stack->filters) views.push_back(view_of(filter, loaded));
    text = text_of(view, views, loaded, view == "html" ? policy_table(loaded) : "");
    programs = programs_of(*stack);
  } else {
    text = programs_text(view, loaded);
  }
  if (!profile.empty() && view == "cost") text += profiled_cost_text(cost_of(programs, weighted->recording));
  return give(path, text, output);
}

// What a recording says nothing about.
Diagnostics unfit_profile(const std::string& view, const OutputOptions& output) {
  const bool is_of_policy = view.empty() || view == "table" || view == "text";
  if (!is_of_policy && !output.json) return {};
  return usage_error("--profile means nothing for what a policy allows",
                     "it is for the filter: --as cost, asm, tree, dot or html");
}

Diagnostics no_json(const std::string& view) {
  return usage_error("--as " + view + " has no JSON form", "`cordon disasm --json` lists instructions");
}

}  // namespace

int show_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  SourceOptions source;
  std::string view, path = "-";
  std::vector<std::string> profile;
  CommandLine app("show [options] POLICY", "Looks at a policy.", kExamples);
  add_source_options(app, source);
  app.add_option("--as", view, "table (default), text, asm, tree, dot, cost or html")
      ->type_name("VIEW")
      ->check(one_of({"table", "text", "asm", "tree", "dot", "cost", "html"}));
  app.add_option("-o,--output", path, "where it goes; - is standard output (default)")->type_name("FILE");
  add_profile_option(app, profile);
  add_policy_options(app, reading);
  add_json_option(app, output);
  add_quiet_option(app, output, "print no warnings");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;

  if (!profile.empty())
    if (Diagnostics problems = unfit_profile(view, output); !problems.empty()) return fail(problems, output, kUsage);
  Result<Loaded> loaded = load(source, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return status_of_unread(loaded.error());
  if (const Diagnostics lost = source_overwritten(loaded->files, path); !lost.empty())
    return fail(lost, output, kUsage);
  const bool is_of_policy = view.empty() || view == "table" || view == "text";
  if (!loaded->policy && !profile.empty() && view != "cost")
    return fail(usage_error("--profile means nothing for '" + loaded->name + "'",
                            "it is a filter already: --as cost tells what the recorded calls cost"),
                output, kUsage);
  if (output.json && !view.empty() && view != "table") return fail(no_json(view), output, kUsage);
  if (!is_of_policy) return show_filters(view, *loaded, profile, path, output);
  if (!loaded->policy) {
    loaded = decompiled(*loaded, {});
    if (!loaded) return fail(loaded.error(), output, kUndecided);
  }
  if (output.json) return give(path, policy_table_json(*loaded), output);
  return give(path, view == "text" ? formats::write_cordon(*loaded->policy) : policy_table(*loaded), output);
}

}  // namespace cordon::cli
