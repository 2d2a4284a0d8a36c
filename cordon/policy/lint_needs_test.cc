#include "cordon/policy/lint_needs.h"

#include <gtest/gtest.h>

#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

struct NeedRow {
  const char* name;
  std::vector<std::string> caps;  // the words of a line; empty: none
  std::optional<KernelVersion> since;
  Action default_action;
  std::vector<Rule> rules;
  const char* codes;
  const char* said;  // by the first
};

void PrintTo(const NeedRow& row, std::ostream* out) { *out << row.name; }

class NeedTest : public ::testing::TestWithParam<NeedRow> {};

TEST_P(NeedTest, IsToldWhereItIsAndNowhereElse) {
  const NeedRow& row = GetParam();
  Policy policy = make_policy({Arch::x86_64}, row.default_action);
  policy.rules = row.rules;
  policy.since = row.since;
  if (!row.caps.empty()) policy.sandbox.lines.push_back({"caps", row.caps, {}});
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  ASSERT_TRUE(resolved);
  const Arch arches[] = {Arch::x86_64};
  const Diagnostics found = find_unmet_needs(policy, Verdicts(*resolved), arches);
  EXPECT_EQ(codes(found), row.codes);
  if (found.empty()) return;
  EXPECT_NE(found.begin()->message.find(row.said), std::string::npos) << found.begin()->message;
  EXPECT_FALSE(found.begin()->hint.empty());
}

// clone that makes no user namespace
Rule plain_clone() { return on("clone", kAllow, test("flags", CompareOp::eq, {number(0)}, number(0x10000000))); }

INSTANTIATE_TEST_SUITE_P(
    Rows, NeedTest,
    ::testing::Values(
        NeedRow{"modules_without_the_capability",
                {"keep", "net_bind_service"},
                {},
                kKill,
                {on("init_module", kAllow)},
                "needs-capability",
                "'init_module' is allowed, but needs CAP_SYS_MODULE, which 'caps keep' drops"},
        NeedRow{"nothing_is_kept", {"keep"}, {}, kKill, {on("swapon", kAllow)}, "needs-capability", "CAP_SYS_ADMIN"},
        NeedRow{"the_capability_is_kept", {"keep", "sys_module"}, {}, kKill, {on("init_module", kAllow)}, "", ""},
        NeedRow{"the_capability_is_kept_by_its_long_name",
                {"keep", "CAP_SYS_MODULE"},
                {},
                kKill,
                {on("init_module", kAllow)},
                "",
                ""},
        NeedRow{"nothing_is_said_of_capabilities", {}, {}, kKill, {on("init_module", kAllow)}, "", ""},
        NeedRow{"the_call_is_refused_anyway", {"keep"}, {}, kKill, {on("init_module", failing(1))}, "", ""},
        NeedRow{"the_call_is_allowed_by_default_alone", {"keep"}, {}, kAllow, {on("read", failing(1))}, "", ""},
        NeedRow{"mount_without_a_namespace",
                {"keep"},
                {},
                kKill,
                {on("mount", kAllow), plain_clone()},
                "needs-capability",
                "CAP_SYS_ADMIN"},
        NeedRow{"mount_in_a_namespace_of_its_own",
                {"keep"},
                {},
                kKill,
                {on("mount", kAllow), on("unshare", kAllow)},
                "",
                ""},
        NeedRow{"mount_in_a_cloned_namespace", {"keep"}, {}, kKill, {on("mount", kAllow), on("clone", kAllow)}, "", ""},
        NeedRow{"a_namespace_of_its_own_loads_no_module",
                {"keep"},
                {},
                kKill,
                {on("init_module", kAllow), on("unshare", kAllow)},
                "needs-capability",
                "CAP_SYS_MODULE"},
        NeedRow{"a_call_newer_than_since",
                {},
                KernelVersion{6, 1},
                kKill,
                {on("fchmodat2", kAllow)},
                "newer-than-since",
                "'fchmodat2' came with Linux 6.6, but the policy says 'since 6.1'"},
        NeedRow{"a_call_as_old_as_since", {}, KernelVersion{6, 6}, kKill, {on("fchmodat2", kAllow)}, "", ""},
        NeedRow{"no_since", {}, {}, kKill, {on("fchmodat2", kAllow)}, "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::policy
