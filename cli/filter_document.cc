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

std::string head(const Filter& filter, const Loaded& loaded, Proof proof) {
  return "// " + loaded.name + ": " + std::to_string(filter.program.size()) + " instructions, " +
         (proof == Proof::proved ? "proved equal to the policy" : "not proved equal to the policy") + "\n";
}

}  // namespace

std::string filter_json(const Filter& filter, const Loaded& loaded, Proof proof) {
  const bpf::Program& program = filter.program;
  const bpf::Naming naming(program, filter.endian);
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.filter/1").key("policy").value(loaded.name);
  json.key("proved").value(proof == Proof::proved).key("size").value(program.size());
  json.key("endian").value(filter.endian == Endian::little ? "little" : "big");
  write_arches(json, loaded);
  write_actions(json, program, naming);
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
  json.end_array().end_object();
  return std::move(json).take();
}

std::string filter_pseudo_code(const Filter& filter, const Loaded& loaded, Proof proof) {
  return head(filter, loaded, proof) + pseudo_code_text(view_of(filter, loaded));
}

std::string filter_dot(const Filter& filter, const Loaded& loaded, Proof proof) {
  return head(filter, loaded, proof) + dot_text(view_of(filter, loaded));
}

}  // namespace cordon::cli
