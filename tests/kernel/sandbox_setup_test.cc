// The identity, capabilities, limits, directory and environment a command is started with, as the kernel shows them.
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <map>

#include "cordon/abi/capabilities.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

constexpr uid_t kUser = 12345;
constexpr gid_t kGroup = 23456;

uint64_t bit(std::string_view capability) { return uint64_t{1} << *abi::find_capability(capability); }

std::string as_status(uint64_t bits) {
  char text[17];
  snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
  return text;
}

// "Uid:\t1\t2" becomes {"Uid", "1 2"}
std::map<std::string, std::string> fields(const std::string& text) {
  std::map<std::string, std::string> found;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::stringstream words(line.substr(std::min(line.size(), line.find(':') + 1)));
    std::string& value = found[line.substr(0, line.find(':'))];
    for (std::string word; words >> word;) value += (value.empty() ? "" : " ") + word;
  }
  return found;
}

LaunchSpec showing_status(ProcessSetup setup) {
  LaunchSpec spec = spec_for({"/bin/cat", "/proc/self/status"}, kDenied, kErrno | 13);
  spec.setup = std::move(setup);
  return spec;
}

ProcessIdentity identity() { return {.uid = kUser, .gid = kGroup, .groups = {7, 9}}; }

#define NEEDS_ROOT() \
  if (geteuid() != 0) GTEST_SKIP() << "not root"

TEST(Setup, AnotherUserHasNothingOfTheLaunchersLeft) {
  NEEDS_ROOT();
  for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
    LaunchSpec spec = showing_status({.identity = identity()});
    spec.start = start;
    Seen seen = run(spec);
    EXPECT_EQ(seen.failure, "");
    auto status = fields(seen.output);
    EXPECT_EQ(status["Uid"], "12345 12345 12345 12345");
    EXPECT_EQ(status["Gid"], "23456 23456 23456 23456");
    EXPECT_EQ(status["Groups"], "7 9");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) EXPECT_EQ(status[set], as_status(0)) << set;
    EXPECT_EQ(status["NoNewPrivs"], "1");
  }
}

TEST(Setup, AnotherUserHasTheCapabilitiesThatAreKept) {
  NEEDS_ROOT();
  const uint64_t kept = bit("net_bind_service") | bit("CAP_CHOWN");
  auto status = fields(run(showing_status({.identity = identity(), .kept_capabilities = kept})).output);
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"})
    EXPECT_EQ(status[set], as_status(kept)) << set;
}

TEST(Setup, RootHasTheCapabilitiesThatAreKept) {
  NEEDS_ROOT();
  for (uint64_t kept : {uint64_t{0}, bit("net_bind_service"), bit("setpcap") | bit("kill")}) {
    auto status = fields(run(showing_status({.kept_capabilities = kept})).output);
    for (const char* set : {"CapPrm", "CapEff", "CapBnd"}) EXPECT_EQ(status[set], as_status(kept)) << set;
    EXPECT_EQ(status["CapAmb"], as_status(0));
  }
}

// setresuid(2) alone takes nothing from a process that was not root before.
TEST(Setup, AUserWithCapabilitiesLeavesNoneToAnother) {
  NEEDS_ROOT();
  EXPECT_EQ(
      in_child([] {
        const uint32_t bits = static_cast<uint32_t>(bit("setuid") | bit("setgid") | bit("chown") | bit("kill"));
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        const __user_cap_data_struct data[2] = {{bits, bits, bits}, {0, 0, 0}};
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setresuid(kUser + 1, kUser + 1, kUser + 1) != 0) return 1;
        if (syscall(SYS_capset, &header, data) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return 2;
        for (const char* name : {"setuid", "setgid", "chown", "kill"})
          if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, *abi::find_capability(name), 0, 0) != 0) return 3;
        auto without = fields(run(showing_status({})).output);
        auto with = fields(run(showing_status({.identity = identity()})).output);
        if (without["CapEff"] != as_status(bits)) return 4;
        return with["Uid"].starts_with("12345") && with["CapEff"] == as_status(0) && with["CapAmb"] == as_status(0) ? 0
                                                                                                                    : 5;
      }),
      0);
}

TEST(Setup, WhoeverCannotReduceTheBoundingSetIsToldSo) {
  NEEDS_ROOT();
  EXPECT_EQ(in_child([] {
              if (!become_nobody()) return 1;
              Seen refused = run(showing_status({.kept_capabilities = 0}));
              if (refused.output != "" || refused.hint.find("CAP_SETPCAP") == std::string::npos) return 2;
              const auto own = fields(file_text("/proc/self/status"));
              auto status = fields(run(showing_status({.kept_capabilities = 0, .may_keep_bounding_set = true})).output);
              return status["CapEff"] == as_status(0) && status["CapBnd"] == own.at("CapBnd") ? 0 : 3;
            }),
            0);
}

