#include "cli/converted.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "cli/learned_text.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/minijail_writer.h"
#include "cordon/formats/oci_writer.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"

namespace cordon::cli {
namespace {

using formats::SourceFormat;
using prove::Verdict;

Diagnostics with_places(const Diagnostics& found, const Loaded& loaded) {
  Diagnostics told;
  for (Diagnostic item : found) {
    if (item.place.file.empty()) item.place.file = loaded.name;
    told.add(std::move(item));
  }
  return told;
}

// What a sandbox line, a flag or a starting point asks, no format of calls says.
Diagnostics about_other_lines(const Loaded& loaded, const ConvertOptions& options) {
  Diagnostics found;
  const bool is_minijail = options.to == "minijail";
  if (!loaded.policy->sandbox.empty() && !options.filter_only) {
    const SandboxLine& line = loaded.policy->sandbox.lines.front();
    found.error("sandbox-line", loaded.policy->sources.locate(line.span),
                options.to + " cannot hold the line '" + line.subject + "'", "--filter-only leaves such lines out");
  }
  if (const std::string mark = incomplete_mark(*loaded.policy); options.to == "oci" && !mark.empty())
    found.error("no-comment", in_file(loaded), "oci has no place for '" + base::printable(mark) + "'",
                "--to docker writes it as a comment; where it may go, take it out of the policy");
  const StartPoint start = loaded.policy->start.value_or(StartPoint::before_exec);
  if (!is_minijail && start != StartPoint::before_exec)
    found.warning("start-left-out", in_file(loaded),
                  "the source's filters begin after the program's start, those of the profile before it: it must "
                  "allow what starts the program");
  if (is_minijail && start != StartPoint::entry)
    found.note("start-differs", in_file(loaded),
               "minijail's filters begin at the program's entry point, the source's before its start");
  if (is_minijail && loaded.policy->filter_flags != 0)
    found.warning("flags-left-out", in_file(loaded), "the source's filter flags are not in the policy",
                  "minijail0 takes them as options");
  return found;
}

// The machine a written file is read for.
Arch host_of(const CallAnswers& answers) {
  const auto& arches = answers.arches;
  const bool has_native = std::find(arches.begin(), arches.end(), abi::native_arch()) != arches.end();
  return has_native ? abi::native_arch() : arches.front();
}

void note_host(const CallAnswers& answers, const ConvertOptions& options, Diagnostics& found) {
  const Arch host = host_of(answers);
  if (host == abi::native_arch()) return;
  const std::string arch(abi::name(host));
  found.note("host-arch", {},
             options.to == "minijail"
                 ? "the policy is for machines of " + arch + ": cordon reads it with --arch " + arch
                 : "the file is for machines of " + arch + ": what loads it adds the machine's own architecture");
}

// How the format is written for this source.
struct Format {
  std::string to;
  formats::MinijailForm minijail = formats::MinijailForm::any;

