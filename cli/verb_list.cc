#include "cli/exit_status.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/formats/builtin.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon list                     builtin policies, groups, architectures\n"
    "  cordon list groups file-read    the calls of a group\n"
    "  cordon list constants O_DIR     constants whose name holds a word\n"
    "  cordon list arches --json";

std::string padded(std::string_view text, size_t width) {
  std::string result(text);
  if (result.size() < width) result.resize(width, ' ');
  return result + " ";
}

void list_builtins(std::string& text, JsonWriter& json, const std::string& word) {
  text += "builtin policies (builtin:NAME)\n";
  json.key("builtins").begin_array();
  for (const formats::Builtin& builtin : formats::builtins()) {
    if (builtin.name.find(word) == std::string_view::npos) continue;
    text += "  " + padded(builtin.name, 16) + std::string(builtin.description) + "\n";
    json.begin_object().key("name").value(builtin.name).key("description").value(builtin.description).end_object();
  }
  json.end_array();
}

void list_groups(std::string& text, JsonWriter& json, const std::string& word) {
  text += "groups (@NAME)\n";
  json.key("groups").begin_array();
  for (const abi::Group& group : abi::groups()) {
    if (group.name.find(word) == std::string_view::npos) continue;
    text += "  " + padded("@" + std::string(group.name), 17) + std::string(group.description) + "\n";
    json.begin_object()
        .key("name")
        .value(group.name)
        .key("description")
        .value(group.description)
        .key("members")
        .begin_array();
    for (std::string_view member : group.members) {
      if (group.name == word) text += "      " + std::string(member) + "\n";
      json.value(member);
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void list_constants(std::string& text, JsonWriter& json, const std::string& word, Arch arch) {
  text += "constants on " + std::string(abi::name(arch)) + "\n";
  json.key("constants").begin_array();
  for (std::string_view name : abi::constant_names()) {
    if (name.find(word) == std::string_view::npos) continue;
    auto value = abi::constant(name, arch);
    if (!value) continue;
    text += "  " + padded(name, 36) + base::hex(*value) + "\n";
    json.begin_object().key("name").value(name).key("value").value(*value).end_object();
  }
  json.end_array();
}

void list_arches(std::string& text, JsonWriter& json, const std::string& word) {
  text += "architectures\n";
  json.key("arches").begin_array();
  for (const abi::ArchInfo& info : abi::arches()) {
    if (info.name.find(word) == std::string_view::npos) continue;
    text += "  " + padded(info.name, 16) + padded(base::hex(info.audit_arch), 11) +
            (info.endian == Endian::little ? "little-endian" : "big-endian") +
            (info.arch == abi::native_arch() ? "  native" : "") + "\n";
    json.begin_object().key("name").value(info.name).key("audit_arch").value(info.audit_arch);
    json.key("endian").value(info.endian == Endian::little ? "little" : "big").end_object();
  }
  json.end_array();
}

}  // namespace

int list_main(int argc, char** argv) {
  OutputOptions output;
  std::string kind, word, arch_name;
  CommandLine app("list [options] [KIND [WORD]]", "Lists what policies can name.", kExamples);
  app.add_option("KIND", kind, "builtins, groups, constants or arches; without it all but constants")
      ->check(one_of({"builtins", "groups", "constants", "arches"}));
  app.add_option("WORD", word, "only names that hold this word; a group's whole name lists its calls");
  app.add_option("--arch", arch_name, "architecture for constants (default: native)")->type_name("ARCH");
  add_json_option(app, output);
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  if (!arch_name.empty() && kind != "constants")
    return fail(usage_error("--arch means nothing for " + (kind.empty() ? "a list of all kinds" : kind),
                            "it is for constants: cordon list --arch " + base::printable(arch_name) + " constants"),
                output, kUsage);
  if (word.starts_with('@')) word.erase(0, 1);  // as policies name groups
  Result<Arch> arch = find_arch(arch_name);
  if (!arch) return fail(arch.error(), output, kUsage);
  std::string text;
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.list/1");
  if (kind.empty() || kind == "builtins") list_builtins(text, json, word);
  if (kind.empty() || kind == "groups") list_groups(text, json, word);
  if (kind == "constants") list_constants(text, json, word, *arch);
  if (kind.empty() || kind == "arches") list_arches(text, json, word);
  json.end_object();
  const bool found = text.find("\n  ") != std::string::npos;
  if (!found && !output.json) {
    Diagnostics problems;
    problems.error("not-found", {}, "no name holds '" + base::printable(word) + "'",
                   "`cordon list " + kind + "` shows all");
    print_diagnostics(problems, output);
    return kFindings;
  }
  return finish_output(output.json ? std::move(json).take() : text, found ? kDone : kFindings);
}

}  // namespace cordon::cli
