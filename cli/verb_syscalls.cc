#include "cli/exit_status.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon syscalls openat                 number, arguments, since which kernel\n"
    "  cordon syscalls 257                    by number\n"
    "  cordon syscalls --arch arm64 openat    on another architecture\n"
    "  cordon syscalls --arch i386            the whole table\n"
    "  cordon syscalls --all-arches openat    its number everywhere";

std::string prototype(std::string_view name, Arch arch) {
  std::string text = "(";
  const unsigned count = abi::argument_count(name, arch);
  bool known = false;
  for (unsigned slot = 0; slot < count; ++slot) {
    auto argument = abi::argument_at(name, slot, arch);
    if (!argument) continue;
    known = true;
    if (text.size() > 1) text += ", ";
    text += std::string(argument->type) + (argument->type.ends_with('*') ? "" : " ") + std::string(argument->name);
  }
  return known || count == 0 ? text + ")" : "(…)";
}

std::string since_text(std::string_view name, Arch arch) {
  auto since = abi::since(name, arch);
  auto removed = abi::removed_in(name);
  return (since ? "since " + abi::to_string(*since) : "never implemented or not known since when") +
         (removed ? ", removed in " + abi::to_string(*removed) : "");
}

std::string row_text(uint32_t number, std::string_view name, Arch arch) {
  std::string head = std::to_string(number);
  head.resize(std::max<size_t>(head.size() + 1, 6), ' ');
  return head + std::string(name) + prototype(name, arch) + "  " + since_text(name, arch) + "\n";
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size() + 2, width), ' ');
  return text;
}

// One line for each argument: its slot, its name, and how much of the register the kernel reads.
std::string arguments_text(std::string_view name, Arch arch) {
  std::string text;
  size_t width = 12;
  for (unsigned slot = 0; slot < abi::argument_count(name, arch); ++slot)
    if (auto argument = abi::argument_at(name, slot, arch)) width = std::max(width, argument->name.size() + 2);
  for (unsigned slot = 0; slot < abi::argument_count(name, arch); ++slot) {
    auto argument = abi::argument_at(name, slot, arch);
    if (!argument) continue;
    text += "      arg" + std::to_string(slot) + "  " + padded(std::string(argument->name), width) +
            (argument->is_pointer ? "pointer: only null can be told from others"
                                  : std::to_string(uint32_t{argument->bits}) + " bits, " +
                                        (argument->is_signed ? "signed" : "unsigned")) +
            "\n";
  }
  return text;
}

void row_json(JsonWriter& json, uint32_t number, std::string_view name, Arch arch) {
  json.begin_object().key("arch").value(abi::name(arch)).key("number").value(number).key("name").value(name);
  for (auto [key, version] : {std::pair{"since", abi::since(name, arch)}, {"removed_in", abi::removed_in(name)}}) {
    json.key(key);
    if (version)
      json.value(abi::to_string(*version));
    else
      json.null();
  }
  json.key("arguments").begin_array();
  for (unsigned slot = 0; slot < abi::argument_count(name, arch); ++slot) {
    auto argument = abi::argument_at(name, slot, arch);
    if (!argument) continue;
    json.begin_object().key("slot").value(slot).key("name").value(argument->name).key("type").value(argument->type);
    json.key("bits").value(uint32_t{argument->bits}).key("pointer").value(argument->is_pointer);
    json.key("signed").value(argument->is_signed).end_object();
  }
  json.end_array().end_object();
}

struct Row {
  Arch arch;
  uint32_t number;
  std::string_view name;
};

Diagnostic not_found(const std::string& word, Arch arch) {
  Diagnostics problem;
  if (abi::is_syscall_name(word))
    return problem.error("unknown-syscall", {}, "there is no " + word + " on " + std::string(abi::name(arch)),
                         "--all-arches shows where it is");
  return problem.error("unknown-syscall", {}, "no system call is called '" + base::printable(word) + "'",
                       base::did_you_mean(word, abi::syscall_names()));
}

bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos && word.size() < 11;
}

Result<std::vector<Row>> find_rows(const std::string& word, Arch arch, bool all_arches) {
  std::vector<Row> rows;
  for (const abi::ArchInfo& info : abi::arches()) {
    if (!all_arches && info.arch != arch) continue;
    if (word.empty()) {
      for (size_t i = 0; i < abi::syscall_count(info.arch); ++i)
        rows.push_back({info.arch, abi::syscall_at(info.arch, i).number, abi::syscall_at(info.arch, i).name});
    } else if (is_number(word) && std::stoull(word) <= UINT32_MAX) {
      const auto number = static_cast<uint32_t>(std::stoull(word));
      std::string_view name = abi::name_of(number, info.arch);
      if (!name.empty()) rows.push_back({info.arch, number, name});
    } else if (is_number(word)) {
      continue;
    } else if (auto number = abi::number_of(word, info.arch)) {
      rows.push_back(
          {info.arch, *number,
           *std::lower_bound(abi::syscall_names().begin(), abi::syscall_names().end(), std::string_view(word))});
    }
  }
  if (rows.empty()) {
    if (!is_number(word)) return not_found(word, arch);
    Diagnostics problem;
    return problem.error("unknown-syscall", {},
                         "no system call has the number " + word + " on " + std::string(abi::name(arch)), "");
  }
  return rows;
}

}  // namespace

int syscalls_main(int argc, char** argv) {
  OutputOptions output;
  std::string word, arch_name;
  bool all_arches = false;
  auto app = make_app("syscalls [options] [NAME|NR]", "Numbers, arguments and history of system calls.", kExamples);
  app->add_option("NAME", word, "name or number; without it the whole table")->type_name("NAME|NR");
  app->add_option("--arch", arch_name, "architecture (default: native)")->type_name("ARCH");
  app->add_flag("--all-arches", all_arches, "on every architecture");
  add_json_option(*app, output);
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;

  Result<Arch> arch = find_arch(arch_name);
  if (!arch) return fail(arch.error(), output, kUsage);
  Result<std::vector<Row>> rows = find_rows(word, *arch, all_arches);
  if (!rows) {
    print_diagnostics(rows.error(), output);
    return abi::is_syscall_name(word) || is_number(word) ? kFindings : kUsage;
  }
  JsonWriter json;
  std::string text;
  json.begin_object().key("schema").value("cordon.syscalls/1").key("syscalls").begin_array();
  for (const Row& row : *rows) {
    if (all_arches) {
      std::string head(abi::name(row.arch));
      head.resize(13, ' ');
      text += head;
    }
    text += row_text(row.number, row.name, row.arch);
    if (rows->size() == 1) text += arguments_text(row.name, row.arch);
    row_json(json, row.number, row.name, row.arch);
  }
  json.end_array().end_object();
  return finish_output(output.json ? std::move(json).take() : text, kDone);
}

}  // namespace cordon::cli
