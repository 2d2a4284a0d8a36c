#include <algorithm>
#include <charconv>
#include <optional>

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
  if (const size_t at = word.find('@'); at != std::string::npos && abi::find_arch(word.substr(at + 1)))
    return problem.error("usage", {}, "a call is named without its architecture here",
                         "cordon syscalls --arch " + word.substr(at + 1) + " " + base::printable(word.substr(0, at)));
  return problem.error("unknown-syscall", {}, "no system call is called '" + base::printable(word) + "'",
                       base::did_you_mean(word, abi::syscall_names()));
}

// Decimal, or hexadecimal as filters and masks show it.
bool is_number(const std::string& word) {
  if (word.starts_with("0x"))
    return word.size() > 2 && word.find_first_not_of("0123456789abcdefABCDEF", 2) == word.npos;
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// No value for one that no register of the kernel's holds.
std::optional<uint32_t> number_of(const std::string& word) {
  const bool is_hex = word.starts_with("0x");
  uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(word.data() + (is_hex ? 2 : 0), word.data() + word.size(), number, is_hex ? 16 : 10);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

Diagnostic no_such_number(const std::string& word, Arch arch, bool all_arches) {
  const std::string name(abi::name(arch));
  const std::string first = std::to_string(abi::syscall_at(arch, 0).number);
  const std::string last = std::to_string(abi::syscall_at(arch, abi::syscall_count(arch) - 1).number);
  Diagnostics problem;
  return problem.error("unknown-syscall", {},
                       "no system call has the number " + word + " on " + (all_arches ? "any architecture" : name),
                       all_arches ? "" : "those of " + name + " go from " + first + " to " + last);
}

Result<std::vector<Row>> find_rows(const std::string& word, Arch arch, bool all_arches) {
  std::vector<Row> rows;
  for (const abi::ArchInfo& info : abi::arches()) {
    if (!all_arches && info.arch != arch) continue;
    if (word.empty()) {
      for (size_t i = 0; i < abi::syscall_count(info.arch); ++i)
        rows.push_back({info.arch, abi::syscall_at(info.arch, i).number, abi::syscall_at(info.arch, i).name});
    } else if (is_number(word)) {
      const std::optional<uint32_t> number = number_of(word);
      std::string_view name = number ? abi::name_of(*number, info.arch) : std::string_view();
      if (!name.empty()) rows.push_back({info.arch, *number, name});
    } else if (auto number = abi::number_of(word, info.arch)) {
      rows.push_back(
          {info.arch, *number,
           *std::lower_bound(abi::syscall_names().begin(), abi::syscall_names().end(), std::string_view(word))});
    }
  }
  if (rows.empty()) return is_number(word) ? no_such_number(word, arch, all_arches) : not_found(word, arch);
  return rows;
}

}  // namespace

int syscalls_main(int argc, char** argv) {
  OutputOptions output;
  std::string word, arch_name;
  bool all_arches = false;
  CommandLine app("syscalls [options] [NAME|NR]", "Numbers, arguments and history of system calls.", kExamples);
  app.add_option("NAME", word, "name or number; without it the whole table")->type_name("NAME|NR");
  app.add_option("--arch", arch_name, "architecture (default: native)")->type_name("ARCH");
  app.add_flag("--all-arches", all_arches, "on every architecture");
  add_json_option(app, output);
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;

  if (all_arches && !arch_name.empty())
    return fail(usage_error("--arch and --all-arches cannot both be given", "give one of them"), output, kUsage);
  Result<Arch> arch = find_arch(arch_name);
  if (!arch) return fail(arch.error(), output, kUsage);
  Result<std::vector<Row>> rows = find_rows(word, *arch, all_arches);
  if (!rows) {
    print_diagnostics(rows.error(), output);
    return abi::is_syscall_name(word) ? kFindings : kUsage;  // it exists, not there; or nothing is called so
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
