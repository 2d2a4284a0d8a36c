#include "cli/stack_output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/exit_status.h"
#include "cli/program_file.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/bpf/cost.h"

namespace cordon::cli {
namespace {

// What `asm` cannot write, as it has no policy.
constexpr const char* kDocuments[] = {"json", "dot", "pfc"};

constexpr std::string_view kUnproved = "not proved equal to its policy";

std::string quoted(const std::string& path) { return "'" + base::printable(path) + "'"; }

bool is_document(const std::string& format) {
  return std::find(std::begin(kDocuments), std::end(kDocuments), format) != std::end(kDocuments);
}

// "app.bpf" and 2 make "app.2.bpf".
std::string numbered(const std::string& path, size_t number) {
  const size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const size_t dot = path.rfind('.');
  const bool has_extension = dot != std::string::npos && dot > name;
  const std::string text = "." + std::to_string(number);
  return has_extension ? path.substr(0, dot) + text + path.substr(dot) : path + text;
}

// A pipe or a device: there are no others beside it.
bool is_file_or_new(const std::string& path) {
  struct stat status {};
  return path != "-" && (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode));
}

std::optional<Diagnostics> refusal(const FilterStack& stack, const StackFile& file) {
  const std::string count = std::to_string(stack.filters.size());
  const std::string where = file.path == "-" ? "standard output" : "'" + file.path + "'";
  if (stack.filters.size() == 1) return std::nullopt;
  const bool is_possible = is_document(file.format) || is_file_or_new(file.path);
  if (!is_possible)
    return usage_error("the policy takes " + count + " filters, and " + where + " can take only one",
                       "give -o FILE and --split");
  if (file.may_split) return std::nullopt;
  std::string names;
  for (const std::string& name : file_names(file, stack.filters.size()))
    names += (names.empty() ? "'" : ", '") + name + "'";
  return usage_error("the policy takes " + count + " filters, and " + where + " would hold one of them",
                     "--split writes all of them (" + names + "), to be installed in this order");
}

ProgramFile program_file(const FilterStack& stack, const StackFile& file, size_t index) {
  const size_t count = stack.filters.size();
  std::string remark = count > 1 ? "filter " + std::to_string(index + 1) + " of " + std::to_string(count) : "";
  if (file.proof == Proof::unproved) remark += (remark.empty() ? "" : ", ") + std::string(kUnproved);
  return {.path = file_names(file, count)[index],
          .format = file.format,
          .endian = stack.filters[index].endian,
          .remark = std::move(remark)};
}

// A file of an earlier, longer stack of this name: who installs all that are there would install it too.
void tell_of_a_leftover(const FilterStack& stack, const StackFile& file, const OutputOptions& output) {
  const std::string next = numbered(file.path, stack.filters.size() + 1);
  if (!is_file_or_new(file.path) || ::access(next.c_str(), F_OK) != 0) return;
  Diagnostics told;
  told.warning("stack-leftover", {}, "'" + next + "' is there and not one of the filters that were written",
               "remove it, and those with higher numbers");
  print_diagnostics(told, output);
}

// All files are ready before the first becomes visible, the first of the stack last: where it is new, so are the
// others.
int write_files(const FilterStack& stack, const StackFile& file, const OutputOptions& output) {
  const std::vector<std::string> names = file_names(file, stack.filters.size());
  std::vector<OutputFile> files;
  files.reserve(names.size());
  for (const std::string& name : names) {
    if (const Diagnostics lost = source_overwritten(file.sources, name); !lost.empty())
      return fail(lost, output, kUsage);
    Result<OutputFile> created = OutputFile::create(name);
    if (!created) return fail(created.error(), output, kRefused);
    if (!is_file_or_new(name))
      return fail(usage_error(quoted(name) + " is no file, and keeps no filter", "remove it, or give another -o FILE"),
                  output, kUsage);
    for (size_t i = 0; i < files.size(); ++i)
      if (files[i].is_same_file(*created))
        return fail(usage_error(quoted(names[i]) + " and " + quoted(name) + " are one file",
                                "remove the link: each filter of a stack has its own"),
                    output, kUsage);
    files.push_back(*std::move(created));
  }
  for (size_t i = names.size(); i-- > 0;) {
    const ProgramFile program = program_file(stack, file, i);
    const Result<Done> written = files[i].commit(program_text(stack.filters[i].program, program));
    if (!written) return fail(written.error(), output, kRefused);
  }
  return kDone;
}

struct Total {
  uint64_t insns = 0, converted = 0, longest_path = 0, dispatch_tests = 0;
};

// The kernel runs all filters of a stack, whatever the first of them answers.
Total total_of(const FilterStack& stack) {
  Total total;
  for (const Filter& filter : stack.filters) {
    const bpf::Cost cost = bpf::cost(filter.program);
    if (total.insns != 0) total.converted += bpf::kInsnsPerEarlierFilter;
    total.insns += cost.insn_count;
    total.converted += cost.converted_count;
    total.longest_path += cost.longest_path;
    total.dispatch_tests += filter.report.dispatch_tests;
  }
  return total;
}

}  // namespace

