#include "cli/cordon_text.h"

#include <span>
#include <utility>

#include "cli/decompiled.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"

namespace cordon::cli {
namespace {

struct Written {
  std::string text;
  bool is_equal = false;  // read back it is proved equal to what was written
  std::string problem;
};

Written written(const Loaded& loaded, const formats::WriteOptions& writing, unsigned effort) {
  Written result{formats::write_cordon(*loaded.policy, writing), false, {}};
  Result<Policy> again = formats::read_cordon(result.text, loaded.name, {});
  Result<ResolvedPolicy> resolved = again ? policy::resolve(*again, {}) : Result<ResolvedPolicy>(again.error());
  if (!resolved) {
    result.problem = resolved.error().begin()->message;
    return result;
  }
  prove::CompareOptions comparing;
  comparing.encode.max_steps *= effort;
  prove::Verdict verdict = prove::compare(&*loaded.resolved, &*resolved, comparing).verdict;
  if (verdict == prove::Verdict::undecided) {
    // Long lists are compared with a program, so with the one that the text is proved to mean.
    if (Result<FilterStack> stack = compile_stack_proved(*resolved, {}, {.effort = effort})) {
      comparing.encode.endian = stack->filters.front().endian;
      const std::vector<bpf::Program> programs = programs_of(*stack);
      verdict = prove::compare(&*loaded.resolved, programs, comparing).verdict;
    }
  }
  result.is_equal = verdict == prove::Verdict::equal;
  result.problem = "the text would be '" + std::string(prove::name(verdict)) + "'";
  return result;
}

// What no line of the text holds.
void note_what_is_left_out(const Loaded& loaded, Diagnostics& notes) {
  if (loaded.policy->start && *loaded.policy->start != StartPoint::before_exec)
    notes.warning("start-left-out", in_file(loaded),
                  "the format's filters begin after the program's start, and the text cannot say so",
                  "`cordon run --start entry` does it");
  if (loaded.policy->filter_flags != 0)
    notes.warning("flags-left-out", in_file(loaded), "the source's filter flags are not in the text",
                  "`cordon run` takes them as options");
}

// What was decompiled, once its text is proved to mean the same.
Result<std::string> proved_text(const Loaded& found, const formats::WriteOptions& writing, unsigned effort) {
  Written text = written(found, writing, effort);
  if (text.is_equal) return std::move(text.text);
  Diagnostics problem;
  return problem.error("text-not-proved", in_file(found),
                       "the text of this policy could not be proved to mean the same: " + text.problem,
                       "--effort " + std::to_string(10 * effort) + " allows more");
}

// Rules as they stand where they say the same in cordon's words; else those of the filter they compile to.
Result<std::string> text_of(const Loaded& loaded, const formats::WriteOptions& writing, unsigned effort) {
  Diagnostics notes;
  note_what_is_left_out(loaded, notes);
  Written direct = written(loaded, writing, effort);
  if (direct.is_equal) return {std::move(direct.text), std::move(notes)};
  Result<Filter> filter = compile(loaded, {}, {.effort = effort});
  if (!filter) return filter.error();
  Loaded as_filter;
  as_filter.name = loaded.name;
  as_filter.programs = {std::move(filter->program)};
  Result<Loaded> anew = decompiled(as_filter, {effort});
  if (!anew) return anew.error();
  anew->policy->name = loaded.policy->name;
  anew->policy->sandbox = loaded.policy->sandbox;
  notes.warning("rules-anew", in_file(loaded),
                "the rules cannot stand in cordon's text as they are (" + direct.problem +
                    "): those written mean the same, call by call");
  Result<std::string> text = proved_text(*anew, writing, effort);
  if (!text) return text;
  return {std::move(*text), std::move(notes)};
}

}  // namespace

Result<std::string> cordon_text(const Loaded& loaded, const formats::WriteOptions& writing, unsigned effort) {
  if (loaded.programs.empty()) return text_of(loaded, writing, effort);
  Result<Loaded> found = decompiled(loaded, {effort});
  return found ? proved_text(*found, writing, effort) : Result<std::string>(found.error());
}

}  // namespace cordon::cli
