#include "cli/comparing.h"
#include "cli/difference_text.h"
#include "cli/exit_status.h"
#include "cli/verb.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon diff old.cordon new.cordon           what the new policy allows or denies that the old one did not\n"
    "  cordon diff profile.json filter.bpf         any two sources; a filter is proved against its policy\n"
    "  cordon diff a.json b.json --as-permission   only whether a call may run, whatever the errno\n"
    "  cordon diff old.cordon new.cordon --json    the same for programs";

constexpr size_t kMaxNamed = 12;  // calls or architectures of a group, unless all are asked for

}  // namespace

int diff_main(int argc, char** argv) {
  ComparingLine line;
  bool verbose = false;
  CommandLine app("diff [options] OLD NEW",
                  "Compares two policies by what they mean. The relation is said of NEW. Ends with 0 if they are "
                  "equal, 1 if they differ, 4 if that could not be decided.",
                  kExamples);
  app.add_option("OLD", line.left, "policy source, or a raw filter: left")->required();
  app.add_option("NEW", line.right, "policy source, or a raw filter: right")->required();
  app.add_flag("--verbose", verbose, "name every call, however many differ alike");
  add_comparing_options(app, line);
  auto read = read_sides(app, line, argc, argv);
  if (const int* status = std::get_if<int>(&read)) return *status;
  const Sides& sides = std::get<Sides>(read);
  const prove::Differences found =
      prove::differences(meaning_of(sides.left), meaning_of(sides.right), compare_options(sides, line.comparing));
  const OtherLines lines = line.comparing.filter_only ? OtherLines{} : other_lines(sides);
  const int status = found.comparison.verdict == prove::Verdict::equal       ? (lines.are_same() ? kDone : kFindings)
                     : found.comparison.verdict == prove::Verdict::undecided ? kUndecided
                                                                             : kFindings;
  if (line.output.json) return finish_output(differences_json(found, lines), status);
  return finish_output(differences_text(found, sides, verbose ? SIZE_MAX : kMaxNamed) + lines.text(), status);
}

}  // namespace cordon::cli
