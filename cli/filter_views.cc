#include "cli/filter_views.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/naming.h"
#include "cordon/bpf/opcode.h"

namespace cordon::cli {
namespace {

std::string name_of(const Loaded& loaded, const Origin& origin) {
  switch (origin.kind) {
    case Origin::Kind::default_action: return "default";
    case Origin::Kind::bad_arch: return "badarch";
    case Origin::Kind::unknown: return "unknown";
    case Origin::Kind::rule:
    case Origin::Kind::multiplexed: break;
  }
  const Place place = place_of(loaded, origin);
  return place.file + ":" + std::to_string(place.line);
}

std::string rule_of(const Filter& filter, const Loaded& loaded, size_t pc) {
  if (pc >= filter.provenance.size() || filter.provenance[pc].empty()) return "";
  const std::vector<Origin>& origins = filter.provenance[pc];
  const std::string first = name_of(loaded, origins.front());
  const bool is_rule = first.find(':') != std::string::npos;
  return first + (is_rule && origins.size() > 1 ? " and " + std::to_string(origins.size() - 1) + " more" : "");
}

// Whom the policy can name for calls that come on this way: for narrow bounds a look at few segments.
void add_deciders(const ResolvedPolicy& policy, const bpf::FlowWay& way, std::vector<Origin>& deciders) {
  bool is_listed = false;
  for (const ArchTable& table : policy.arches) {
    const bool is_here = way.audit_arch ? *way.audit_arch == table.audit_arch
                                        : std::find(way.other_than.begin(), way.other_than.end(), table.audit_arch) ==
                                              way.other_than.end();
    if (!is_here) continue;
    is_listed = is_listed || way.audit_arch;
    auto segment = std::lower_bound(table.segments.begin(), table.segments.end(), way.numbers.first,
                                    [](const Segment& one, uint32_t number) { return one.last < number; });
    for (; segment != table.segments.end() && segment->first <= way.numbers.last; ++segment)
      for (const Clause& clause : segment->clauses)
        if (deciders.empty() || deciders.back() != clause.origin) deciders.push_back(clause.origin);
  }
  if (!is_listed) deciders.push_back(policy.bad_arch_origin);
}

bool is_before(const Origin& a, const Origin& b) {
  return std::tie(a.kind, a.rule, a.policy) < std::tie(b.kind, b.rule, b.policy);
}

// "app.cordon:2, 5, 7 and 3 more"
std::string joined(const std::vector<std::string>& names) {
  constexpr size_t kMost = 3;
  std::string text, file;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) {
    const std::string head = names[i].substr(0, names[i].rfind(':') + 1);
    text += (i == 0 ? "" : ", ") + (i > 0 && head == file ? names[i].substr(head.size()) : names[i]);
    file = head;
  }
  return text + (names.size() > kMost ? " and " + std::to_string(names.size() - kMost) + " more" : "");
}

// An answer is one instruction for many rules; on some ways only some of them decide.
std::string rules_on(const Filter& filter, const Loaded& loaded, size_t pc, const std::vector<bpf::FlowWay>& ways) {
  std::vector<std::string> names;
  if (pc >= filter.provenance.size()) return "";
  std::vector<Origin> deciders;
  for (const bpf::FlowWay& way : ways) add_deciders(*loaded.resolved, way, deciders);
  std::sort(deciders.begin(), deciders.end(), is_before);
  for (const Origin& origin : filter.provenance[pc]) {
    if (!ways.empty() && !std::binary_search(deciders.begin(), deciders.end(), origin, is_before)) continue;
    std::string name = name_of(loaded, origin);
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return joined(names);
}

bpf::Flow flow_of(const FilterView& view) {
  // A test serves many rules, and its condition says what it is for.
  auto annotate = [&view](size_t pc) {
    const bool is_answer = bpf::find_opcode((*view.program)[pc].code)->form == bpf::Form::ret_k;
    return is_answer && view.rule_of ? view.rule_of(pc) : std::string();
  };
  return bpf::make_flow(*view.program, {.endian = view.endian, .annotate = annotate});
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string section(const std::string& title, const std::string& text) {
  return "<h2>" + title + "</h2>\n<pre>" + escaped(text) + "</pre>\n";
}

// Instructions of the first filter are i0, i1, those of the second i2-0.
std::string anchor(size_t filter, size_t pc) {
  return (filter == 0 ? "i" : "i" + std::to_string(filter + 1) + "-") + std::to_string(pc);
}

std::string link_to(size_t filter, size_t pc) {
  return "<a href=\"#" + anchor(filter, pc) + "\">" + std::to_string(pc) + "</a>";
}

std::string assembly_rows(const FilterView& view, size_t filter) {
  const bpf::Program& program = *view.program;
  const bpf::Naming naming(program, view.endian);
  std::string rows;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Insn& insn = program[pc];
    const bpf::Form form = bpf::find_opcode(insn.code)->form;
    const std::string number = std::to_string(pc);
    std::string yes, no;
    if (bpf::is_branch(form)) {
      yes = link_to(filter, pc + 1 + insn.jt);
      no = link_to(filter, pc + 1 + insn.jf);
    } else if (form == bpf::Form::jump) {
      yes = link_to(filter, pc + 1 + insn.k);
    }
    rows += "<tr id=\"" + anchor(filter, pc) + "\"><td>" + number + "</td><td>" +
            escaped(bpf::instruction_text(program, pc)) + "</td><td>" + yes + "</td><td>" + no + "</td><td>" +
            escaped(naming.known(pc).is_reachable ? naming.meaning(pc) : "unreachable") + "</td><td>" +
            escaped(view.rule_of ? view.rule_of(pc) : "") + "</td></tr>\n";
  }
  return rows;
}

std::string program_sections(std::span<const FilterView> views, size_t index) {
  const std::string name = views.size() > 1 ? ", " + filter_name(views, index) : "";
  return section("Decisions" + name, tree_text(views[index])) + "<h2>Instructions" + name +
         "</h2>\n<table>\n<tr><th>at</th><th>instruction</th><th>yes</th><th>no</th><th>meaning</th>"
         "<th>rule</th></tr>\n" +
         assembly_rows(views[index], index) + "</table>\n";
}

constexpr const char* kStyle =
    "body{font-family:sans-serif;margin:2em;max-width:75em}"
    "pre,table{font-family:monospace;font-size:90%}"
    "pre{background:#f4f4f4;padding:1em;overflow:auto}"
    "table{border-collapse:collapse}"
    "td,th{padding:0 1em 0 0;text-align:left;vertical-align:top;white-space:pre}"
    "tr:target{background:#ffec99}";

}  // namespace

FilterView view_of(const Filter& filter, const Loaded& loaded) {
  return {&filter.program, filter.endian, [&filter, &loaded](size_t pc) { return rule_of(filter, loaded, pc); },
          [&filter, &loaded](size_t pc, const std::vector<bpf::FlowWay>& ways) {
            return rules_on(filter, loaded, pc, ways);
          }};
}

FilterView view_of(const bpf::Program& program) {
  return {&program, bpf::endian_of(program).value_or(abi::info(abi::native_arch()).endian), {}, {}};
}

std::string assembly_text(const FilterView& view) {
  return bpf::disassemble(*view.program, {.endian = view.endian, .comments = true, .annotate = view.rule_of});
}

std::string filter_name(std::span<const FilterView> views, size_t index) {
  return "filter " + std::to_string(index + 1) + " of " + std::to_string(views.size());
}

std::string tree_text(const FilterView& view) { return bpf::write_tree(flow_of(view), view.rules_on); }
std::string dot_text(const FilterView& view) { return bpf::write_dot(flow_of(view)); }
std::string pseudo_code_text(const FilterView& view) { return bpf::write_pseudo_code(flow_of(view), view.rules_on); }

std::string filter_page(std::span<const FilterView> views, const Loaded& loaded, const std::string& table) {
  const std::string title = escaped(loaded.name);
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + title +
                     "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n" +
                     section("Calls by action", table);
  for (size_t i = 0; i < views.size(); ++i) page += program_sections(views, i);
  return page + section("Cost", cost_text(views, loaded)) + "</body>\n</html>\n";
}

}  // namespace cordon::cli