  formats::FormatBounds bounds() const {
    return to == "minijail" ? formats::minijail_bounds(minijail) : formats::oci_bounds();
  }
};

Format format_for(const Loaded& loaded, const ConvertOptions& options) {
  if (options.c_dialect) return {options.to, formats::MinijailForm::c_parser};
  const bool is_denylist = loaded.policy->default_action.action.kind == ActionKind::allow &&
                           loaded.resolved->bad_arch.kind >= ActionKind::errno_;
  return {options.to, is_denylist ? formats::MinijailForm::denylist : formats::MinijailForm::any};
}

struct Attempt {
  std::string text;
  CallAnswers answers;  // as they were written
  Diagnostics notes;
};

Result<std::string> text_of(CallAnswers& answers, const Loaded& loaded, const Format& format,
                            const ConvertOptions& options, bool has_multiplexers_apart) {
  if (format.to == "minijail")
    return formats::write_minijail(
        answers, *loaded.policy,
        {format.minijail, options.is_lossy, has_multiplexers_apart, incomplete_mark(*loaded.policy)});
  const auto form = format.to == "docker" ? formats::OciForm::docker : formats::OciForm::runtime;
  return formats::write_oci(
      answers, *loaded.policy,
      {form, loaded.policy->filter_flags, has_multiplexers_apart, options.is_lossy, incomplete_mark(*loaded.policy)});
}

Result<ResolvedPolicy> read_again(const Attempt& attempt, const ConvertOptions& options) {
  formats::ReadOptions reading;
  reading.arch = host_of(attempt.answers);
  reading.minijail_c_dialect = options.c_dialect;
  const SourceFormat format = options.to == "minijail" ? SourceFormat::minijail : SourceFormat::oci;
  CORDON_TRY(source, formats::read_text(attempt.text, "what was written", format, reading));
  return policy::resolve(std::get<Policy>(source.content), {});
}

// As runc hands it to libseccomp, but for the calls that runc's own stub answers.
std::optional<ResolvedPolicy> read_like_runc(const Attempt& attempt) {
  formats::ReadOptions reading;
  reading.arch = host_of(attempt.answers);
  reading.like_runc = true;
  auto source = formats::read_text(attempt.text, "what was written", SourceFormat::oci, reading);
  if (!source) return std::nullopt;
  Policy& policy = std::get<Policy>(source->content);
  std::erase_if(policy.rules, [](const Rule& rule) { return rule.target.kind == Target::Kind::numbers; });
  Result<ResolvedPolicy> resolved = policy::resolve(policy, {.allow_unknown = true});
  return resolved ? std::optional(std::move(*resolved)) : std::nullopt;
}

struct Judgement {
  bool is_good = false;
  std::string problem;
  bool is_stricter = false;  // than the source, and not just as it was meant
};

class Judge {
 public:
  Judge(const Loaded& loaded, const ConvertOptions& options) : loaded_(loaded), options_(options) {
    comparing_.encode.max_steps *= options.effort;
  }

  // Equal to the source; or, where the answers were changed with words about it, equal to these and nowhere looser.
  Judgement of(const Attempt& attempt, bool may_differ) const {
    const Result<ResolvedPolicy> again = read_again(attempt, options_);
    if (!again) return {false, "read again it is an error: " + again.error().begin()->message};
    const prove::Comparison against_source = compare(*loaded_.resolved, *again);
    if (against_source.verdict == Verdict::equal) return {true, {}};
    const std::string difference = text_of(against_source);
    if (!may_differ || !prove::is_within(against_source.verdict)) return {false, difference};
    const ResolvedPolicy meant = formats::meaning_of(attempt.answers);
    const prove::Comparison against_answers = compare(meant, *again);
    const bool is_meant = against_answers.verdict == Verdict::equal;
    return {is_meant, text_of(against_answers), !is_meant};
  }

  // libseccomp drops conditions on the way round by socketcall and ipc.
  void tell_of_runc(const Attempt& attempt, Diagnostics& found) const {
    const bool has_way_round = std::any_of(attempt.answers.arches.begin(), attempt.answers.arches.end(), [](Arch arch) {
      return abi::number_of("socketcall", arch) || abi::number_of("ipc", arch);
    });
    if (!has_way_round) return;
    const std::optional<ResolvedPolicy> there = read_like_runc(attempt);
    const prove::Comparison comparison = there ? compare(*loaded_.resolved, *there) : prove::Comparison{};
    const std::optional<prove::Witness>& looser = comparison.looser;
    if (!looser && comparison.verdict != Verdict::undecided) return;
    Diagnostic hole;
    // What was a profile before has its holes there anyway.
    hole.severity = loaded_.policy->format == PolicyFormat::oci ? Severity::warning : Severity::error;
    hole.code = "runc-hole";
    hole.message = looser ? "runc and libseccomp make more of the profile than it says: " +
                                policy::describe_whole_call(looser->call) + " gets " +
                                policy::to_string(looser->right, abi::native_arch()) + " there, not " +
                                policy::to_string(looser->left, abi::native_arch())
                          : "what runc and libseccomp make of the profile was not found out";
    hole.hint = "calls that socketcall or ipc can make are safe there without conditions, or without the architecture";
    found.add(std::move(hole));
  }