std::vector<std::string> compiled_formats() {
  std::vector<std::string> names = program_formats();
  names.insert(names.end(), std::begin(kDocuments), std::end(kDocuments));
  return names;
}

std::vector<std::string> file_names(const StackFile& file, size_t filter_count) {
  std::vector<std::string> names{file.path};
  if (is_document(file.format)) return names;
  for (size_t i = 1; i < filter_count; ++i) names.push_back(numbered(file.path, i + 1));
  return names;
}

int write_stack(const FilterStack& stack, const Loaded& loaded, const StackFile& file, const OutputOptions& output) {
  if (const auto problems = refusal(stack, file)) return fail(*problems, output, kUsage);
  if (is_document(file.format)) {
    const std::string text = file.format == "json"  ? filter_json(stack, loaded, file.proof)
                             : file.format == "dot" ? filter_dot(stack, loaded, file.proof)
                                                    : filter_pseudo_code(stack, loaded, file.proof);
    Result<Done> written = write_file(file.path, text);
    return written ? kDone : fail(written.error(), output, kRefused);
  }
  const int status = stack.filters.size() > 1
                         ? write_files(stack, file, output)
                         : write_program(stack.filters[0].program, program_file(stack, file, 0), output);
  if (status == kDone && file.may_split) tell_of_a_leftover(stack, file, output);
  return status;
}

std::string stack_report(const FilterStack& stack, const StackFile& file, const std::optional<ProfiledCost>& profiled) {
  const Total total = total_of(stack);
  const std::vector<std::string> names = file_names(file, stack.filters.size());
  std::string text = "instructions            " + std::to_string(total.insns) + "\n" + "converted by the kernel " +
                     std::to_string(total.converted) + "\n" + "longest path            " +
                     std::to_string(total.longest_path) + "\n" + "tests of number, arch   " +
                     std::to_string(total.dispatch_tests) + "\n";
  for (size_t i = 0; stack.filters.size() > 1 && i < stack.filters.size(); ++i)
    text += "filter " + std::to_string(i + 1) + "                " + std::to_string(stack.filters[i].program.size()) +
            " instructions" + (names.size() > 1 ? ", " + names[i] : "") + "\n";
  if (profiled) text += profiled_cost_text(*profiled);
  return text + "proved                  " + (file.proof == Proof::proved ? "equal to the policy" : "no") + "\n";
}

std::string stack_report_json(const FilterStack& stack, const StackFile& file,
                              const std::optional<ProfiledCost>& profiled) {
  const Total total = total_of(stack);
  const std::vector<std::string> names = file_names(file, stack.filters.size());
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.compile/1");
  json.key("instructions").value(total.insns).key("converted_instructions").value(total.converted);
  json.key("longest_path").value(total.longest_path).key("dispatch_tests").value(total.dispatch_tests);
  if (profiled) {
    json.key("recorded_calls").value(profiled->calls).key("recorded_calls_from_bitmap").value(profiled->from_bitmap);
    json.key("recorded_calls_instructions").value(profiled->instructions);
  }
  json.key("proved").value(file.proof == Proof::proved).key("filters").begin_array();
  for (size_t i = 0; i < stack.filters.size(); ++i) {
    const bpf::Cost cost = bpf::cost(stack.filters[i].program);
    json.begin_object().key("file").value(names[std::min(i, names.size() - 1)]);
    json.key("instructions").value(cost.insn_count).key("converted_instructions").value(cost.converted_count);
    json.key("longest_path").value(cost.longest_path).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace cordon::cli
