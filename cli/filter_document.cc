#include "cli/filter_document.h"

#include <map>
#include <string_view>

#include "cli/filter_views.h"
#include "cordon/abi/arch.h"
#include "cordon/base/json_writer.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/naming.h"

namespace cordon::cli {
namespace {

std::string_view kind_of(const Origin& origin) {
  switch (origin.kind) {
    case Origin::Kind::rule: return "rule";
    case Origin::Kind::multiplexed: return "multiplexed";
    case Origin::Kind::default_action: return "default";
    case Origin::Kind::unknown: return "unknown";
    case Origin::Kind::bad_arch: return "badarch";
  }
  return "default";
}

void write_origin(JsonWriter& json, const Origin& origin, const Loaded& loaded) {
  json.begin_object().key("kind").value(kind_of(origin));
  if (origin.kind == Origin::Kind::rule || origin.kind == Origin::Kind::multiplexed) {
    const Place place = place_of(loaded, origin);
    json.key("rule").value(origin.rule).key("file").value(place.file).key("line").value(place.line);
  }
  json.end_object();
}

void write_arches(JsonWriter& json, const Loaded& loaded) {
  json.key("arches").begin_array();
  for (const ArchTable& table : loaded.resolved->arches) {
    const Arch arch = abi::arch_of_call(table.audit_arch, 0).value_or(abi::native_arch());
    json.begin_object().key("arch").value(abi::name(arch)).key("audit_arch").value(table.audit_arch).end_object();
  }
  json.end_array();
}

void write_actions(JsonWriter& json, const bpf::Program& program, const bpf::Naming& naming) {
  std::map<uint32_t, std::string> actions;
  for (size_t pc = 0; pc < program.size(); ++pc)
    if (program[pc].code == bpf::kRetK) actions.emplace(program[pc].k, naming.action(pc));
  json.key("actions").begin_array();
  for (const auto& [value, action] : actions)
    json.begin_object().key("value").value(value).key("action").value(action).end_object();
  json.end_array();
}

std::string head(const FilterStack& stack, size_t index, const Loaded& loaded, Proof proof) {
  const size_t count = stack.filters.size();
  return "// " + loaded.name + ": " +
         (count > 1 ? "filter " + std::to_string(index + 1) + " of " + std::to_string(count) + ", " : std::string()) +
         std::to_string(stack.filters[index].program.size()) + " instructions, " +
         (proof == Proof::proved ? "proved equal to the policy" : "not proved equal to the policy") + "\n";
}

void write_instructions(JsonWriter& json, const Filter& filter, const bpf::Naming& naming, const Loaded& loaded) {
  const bpf::Program& program = filter.program;
  json.key("instructions").begin_array();
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Insn& insn = program[pc];
    json.begin_object().key("at").value(pc).key("code").value(uint32_t{insn.code});
    json.key("jt").value(uint32_t{insn.jt}).key("jf").value(uint32_t{insn.jf}).key("k").value(insn.k);
    json.key("text").value(bpf::instruction_text(program, pc));
    json.key("meaning").value(naming.known(pc).is_reachable ? naming.meaning(pc) : "unreachable");
    json.key("origins").begin_array();
    if (pc < filter.provenance.size())
      for (const Origin& origin : filter.provenance[pc]) write_origin(json, origin, loaded);
    json.end_array().end_object();
  }
  json.end_array();
}

// The keys of one filter, in the object that is open.
void write_filter(JsonWriter& json, const Filter& filter, const Loaded& loaded) {
  const bpf::Naming naming(filter.program, filter.endian);
  json.key("size").value(filter.program.size());
  json.key("endian").value(filter.endian == Endian::little ? "little" : "big");
  write_arches(json, loaded);
  write_actions(json, filter.program, naming);
  write_instructions(json, filter, naming, loaded);
}

template <class Text>
std::string each_with_head(const FilterStack& stack, const Loaded& loaded, Proof proof, Text text) {
  std::string all;
  for (size_t i = 0; i < stack.filters.size(); ++i)
    all += head(stack, i, loaded, proof) + text(view_of(stack.filters[i], loaded));
  return all;
}

}  // namespace

std::string filter_json(const FilterStack& stack, const Loaded& loaded, Proof proof) {
  const bool is_one = stack.filters.size() == 1;
  JsonWriter json;
  json.begin_object().key("schema").value(is_one ? "cordon.filter/1" : "cordon.filters/1");
  json.key("policy").value(loaded.name).key("proved").value(proof == Proof::proved);
  if (is_one) {
    write_filter(json, stack.filters.front(), loaded);
  } else {
    json.key("filters").begin_array();
    for (const Filter& filter : stack.filters) {
      json.begin_object();
      write_filter(json, filter, loaded);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return std::move(json).take();
}

std::string filter_pseudo_code(const FilterStack& stack, const Loaded& loaded, Proof proof) {
  return each_with_head(stack, loaded, proof, pseudo_code_text);
}

std::string filter_dot(const FilterStack& stack, const Loaded& loaded, Proof proof) {
  return each_with_head(stack, loaded, proof, dot_text);
}

}  // namespace cordon::cli
