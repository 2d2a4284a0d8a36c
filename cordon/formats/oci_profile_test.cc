// The profile around the entries: filters of the machine, flags, defaults, a whole config, limits.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cordon/base/render.h"
#include "cordon/formats/oci_testing.h"

namespace cordon::formats {

using namespace testing;  // NOLINT: builders only

namespace {

struct FilterRow {
  const char* name;
  const char* filter;
  std::vector<std::string> caps;
  std::optional<KernelVersion> kernel;
  Arch arch;
  bool is_kept;
};

TEST(Oci, JudgesIncludesAndExcludesForTheMachine) {
  const FilterRow rows[] = {
      {"host included", "\"includes\": {\"arches\": [\"amd64\"]}", {}, {}, Arch::x86_64, true},
      {"x32 is never a host", "\"includes\": {\"arches\": [\"x32\"]}", {}, {}, Arch::x86_64, false},
      {"i386 is x86", "\"includes\": {\"arches\": [\"x86\"]}", {}, {}, Arch::i386, true},
      {"host excluded", "\"excludes\": {\"arches\": [\"arm64\", \"s390x\"]}", {}, {}, Arch::arm64, false},
      {"another excluded", "\"excludes\": {\"arches\": [\"s390x\"]}", {}, {}, Arch::arm64, true},
      {"all capabilities held",
       "\"includes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}",
       {"CAP_BPF", "chown"},
       {},
       Arch::x86_64,
       true},
      {"one capability not held",
       "\"includes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}",
       {"CAP_BPF"},
       {},
       Arch::x86_64,
       false},
      {"any capability excludes",
       "\"excludes\": {\"caps\": [\"CAP_BPF\", \"CAP_CHOWN\"]}",
       {"CAP_CHOWN"},
       {},
       Arch::x86_64,
       false},
      {"excludes come first",
       "\"includes\": {\"caps\": [\"CAP_BPF\"]}, \"excludes\": {\"caps\": [\"CAP_BPF\"]}",
       {"CAP_BPF"},
       {},
       Arch::x86_64,
       false},
      {"kernel old enough", "\"includes\": {\"minKernel\": \"4.8\"}", {}, KernelVersion{4, 8}, Arch::x86_64, true},
      {"kernel too old", "\"includes\": {\"minKernel\": \"4.8\"}", {}, KernelVersion{4, 7}, Arch::x86_64, false},
      {"kernel unknown is the newest", "\"includes\": {\"minKernel\": \"99.0\"}", {}, {}, Arch::x86_64, true},
      {"kernel excluded", "\"excludes\": {\"minKernel\": \"4.8\"}", {}, KernelVersion{6, 1}, Arch::x86_64, false},
      {"older kernel not excluded",
       "\"excludes\": {\"minKernel\": \"4.8\"}",
       {},
       KernelVersion{4, 4},
       Arch::x86_64,
       true},
      {"empty filters hold", "\"includes\": {}, \"excludes\": {}", {}, {}, Arch::x86_64, true},
  };
  for (const FilterRow& row : rows) {
    ReadOptions options;
    options.arch = row.arch;
    options.capabilities = row.caps;
    options.kernel = row.kernel;
    Result<Policy> policy = read_oci(profile(entry("\"read\"", "ALLOW", row.filter)), "f", options);
    ASSERT_TRUE(policy) << row.name << told(policy.error());
    EXPECT_EQ(policy->rules.size(), row.is_kept ? 1u : 0u) << row.name;
  }
}

TEST(Oci, TakesDockersDefaultCapabilitiesWhereNoneAreGiven) {
  auto rules = [](const char* capability) {
    std::string more = "\"includes\": {\"caps\": [\"" + std::string(capability) + "\"]}";
    return read_oci(profile(entry("\"read\"", "ALLOW", more)), "f", for_x86_64())->rules.size();
  };
  EXPECT_EQ(rules("CAP_SYS_CHROOT"), 1u);
  EXPECT_EQ(rules("CAP_SYS_ADMIN"), 0u);
}

TEST(Oci, TakesSubArchitecturesOnRequestOnly) {
  std::string text = profile("",
                             "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"archMap\": [{\"architecture\": "
                             "\"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}, "
                             "{\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": null}]");
  ReadOptions options = for_x86_64();
  Result<Policy> alone = read_oci(text, "f", options);
  EXPECT_EQ(alone->arches, (std::vector<Arch>{Arch::x86_64}));
  EXPECT_EQ(codes(alone.warnings()), "sub-arches");
  options.sub_arches = true;
  EXPECT_EQ(read_oci(text, "f", options)->arches, (std::vector<Arch>{Arch::x86_64, Arch::i386, Arch::x32}));
  options.arch = Arch::riscv64;
  EXPECT_EQ(read_oci(text, "f", options)->arches, (std::vector<Arch>{Arch::riscv64}));
}

TEST(Oci, AlwaysFiltersTheNativeAbi) {
  std::string text = profile("", "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"]");
  EXPECT_EQ(read_oci(text, "f", for_x86_64())->arches, (std::vector<Arch>{Arch::x86_64, Arch::i386}));
}

TEST(Oci, ReadsFlagsAndDefaults) {
  std::string top =
      "\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1, \"defaultErrno\": \"ENOSYS\", \"flags\": "
      "[\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_LOG\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\", "
      "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"], \"listenerPath\": \"/run/x\"";
  Result<Policy> policy = read_oci(profile("", top), "f", for_x86_64());
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(policy->filter_flags, 0x26u);
  EXPECT_EQ(policy->default_action.action, (Action{ActionKind::errno_, 38}));
  EXPECT_EQ(codes(policy.warnings()), "listener-path");
}

