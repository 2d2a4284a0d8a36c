#include "cordon/sandbox/mounts.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <stdlib.h>

#include <algorithm>
#include <filesystem>

namespace cordon::sandbox {
namespace {

using Kind = MountRule::Kind;

std::string problem_of(MountSetup setup) {
  const auto steps = plan_mounts(setup);
  return steps ? "" : steps.error().begin()->message;
}

struct Refused {
  const char* name;
  MountRule first;
  MountRule second;
  const char* message;
};

void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }

class RefusedMounts : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedMounts, SayWhatIsWrong) {
  MountSetup setup;
  setup.mounts = {GetParam().first};
  if (!GetParam().second.target.empty()) setup.mounts.push_back(GetParam().second);
  EXPECT_EQ(problem_of(setup), GetParam().message);
}

const Refused kRefused[] = {
    {"relative", {Kind::tmp, {}, "tmp"}, {}, "'tmp' is no place in the command's tree"},
    {"upwards", {Kind::tmp, {}, "/usr/../etc"}, {}, "'/usr/../etc' is no place in the command's tree"},
    {"upwards_at_the_end", {Kind::tmp, {}, "/usr/.."}, {}, "'/usr/..' is no place in the command's tree"},
    {"root", {Kind::tmp, {}, "//."}, {}, "the root is not a place to mount on"},
    {"twice", {Kind::tmp, {}, "/tmp"}, {Kind::read, "/usr", "/tmp/"}, "something is mounted at '/tmp/' already"},
    {"no_source", {Kind::read, "/nowhere/at/all", "/usr"}, {}, "there is no '/nowhere/at/all' to mount"},
};
INSTANTIATE_TEST_SUITE_P(All, RefusedMounts, ::testing::ValuesIn(kRefused),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Mounts, ARootThatIsNoDirectoryIsRefused) {
  EXPECT_EQ(problem_of({.root = MountSetup::Root::directory, .root_directory = "/etc/passwd"}),
            "the root '/etc/passwd' is no directory");
}

std::vector<std::string> targets(const std::vector<MountStep>& steps, MountStep::Kind kind) {
  std::vector<std::string> found;
  for (const MountStep& step : steps)
    if (step.kind == kind) found.push_back(step.target);
  return found;
}

size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

TEST(Mounts, WhatLiesDeeperIsMountedLaterWhateverTheOrderOfTheRules) {
  std::vector<MountRule> rules = {{Kind::tmp, {}, "/srv"}, {Kind::read, "/usr", "/srv/a"}, {Kind::tmp, {}, "/srv/a/b"}};
  do {
    const auto steps = plan_mounts({.root = MountSetup::Root::empty, .root_directory = {}, .mounts = rules});
    ASSERT_TRUE(steps);
    const auto mounted = targets(*steps, MountStep::Kind::mount);
    EXPECT_LT(index_of(mounted, "/new/srv"), index_of(mounted, "/new/srv/a"));
    EXPECT_LT(index_of(mounted, "/new/srv/a"), index_of(mounted, "/new/srv/a/b"));
    EXPECT_LT(index_of(mounted, "/new/srv/a/b"), mounted.size());
  } while (std::next_permutation(rules.begin(), rules.end(),
                                 [](const MountRule& a, const MountRule& b) { return a.target < b.target; }));
}

TEST(Mounts, NothingIsMadeInTheHostsDirectories) {
  for (const auto root : {MountSetup::Root::kept, MountSetup::Root::read_only}) {
    const auto steps = plan_mounts({.root = root,
                                    .root_directory = {},
                                    .mounts = {{Kind::read, "/usr", "/nowhere/deep"},
                                               {Kind::tmp, {}, "/elsewhere"},
                                               {Kind::write, "/usr", "/elsewhere/own/tree"}}});
    ASSERT_TRUE(steps);
    // Beneath the base that is gone afterwards, and in what is the command's own.
    EXPECT_EQ(targets(*steps, MountStep::Kind::directory),
              (std::vector<std::string>{"/tmp/old", "/tmp/new", "/new/elsewhere/own", "/new/elsewhere/own/tree"}));
  }
}

TEST(Mounts, ATreeOfTheHostsWithinAnOwnOneIsNotWrittenTo) {
  const auto steps = plan_mounts({.root = MountSetup::Root::empty,
                                  .root_directory = {},
                                  .mounts = {{Kind::write, "/usr", "/host"}, {Kind::tmp, {}, "/host/missing"}}});
  ASSERT_TRUE(steps);
  EXPECT_EQ(targets(*steps, MountStep::Kind::directory),
            (std::vector<std::string>{"/tmp/old", "/tmp/new", "/new/host"}));
}

// A directory with what a test needs, gone after it.
class LinkedMounts : public ::testing::Test {
 protected:
  LinkedMounts() {
    char name[] = "/tmp/cordon-mounts-XXXXXX";
    directory_ = std::filesystem::canonical(mkdtemp(name));
    std::filesystem::create_directories(directory_ / "real/within");
    std::filesystem::create_symlink("real", directory_ / "link");
    std::filesystem::create_symlink("/etc", directory_ / "real/away");
  }
  ~LinkedMounts() override { std::filesystem::remove_all(directory_); }

  std::string at(const char* name) const { return directory_ / name; }
  // The last of the mounts.
  std::string last_place(const std::vector<MountRule>& rules) const {
    const auto steps = plan_mounts({.root = MountSetup::Root::kept, .root_directory = {}, .mounts = rules});
    return steps ? targets(*steps, MountStep::Kind::mount).back() : steps.error().begin()->message;
  }

 private:
  std::filesystem::path directory_;
};

TEST_F(LinkedMounts, LieWhereTheLinksOnTheWayLead) {
  EXPECT_EQ(last_place({{Kind::tmp, {}, at("link")}}), "/new" + at("real"));
  EXPECT_EQ(last_place({{Kind::tmp, {}, at("link/within")}}), "/new" + at("real/within"));
  EXPECT_EQ(last_place({{Kind::tmp, {}, at("link/not-there")}}), "/new" + at("real/not-there"));
}

TEST_F(LinkedMounts, LieWithinAnotherHoweverThatOneIsCalled) {
  for (const char* tree : {"link", "real"})
    for (const char* place : {"link/deep", "real/deep"})
      EXPECT_EQ(last_place({{Kind::read, "/usr", at(place)}, {Kind::tmp, {}, at(tree)}}), "/new" + at("real/deep"));
}

// What is there on the host is covered, and its links with it.
TEST_F(LinkedMounts, FollowNoLinkThatAnotherMountCovers) {
  EXPECT_EQ(last_place({{Kind::tmp, {}, at("link")}, {Kind::read, "/usr", at("link/away")}}), "/new" + at("real/away"));
}

TEST(Mounts, ATreeThatIsToStayIsLeftWhereItIs) {
  EXPECT_EQ(plan_mounts({}).value().size(), 1u);
  EXPECT_GT(plan_mounts({.root = MountSetup::Root::read_only}).value().size(), 1u);
  EXPECT_GT(plan_mounts({.root = MountSetup::Root::kept, .root_directory = {}, .mounts = {{Kind::tmp, {}, "/tmp"}}})
                .value()
                .size(),
            1u);
}

TEST(Mounts, NothingComesInFromTheHostLater) {
  const auto steps = plan_mounts({});
  ASSERT_TRUE(steps);
  EXPECT_EQ(steps->front().flags, static_cast<uint64_t>(MS_REC | MS_PRIVATE));
  EXPECT_EQ(steps->front().target, "/");
}

}  // namespace
}  // namespace cordon::sandbox
