#include "cli/call_outcomes.h"

#include <utility>

#include "cordon/abi/arch.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

std::string condition_text(const ResolvedCondition& condition, const PartialCall& call) {
  const Arch arch = abi::arch_of_call(call.call.audit_arch, call.call.nr).value_or(abi::native_arch());
  return condition.is_always() ? "" : policy::describe_condition(condition, call.call.nr, arch);
}

std::vector<CallOutcome> ask_policy(const PartialCall& call, const Loaded& loaded) {
  std::vector<CallOutcome> answers;
  for (const Clause& clause : policy::outcomes(*loaded.resolved, call))
    answers.push_back({condition_text(clause.condition, call),
                       clause.action,
                       describe_origin(loaded, {clause.action, clause.origin}, call.call),
                       {},
                       {}});
  return answers;
}

// "instruction 4", "instructions 4, 9 (a division by zero) and 12"
std::string instructions_text(const std::vector<uint32_t>& places, const bpf::Program& program) {
  constexpr size_t kNamed = 6;
  std::string text = places.size() == 1 ? "instruction " : "instructions ";
  for (size_t i = 0; i < places.size() && i < kNamed; ++i)
    text += (i == 0                   ? ""
             : i + 1 == places.size() ? " and "
                                      : ", ") +
            std::to_string(places[i]) + (program[places[i]].code == bpf::kDivX ? " (a division by zero)" : "");
  if (places.size() > kNamed) text += " and " + std::to_string(places.size() - kNamed) + " more";
  return text;
}

// "pid:7/1: instruction 4; pid:7/0: instructions 2 and 3"
std::string deciders_text(const std::vector<prove::Decider>& deciders, const Loaded& loaded) {
  std::string text;
  for (size_t i = 0; i < deciders.size();) {
    const uint32_t program = deciders[i].program;
    std::vector<uint32_t> places;
    for (; i < deciders.size() && deciders[i].program == program; ++i) places.push_back(deciders[i].pc);
    const bool is_stack = loaded.programs.size() > 1;
    text += (text.empty() ? "" : "; ") + loaded.name + (is_stack ? "/" + std::to_string(program) : std::string()) +
            ": " + instructions_text(places, loaded.programs[program]);
  }
  return text;
}

Result<std::vector<CallOutcome>> ask_programs(const PartialCall& call, const Loaded& loaded) {
  Result<prove::ProgramOutcomes> found = prove::outcomes(loaded.programs, call, {});
  if (!found) {
    Diagnostic problem = *found.error().begin();
    problem.place.file = loaded.name;
    return problem;
  }
  std::vector<CallOutcome> answers;
  for (const prove::ProgramOutcome& outcome : found->outcomes)
    answers.push_back({condition_text(outcome.condition, call), outcome.action, deciders_text(outcome.deciders, loaded),
                       outcome.deciders, found->has_conditions ? "" : policy::describe_whole_call(outcome.example)});
  return answers;
}

std::string head_of(const CallOutcome& answer, bool is_only) {
  if (is_only) return "";
  if (!answer.example.empty()) return "for some arguments: ";
  return answer.condition.empty() ? "otherwise: " : "if " + answer.condition + ": ";
}

}  // namespace

Result<std::vector<CallOutcome>> answers_to(const PartialCall& call, const Loaded& loaded) {
  if (loaded.policy) return ask_policy(call, loaded);
  return ask_programs(call, loaded);
}

std::string answers_text(const std::string& call, const std::vector<CallOutcome>& answers) {
  std::string text = call + "\n";
  for (const CallOutcome& answer : answers) {
    text += "  " + head_of(answer, answers.size() == 1) + policy::to_string(answer.action, abi::native_arch()) +
            "\n      by " + answer.decided_by + "\n";
    if (!answer.example.empty()) text += "      such as " + answer.example + "\n";
  }
  return text;
}

void write_answers(JsonWriter& json, const std::string& call, const std::vector<CallOutcome>& answers) {
  json.begin_object().key("call").value(call).key("outcomes").begin_array();
  for (const CallOutcome& answer : answers) {
    json.begin_object().key("condition");
    json.value(!answer.example.empty() ? "some arguments" : answer.condition.empty() ? "always" : answer.condition);
    json.key("action").value(policy::to_string(answer.action, abi::native_arch())).key("by").value(answer.decided_by);
    if (!answer.deciders.empty()) {
      json.key("deciders").begin_array();
      for (const prove::Decider& decider : answer.deciders) {
        json.begin_object().key("filter").value(decider.program);
        json.key("instruction").value(decider.pc).end_object();
      }
      json.end_array();
    }
    if (!answer.example.empty()) json.key("example").value(answer.example);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace cordon::cli