TEST(Oci, FindsTheProfileInsideAConfig) {
  std::string inner = profile(entry("\"read\"", "ALLOW", "\"excludes\": {\"caps\": [\"CAP_CHOWN\"]}"));
  Result<Policy> policy =
      read_oci("{\"ociVersion\": \"1.0\", \"linux\": {\"seccomp\": " + inner + "}}", "f", for_x86_64());
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(show(policy->rules), "read allow");
  EXPECT_EQ(codes(policy.warnings()), "docker-key");
}

TEST(Oci, FindsTheProfileInsideAConfigWithoutRegardToCase) {
  std::string text = "{\"Linux\": {\"SECCOMP\": " + profile(entry("\"read\"", "ALLOW")) + "}, \"mounts\": []}";
  Result<Policy> policy = read_oci(text, "f", for_x86_64());
  ASSERT_TRUE(policy) << told(policy.error());
  EXPECT_EQ(show(policy->rules), "read allow");
  EXPECT_EQ(codes(policy.warnings()), "key-case key-case");
}

TEST(Oci, TurnsAnEmptyDefaultActionIntoNoFilterWithAWarning) {
  Result<Policy> policy = read_oci("{\"defaultAction\": \"\"}", "f", for_x86_64());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->default_action.action.kind, ActionKind::allow);
  EXPECT_EQ(policy->bad_arch.action.kind, ActionKind::allow);
  EXPECT_EQ(codes(policy.warnings()), "no-filter");
}

TEST(Oci, LeavesUnknownNamesToBeResolvedUnlessLikeRunc) {
  std::string text = profile(entry("\"read\", \"no_such_call\"", "ALLOW"));
  ReadOptions options = for_x86_64();
  EXPECT_EQ(show(read_oci(text, "f", options)->rules), "read allow; no_such_call allow");
  options.like_runc = true;
  Result<Policy> policy = read_oci(text, "f", options);
  EXPECT_EQ(show(policy->rules), "read allow");  // the highest number is 0: runc adds no stub
  EXPECT_EQ(codes(policy.warnings()), "unknown-syscall");
  EXPECT_TRUE(policy->allow_unsafe_multiplexed);
}

TEST(Oci, AddsTheStubOfRuncOnRequest) {
  ReadOptions options = for_x86_64();
  options.like_runc = true;
  auto rules = [&](const std::string& default_action, const std::string& arches) {
    std::string top = "\"defaultAction\": \"SCMP_ACT_" + default_action + "\", \"architectures\": [" + arches + "]";
    return show(read_oci(profile(entry("\"openat2\"", "LOG"), top), "f", options)->rules);
  };
  EXPECT_EQ(rules("ERRNO", ""), "438..4294967295@x86_64 errno 38; openat2 log");
  EXPECT_EQ(rules("KILL", "\"SCMP_ARCH_X32\""),
            "438..1073741823@x86_64 errno 38; 1073742262..4294967295@x32 errno 38; openat2 log");
  EXPECT_EQ(rules("ALLOW", ""), "openat2 log");
  EXPECT_EQ(rules("TRACE", ""), "openat2 log");
  EXPECT_EQ(rules("ERRNO", "\"SCMP_ARCH_S390X\""),
            "438..4294967295@x86_64 errno 38; 0..0@s390x errno 38; 438..4294967295@s390x errno 38; openat2 log");
}

TEST(Oci, RefusesProfilesThatMultiplyIntoTooManyRules) {
  std::string names, tests;
  for (int i = 0; i < 500; ++i) {
    names += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + "\"";
    tests += (i == 0 ? "" : ",") + arg(0, "EQ", std::to_string(i));
  }
  Result<Policy> policy = read_oci(profile(entry(names, "ALLOW", args(tests))), "f", for_x86_64());
  ASSERT_FALSE(policy);
  EXPECT_EQ(codes(policy.error()), "or-of-conditions too-many-rules");
}

TEST(Oci, ReadsPodmansDefaultProfile) {
  static constexpr const char* kPath = "/usr/share/containers/seccomp.json";
  std::ifstream file(kPath);
  if (!file) GTEST_SKIP() << kPath << " is not here: install golang-github-containers-common";
  std::stringstream text;
  text << file.rdbuf();
  Result<Policy> policy = read_oci(text.str(), kPath, for_x86_64());
  ASSERT_TRUE(policy) << render(policy.error(), {});
  EXPECT_EQ(policy->default_action.action, (Action{ActionKind::errno_, 38}));
  // The profile answers setns with EPERM and allows it: libseccomp keeps what comes first.
  for (const Diagnostic& item : policy.warnings())
    EXPECT_TRUE(item.severity == Severity::note || item.code == "dropped-rule") << item.message;
  EXPECT_GT(policy->rules.size(), 300u);
}

}  // namespace
}  // namespace cordon::formats
