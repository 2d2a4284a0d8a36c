// Namespaces a command is started in, as the command and the host see them.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <map>

#include "cordon/abi/namespaces.h"
#include "cordon/base/fd.h"
#include "cordon/sandbox/id_maps.h"
#include "cordon/sandbox/mounts.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

constexpr StartPoint kStarts[] = {StartPoint::before_exec, StartPoint::exec, StartPoint::entry};

// Nobody asked for it, and the kernel may deny it.
bool has_user_namespaces() {
  return in_child([] { return become_nobody() && unshare(static_cast<int>(abi::kUserNamespace)) == 0 ? 0 : 1; }) == 0;
}

#define NEEDS_ROOT() \
  if (geteuid() != 0) GTEST_SKIP() << "not root"
#define NEEDS_USER_NAMESPACES() \
  if (!has_user_namespaces()) GTEST_SKIP() << "a user without capabilities cannot make a user namespace here"

std::string own_namespace(const std::string& file) {
  char name[64];
  const ssize_t size = readlink(("/proc/self/ns/" + file).c_str(), name, sizeof name);
  return std::string(name, size > 0 ? static_cast<size_t>(size) : 0);
}

LaunchSpec in_namespaces(uint64_t made, std::vector<std::string> argv) {
  LaunchSpec spec = spec_for(std::move(argv), kDenied, kErrno | 13);
  spec.setup.namespaces.made = made;
  sandbox::map_ids(spec.setup);
  return spec;
}

// With a file tree of its own.
LaunchSpec in_tree(const MountSetup& mounts, std::vector<std::string> argv) {
  LaunchSpec spec = in_namespaces(abi::kMountNamespace, std::move(argv));
  spec.setup.namespaces.mounts = sandbox::plan_mounts(mounts).value();
  return spec;
}

std::vector<std::string> shell(std::string script) { return {"/bin/sh", "-c", std::move(script)}; }

class EachKind : public ::testing::TestWithParam<abi::NamespaceKind> {};

