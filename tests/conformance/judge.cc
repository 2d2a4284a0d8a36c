// Judges one recorded policy: cordon-judge RECORDING FILTER prints what was found as JSON.
//
// RECORDING is what replay.py makes of a test program's calls, with the cases of its .tests file; FILTER is the program
// libseccomp made of it. cordon's filters are proved equal to the policy, every case is run through the reference
// meaning, cordon's filters and libseccomp's, and the policy is compared with libseccomp's filter.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "cordon/base/json_writer.h"
#include "cordon/base/render.h"
#include "cordon/bpf/raw.h"
#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/difference.h"
#include "recorded_policy.h"

namespace cordon::conformance {
namespace {

struct Range {
  uint64_t first = 0, last = 0;
};

struct Case {
  uint64_t line = 0;
  Arch arch = Arch::x86_64;
  Range numbers;
  std::array<Range, 6> args;
  uint32_t result = 0;  // a return value
};

struct Engine {
  const char* name;
  const bpf::Program* program;  // none: the reference meaning
};

Range range_of(const JsonValue& json) { return {json.items[0].integer, json.items[1].integer}; }

Case case_of(const JsonValue& json) {
  Case one;
  one.line = member(json, "line").integer;
  const std::optional<Arch> arch = abi::find_arch(member(json, "arch").text);
  CORDON_ASSERT(arch, "cordon knows libseccomp's names of architectures");
  one.arch = *arch;
  one.numbers = range_of(member(json, "numbers"));
  for (size_t slot = 0; slot < one.args.size(); ++slot) one.args[slot] = range_of(member(json, "args").items[slot]);
  one.result = number_at(json, "result");
  return one;
}

// Every call of the ranges, the last one first counting up.
template <class Visit>
void for_each_call(const Case& one, Visit visit) {
  for (uint64_t number = one.numbers.first; number <= one.numbers.last; ++number) {
    Call call{static_cast<uint32_t>(number), abi::info(one.arch).audit_arch, 0, {}};
    for (size_t slot = 0; slot < 6; ++slot) call.args[slot] = one.args[slot].first;
    for (;;) {
      visit(call);
      size_t slot = 0;
      while (slot < 6 && call.args[slot] == one.args[slot].last) {
        call.args[slot] = one.args[slot].first;
        ++slot;
      }
      if (slot == 6) break;
      ++call.args[slot];
    }
  }
}

bpf::Input input_of(const Call& call) {
  bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
  std::copy(call.args.begin(), call.args.end(), input.args);
  return input;
}

uint32_t answer_of(const Engine& engine, const RecordedPolicy& recorded, const Call& call) {
  if (engine.program == nullptr) return policy::to_ret(policy::evaluate(recorded.meaning, call).action);
  return bpf::simulate(*engine.program, input_of(call), recorded.endian).ret;
}

std::string action_text(uint32_t ret) { return policy::to_string(policy::from_ret(ret), Arch::x86_64); }

// Which engines answer a case otherwise than its line says; one entry for each line and engine.
void judge_cases(const JsonValue& cases, const RecordedPolicy& recorded, const std::vector<Engine>& engines,
                 JsonWriter& json) {
  uint64_t calls = 0;
  json.key("failures").begin_array();
  for (const JsonValue& written : cases.items) {
    const Case one = case_of(written);
    for (const Engine& engine : engines) {
      uint64_t wrong = 0;
      Call example;
      uint64_t own_calls = 0;
      for_each_call(one, [&](const Call& call) {
        ++own_calls;
        if (answer_of(engine, recorded, call) == one.result) return;
        if (wrong++ == 0) example = call;
      });
      if (&engine == &engines[0]) calls += own_calls;
      if (wrong == 0) continue;
      json.begin_object().key("line").value(one.line).key("arch").value(abi::name(one.arch));
      json.key("engine").value(engine.name).key("calls").value(wrong).key("example");
      json.value(policy::describe_call(example)).key("expected").value(action_text(one.result));
      json.key("got").value(action_text(answer_of(engine, recorded, example))).end_object();
    }
  }
  json.end_array().key("calls").value(calls);
}

std::string_view text_of(const prove::Comparison& result) { return prove::name(result.verdict); }

// Whole registers: descriptions show what the kernel reads of them.
std::string registers_of(const Call& call) {
  std::string text = policy::describe_syscall(call) + "(";
  for (size_t slot = 0; slot < call.args.size(); ++slot)
    text += fmt::format("{}{:#x}", slot == 0 ? "" : ", ", call.args[slot]);
  return text + ")";
}

void write_groups(const prove::Differences& found, JsonWriter& json) {
  json.key("differences").begin_array();
  for (const prove::DifferenceGroup& group : found.groups) {
    json.begin_object().key("filter").value(prove::name(group.kind)).key("arches").begin_array();
    for (const std::string& arch : group.arches) json.value(arch);
    json.end_array().key("calls").begin_array();
    for (const std::string& call : group.calls) json.value(call);
    json.end_array().key("policy").value(policy::to_string(group.left, Arch::x86_64));
    json.key("libseccomp").value(policy::to_string(group.right, Arch::x86_64));
    json.key("witness").value(registers_of(group.witness)).end_object();
  }
  json.end_array().key("is_complete").value(found.is_complete);
}

// libseccomp writes a filter in the byte order of its architectures.
Result<bpf::Program> read_filter(std::string bytes, Endian endian) {
  const bool is_foreign = (std::endian::native == std::endian::little) != (endian == Endian::little);
  for (size_t at = 0; is_foreign && at + 8 <= bytes.size(); at += 8) {
    std::swap(bytes[at], bytes[at + 1]);
    std::reverse(bytes.begin() + static_cast<long>(at) + 4, bytes.begin() + static_cast<long>(at) + 8);
  }
  return bpf::read_raw(bytes);
}

Result<std::string> judge(const JsonValue& root, const Sources& sources, std::string filter_bytes) {
  CORDON_TRY(recorded, read_recorded(root, sources));
  CORDON_TRY(theirs, read_filter(std::move(filter_bytes), recorded.endian));
  CORDON_TRY(attach, compiler::compile(recorded.meaning, {.optimize = compiler::Optimize::attach, .dump = nullptr}));
  CORDON_TRY(size, compiler::compile(recorded.meaning, {.optimize = compiler::Optimize::size, .dump = nullptr}));
  prove::CompareOptions options;
  options.encode.endian = recorded.endian;
  auto comparison = [&](const bpf::Program& program) {
    return prove::differences(&recorded.meaning, std::span<const bpf::Program>(&program, 1), options);
  };
  JsonWriter json;
  json.begin_object().key("rules").value(static_cast<uint64_t>(recorded.rule_count));
  json.key("arches").value(static_cast<uint64_t>(recorded.meaning.arches.size()));
  json.key("instructions").value(static_cast<uint64_t>(size.program.size()));
  json.key("libseccomp_instructions").value(static_cast<uint64_t>(theirs.size()));
  json.key("attach_proof").value(text_of(comparison(attach.program).comparison));
  json.key("size_proof").value(text_of(comparison(size.program).comparison));
  const prove::Differences found = comparison(theirs);
  json.key("libseccomp_proof").value(text_of(found.comparison));
  write_groups(found, json);
  const std::vector<Engine> engines{
      {"policy", nullptr}, {"attach", &attach.program}, {"size", &size.program}, {"libseccomp", &theirs}};
  judge_cases(member(root, "cases"), recorded, engines, json);
  json.end_object();
  return std::move(json).take();
}

std::string file_bytes(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int run(const char* recording, const char* filter) {
  Sources sources;
  const SourceId id = sources.add(recording, file_bytes(recording));
  formats::ProfileReporter report(sources);
  const formats::JsonRead read = formats::parse_json(sources, id, {.lenient = false}, report);
  if (!read.root || report.has_errors()) return 2;
  const Result<std::string> found = judge(*read.root, sources, file_bytes(filter));
  if (!found) {
    for (const Diagnostic& problem : found.error()) fmt::print(stderr, "{}\n", problem.message);
    return 1;
  }
  fmt::print("{}", *found);
  return 0;
}

}  // namespace
}  // namespace cordon::conformance

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: cordon_conformance_judge RECORDING FILTER\n");
    return 2;
  }
  return cordon::conformance::run(argv[1], argv[2]);
}
