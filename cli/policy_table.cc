#include "cli/policy_table.h"

#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

struct Line {
  std::string action;
  std::string condition;  // empty: always
  std::vector<std::string> calls;
};

std::string number_range(uint32_t first, uint32_t last) {
  return first == last ? "#" + base::hex(first) : "#" + base::hex(first) + ".." + base::hex(last);
}

void add_line(std::vector<Line>& lines, const std::string& action, const std::string& condition, std::string call) {
  for (Line& line : lines)
    if (line.action == action && line.condition.empty() && condition.empty()) {
      line.calls.push_back(std::move(call));
      return;
    }
  lines.push_back({action, condition, {std::move(call)}});
}

// Do calls of x86_64 itself reach the table, beside x32's?
bool has_native_numbers(const ArchTable& table) {
  return table.segments.front().clauses.front().origin.kind != Origin::Kind::bad_arch;
}

// One line per action for the calls that get it without condition; one per condition for the others.
std::vector<Line> lines_of(const ArchTable& table) {
  std::vector<Line> lines;
  for (const Segment& segment : table.segments) {
    const bool is_plain = segment.clauses.front().condition.is_always();
    const Origin::Kind kind = segment.clauses.front().origin.kind;
    if (is_plain && kind != Origin::Kind::rule && kind != Origin::Kind::multiplexed) continue;  // told in the head
    for (uint64_t nr = segment.first; nr <= segment.last; ++nr) {
      auto arch = abi::arch_of_call(table.audit_arch, static_cast<uint32_t>(nr));
      std::string_view name = arch ? abi::name_of(static_cast<uint32_t>(nr), *arch) : std::string_view();
      std::string call = name.empty() ? number_range(static_cast<uint32_t>(nr), segment.last) : std::string(name);
      if (!name.empty() && *arch == Arch::x32 && has_native_numbers(table)) call += "@x32";
      for (const Clause& clause : segment.clauses) {
        if (clause.origin.kind == Origin::Kind::default_action) continue;
        const Arch named = arch.value_or(abi::native_arch());
        add_line(lines, policy::to_string(clause.action, named),
                 clause.condition.is_always()
                     ? ""
                     : policy::describe_condition(clause.condition, static_cast<uint32_t>(nr), named),
                 call);
      }
      if (name.empty()) break;  // a range without names is shown once
    }
  }
  return lines;
}

std::string wrapped(const std::vector<std::string>& words, size_t indent) {
  std::string text;
  size_t column = indent;
  for (const std::string& word : words) {
    if (column + word.size() + 1 > 100 && column > indent) {
      text.pop_back();
      text += "\n" + std::string(indent, ' ');
      column = indent;
    }
    text += word + " ";
    column += word.size() + 1;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string arch_title(const ArchTable& table) {
  for (const abi::ArchInfo& info : abi::arches())
    if (info.audit_arch == table.audit_arch) return std::string(info.name);
  return base::hex(table.audit_arch);
}

}  // namespace

std::string policy_table(const Loaded& loaded) {
  const Policy& policy = *loaded.policy;
  std::string text;
  if (!policy.name.empty()) text += "policy   " + policy.name + "\n";
  const Arch first = policy.arches.empty() ? abi::native_arch() : policy.arches.front();
  text += "default  " + policy::to_string(policy.default_action.action, first) + "\n";
  text += "badarch  " + policy::to_string(policy.bad_arch.action, first) + "\n";
  if (policy.since)
    text += "since    " + abi::to_string(*policy.since) + ", newer calls get " +
            policy::to_string(policy.unknown ? policy.unknown->action : Action{ActionKind::errno_, 38}, first) + "\n";
  for (const ArchTable& table : loaded.resolved->arches) {
    text += "\n" + arch_title(table) + "\n";
    for (const Line& line : lines_of(table)) {
      std::string head = "  " + line.action;
      if (head.size() < 16) head.resize(16, ' ');
      text += head + " ";
      if (line.condition.empty())
        text +=
            wrapped(line.calls, 17) + (line.calls.size() > 5 ? "  (" + std::to_string(line.calls.size()) + ")" : "");
      else
        text += line.calls.front() + "(" + line.condition + ")";
      text += "\n";
    }
  }
  for (const SandboxLine& line : policy.sandbox.lines) {
    text += (&line == &policy.sandbox.lines.front() ? "\n" : "") + line.subject;
    for (const std::string& word : line.words) text += " " + base::printable(word);
    text += "\n";
  }
  return text;
}

std::string policy_table_json(const Loaded& loaded) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.show/1").key("policy").value(loaded.name).key("arches").begin_array();
  for (const ArchTable& table : loaded.resolved->arches) {
    json.begin_object()
        .key("arch")
        .value(arch_title(table))
        .key("audit_arch")
        .value(table.audit_arch)
        .key("segments")
        .begin_array();
    for (const Segment& segment : table.segments) {
      auto arch = abi::arch_of_call(table.audit_arch, segment.first).value_or(abi::native_arch());
      json.begin_object()
          .key("first")
          .value(segment.first)
          .key("last")
          .value(segment.last)
          .key("clauses")
          .begin_array();
      for (const Clause& clause : segment.clauses) {
        json.begin_object().key("condition").value(policy::describe_condition(clause.condition, segment.first, arch));
        json.key("action").value(policy::to_string(clause.action, arch)).end_object();
      }
      json.end_array().end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace cordon::cli
