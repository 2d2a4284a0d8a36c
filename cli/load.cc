#include "cli/load.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/exit_status.h"
#include "cli/process_source.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/resolve.h"

namespace cordon::cli {
namespace {

// Does any rule name the call, whatever its condition?
bool is_named(const Policy& policy, const Call& call) {
  auto arch = abi::arch_of_call(call.audit_arch, call.nr);
  std::string_view name = arch ? abi::name_of(call.nr, *arch) : std::string_view();
  for (const Rule& rule : policy.rules) {
    switch (rule.target.kind) {
      case Target::Kind::name:
        if (rule.target.name == name) return true;
        break;
      case Target::Kind::numbers:
        if (rule.target.first <= call.nr && call.nr <= rule.target.last) return true;
        break;
      case Target::Kind::every: return true;
      case Target::Kind::group: break;
    }
  }
  return false;
}

// The line the rule stands on, without its comment and blanks. JSON lines say little: there the action stands.
std::string rule_text(const Policy& policy, const Place& place, const Action& action, const Call& call) {
  Arch arch = abi::arch_of_call(call.audit_arch, call.nr).value_or(abi::native_arch());
  if (policy.format == PolicyFormat::oci || place.line == 0) return policy::to_string(action, arch);
  std::string text;
  for (char c : place.line_text.substr(0, place.line_text.find('#'))) {
    const bool is_blank = c == ' ' || c == '\t';
    if (is_blank && (text.empty() || text.back() == ' ')) continue;
    text += is_blank ? ' ' : c;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (text.size() > 100) text = text.substr(0, 97) + "...";
  return base::printable(text);
}

// What a format's own loader leaves without effect, or orders in its way: the policy is valid, and means that.
constexpr std::string_view kForCheck[] = {"dropped-rule", "overlapping-conditions", "errno-unused", "value-two-unused",
                                          "no-names"};

// Notes and findings about valid policies are for `check`; elsewhere they would only hide what matters.
Diagnostics for_users(const Diagnostics& all) {
  Diagnostics kept;
  for (const Diagnostic& item : all)
    if (item.severity == Severity::error ||
        (item.severity == Severity::warning &&
         std::find(std::begin(kForCheck), std::end(kForCheck), item.code) == std::end(kForCheck)))
      kept.add(item);
  return kept;
}

// Those of reading, and those in what could be read all the same.
Diagnostics all_mistakes(const formats::SourceReading& reading, const policy::ResolveOptions& resolving) {
  Diagnostics all = reading.source.error();
  if (!reading.draft) return all;
  all.append(formats::mistakes_in(*reading.draft, resolving));
  return formats::in_order_of_place(all, reading.draft->policy.sources);
}

Result<Loaded> from_process(const std::string& spec, const formats::ReadOptions& how) {
  if (how.format && *how.format != formats::SourceFormat::bpf)
    return usage_error("--format means nothing for '" + base::printable(spec) + "'",
                       "what a process is under are filters");
  Result<ProcessFilters> found = read_process_source(spec);
  if (!found) return found.error();
  Loaded loaded;
  loaded.name = base::printable(spec);
  loaded.format = formats::SourceFormat::bpf;
  for (const AttachedFilter& filter : found->filters) loaded.programs.push_back(filter.program);
  loaded.process = std::move(*found);
  return {std::move(loaded), found.warnings()};
}

Result<Loaded> read_and_resolve(const std::string& spec, const PolicyOptions& options) {
  CORDON_TRY(how, read_options(options));
  if (is_process_source(spec)) return from_process(spec, how);
  policy::ResolveOptions resolving;
  resolving.allow_unknown = options.allow_unknown || options.like == "runc";
  formats::SourceReading reading = formats::read_source_draft(spec, how);
  Result<formats::PolicySource>& source = reading.source;
  if (!source) return all_mistakes(reading, resolving);
  Diagnostics warnings = source.warnings();
  Loaded loaded;
  loaded.name = spec == "-" ? "standard input" : base::printable(spec);
  loaded.format = source->format;
  loaded.files = {spec};
  if (auto* program = std::get_if<bpf::Program>(&source->content)) {
    loaded.programs.push_back(std::move(*program));
    return {std::move(loaded), std::move(warnings)};
  }
  loaded.policy = std::move(std::get<Policy>(source->content));
  for (SourceId id = 0; id < loaded.policy->sources.size(); ++id)
    loaded.files.emplace_back(loaded.policy->sources.name(id));
  Result<ResolvedPolicy> resolved = policy::resolve(*loaded.policy, resolving);
  warnings.append(resolved.diagnostics());
  if (!resolved) return formats::in_order_of_place(warnings, loaded.policy->sources);
  loaded.resolved = std::move(*resolved);
  return {std::move(loaded), std::move(warnings)};
}

// What was made of a policy, and what is said of it with the policy's name.
template <class Made>
Result<Made> told_of(const Loaded& loaded, Result<Made> made) {
  Diagnostics told;
  for (Diagnostic problem : made.diagnostics()) {
    if (problem.place.file.empty()) problem.place.file = loaded.name;
    told.add(std::move(problem));
  }
  if (!made) return told;
  return {std::move(*made), std::move(told)};
}

}  // namespace

Result<Loaded> load_one(const std::string& spec, const PolicyOptions& options) {
  Result<Loaded> loaded = read_and_resolve(spec, options);
  if (options.for_check) return loaded;
  if (!loaded) return for_users(loaded.error());
  Diagnostics kept = for_users(loaded.warnings());
  return {std::move(*loaded), std::move(kept)};
}

Diagnostics standard_input_twice(const std::vector<std::string>& specs) {
  if (std::count(specs.begin(), specs.end(), "-") < 2) return {};
  return usage_error("'-' is given more than once", "standard input can be read once: name files for the others");
}

Result<std::vector<Loaded>> load_all(const std::vector<std::string>& specs, const PolicyOptions& options) {
  if (Result<formats::ReadOptions> how = read_options(options); !how) return how.error();  // once, not for each
  if (Diagnostics twice = standard_input_twice(specs); !twice.empty()) return twice;
  std::vector<Loaded> sources;
  Diagnostics found;
  for (const std::string& spec : specs) {
    Result<Loaded> loaded = load_one(spec, options);
    found.append(loaded.diagnostics());
    if (loaded) sources.push_back(std::move(*loaded));
  }
  if (sources.size() == specs.size()) found.append(unfit_options(options, sources));
  if (found.has_errors()) return found;
  return {std::move(sources), std::move(found)};
}

Result<Loaded> load(const std::string& spec, const PolicyOptions& options) {
  Result<std::vector<Loaded>> loaded = load_all({spec}, options);
  if (!loaded) return loaded.error();
  return {std::move(loaded->front()), loaded.warnings()};
}

int status_of_unread(const Diagnostics& problems) { return has_code(problems, "process-refused") ? kRefused : kUsage; }

std::vector<Loaded> one_filter_each(const std::vector<Loaded>& sources) {
  std::vector<Loaded> result;
  for (const Loaded& source : sources) {
    if (source.programs.size() < 2) {
      result.push_back(source);
      continue;
    }
    for (size_t i = 0; i < source.programs.size(); ++i) {
      Loaded one;
      one.name = source.name + "/" + std::to_string(i);
      one.format = source.format;
      one.programs = {source.programs[i]};
      result.push_back(std::move(one));
    }
  }
  return result;
}

Diagnostics unfit_options(const PolicyOptions& options, const std::vector<Loaded>& sources) {
  std::vector<formats::SourceFormat> formats;
  std::string what;
  for (const Loaded& loaded : sources) {
    formats.push_back(loaded.format);
    what += (what.empty() ? "" : &loaded == &sources.back() ? " or " : ", ") + ("'" + loaded.name + "'");
  }
  return unfit_options(options, formats, what);
}

Diagnostics lines_no_filter_holds(const Loaded& loaded, const std::string& cure) {
  Diagnostics problem;
  if (loaded.policy->sandbox.empty()) return problem;
  const SandboxLine& line = loaded.policy->sandbox.lines.front();
  problem.error("sandbox-line", loaded.policy->sources.locate(line.span),
                "a filter cannot hold the line '" + line.subject + "'", cure);
  return problem;
}

Result<Filter> compile(const Loaded& loaded, const compiler::CompileOptions& options, const ProofOptions& proof) {
  return told_of(loaded, compile_proved(*loaded.resolved, options, proof));
}

Result<FilterStack> compile_stack(const Loaded& loaded, const compiler::CompileOptions& options,
                                  const ProofOptions& proof) {
  return told_of(loaded, compile_stack_proved(*loaded.resolved, options, proof));
}

std::string describe_origin(const Loaded& loaded, const Decision& decision, const Call& call) {
  const Origin& origin = decision.origin;
  switch (origin.kind) {
    case Origin::Kind::rule:
    case Origin::Kind::multiplexed: {
      const Place place = place_of(loaded, origin);
      std::string where = place.line == 0 ? loaded.name : place.file + ":" + std::to_string(place.line);
      std::string text = where + ": " + rule_text(*loaded.policy, place, decision.action, call);
      if (origin.kind == Origin::Kind::multiplexed) text += " (the strictest answer for arguments a filter cannot see)";
      return text;
    }
    case Origin::Kind::default_action:
      return loaded.name + ": default (" +
             (is_named(*loaded.policy, call) ? "no rule for " + policy::describe_syscall(call) + " holds"
                                             : "no rule names " + policy::describe_syscall(call)) +
             ")";
    case Origin::Kind::unknown:
      return loaded.name + ": unknown (" + policy::describe_syscall(call) + " is newer than the policy's `since`)";
    case Origin::Kind::bad_arch: return loaded.name + ": badarch (the policy does not name this call's architecture)";
  }
  return loaded.name;
}

Place in_file(const Loaded& loaded) {
  Place place;
  place.file = loaded.name;
  return place;
}

Place place_of(const Loaded& loaded, const Origin& origin) {
  if (!loaded.policy || (origin.kind != Origin::Kind::rule && origin.kind != Origin::Kind::multiplexed))
    return in_file(loaded);
  Place place = loaded.policy->sources.locate(loaded.policy->rules[origin.rule].span);
  place.file = base::printable(place.file);
  return place;
}

}  // namespace cordon::cli
