// Docker's default profile, compiled by cordon and by libseccomp: a few lines, and the same rules from each.
#include <gtest/gtest.h>
#include <seccomp.h>
#include <algorithm>

#include "cordon/abi/syscalls.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/oci.h"
#include "cordon/policy/resolve.h"
#include "tests/engines/scmp.h"
#include "tests/prover/decompile_testing.h"

namespace cordon::engines {
namespace {

constexpr const char* kProfile = "/usr/share/containers/seccomp.json";
constexpr size_t kMaxLines = 8;

std::optional<Policy> docker_default() {
  formats::ReadOptions options;
  options.arch = Arch::x86_64;
  options.kernel = KernelVersion{6, 1};
  Result<Policy> policy = formats::read_oci(file_text(kProfile), kProfile, options);
  if (!policy) return std::nullopt;
  policy->arches = {Arch::x86_64};
  return *policy;
}

void add_compares(const Condition& condition, std::vector<scmp_arg_cmp>& compares) {
  for (const Condition& operand : condition.operands) add_compares(operand, compares);
  if (condition.kind != Condition::Kind::test) return;
  const ArgTest& test = condition.test;
  ASSERT_TRUE(test.op == CompareOp::eq || test.op == CompareOp::ne);
  const uint64_t value = test.values[0].low.number;
  if (test.mask.empty())
    compares.push_back({test.operand.slot, test.op == CompareOp::eq ? SCMP_CMP_EQ : SCMP_CMP_NE, value, 0});
  else
    compares.push_back({test.operand.slot, SCMP_CMP_MASKED_EQ, test.mask[0].number, value});
}

bpf::Program by_libseccomp(const Policy& policy, uint32_t optimize) {
  ScmpPolicy same{.default_action = policy.default_action.action, .rules = {}, .optimize = optimize};
  for (const Rule& rule : policy.rules) {
    const auto number = abi::number_of(rule.target.name, Arch::x86_64);
    if (!number || rule.action == same.default_action) continue;
    same.rules.push_back({*number, rule.action, {}});
    add_compares(rule.condition, same.rules.back().compares);
  }
  Result<bpf::Program> program = exported(same);
  EXPECT_TRUE(program);
  return std::move(*program);
}

bpf::Program by_cordon(const Policy& policy, compiler::Optimize optimize) {
  const Result<ResolvedPolicy> resolved = policy::resolve(policy, {.allow_unknown = true});
  EXPECT_TRUE(resolved);
  Result<Filter> filter = compiler::compile(*resolved, {.optimize = optimize, .dump = nullptr});
  EXPECT_TRUE(filter);
  return std::move(filter->program);
}

// Lines with something on them.
size_t lines_of(const std::string& text) {
  size_t lines = 0;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    if (text[at] != '\n') ++lines;
  return lines;
}

// Header lines end at the first blank one.
std::string rules_of(const std::string& text) { return text.substr(text.find("\n\n")); }

TEST(DecompileDocker, IsTheSameFewLinesFromEveryCompiler) {
  const std::optional<Policy> policy = docker_default();
  if (!policy) GTEST_SKIP() << kProfile << " is not there";
  const std::string own = decompiled_text(by_cordon(*policy, compiler::Optimize::attach));
  const std::string texts[] = {
      own,
      decompiled_text(by_cordon(*policy, compiler::Optimize::size)),
      decompiled_text(by_cordon(*policy, compiler::Optimize::none)),
      decompiled_text(by_libseccomp(*policy, 1)),
      decompiled_text(by_libseccomp(*policy, 2)),
  };
  for (const std::string& text : texts) {
    EXPECT_LE(lines_of(text), kMaxLines) << text;
    EXPECT_EQ(rules_of(text), rules_of(own)) << text;
  }
}

}  // namespace
}  // namespace cordon::engines
