// Policies resolved and compiled in constant expressions within the limits compilers have by default: what resolve and
// compile give at run time, and proved there. Also read by clang where it is installed (CMakeLists.txt).
#include "docker_policy.h"
#include "written_policies.h"

#include <gtest/gtest.h>

#include "cordon/base/hash_index.h"
#include "cordon/bpf/program.h"
#include "cordon/compile/compile.h"
#include "cordon/compile/constant.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/constant_policy.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"

namespace cordon::constant {
namespace {

// Everything of a resolved policy, origins too, as one number that can leave a constant expression.
constexpr uint64_t digest(uint64_t hash, const ResolvedCondition& condition) {
  using base::mix;
  hash = mix(mix(mix(hash, static_cast<uint64_t>(condition.kind)), condition.test.operand), condition.test.mask);
  for (const Interval& interval : condition.test.allowed) hash = mix(mix(hash, interval.first), interval.last);
  for (const ResolvedCondition& operand : condition.operands) hash = digest(hash, operand);
  return mix(hash, condition.operands.size());
}

constexpr uint64_t digest(const ResolvedPolicy& policy) {
  using base::mix;
  uint64_t hash = policy::to_ret(policy.bad_arch);
  for (const ArchTable& table : policy.arches) {
    hash = mix(mix(mix(hash, table.audit_arch), table.word_bits), static_cast<uint64_t>(table.endian));
    for (const Segment& segment : table.segments) {
      hash = mix(mix(mix(hash, segment.first), segment.last), segment.clauses.size());
      for (const Clause& clause : segment.clauses) {
        hash = mix(digest(hash, clause.condition), policy::to_ret(clause.action));
        hash = mix(mix(hash, static_cast<uint64_t>(clause.origin.kind)), clause.origin.rule);
      }
    }
  }
  return hash;
}

struct Row {
  const char* name;
  ConstantPolicy (*make)();
  uint64_t resolved;
  std::span<const bpf::Insn> insns;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

template <ConstantPolicy (*make)()>
constexpr auto kInsns = compiler::constant_insns([] { return make(); });
template <ConstantPolicy (*make)()>
constexpr uint64_t kDigest = digest(policy::resolve_constant(make()));

template <ConstantPolicy (*make)()>
Row row(const char* name) {
  return {name, make, kDigest<make>, kInsns<make>};
}

class WrittenTable : public testing::TestWithParam<Row> {};

TEST_P(WrittenTable, is_resolved_as_at_run_time) {
  Result<ResolvedPolicy> resolved = policy::resolve(policy::owning(GetParam().make()), {});
  ASSERT_TRUE(resolved);
  EXPECT_EQ(digest(*resolved), GetParam().resolved);
}

TEST_P(WrittenTable, has_the_bytes_of_the_run_time_compiler) {
  Result<ResolvedPolicy> resolved = policy::resolve(policy::owning(GetParam().make()), {});
  ASSERT_TRUE(resolved);
  Result<Filter> filter = compiler::compile(*resolved, {});
  ASSERT_TRUE(filter);
  EXPECT_TRUE(std::ranges::equal(filter->program.insns(), GetParam().insns));
}

TEST_P(WrittenTable, is_proved_to_do_what_the_policy_says) {
  Result<ResolvedPolicy> resolved = policy::resolve(policy::owning(GetParam().make()), {});
  ASSERT_TRUE(resolved);
  Result<bpf::Program> program = bpf::Program::create({GetParam().insns.begin(), GetParam().insns.end()});
  ASSERT_TRUE(program);
  std::span<const bpf::Program> programs(&*program, 1);
  EXPECT_EQ(prove::compare(&*resolved, programs, {}).verdict, prove::Verdict::equal);
}

INSTANTIATE_TEST_SUITE_P(Constant, WrittenTable,
                         testing::Values(row<conditions>("conditions"), row<arches>("arches"),
                                         row<big_endian>("big_endian"), row<newer_calls>("newer_calls"),
                                         row<ranges>("ranges"), row<service>("service"),
                                         row<docker_default>("docker_default")),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(WrittenPolicy, docker_default_is_the_builtin_profile) {
  Result<Policy> builtin = formats::read_cordon(formats::find_builtin("docker-default")->text, "docker-default", {});
  ASSERT_TRUE(builtin);
  builtin->arches = {Arch::x86_64};
  Result<ResolvedPolicy> read = policy::resolve(*builtin, {});
  Result<ResolvedPolicy> written = policy::resolve(policy::owning(docker_default()), {});
  ASSERT_TRUE(read && written);
  EXPECT_EQ(prove::compare(&*read, &*written, {}).verdict, prove::Verdict::equal);
}

}  // namespace
}  // namespace cordon::constant
