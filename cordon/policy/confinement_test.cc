#include "cordon/policy/confinement.h"

#include <gtest/gtest.h>

#include <ostream>

#include "cordon/abi/landlock.h"

namespace cordon::policy {
namespace {

namespace landlock = abi::landlock;

constexpr uint64_t kRead = landlock::kReadFile | landlock::kReadDir;

PlacedLine line(std::string subject, std::vector<std::string> words) {
  Place place;
  place.file = subject;
  place.line = 1;
  return {std::move(subject), std::move(words), {place}};
}

Confinement made_of(std::vector<std::vector<PlacedLine>> sources) {
  Result<Confinement> made = confine(sources);
  EXPECT_TRUE(made);
  return made ? std::move(*made) : Confinement{};
}

struct VerbRow {
  const char* verb;
  uint64_t granted;
  uint64_t not_granted;
};

void PrintTo(const VerbRow& row, std::ostream* out) { *out << row.verb; }

class FileVerbs : public ::testing::TestWithParam<VerbRow> {};

TEST_P(FileVerbs, GrantWhatTheySayAndNoMore) {
  const Confinement made = made_of({{line("files", {GetParam().verb, "/a", "/b"})}});
  ASSERT_EQ(made.landlock.size(), 1u);
  ASSERT_EQ(made.landlock[0].paths.size(), 2u);
  EXPECT_EQ(made.landlock[0].paths[1].path, "/b");
  EXPECT_EQ(made.landlock[0].paths[1].rights & GetParam().granted, GetParam().granted);
  EXPECT_EQ(made.landlock[0].paths[1].rights & GetParam().not_granted, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FileVerbs,
    ::testing::Values(VerbRow{"read", kRead, ~kRead}, VerbRow{"exec", kRead | landlock::kExecute, landlock::kWriteFile},
                      VerbRow{"write", kRead | landlock::kWriteFile | landlock::kTruncate | landlock::kRefer,
                              landlock::kExecute | landlock::kMakeChar | landlock::kMakeBlock | landlock::kIoctlDev},
                      VerbRow{"create", landlock::kMakeReg | landlock::kMakeDir,
                              kRead | landlock::kWriteFile | landlock::kRemoveFile | landlock::kMakeChar},
                      VerbRow{"make_block", landlock::kMakeBlock, ~landlock::kMakeBlock},
                      VerbRow{"ioctl_dev", landlock::kIoctlDev, ~landlock::kIoctlDev}),
    [](const auto& row) { return std::string(row.param.verb); });

TEST(Confine, EverySourceWithSuchLinesIsALayerOfItsOwn) {
  const Confinement made = made_of({{line("files", {"read", "/usr"}), line("net", {"bind", "80"})},
                                    {line("caps", {"keep"}), line("limit", {"nofile", "1"})},
                                    {},
                                    {line("net", {"none"})}});
  ASSERT_EQ(made.landlock.size(), 2u);
  EXPECT_TRUE(made.landlock[0].restricts_files);
  EXPECT_EQ(made.landlock[0].restricted_net, landlock::kBindTcp);
  EXPECT_FALSE(made.landlock[1].restricts_files);
}

TEST(Confine, PortsRestrictOnlyTheirOwnKind) {
  const Confinement made = made_of({{line("net", {"bind", "80", "443"}), line("net", {"bind", "0"})}});
  ASSERT_EQ(made.landlock.size(), 1u);
  EXPECT_EQ(made.landlock[0].restricted_net, landlock::kBindTcp);
  ASSERT_EQ(made.landlock[0].ports.size(), 3u);
  EXPECT_EQ(made.landlock[0].ports[1].port, 443);
  EXPECT_EQ(made.landlock[0].ports[2].port, 0);
  EXPECT_EQ(made.landlock[0].ports[1].rights, landlock::kBindTcp);
}

TEST(Confine, NoNetRefusesAllTheKernelKnows) {
  const Confinement made = made_of({{line("net", {"none"})}});
  EXPECT_EQ(made.landlock[0].restricted_net,
            landlock::kBindTcp | landlock::kConnectTcp | landlock::kBindUdp | landlock::kConnectSendUdp);
  EXPECT_TRUE(made.landlock[0].ports.empty());
}

TEST(Confine, UnknownWordsAreErrorsAtTheirPlace) {
  for (const PlacedLine& wrong : {line("files", {"see", "/"}), line("net", {"listen", "80"}),
                                  line("net", {"bind", "x"}), line("net", {"bind", "65536"}), line("scope", {"all"}),
                                  line("door", {"shut"}), line("caps", {"keep", "net_admn"}), line("caps", {"drop"}),
                                  line("limit", {"nofiles", "1"}), line("limit", {"nofile", "1k"}),
                                  line("umask", {"778"}), line("umask", {"1777"}), line("securebits", {"root"})}) {
    const std::vector<PlacedLine> lines{wrong};
    const Result<Confinement> made = confine({&lines, 1});
    ASSERT_FALSE(made) << wrong.subject;
    EXPECT_EQ(made.error().begin()->place.file, wrong.subject);
  }
}

TEST(Confine, CapabilitiesAreThoseEverySourceKeeps) {
  const Confinement made = made_of({{line("caps", {"keep", "chown", "CAP_KILL"}), line("caps", {"keep", "bpf"})},
                                    {line("files", {"read", "/"})},
                                    {line("caps", {"keep", "kill", "BPF", "setuid"})}});
  EXPECT_EQ(made.kept_capabilities, uint64_t{1} << 5 | uint64_t{1} << 39);
  EXPECT_EQ(made_of({{line("caps", {"keep"})}}).kept_capabilities, 0u);
  EXPECT_FALSE(made_of({{line("net", {"none"})}}).kept_capabilities);
}

TEST(Confine, EachSetIsWhatEverySourceThatNamesItLeavesOfIt) {
  const Confinement made = made_of({{line("caps", {"ambient", "kill", "chown"}), line("caps", {"bounding", "kill"})},
                                    {line("caps", {"ambient", "kill"}), line("caps", {"inheritable"})}});
  EXPECT_EQ(made.ambient_set, uint64_t{1} << 5);
  EXPECT_EQ(made.bounding_set, uint64_t{1} << 5);
  EXPECT_EQ(made.inheritable_set, 0u);
  EXPECT_FALSE(made.kept_capabilities);
}

TEST(Confine, SecurebitsAndUmasksAddUp) {
  const Confinement made = made_of({{line("securebits", {"noroot"}), line("umask", {"027"})},
                                    {line("securebits", {"noroot_locked", "keep_caps"}), line("umask", {"070"})}});
  EXPECT_EQ(made.securebits, 0b10011u);
  EXPECT_EQ(made.umask, 077u);
  EXPECT_FALSE(made_of({{line("net", {"none"})}}).umask);
}

TEST(Confine, OfSeveralLimitsTheLowestHolds) {
  const Confinement made = made_of({{line("limit", {"nofile", "100"}), line("limit", {"core", "unlimited"})},
                                    {line("limit", {"nofile", "0x40"}), line("limit", {"nofile", "unlimited"})}});
  ASSERT_EQ(made.limits.size(), 2u);
  EXPECT_EQ(made.limits[0].resource, 7u);
  EXPECT_EQ(made.limits[0].value, 64u);
  EXPECT_EQ(made.limits[1].resource, 4u);
  EXPECT_EQ(made.limits[1].value, UINT64_MAX);
}

struct LackRow {
  const char* name;
  std::vector<PlacedLine> lines;
  int abi;
  const char* lacking;  // names, in order
};

void PrintTo(const LackRow& row, std::ostream* out) { *out << row.name; }

class Lacking : public ::testing::TestWithParam<LackRow> {};

TEST_P(Lacking, IsWhatWouldNotBeRefused) {
  const Confinement made = made_of({GetParam().lines});
  std::string names;
  for (const Diagnostic& problem : lacking(made, GetParam().abi)) {
    const size_t begin = problem.message.find("know '") + 6;
    names += (names.empty() ? "" : " ") + problem.message.substr(begin, problem.message.find('\'', begin) - begin);
    EXPECT_NE(problem.hint.find("--best-effort landlock"), std::string::npos);
    EXPECT_FALSE(problem.place.file.empty());
  }
  EXPECT_EQ(names, GetParam().lacking);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Lacking,
    ::testing::Values(
        LackRow{"files_of_6_2", {line("files", {"read", "/"})}, 3, ""},
        LackRow{"files_of_5_19_may_be_emptied", {line("files", {"read", "/"})}, 2, "truncate"},
        LackRow{"no_refer_refuses_more", {line("files", {"refer", "/"})}, 3, ""},
        LackRow{"a_right_that_is_named", {line("files", {"ioctl_dev", "/dev"})}, 4, "ioctl_dev"},
        LackRow{"a_right_of_this_kernel", {line("files", {"ioctl_dev", "/dev"})}, 5, ""},
        LackRow{"a_right_of_the_future", {line("files", {"resolve_unix", "/run"})}, 7, "resolve_unix"},
        LackRow{"ports_before_6_7", {line("net", {"bind", "1"}), line("net", {"connect", "1"})}, 3, "bind connect"},
        LackRow{"no_net", {line("net", {"none"})}, 4, ""},
        LackRow{"scopes", {line("scope", {"signal", "abstract_unix"})}, 5, "signal abstract_unix"},
        LackRow{"scopes_of_6_12", {line("scope", {"signal"})}, 6, ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LandlockRights, AreThoseOfTheKernelsMasks) {
  EXPECT_EQ(landlock::rights_of(landlock::kFileRights, 1), 0x1fffu);
  EXPECT_EQ(landlock::rights_of(landlock::kFileRights, 2), 0x3fffu);
  EXPECT_EQ(landlock::rights_of(landlock::kFileRights, 4), 0x7fffu);
  EXPECT_EQ(landlock::rights_of(landlock::kFileRights, 8), 0xffffu);
  EXPECT_EQ(landlock::rights_of(landlock::kFileRights, 9), 0x1ffffu);
  EXPECT_EQ(landlock::rights_of(landlock::kNetRights, 3), 0u);
  EXPECT_EQ(landlock::rights_of(landlock::kNetRights, 4), 3u);
  EXPECT_EQ(landlock::rights_of(landlock::kScopes, 6), 3u);
}

TEST(Confine, TheLowestLimitOfACgroupHolds) {
  const Confinement made = made_of({{line("cgroup", {"memory", "1G"}), line("cgroup", {"cpu", "0.25"})},
                                    {line("cgroup", {"memory", "512M"}), line("cgroup", {"cpu", "2"})}});
  EXPECT_EQ(made.cgroup.memory, uint64_t{512} << 20);
  EXPECT_EQ(made.cgroup.cpu_thousandths, 250u);
  EXPECT_FALSE(made.cgroup.pids);
  EXPECT_EQ(made.cgroup.controllers(), (std::vector<std::string_view>{"memory", "cpu"}));
  EXPECT_FALSE(made_of({{line("net", {"none"})}}).cgroup.any());
}

TEST(Cgroups, ReadSizesAndSharesOrNothing) {
  EXPECT_EQ(read_size("1"), 1u);
  EXPECT_EQ(read_size("3K"), 3072u);
  EXPECT_EQ(read_size("8388607T"), uint64_t{8388607} << 40);
  for (const char* wrong : {"", "0", "K", "1k", "1MB", "-1", "1.5G", "8388608T", "18446744073709551616"})
    EXPECT_FALSE(read_size(wrong)) << wrong;
  EXPECT_EQ(read_cpu_share("0.01"), 10u);
  EXPECT_EQ(read_cpu_share("1.5"), 1500u);
  EXPECT_EQ(read_cpu_share("64"), 64000u);
  for (const char* wrong : {"", ".5", "1.", "0", "0.001", "1.2345", "-1", "1,5", "10001", "99999999999999999999"})
    EXPECT_FALSE(read_cpu_share(wrong)) << wrong;
}

TEST(Confine, NamespacesOfAllSourcesAreMadeOnceEach) {
  const Confinement made = made_of({{line("unshare", {"user", "pid"})}, {line("unshare", {"pid", "mount"})}});
  ASSERT_EQ(made.namespaces.size(), 3u);
  EXPECT_TRUE(made.makes(abi::kUserNamespace));
  EXPECT_TRUE(made.makes(abi::kMountNamespace));
  EXPECT_FALSE(made.makes(abi::kNetNamespace));
}

TEST(Confine, MountsAreToldApartByWhatIsMountedWhere) {
  const Confinement made = made_of({{line("unshare", {"mount"}), line("mount", {"read", "/a", "at", "/b", "/c"}),
                                     line("mount", {"root", "read"}), line("mount", {"proc"})},
                                    {line("mount", {"root", "read"}), line("mount", {"read", "/c"})}});
  ASSERT_EQ(made.mounts.size(), 4u);
  EXPECT_EQ(made.mounts[0].path, "/a");
  EXPECT_EQ(made.mounts[0].at, "/b");
  EXPECT_EQ(made.mounts[1].path, "/c");
  EXPECT_EQ(made.mounts[1].at, "");
}

TEST(Confine, WhatIsMountedWithoutANamespaceOfItsOwnIsAnError) {
  const std::vector<PlacedLine> lines = {line("mount", {"tmp", "/tmp"})};
  const auto made = confine({&lines, 1});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().begin()->message, "what is mounted needs a mount namespace beside it");
}

}  // namespace
}  // namespace cordon::policy
