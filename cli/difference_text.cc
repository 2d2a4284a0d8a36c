#include "cli/difference_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/json_writer.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

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

// "cmd", "raw(arg1)", "arg2's upper half": the part of an operand that is counted.
std::string operand_text(const prove::DifferenceGroup& group, unsigned operand) {
  const bool has_low = (group.values->low_of >> operand & 1) != 0,
             has_high = (group.values->high_of >> operand & 1) != 0;
  std::string name = operand == ResolvedTest::kInstructionPointer ? "ip" : "arg" + std::to_string(operand);
  unsigned bits = 64;
  const auto arch = abi::arch_of_call(group.witness.audit_arch, group.witness.nr);
  if (arch && group.calls.size() == 1 && operand != ResolvedTest::kInstructionPointer)
    if (const auto argument = abi::argument_at(abi::name_of(group.witness.nr, *arch), operand, *arch)) {
      name = argument->name;
      bits = argument->bits;
    }
  if (!has_low) return name + "'s upper half";
  if (has_high) return bits < 64 ? "raw(" + name + ")" : name;
  return bits < 64 ? name : name + "'s lower half";
}

std::vector<std::string> operands_of(const prove::DifferenceGroup& group) {
  std::vector<std::string> names;
  for (unsigned operand = 0; operand <= ResolvedTest::kInstructionPointer; ++operand)
    if (((group.values->low_of | group.values->high_of) >> operand & 1) != 0)
      names.push_back(operand_text(group, operand));
  return names;
}

// "1 of 2^32 values of cmd"
std::string values_text(const prove::DifferenceGroup& group) {
  if (!group.values) return "some arguments";
  std::string text = base::count_text(group.values->count, group.values->bits) + " values of ";
  const std::vector<std::string> names = operands_of(group);
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

// "2 looser, 1 tighter, 1 in data"
std::string counts_text(const prove::CallCounts& counts) {
  std::string text;
  auto add = [&text](uint32_t count, const char* what) {
    if (count != 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(counts.looser, "looser"), add(counts.tighter, "tighter"), add(counts.data, "in data");
  return text;
}

// Architectures with the same counts share a line; of one architecture nothing is left to say.
std::string totals_text(const prove::Differences& found, size_t limit) {
  if (found.names.calls == 0) return {};
  std::string text = std::to_string(found.names.calls) +
                     (found.names.calls == 1 ? " call differs: " : " calls differ: ") + counts_text(found.names) + "\n";
  if (found.by_arch.size() < 2) return text;
  std::vector<bool> is_told(found.by_arch.size(), false);
  for (size_t i = 0; i < found.by_arch.size(); ++i) {
    if (is_told[i]) continue;
    std::vector<std::string> arches;
    for (size_t j = i; j < found.by_arch.size(); ++j)
      if (found.by_arch[j].counts == found.by_arch[i].counts) {
        arches.push_back(found.by_arch[j].arch);
        is_told[j] = true;
      }
    text += "  on " + joined(arches, limit) + ": " + counts_text(found.by_arch[i].counts) + "\n";
  }
  return text;
}

// "looser  mkdir, rmdir on x86_64: left errno EPERM, right allow"
std::string group_text(const prove::DifferenceGroup& group, size_t limit) {
  std::string kind(group.kind == prove::Verdict::same_strictness ? "data" : prove::name(group.kind));
  kind.resize(9, ' ');
  std::string text = "  " + kind + joined(group.calls, limit) + " on " + joined(group.arches, limit) + ": left " +
                     policy::to_string(group.left, abi::native_arch()) + ", right " +
                     policy::to_string(group.right, abi::native_arch()) + "\n";
  if (!group.is_whole)
    text += "             for " + values_text(group) + ": " + policy::describe_whole_call(group.witness) + "\n";
  return text;
}

void write_counts(JsonWriter& json, const prove::CallCounts& counts) {
  json.key("calls").value(counts.calls).key("looser").value(counts.looser).key("tighter").value(counts.tighter);
  json.key("same_strictness").value(counts.data);
}

void write_values(JsonWriter& json, const prove::DifferenceGroup& group) {
  json.key("values").begin_object().key("count").value(group.values->count.decimal());
  json.key("of_bits").value(group.values->bits);
  json.key("text").value(base::count_text(group.values->count, group.values->bits));
  json.key("operands").begin_array();
  for (const std::string& name : operands_of(group)) json.value(name);
  json.end_array().end_object();
}

}  // namespace

std::string differences_text(const prove::Differences& found, const Sides& sides, size_t limit) {
  std::string text = headline(found.comparison.verdict, sides.left.name, sides.right.name);
  if (found.comparison.verdict == prove::Verdict::undecided) return text + undecided_text(found.comparison);
  for (const prove::DifferenceGroup& group : found.groups) text += group_text(group, limit);
  if (!found.is_complete)
    for (const auto* witness : {&found.comparison.looser, &found.comparison.tighter, &found.comparison.data})
      if (witness->has_value()) text += "  " + witness_text(**witness) + "\n";
  return text + totals_text(found, limit);
}

std::string differences_json(const prove::Differences& found, const OtherLines& lines) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.diff/1");
  json.key("relation").value(prove::name(found.comparison.verdict));
  json.key("differing_calls").value(found.differing_calls).key("is_complete").value(found.is_complete);
  json.key("counts").begin_object();
  write_counts(json, found.names);
  json.key("arches").begin_array();
  for (const prove::ArchCounts& one : found.by_arch) {
    json.begin_object().key("arch").value(one.arch);
    write_counts(json, one.counts);
    json.end_object();
  }
  json.end_array().end_object();
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
    json.key("whole").value(group.is_whole).key("witness").value(policy::describe_whole_call(group.witness));
    if (group.values) write_values(json, group);
    json.end_object();
  }
  json.end_array();
  lines.write(json);
  json.end_object();
  return std::move(json).take();
}

}  // namespace cordon::cli
