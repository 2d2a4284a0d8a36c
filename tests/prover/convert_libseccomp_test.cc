// libseccomp as a second judge: what a container runtime makes of the profiles that are written.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cordon/abi/syscalls.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/formats/json.h"
#include "cordon/formats/oci_profile.h"
#include "cordon/formats/oci_writer.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "tests/engines/generate.h"
#include "tests/engines/scmp.h"

namespace cordon::engines {
namespace {

constexpr size_t kMaxRules = 500;  // libseccomp's time grows with their square

scmp_compare op_of(formats::OciOp op) {
  switch (op) {
    case formats::OciOp::ne: return SCMP_CMP_NE;
    case formats::OciOp::lt: return SCMP_CMP_LT;
    case formats::OciOp::le: return SCMP_CMP_LE;
    case formats::OciOp::eq: return SCMP_CMP_EQ;
    case formats::OciOp::ge: return SCMP_CMP_GE;
    case formats::OciOp::gt: return SCMP_CMP_GT;
    case formats::OciOp::masked_eq: return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_EQ;
}

// As runc hands the entries on.
ScmpPolicy handed_on(const std::string& text) {
  Sources sources;
  const SourceId id = sources.add("written", text);
  formats::ProfileReporter report(sources);
  const formats::JsonRead json = formats::parse_json(sources, id, {.lenient = false}, report);
  const formats::OciProfile profile = formats::read_oci_profile(*json.root, {Arch::x86_64}, report);
  EXPECT_FALSE(report.has_errors()) << text;
  ScmpPolicy policy;
  policy.default_action = profile.default_action;
  for (const formats::OciEntry& entry : profile.entries)
    for (const formats::OciText& name : entry.names) {
      policy.rules.push_back({*abi::number_of(name.text, Arch::x86_64), entry.action, {}});
      for (const formats::OciArg& arg : entry.args)
        policy.rules.back().compares.push_back({arg.index, op_of(arg.op), arg.value, arg.value_two});
    }
  return policy;
}

// "equal", another verdict, or that libseccomp refused it; none where no profile says the policy, or a long one.
std::string judged(Policy policy) {
  policy.arches = {Arch::x86_64};
  policy.bad_arch = {{ActionKind::kill_thread, 0}, {}};
  std::erase_if(policy.rules, [](const Rule& rule) { return rule.target.arch && *rule.target.arch != Arch::x86_64; });
  const Result<ResolvedPolicy> resolved = policy::resolve(policy, {});
  if (!resolved) return {};
  Result<CallAnswers> answers = formats::fit(policy, *resolved, {.bounds = formats::oci_bounds(), .is_lossy = true});
  if (!answers) return {};
  const Result<std::string> text = formats::write_oci(*answers, policy, {.form = formats::OciForm::runtime});
  if (!text) return {};
  const ScmpPolicy profile = handed_on(*text);
  if (profile.rules.size() > kMaxRules) return {};
  const Result<bpf::Program> program = exported(profile);
  if (!program) return "refused";
  const ResolvedPolicy meant = formats::meaning_of(*answers);
  return std::string(prove::name(prove::compare(&meant, std::span<const bpf::Program>(&*program, 1), {}).verdict));
}

TEST(ConvertLibseccomp, MakesTheSameOfBuiltinPolicies) {
  for (const formats::Builtin& builtin : formats::builtins()) {
    const Result<Policy> policy = formats::read_cordon(builtin.text, std::string(builtin.name), {});
    ASSERT_TRUE(policy);
    EXPECT_EQ(judged(*policy), "equal") << builtin.name;
  }
}

TEST(ConvertLibseccomp, MakesTheSameOfRandomPolicies) {
  Random random(43);
  std::map<std::string, unsigned> verdicts;
  for (unsigned round = 0; round < 80; ++round) {
    const Policy policy = random_policy(random);
    const std::string verdict = judged(policy);
    ++verdicts[verdict];
    EXPECT_TRUE(verdict.empty() || verdict == "equal") << verdict << "\n" << formats::write_cordon(policy);
  }
  EXPECT_GE(verdicts["equal"], 20u);
}

}  // namespace
}  // namespace cordon::engines
