#include <algorithm>

#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/verb.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon show app.cordon               calls by action, per architecture\n"
    "  cordon show profile.json --as text   as cordon's own text\n"
    "  cordon show app.cordon --as asm      the filter, each return with the rule it serves\n"
    "  cordon show app.cordon --as cost     instructions, paths, what the kernel answers from its bitmap";

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

std::string table_text(const Loaded& loaded) {
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

std::string table_json(const Loaded& loaded) {
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

std::string cost_text(const bpf::Program& program, const Loaded& loaded) {
  const bpf::Cost cost = bpf::cost(program);
  std::string text = "instructions            " + std::to_string(cost.insn_count) + " of 4096\n" +
                     "converted by the kernel " + std::to_string(cost.converted_count) +
                     " of 32768 for all stacked filters\n" + "longest path            " +
                     std::to_string(cost.longest_path) + " instructions\n";
  if (!loaded.resolved) return text;
  for (const ArchTable& table : loaded.resolved->arches) {
    size_t cached = 0, steps = 0, total = 0;
    auto arch = abi::arch_of_call(table.audit_arch, 0).value_or(abi::native_arch());
    for (size_t i = 0; i < abi::syscall_count(arch); ++i) {
      const bpf::ConstAllow answer = bpf::is_const_allow(program, table.audit_arch, abi::syscall_at(arch, i).number);
      cached += answer.answer ? 1 : 0;
      steps += answer.steps;
      ++total;
    }
    text += "on " + std::string(abi::name(arch)) + ": " + std::to_string(cached) + " of " + std::to_string(total) +
            " calls are answered from the kernel's bitmap and run no instruction; finding that out at attach takes " +
            std::to_string(steps) + " steps\n";
  }
  return text;
}

std::string annotated(const Filter& filter, const Loaded& loaded) {
  auto annotate = [&](size_t pc) -> std::string {
    if (pc >= filter.provenance.size() || filter.provenance[pc].empty()) return "";
    const Origin& origin = filter.provenance[pc].front();
    if (origin.kind == Origin::Kind::default_action) return "default";
    if (origin.kind == Origin::Kind::bad_arch) return "badarch";
    if (origin.kind == Origin::Kind::unknown) return "unknown";
    const Place place = place_of(loaded, origin);
    return place.file + ":" + std::to_string(place.line) +
           (filter.provenance[pc].size() > 1 ? " and " + std::to_string(filter.provenance[pc].size() - 1) + " more"
                                             : "");
  };
  return bpf::disassemble(filter.program, {.endian = filter.endian, .comments = true, .annotate = annotate});
}

Diagnostics no_json(const std::string& view) {
  return usage_error("--as " + view + " has no JSON form", "`cordon disasm --json` lists instructions");
}

}  // namespace

int show_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  std::string spec, view;
  auto app = make_app("show [options] POLICY", "Looks at a policy.", kExamples);
  app->add_option("POLICY", spec, "policy source")->required();
  app->add_option("--as", view, "table (default), text, asm or cost")
      ->type_name("VIEW")
      ->check(one_of({"table", "text", "asm", "cost"}));
  add_policy_options(*app, reading);
  add_json_option(*app, output);
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;

  Result<Loaded> loaded = load(spec, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return kUsage;
  if (loaded->program && output.json) {
    return fail(no_json("asm"), output, kUsage);
  }
  if (loaded->program) {
    if (view.empty() || view == "asm") return finish_output(bpf::disassemble(*loaded->program, {}), kDone);
    if (view == "cost") return finish_output(cost_text(*loaded->program, *loaded), kDone);
    return fail(usage_error("a raw filter cannot be shown --as " + view, "--as asm or --as cost"), output, kUsage);
  }
  if (output.json && (view.empty() || view == "table")) return finish_output(table_json(*loaded), kDone);
  if (output.json) {
    return fail(no_json(view), output, kUsage);
  }
  if (view.empty() || view == "table") return finish_output(table_text(*loaded), kDone);
  if (view == "text") return finish_output(formats::write_cordon(*loaded->policy), kDone);
  Result<Filter> filter = compile(*loaded, {}, {});
  if (!filter) {
    print_diagnostics(filter.error(), output);
    return kUsage;
  }
  return finish_output(view == "asm" ? annotated(*filter, *loaded) : cost_text(filter->program, *loaded), kDone);
}

}  // namespace cordon::cli
