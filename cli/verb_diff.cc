#include "cli/comparing.h"
#include "cli/exit_status.h"
#include "cli/verb.h"
#include "cordon/base/json_writer.h"
#include "cordon/prove/difference.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon diff old.cordon new.cordon           what the new policy allows or denies that the old one did not\n"
    "  cordon diff profile.json filter.bpf         any two sources; a filter is proved against its policy\n"
    "  cordon diff a.json b.json --as-permission   only whether a call may run, whatever the errno\n"
    "  cordon diff old.cordon new.cordon --json    the same for programs";

constexpr size_t kMaxNamed = 12;  // calls or architectures of a group, unless all are asked for

std::string headline(prove::Verdict verdict, const std::string& left, const std::string& right) {
  switch (verdict) {
    case prove::Verdict::equal: return "equal: both answer every call alike\n";
    case prove::Verdict::same_strictness: return "same_strictness: only the data of answers differ\n";
    case prove::Verdict::tighter: return "tighter: " + right + " allows less than " + left + ", and nothing more\n";
    case prove::Verdict::looser: return "looser: " + right + " allows more than " + left + ", and nothing less\n";
    case prove::Verdict::incomparable: return "incomparable: each allows something that the other does not\n";
    case prove::Verdict::undecided: return "undecided\n";
  }
  return {};
}

std::string joined(const std::vector<std::string>& words, size_t limit) {
  std::string text;
  for (size_t i = 0; i < words.size() && i < limit; ++i) text += (i == 0 ? "" : ", ") + words[i];
  if (words.size() > limit) text += " and " + std::to_string(words.size() - limit) + " more (--verbose names them)";
  return text;
}

// "looser  mkdir, rmdir on x86_64: left errno EPERM, right allow"
std::string group_text(const prove::DifferenceGroup& group, size_t limit) {
  std::string kind(group.kind == prove::Verdict::same_strictness ? "data" : prove::name(group.kind));
  kind.resize(9, ' ');
  std::string text = "  " + kind + joined(group.calls, limit) + " on " + joined(group.arches, limit) + ": left " +
                     policy::to_string(group.left, abi::native_arch()) + ", right " +
                     policy::to_string(group.right, abi::native_arch()) + "\n";
  if (!group.is_whole) text += "             for some arguments: " + describe_whole_call(group.witness) + "\n";
  return text;
}

std::string as_text(const prove::Differences& found, const Sides& sides, size_t limit) {
  std::string text = headline(found.comparison.verdict, sides.left.name, sides.right.name);
  if (found.comparison.verdict == prove::Verdict::undecided) return text + undecided_text(found.comparison);
  for (const prove::DifferenceGroup& group : found.groups) text += group_text(group, limit);
  if (!found.is_complete)
    for (const auto* witness : {&found.comparison.looser, &found.comparison.tighter, &found.comparison.data})
      if (witness->has_value()) text += "  " + witness_text(**witness) + "\n";
  if (found.differing_calls != 0)
    text +=
        std::to_string(found.differing_calls) + (found.differing_calls == 1 ? " call differs\n" : " calls differ\n");
  return text;
}

std::string as_json(const prove::Differences& found) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.diff/1");
  json.key("relation").value(prove::name(found.comparison.verdict));
  json.key("differing_calls").value(found.differing_calls).key("is_complete").value(found.is_complete);
  json.key("witnesses").begin_array();
  write_witnesses(json, found.comparison);
  json.end_array().key("groups").begin_array();
  for (const prove::DifferenceGroup& group : found.groups) {
    json.begin_object().key("relation").value(prove::name(group.kind));
    json.key("arches").begin_array();
    for (const std::string& arch : group.arches) json.value(arch);
    json.end_array().key("calls").begin_array();
    for (const std::string& call : group.calls) json.value(call);
    json.end_array().key("left").value(policy::to_string(group.left, abi::native_arch()));
    json.key("right").value(policy::to_string(group.right, abi::native_arch()));
    json.key("whole").value(group.is_whole).key("witness").value(describe_whole_call(group.witness)).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace

int diff_main(int argc, char** argv) {
  ComparingLine line;
  bool verbose = false;
  auto app = make_app("diff [options] OLD NEW",
                      "Compares two policies by what they mean. The relation is said of NEW. Ends with 0 if they are "
                      "equal, 1 if they differ, 4 if that could not be decided.",
                      kExamples);
  app->add_option("OLD", line.left, "policy source, or a raw filter: left")->required();
  app->add_option("NEW", line.right, "policy source, or a raw filter: right")->required();
  app->add_flag("--verbose", verbose, "name every call, however many differ alike");
  add_comparing_options(*app, line);
  auto read = read_sides(*app, line, argc, argv);
  if (const int* status = std::get_if<int>(&read)) return *status;
  const Sides& sides = std::get<Sides>(read);
  const prove::Differences found =
      prove::differences(meaning_of(sides.left), meaning_of(sides.right), compare_options(sides, line.comparing));
  const int status = found.comparison.verdict == prove::Verdict::equal       ? kDone
                     : found.comparison.verdict == prove::Verdict::undecided ? kUndecided
                                                                             : kFindings;
  if (line.output.json) return finish_output(as_json(found), status);
  return finish_output(as_text(found, sides, verbose ? SIZE_MAX : kMaxNamed) + sandbox_text(sides), status);
}

}  // namespace cordon::cli