// Every set that is named, and only within what is kept.
TEST(Setup, SetsOfCapabilitiesAreWhatWasSaid) {
  NEEDS_ROOT();
  struct Row {
    ProcessSetup setup;
    uint64_t inheritable, permitted, bounding, ambient;
  };
  const uint64_t kill = bit("kill"), chown = bit("chown"), setuid = bit("setuid");
  const std::vector<Row> rows = {
      {{.kept_capabilities = kill | chown, .ambient_set = kill}, kill, kill | chown, kill | chown, kill},
      {{.kept_capabilities = kill, .bounding_set = kill | chown, .ambient_set = kill | chown}, kill, kill, kill, kill},
      {{.bounding_set = kill | setuid, .inheritable_set = kill}, kill, kill | setuid, kill | setuid, 0},
      {{.identity = identity(), .bounding_set = chown, .ambient_set = kill | chown}, chown, chown, chown, chown},
      {{.identity = identity(), .kept_capabilities = kill | chown, .inheritable_set = kill},
       kill,
       kill,
       kill | chown,
       kill},
      {{.identity = identity(), .kept_capabilities = kill | chown, .ambient_set = 0}, kill | chown, 0, kill | chown, 0},
      {{.kept_capabilities = kill | chown, .ambient_set = kill, .securebits = 1}, kill, kill, kill | chown, kill},
  };
  for (const Row& row : rows)
    for (StartPoint start : {StartPoint::before_exec, StartPoint::entry}) {
      LaunchSpec spec = showing_status(row.setup);
      spec.start = start;
      Seen seen = run(spec);
      EXPECT_EQ(seen.failure, "");
      auto status = fields(seen.output);
      const auto index = &row - rows.data();
      EXPECT_EQ(status["CapInh"], as_status(row.inheritable)) << index;
      EXPECT_EQ(status["CapPrm"], as_status(row.permitted)) << index;
      EXPECT_EQ(status["CapEff"], as_status(row.permitted)) << index;
      EXPECT_EQ(status["CapBnd"], as_status(row.bounding)) << index;
      EXPECT_EQ(status["CapAmb"], as_status(row.ambient)) << index;
    }
}

TEST(Setup, WhatTheLauncherHasNotCannotBeMadeAmbient) {
  NEEDS_ROOT();
  EXPECT_EQ(in_child([] {
              if (!become_nobody()) return 1;
              Seen seen = run(showing_status({.ambient_set = bit("kill")}));
              if (seen.failure != "system" || seen.output != "") return 2;
              seen = run(showing_status({.securebits = 1}));
              return seen.output == "" && seen.hint.find("CAP_SETPCAP") != std::string::npos ? 0 : 3;
            }),
            0);
}

TEST(Setup, CpusPersonalityAndContextAreWhatWasSaid) {
  NEEDS_ROOT();
  constexpr uint32_t kNoRandomize = 0x40000;
  char file[] = "/tmp/cordon-context-XXXXXX";
  const int fd = mkstemp(file);
  ASSERT_GE(fd, 0);
  close(fd);
  Seen seen = run(showing_status({.cpus = {1}, .context = ExecContext{file, "exec profile"}}));
  EXPECT_EQ(fields(seen.output)["Cpus_allowed_list"], "0");
  EXPECT_EQ(file_text(file), "exec profile");
  unlink(file);
  LaunchSpec spec = spec_for({"/bin/cat", "/proc/self/personality"}, kDenied, kErrno | 13);
  spec.setup.personality = kNoRandomize;
  EXPECT_EQ(run(spec).output, "00040000\n");
  seen = run(showing_status({.context = ExecContext{"/proc/thread-self/attr/exec", "no such context"}}));
  EXPECT_NE(seen.failure, "");
  EXPECT_EQ(seen.output, "");
}

TEST(Setup, WhoMayTraceIsSaidOnlyWhereThereIsYama) {
  const bool has_yama = access("/proc/sys/kernel/yama", F_OK) == 0;
  Seen seen = run(showing_status({.ptracer = ~uint64_t{0}}));
  EXPECT_EQ(seen.failure, has_yama ? "" : "system");
  EXPECT_EQ(seen.output.empty(), !has_yama);
}

