#include "cli/comparing.h"
#include "cli/exit_status.h"
#include "cli/other_lines.h"
#include "cli/verb.h"
#include "cordon/base/json_writer.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon prove new.cordon within old.cordon    nothing is allowed that was not before; else a call that is\n"
    "  cordon prove app.cordon equals app.bpf       a filter does exactly what the policy says\n"
    "  cordon prove app.json within builtin:docker-default --as-permission    whatever the errno";

struct Answer {
  bool holds = false, fails = false;
  // Calls that show why not: the first of each kind that speaks against it.
  std::vector<const prove::Witness*> against;
};

// Of A, the left side, against B: A is within B if B is nowhere tighter than A.
Answer judge(const prove::Comparison& result, const OtherLines& lines, bool is_within) {
  Answer answer;
  for (const auto* witness : {&result.tighter, &result.looser, &result.data})
    if (witness->has_value() && (!is_within || witness == &result.tighter)) answer.against.push_back(&**witness);
  // Whether one path or port lies within others is not judged.
  const bool lines_hold = is_within ? lines.left_only_adds() : lines.are_same();
  answer.fails = !answer.against.empty() || (!is_within && !lines_hold);
  answer.holds = !answer.fails && lines_hold && result.verdict != prove::Verdict::undecided;
  return answer;
}

}  // namespace

int prove_main(int argc, char** argv) {
  ComparingLine line;
  std::string relation;
  CommandLine app("prove [options] A within|equals B",
                  "Proves that A is nowhere looser than B, or that both answer every call alike. Ends with 0 if it "
                  "holds, 1 with a call that shows why not, 4 if that could not be decided.",
                  kExamples);
  app.add_option("A", line.left, "policy source, or a raw filter")->required();
  app.add_option("RELATION", relation, "within or equals")->required()->check(one_of({"within", "equals"}));
  app.add_option("B", line.right, "policy source, or a raw filter")->required();
  add_comparing_options(app, line);
  auto read = read_sides(app, line, argc, argv);
  if (const int* status = std::get_if<int>(&read)) return *status;
  const Sides& sides = std::get<Sides>(read);
  const prove::Comparison result =
      prove::compare(meaning_of(sides.left), meaning_of(sides.right), compare_options(sides, line.comparing));
  const OtherLines lines = line.comparing.filter_only ? OtherLines{} : other_lines(sides);
  const Answer answer = judge(result, lines, relation == "within");
  const bool is_decided = answer.holds || answer.fails;
  const int status = answer.holds ? kDone : is_decided ? kFindings : kUndecided;
  if (line.output.json) {
    JsonWriter json;
    json.begin_object().key("schema").value("cordon.prove/1").key("claim").value(relation);
    json.key("result")
        .value(answer.holds ? "holds"
               : is_decided ? "fails"
                            : "undecided")
        .key("witnesses")
        .begin_array();
    write_witnesses(json, result);
    json.end_array();
    lines.write(json);
    json.end_object();
    return finish_output(std::move(json).take(), status);
  }
  std::string text;
  if (answer.holds)
    text = "holds: " + sides.left.name + (relation == "within" ? " is within " : " equals ") + sides.right.name + "\n";
  if (!is_decided) text = "undecided\n";
  if (!is_decided && result.undecided) text += undecided_text(result);
  if (answer.fails) text = "does not hold\n";
  for (const prove::Witness* witness : answer.against) text += "  " + witness_text(*witness) + "\n";
  return finish_output(text + lines.text(), status);
}

}  // namespace cordon::cli
