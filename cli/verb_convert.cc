#include <optional>
#include <string>
#include <utility>

#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/verb.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon convert profile.json --to cordon -o app.cordon   a container profile in cordon's own text\n"
    "  cordon convert cat.policy --to cordon -o -              minijail's, to standard output\n"
    "  cordon convert app.bpf --to cordon -o app.cordon        a filter any program made, decompiled\n"
    "  cordon convert app.bpf --to cordon --width 100 -o -     with lines of at most 100 columns";

struct Options {
  std::string spec, output_path, to;
  std::optional<size_t> width;
  unsigned effort = 1;
};

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
    Result<Filter> filter = compile_proved(*resolved, {}, {.effort = effort});
    if (filter) {
      comparing.encode.endian = filter->endian;
      verdict =
          prove::compare(&*loaded.resolved, std::span<const bpf::Program>(&filter->program, 1), comparing).verdict;
    }
  }
  result.is_equal = verdict == prove::Verdict::equal;
  result.problem = "the text would be '" + std::string(prove::name(verdict)) + "'";
  return result;
}

Place in_file(const Loaded& loaded) {
  Place place;
  place.file = loaded.name;
  return place;
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
Result<std::string> text_of(const Loaded& loaded, const formats::WriteOptions& writing, const Options& options) {
  Diagnostics notes;
  note_what_is_left_out(loaded, notes);
  Written direct = written(loaded, writing, options.effort);
  if (direct.is_equal) return {std::move(direct.text), std::move(notes)};
  Result<Filter> filter = compile(loaded, {}, {.effort = options.effort});
  if (!filter) return filter.error();
  Loaded as_filter;
  as_filter.name = loaded.name;
  as_filter.program = std::move(filter->program);
  Result<Loaded> anew = decompiled(as_filter, {options.effort});
  if (!anew) return anew.error();
  anew->policy->name = loaded.policy->name;
  anew->policy->sandbox = loaded.policy->sandbox;
  notes.warning("rules-anew", in_file(loaded),
                "the rules cannot stand in cordon's text as they are (" + direct.problem +
                    "): those written mean the same, call by call");
  Result<std::string> text = proved_text(*anew, writing, options.effort);
  if (!text) return text;
  return {std::move(*text), std::move(notes)};
}

int convert(const Options& options, const PolicyOptions& reading, const OutputOptions& output) {
  Result<Loaded> loaded = load(options.spec, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return kUsage;
  formats::WriteOptions writing;
  if (loaded->program) writing.line_length = 0;
  if (options.width) writing.line_length = *options.width;
  Result<std::string> text{std::string()};
  if (loaded->program) {
    Result<Loaded> found = decompiled(*loaded, {options.effort});
    text = found ? proved_text(*found, writing, options.effort) : Result<std::string>(found.error());
  } else {
    text = text_of(*loaded, writing, options);
  }
  if (!text) return fail(text.error(), output, kUndecided);
  print_diagnostics(text.warnings(), output);
  Result<Done> done = write_file(options.output_path, *text);
  return done ? kDone : fail(done.error(), output, kRefused);
}

}  // namespace

int convert_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  Options options;
  auto app = make_app("convert [options] POLICY --to cordon -o FILE",
                      "Writes any policy in cordon's own text, proved equal to what was read. A raw filter is "
                      "decompiled; ends with 4 where no policy that equals it is in reach.",
                      kExamples);
  app->add_option("POLICY", options.spec, "policy source")->required();
  app->add_option("--to", options.to, "cordon")->required()->type_name("FMT")->check(one_of({"cordon"}));
  app->add_option("-o,--output", options.output_path, "where the policy goes; - is standard output")
      ->required()
      ->type_name("FILE");
  app->add_option("--width", options.width,
                  "fold lines that only name calls at N columns, 0 for never; 100, but of a raw filter 0")
      ->type_name("N")
      ->check(CLI::Range(size_t{0}, size_t{1000}));
  app->add_option("--effort", options.effort, "let decompiling take so many times its usual bound, 1 to 1000")
      ->type_name("N")
      ->check(CLI::Range(1u, 1000u));
  add_policy_options(*app, reading);
  add_quiet_option(*app, output, "print no warnings");
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;
  return convert(options, reading, output);
}

}  // namespace cordon::cli