TEST(Setup, LimitsAreSoftAndHard) {
  LaunchSpec spec = spec_for({"/bin/cat", "/proc/self/limits"}, kDenied, kErrno | 13);
  spec.setup.limits = {{RLIMIT_NOFILE, 64}, {RLIMIT_CORE, 0}};
  const std::string output = run(spec).output;
  EXPECT_NE(output.find("Max open files            64                   64 "), std::string::npos) << output;
  EXPECT_NE(output.find("Max core file size        0                    0 "), std::string::npos) << output;
}

TEST(Setup, ALimitThatMayNotBeRaisedIsAnErrorThatNamesIt) {
  NEEDS_ROOT();
  EXPECT_EQ(in_child([] {
              const rlimit low{.rlim_cur = 64, .rlim_max = 64};
              if (setrlimit(RLIMIT_NOFILE, &low) != 0 || !become_nobody()) return 1;
              LaunchSpec spec = showing_status({});
              spec.setup.limits = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, 65}};
              Seen seen = run(spec);
              return seen.output == "" && seen.hint.find("CAP_SYS_RESOURCE") != std::string::npos ? 0 : 2;
            }),
            0);
}

TEST(Setup, TheDirectoryIsTheCommandsAndItsNamesAreRelativeToIt) {
  LaunchSpec spec = spec_for({"./pwd"}, kDenied, kErrno | 13);
  spec.setup.directory = "/bin";
  char resolved[4096];
  EXPECT_EQ(run(spec).output, std::string(realpath("/bin", resolved)) + "\n");
  spec.setup.directory = "/none/such";
  spec.argv = {"/bin/pwd"};
  Seen seen = run(spec);
  EXPECT_EQ(seen.failure, "system");
  EXPECT_EQ(seen.output, "");
}

TEST(Setup, ADirectoryTheUserMayNotEnterIsAnError) {
  NEEDS_ROOT();
  char name[] = "/tmp/cordon-setup-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);  // 0700
  LaunchSpec spec = spec_for({"/bin/pwd"}, kDenied, kErrno | 13);
  spec.setup.directory = name;
  EXPECT_EQ(run(spec).output, std::string(name) + "\n");
  spec.setup.identity = identity();
  Seen seen = run(spec);
  EXPECT_EQ(seen.output, "");
  EXPECT_NE(seen.hint.find("user"), std::string::npos) << seen.hint;
  rmdir(name);
}

TEST(Setup, TheEnvironmentIsTheOneThatWasGiven) {
  LaunchSpec spec = spec_for({"env"}, kDenied, kErrno | 13);
  spec.setup.environment = {"A=1", "PATH=/usr/bin"};
  EXPECT_EQ(run(spec).output, "A=1\nPATH=/usr/bin\n");
  spec.setup.environment = {"PATH=/none"};
  EXPECT_EQ(run(spec).failure, "not-found");
}

TEST(Setup, TheUmaskIsTheOneThatWasGiven) {
  const mode_t before = umask(022);
  EXPECT_EQ(fields(run(showing_status({.umask = 027})).output)["Umask"], "0027");
  EXPECT_EQ(fields(run(showing_status({})).output)["Umask"], "0022");
  umask(before);
}

Outcome run_for(std::vector<std::string> argv, TimeLimit limit) {
  auto launched = sandbox::launch(spec_for(std::move(argv), kDenied, kErrno | 13));
  if (!launched) return {};
  Supervision supervision;
  supervision.time_limit = limit;
  auto outcome = sandbox::supervise(std::move(*launched), supervision);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return outcome ? *outcome : Outcome{};
}

TEST(TimeLimit, EndsTheCommandBySigterm) {
  const Outcome outcome = run_for({"/bin/sleep", "1000"}, {.limit_ms = 20, .grace_ms = 600'000});
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.exit_status(), 128 + SIGTERM);
}

TEST(TimeLimit, EndsWhoIgnoresThatBySigkill) {
  const Outcome outcome =
      run_for({"/bin/sh", "-c", "trap '' TERM; exec sleep 1000"}, {.limit_ms = 300, .grace_ms = 100});
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.exit_status(), 128 + SIGKILL);
}

TEST(TimeLimit, EndsAStoppedCommandToo) {
  const Outcome outcome = run_for({"/bin/sh", "-c", "kill -STOP $$"}, {.limit_ms = 300, .grace_ms = 600'000});
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.exit_status(), 128 + SIGTERM);
}

TEST(TimeLimit, IsNotToldOfACommandThatEnds) {
  const Outcome outcome = run_for({victim(), "exit", "3"}, {.limit_ms = 600'000, .grace_ms = 0});
  EXPECT_FALSE(outcome.timed_out);
  EXPECT_EQ(outcome.exit_status(), 3);
}

}  // namespace
}  // namespace cordon::testing
