#include "tests/real/real_filters.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "cordon/bpf/raw.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/decompile.h"

namespace cordon::testing {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string()
                                         : std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);)
    if (part = trimmed(part); !part.empty()) parts.push_back(std::move(part));
  return parts;
}

std::string first_message(const Diagnostics& problems) { return problems.begin()->message; }

// Filters of the same policy, whatever it was optimised for.
std::string fault_of_compiled(const ResolvedPolicy& policy, std::span<const bpf::Program> programs) {
  for (compiler::Optimize goal : {compiler::Optimize::attach, compiler::Optimize::size}) {
    const Result<Filter> filter = compiler::compile(policy, {.optimize = goal});
    if (!filter) return "not compiled: " + first_message(filter.error());
    const prove::Verdict verdict = prove::compare(programs, std::span(&filter->program, 1), {}).verdict;
    if (verdict != prove::Verdict::equal) return "compiled again: " + std::string(prove::name(verdict));
  }
  return {};
}

}  // namespace

fs::path filter_folder() { return fs::path(CORDON_SOURCE_DIR) / "tests/real/filters"; }

RealStacks recorded_stacks() {
  RealStacks result;
  std::istringstream lines(text_of(fs::path(CORDON_SOURCE_DIR) / "tests/real/filters.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> columns = split(line, '|');
    if (columns.size() < 4 || columns.size() > 5) {
      result.faults.push_back("not four or five columns: " + line);
      continue;
    }
    RealStack stack{columns[0], columns[1] + ": " + columns[2], split(columns[3], ' '), {}, {}};
    if (columns.size() == 5) stack.error = columns[4];
    for (const std::string& file : stack.files) {
      Result<bpf::Program> program = bpf::read_raw(text_of(filter_folder() / (file + ".bpf")));
      if (program)
        stack.programs.push_back(std::move(*program));
      else
        result.faults.push_back(file + ": " + first_message(program.error()));
    }
    result.stacks.push_back(std::move(stack));
  }
  return result;
}

std::vector<bpf::Program> programs_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".bpf") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<bpf::Program> programs;
  for (const fs::path& path : paths)
    if (Result<bpf::Program> program = bpf::read_raw(text_of(path))) programs.push_back(std::move(*program));
  return programs;
}

std::string fault_of(std::span<const bpf::Program> programs, std::string_view expected_error) {
  const Result<prove::Decompiled> found = prove::decompile(programs, {});
  if (!found) {
    const Diagnostic& problem = *found.error().begin();
    return problem.code == expected_error ? "" : problem.code + ": " + problem.message;
  }
  const std::string text = formats::write_cordon(found->policy, {.line_length = 0});
  if (!expected_error.empty()) return "a policy was found: " + text;
  const Result<Policy> again = formats::read_cordon(text, "decompiled", {});
  if (!again) return text + first_message(again.error());
  const Result<ResolvedPolicy> resolved = policy::resolve(*again, {});
  if (!resolved) return text + first_message(resolved.error());
  const prove::Verdict verdict = prove::compare(&*resolved, programs, {}).verdict;
  if (verdict != prove::Verdict::equal) return text + "read again: " + std::string(prove::name(verdict));
  const std::string fault = fault_of_compiled(*resolved, programs);
  return fault.empty() ? "" : text + fault;
}

}  // namespace cordon::testing