TEST_P(EachKind, IsTheCommandsOwnAndTheOthersAreShared) {
  NEEDS_ROOT();
  for (const StartPoint start : kStarts) {
    std::string script;
    for (const abi::NamespaceKind& kind : abi::kNamespaces)
      script += "readlink /proc/self/ns/" + std::string(kind.file) + ";";
    LaunchSpec spec = in_namespaces(GetParam().flag, shell(script));
    spec.start = start;
    const Seen seen = run(spec);
    EXPECT_EQ(seen.failure, "");
    std::stringstream lines(seen.output);
    for (const abi::NamespaceKind& kind : abi::kNamespaces) {
      std::string line;
      std::getline(lines, line);
      ASSERT_TRUE(line.starts_with(kind.file)) << line;
      EXPECT_EQ(line != own_namespace(std::string(kind.file)), kind.flag == GetParam().flag) << line;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, EachKind, ::testing::ValuesIn(abi::kNamespaces),
                         [](const auto& row) { return std::string(row.param.name); });

constexpr uint64_t kMany = abi::kUserNamespace | abi::kMountNamespace | abi::kPidNamespace | abi::kNetNamespace |
                           abi::kIpcNamespace | abi::kUtsNamespace;

TEST(Namespaces, WhoHasNoCapabilitiesMakesThemInAUserNamespace) {
  NEEDS_USER_NAMESPACES();
  for (const StartPoint start : kStarts)
    EXPECT_EQ(in_child([&] {
                if (!become_nobody()) return 1;
                LaunchSpec spec = in_namespaces(kMany, shell("id -u; echo $$; cat /proc/self/uid_map | tr -s ' '"));
                spec.start = start;
                const Seen seen = run(spec);
                const std::string id = std::to_string(geteuid());
                if (seen.failure.empty() && seen.output == id + "\n2\n " + id + " " + id + " 1\n") return 0;
                fprintf(stderr, "%s %s\n", seen.failure.c_str(), seen.output.c_str());
                return 2;
              }),
              0);
}

TEST(Namespaces, AUserWithoutCapabilitiesMayHaveAnotherNumberInside) {
  NEEDS_USER_NAMESPACES();
  EXPECT_EQ(in_child([&] {
              if (!become_nobody()) return 1;
              LaunchSpec spec = spec_for(shell("id -u; id -g"), kDenied, kErrno | 13);
              spec.setup.identity = ProcessIdentity{.uid = 7, .gid = 8, .groups = {}};
              spec.setup.namespaces.made = abi::kUserNamespace;
              sandbox::map_ids(spec.setup);
              const Seen seen = run(spec);
              return seen.failure.empty() && seen.output == "7\n8\n" ? 0 : 2;
            }),
            0);
}

// A number inside that stands for root outside would be looser than no namespace.
TEST(Namespaces, AnotherUserOfRootsIsThatUserOutside) {
  NEEDS_ROOT();
  LaunchSpec spec = spec_for(shell("id -u; echo > /etc/cordon-namespaces-test"), kDenied, kErrno | 13);
  spec.setup.identity = ProcessIdentity{.uid = 12345, .gid = 23456, .groups = {7}};
  spec.setup.kept_capabilities = 0;
  spec.setup.namespaces.made = abi::kUserNamespace | abi::kPidNamespace;
  sandbox::map_ids(spec.setup);
  const Seen seen = run(spec);
  EXPECT_EQ(seen.output, "12345\n");
  EXPECT_NE(seen.status(), 0);
  EXPECT_NE(access("/etc/cordon-namespaces-test", F_OK), 0);
}

TEST(Namespaces, MapsAsGiven) {
  NEEDS_ROOT();
  LaunchSpec spec = spec_for({"/bin/cat", "/proc/self/uid_map", "/proc/self/gid_map"}, kDenied, kErrno | 13);
  spec.setup.namespaces = {.made = abi::kUserNamespace, .uids = {{0, 0, 1}, {1, 100000, 65536}}, .gids = {{0, 0, 3}}};
  sandbox::map_ids(spec.setup);
  std::string squeezed;
  for (char c : run(spec).output)
    if (c != ' ' || (!squeezed.empty() && squeezed.back() != ' ')) squeezed += c;
  EXPECT_EQ(squeezed, "0 0 1\n 1 100000 65536\n 0 0 3\n");
}

TEST(Namespaces, MapsTheKernelRefusesAreTold) {
  NEEDS_ROOT();
  for (const uint64_t made : {abi::kUserNamespace, abi::kUserNamespace | abi::kPidNamespace}) {
    LaunchSpec spec = spec_for({"/bin/true"}, kDenied, kErrno | 13);
    spec.setup.namespaces = {.made = made, .uids = {{0, 0, 2}, {1, 5, 1}}, .gids = {{0, 0, 1}}};
    auto launched = sandbox::launch(spec);
    ASSERT_FALSE(launched);
    EXPECT_EQ(launched.error().begin()->message,
              "cannot map users and groups into the new user namespace: Invalid argument (EINVAL)");
  }
}

TEST(Namespaces, WhatIsAskedOfTheHostsOwnIsRefused) {
  LaunchSpec mounts = spec_for({"/bin/true"}, kDenied, kErrno | 13);
  mounts.setup.namespaces.mounts = sandbox::plan_mounts({}).value();
  LaunchSpec name = spec_for({"/bin/true"}, kDenied, kErrno | 13);
  name.setup.namespaces.made = abi::kIpcNamespace;
  name.setup.namespaces.hostname = "other";
  for (const LaunchSpec& spec : {mounts, name}) {
    EXPECT_EQ(run(spec).failure, "usage");
    EXPECT_EQ(in_child([&] { return sandbox::exec(spec).code == "usage" ? 0 : 1; }), 0);
  }
}

TEST(PidNamespace, OrphansAreReapedByItsFirstProcess) {
  NEEDS_ROOT();
  // The child's child outlives its parent; when it has ended nothing of it is left.
  LaunchSpec spec = in_tree({.mounts = {{MountRule::Kind::proc, {}, "/proc"}}},
                            shell("(sleep 0.05 &); sleep 0.5; for p in /proc/[0-9]*; do echo ${p#/proc/}; done"));
  spec.setup.namespaces.made |= abi::kPidNamespace;
  EXPECT_EQ(run(spec).output, "1\n2\n");
}

TEST(PidNamespace, EndsWithTheCommand) {
  NEEDS_ROOT();
  for (const bool is_listening : {false, true}) {
    LaunchSpec spec = in_namespaces(abi::kPidNamespace, shell("sleep 1000 & setsid sleep 1000 & exit 3"));
    int ends[2];
    ASSERT_EQ(pipe2(ends, 0), 0);
    spec.listener = is_listening;
    if (is_listening) spec.filters = {{filter_for(kDenied, kNotify), 0}};
    EXPECT_EQ(run(spec).status(), 3);
    // Whoever is left holds the other end.
    close(ends[1]);
    pollfd entry{ends[0], POLLIN, 0};
    EXPECT_EQ(poll(&entry, 1, 5000), 1);
    EXPECT_NE(entry.revents & POLLHUP, 0);
    close(ends[0]);
  }
}

TEST(PidNamespace, TheCommandEndsAsAnyOther) {
  NEEDS_ROOT();
  for (const StartPoint start : kStarts) {
    LaunchSpec spec = in_namespaces(abi::kPidNamespace, shell("kill -TERM $$"));
    spec.start = start;
    EXPECT_EQ(run(spec).status(), 128 + SIGTERM);
    spec = in_namespaces(abi::kPidNamespace, {victim(), "call", denied()});
    spec.start = start;
    spec.filters = {{filter_for(kDenied, kKillProcess), 0}};
    spec.trace_exits = true;
    const Seen seen = run(spec);
    EXPECT_EQ(seen.status(), 128 + SIGSYS);
    ASSERT_EQ(seen.verdicts.size(), 1u);
    EXPECT_EQ(seen.verdicts.front().call.nr, kDenied);
  }
}

TEST(PidNamespace, ItsFirstProcessHoldsNothingOfTheLaunchers) {
  NEEDS_ROOT();
  LaunchSpec spec = in_namespaces(abi::kPidNamespace, {"/bin/sleep", "1000"});
  auto launched = sandbox::launch(spec);
  ASSERT_TRUE(launched);
  ASSERT_TRUE(launched->reaper);
  std::string pid;
  for (std::ifstream info("/proc/self/fdinfo/" + std::to_string(launched->reaper.get())); info >> pid;)
    if (pid == "Pid:" && info >> pid) break;
  EXPECT_TRUE(eventually([&] {
    struct stat own {
    }, root{};
    return stat(("/proc/" + pid + "/cwd").c_str(), &own) == 0 && stat("/", &root) == 0 && own.st_ino == root.st_ino;
  }));
  EXPECT_TRUE(eventually([&] {
    Fd directory(open(("/proc/" + pid + "/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    char entries[4096];
    size_t names = 0;
    for (long size; (size = syscall(SYS_getdents64, directory.get(), entries, sizeof entries)) > 0;)
      for (long at = 0; at < size; at += *reinterpret_cast<unsigned short*>(entries + at + 16)) ++names;
    return names <= 3;  // ".", ".." and the command it watches
  }));
  syscall(SYS_pidfd_send_signal, launched->pidfd.get(), SIGKILL, nullptr, 0);
  EXPECT_EQ(sandbox::supervise(std::move(*launched), {.calls = {}})->exit_status(), 128 + SIGKILL);
}

TEST(PidNamespace, TheCommandCannotLookIntoItsFirstProcess) {
  NEEDS_ROOT();
  LaunchSpec spec =
      in_tree({.mounts = {{MountRule::Kind::proc, {}, "/proc"}}},
              shell("cat /proc/1/mem /proc/1/environ >/dev/null 2>&1 || ls /proc/1/root/ >/dev/null 2>&1 || "
                    "kill -KILL 1; echo here"));
  spec.setup.namespaces.made |= abi::kPidNamespace | abi::kUserNamespace;
  spec.setup.kept_capabilities = 0;
  sandbox::map_ids(spec.setup);
  EXPECT_EQ(run(spec).output, "here\n");
}

TEST(NetNamespace, HasItsLoopbackDeviceUp) {
  NEEDS_ROOT();
  const Seen seen =
      run(in_namespaces(abi::kNetNamespace, {"/bin/cat", "/proc/self/net/if_inet6", "/proc/self/net/route"}));
  EXPECT_NE(seen.output.find(" lo\n"), std::string::npos) << seen.output;
}

TEST(UtsNamespace, HasTheNameGiven) {
  NEEDS_ROOT();
  char before[65], after[65];
  gethostname(before, sizeof before);
  LaunchSpec spec = in_namespaces(abi::kUtsNamespace, {"/bin/uname", "-n"});
  spec.setup.namespaces.hostname = "a-box";
  EXPECT_EQ(run(spec).output, "a-box\n");
  gethostname(after, sizeof after);
  EXPECT_STREQ(before, after);
}

TEST(Mounts, AReadOnlyTreeIsReadOnlyButForWhatIsMountedToBeWritten) {
  NEEDS_ROOT();
  char place[] = "/var/tmp/cordon-mounts-XXXXXX";
  ASSERT_NE(mkdtemp(place), nullptr);
  const std::string at = place;
  for (const bool has_own_user : {false, true}) {
    LaunchSpec spec = in_tree({.root = MountSetup::Root::read_only,
                               .mounts = {{MountRule::Kind::write, at, at}, {MountRule::Kind::tmp, {}, "/tmp"}}},
                              shell("touch /var/tmp/x /etc/x 2>/dev/null; cd " + at +
                                    " && touch here && rm here && touch /tmp/there && ls /tmp"));
    if (has_own_user) spec.setup.namespaces.made |= abi::kUserNamespace;
    sandbox::map_ids(spec.setup);
    EXPECT_EQ(run(spec).output, "there\n");
    EXPECT_NE(access("/var/tmp/x", F_OK), 0);
    EXPECT_NE(access("/etc/x", F_OK), 0);
    EXPECT_NE(access("/tmp/there", F_OK), 0);
  }
  rmdir(place);
}

TEST(Mounts, AnEmptyTreeHoldsNothingButWhatIsMounted) {
  NEEDS_ROOT();
  std::vector<MountRule> rules;
  for (const char* path : {"/usr", "/bin", "/lib", "/lib64"})
    if (access(path, F_OK) == 0) rules.push_back({MountRule::Kind::read, path, path});
  LaunchSpec spec = in_tree({.root = MountSetup::Root::empty, .mounts = rules},
                            shell("ls -a / | tr '\\n' ' '; touch /usr/x /x 2>&-; ls /old /new 2>&-; pwd"));
  EXPECT_EQ(run(spec).output, ". .. bin lib lib64 usr /\n");
}

TEST(Mounts, TheHostsTreeCannotBeReachedAnyMore) {
  NEEDS_ROOT();
  LaunchSpec spec = in_tree({.root = MountSetup::Root::empty,
                             .mounts = {{MountRule::Kind::read, "/usr", "/usr"},
                                        {MountRule::Kind::read, "/usr/bin", "/bin"},
                                        {MountRule::Kind::read, "/usr/lib", "/lib"},
                                        {MountRule::Kind::read, "/usr/lib64", "/lib64"},
                                        {MountRule::Kind::proc, {}, "/proc"}}},
                            shell("cd /; ls ../../../etc /proc/1/root/etc /proc/self/root/etc 2>&-; "
                                  "grep -vc ' /proc/' /proc/self/mountinfo"));
  spec.setup.namespaces.made |= abi::kPidNamespace;
  EXPECT_EQ(run(spec).output, "6\n");  // the root, and those five
}

TEST(Mounts, PlacesThatAreNotThereAreToldAndNothingRuns) {
  NEEDS_ROOT();
  auto launched = sandbox::launch(in_tree({.mounts = {{MountRule::Kind::tmp, {}, "/nowhere/at/all"}}}, {"/bin/true"}));
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().begin()->message,
            "cannot mount 'tmpfs' at '/nowhere/at/all': No such file or directory (ENOENT)");
}

TEST(JoinedNamespaces, AreThoseOfTheProcess) {
  NEEDS_ROOT();
  LaunchSpec host = in_namespaces(
      abi::kPidNamespace | abi::kUtsNamespace | abi::kNetNamespace | abi::kMountNamespace | abi::kTimeNamespace,
      {"/bin/sleep", "1000"});
  host.setup.namespaces.hostname = "joined";
  auto launched = sandbox::launch(host);
  ASSERT_TRUE(launched);
  for (const StartPoint start : kStarts) {
    LaunchSpec guest = spec_for(shell("uname -n; readlink /proc/self/ns/pid /proc/self/ns/time"), kDenied, kErrno | 13);
    guest.start = start;
    guest.setup.namespaces = {.joined = host.setup.namespaces.made, .joined_process = launched->pidfd.get()};
    std::string expected = "joined\n";
    for (const char* file : {"pid", "time"}) {
      char name[64];
      const std::string path = "/proc/" + std::to_string(launched->pid) + "/ns/" + file;
      const ssize_t size = readlink(path.c_str(), name, sizeof name);
      expected += std::string(name, size > 0 ? static_cast<size_t>(size) : 0) + "\n";
    }
    const int status = in_child([&] {
      const Seen seen = run(guest);
      if (seen.output != expected) fprintf(stderr, "%s%s\n", seen.failure.c_str(), seen.output.c_str());
      return seen.output == expected ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
  }
  syscall(SYS_pidfd_send_signal, launched->pidfd.get(), SIGKILL, nullptr, 0);
  EXPECT_TRUE(sandbox::supervise(std::move(*launched), {.calls = {}}));
}

TEST(Exec, EntersWhatAProcessCanEnterItself) {
  NEEDS_USER_NAMESPACES();
  for (const bool is_root : {true, false}) {
    if (is_root && geteuid() != 0) continue;
    CapturedOutput output;
    EXPECT_EQ(in_child([&] {
                if (!is_root && !become_nobody()) return 1;
                LaunchSpec spec = in_namespaces(abi::kUserNamespace | abi::kNetNamespace | abi::kUtsNamespace,
                                                shell("uname -n; id -u"));
                spec.setup.namespaces.hostname = "exec";
                fprintf(stderr, "%s\n", sandbox::exec(spec).message.c_str());
                return 2;
              }),
              0);
    EXPECT_EQ(output.take(), is_root ? "exec\n0\n" : "exec\n65534\n");
  }
}

TEST(Exec, RefusesWhatTakesAnotherProcess) {
  for (const uint64_t made : {abi::kPidNamespace, abi::kTimeNamespace})
    EXPECT_EQ(in_child([&] { return sandbox::exec(in_namespaces(made, {"/bin/true"})).code == "usage" ? 0 : 1; }), 0);
}

}  // namespace
}  // namespace cordon::testing