 private:
  prove::Comparison compare(const ResolvedPolicy& left, const ResolvedPolicy& right) const {
    prove::Comparison result = prove::compare(&left, &right, comparing_);
    if (result.verdict != Verdict::undecided) return result;
    // Long lists are compared with a program, so with the one that the right is proved to mean.
    const Result<FilterStack> stack = compile_stack_proved(right, {}, {.effort = options_.effort});
    if (!stack) return result;
    prove::CompareOptions with_programs = comparing_;
    with_programs.encode.endian = stack->filters.front().endian;
    const std::vector<bpf::Program> programs = programs_of(*stack);
    return prove::compare(&left, programs, with_programs);
  }

  static std::string text_of(const prove::Comparison& comparison) {
    if (comparison.verdict == Verdict::undecided)
      return "comparing it takes more than " + std::to_string(comparison.steps) + " steps";
    for (const auto* witness : {&comparison.looser, &comparison.tighter, &comparison.data})
      if (witness->has_value())
        return "it would be " + std::string(prove::name(comparison.verdict)) + ": " +
               policy::describe_whole_call((*witness)->call) + " would get " +
               policy::to_string((*witness)->right, abi::native_arch()) + ", not " +
               policy::to_string((*witness)->left, abi::native_arch());
    return {};
  }

  const Loaded& loaded_;
  const ConvertOptions& options_;
  prove::CompareOptions comparing_;
};

}  // namespace

Result<std::string> converted(const Loaded& loaded, const ConvertOptions& options) {
  Diagnostics found = about_other_lines(loaded, options);
  const Format format = format_for(loaded, options);
  Result<CallAnswers> answers =
      formats::fit(*loaded.policy, *loaded.resolved, {.bounds = format.bounds(), .is_lossy = options.is_lossy});
  found.append(with_places(answers.diagnostics(), loaded));
  if (!answers || found.has_errors()) return found;
  note_host(*answers, options, found);
  const Judge judge(loaded, options);
  Judgement judgement;
  std::optional<Attempt> stricter;
  const bool has_multiplexers = std::any_of(answers->calls.begin(), answers->calls.end(),
                                            [](const CallAnswer& call) { return call.is_multiplexer; });
  const bool may_differ = options.is_lossy || !answers.diagnostics().empty();
  // What rules for the calls say of the multiplexer that stands for them may be just what is asked.
  for (bool is_apart : {false, true}) {
    if (is_apart && !has_multiplexers) break;
    Attempt attempt;
    attempt.answers = *answers;
    Result<std::string> text = text_of(attempt.answers, loaded, format, options, is_apart);
    if (!text) return with_places(text.error(), loaded);
    attempt.text = std::move(*text);
    attempt.notes = text.warnings();
    judgement = judge.of(attempt, may_differ || !attempt.notes.empty());
    if (judgement.is_good) {
      found.append(attempt.notes);
      if (options.to != "minijail") judge.tell_of_runc(attempt, found);
      if (found.has_errors()) return with_places(found, loaded);
      return {std::move(attempt.text), with_places(found, loaded)};
    }
    if (judgement.is_stricter && !stricter) stricter = std::move(attempt);
  }
  if (options.is_lossy && stricter) {
    found.append(stricter->notes);
    if (options.to != "minijail") judge.tell_of_runc(*stricter, found);
    if (found.has_errors()) return with_places(found, loaded);
    found.warning(
        "multiplexed-stricter", {},
        "rules for calls hold for socketcall and ipc too, which so get stricter answers: " + judgement.problem);
    return {std::move(stricter->text), with_places(found, loaded)};
  }
  Diagnostics problem;
  problem.error("not-proved", in_file(loaded),
                "what would be written could not be proved to mean the same: " + judgement.problem,
                "--effort " + std::to_string(10 * options.effort) + " allows the proof more steps");
  return problem;
}

}  // namespace cordon::cli
