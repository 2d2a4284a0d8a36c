// What a command can do to processes that are confined less: the supervisor beside it, and others of its user.
#include <signal.h>

#include <algorithm>
#include <map>
#include <set>

#include "escape_fixture.h"

namespace cordon::testing {
namespace {

// Whoever gets through one of these acts as the other process.
const std::set<std::string> kTakeOver = {"trace",       "write-memory", "read-memory", "open-memory",
                                         "environment", "its-zero",     "its-root",    "take-descriptor"};
// And by these it is ended, or hindered.
const std::set<std::string> kSignal = {"kill", "tgkill", "queue", "pidfd"};
const std::set<std::string> kHinder = {"limit", "cpus", "priority", "oom"};

const std::set<std::string> kDisturb = {"kill", "tgkill", "queue", "pidfd", "limit", "cpus", "priority"};

// Of each way, whether it went through.
std::map<std::string, bool> went_through(const std::string& output) {
  std::map<std::string, bool> ways;
  std::istringstream lines(output);
  for (std::string way, result, rest; lines >> way >> result;) {
    ways[way] = result == "done";
    std::getline(lines, rest);
  }
  return ways;
}

struct Row {
  const char* name;
  std::string options;
  bool as_nobody;
  std::set<std::string> open;                // the ways that are left
  std::set<std::string> open_to_supervisor;  // it cannot be looked into, whatever the policy
};

std::set<std::string> both(std::set<std::string> a, const std::set<std::string>& b) {
  a.insert(b.begin(), b.end());
  return a;
}

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class OfProcesses : public Escape, public ::testing::WithParamInterface<Row> {
 protected:
  void SetUp() override {
    Escape::SetUp();
    write("p.cordon",
          "default allow\n"
          "errno EPERM ptrace process_vm_readv process_vm_writev pidfd_getfd pidfd_open pidfd_send_signal\n"
          "errno EPERM kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo\n"
          "errno EPERM prlimit64(pid != 0) sched_setaffinity setpriority\n"
          "errno EPERM mkdir\n");
    write("supervised.cordon", "default allow\nerrno EPERM mkdir\n");  // so that there is a supervisor
  }
  std::string prefix() const { return GetParam().as_nobody ? as_nobody() : ""; }

  void expect_open(const Ended& ended, const std::set<std::string>& open) {
    const auto ways = went_through(ended.output);
    EXPECT_EQ(ways.size(), kTakeOver.size() + kSignal.size() + kHinder.size()) << ended.output << ended.errors;
    for (const auto& [way, through] : ways) EXPECT_EQ(through, open.contains(way)) << way;
  }
};

// Started beside the command, by the same user: without cordon there is no way that does not go through.
TEST_P(OfProcesses, ReachOthersOfTheirUserByWhatIsLeftOpenOnly) {
  const Row& row = GetParam();
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  const std::string sleeper = prefix() + "sleep 50 & other=$!; sleep 0.1; ";
  const Ended free = shell(sleeper + prefix() + "escape_processes $other; kill $other");
  for (const auto& [way, through] : went_through(free.output)) EXPECT_TRUE(through) << way;
  const Ended confined =
      shell(sleeper + prefix() + "cordon run -q " + row.options + " -- escape_processes $other; kill $other");
  expect_open(confined, row.open);
}

// $$ is the process that becomes cordon.
std::string against_cordon(const std::string& options, const std::string& deed) {
  return "sh -c 'exec cordon run -q " + options + " -- escape_processes $$ " + deed + "'";
}

TEST_P(OfProcesses, ReachTheSupervisorByWhatIsLeftOpenOnly) {
  const Row& row = GetParam();
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  const Ended confined = shell(prefix() + against_cordon(row.options, ""));
  expect_open(confined, row.open_to_supervisor);
}

const Row kRows[] = {
    {"NothingIsDenied", "-p supervised.cordon", true, both(both(kTakeOver, kSignal), kHinder), kDisturb},
    {"CallsAreDenied", "-p p.cordon", true, {"open-memory", "environment", "its-zero", "its-root", "oom"}, {}},
    {"LandlockStopsTracing", "-p supervised.cordon --files-exec /", true, kDisturb, kDisturb},
    {"LandlockStopsSignals",
     "-p supervised.cordon --files-exec / --scope signal",
     true,
     {"limit", "cpus", "priority"},
     {"limit", "cpus", "priority"}},
    {"AUserNamespace", "-p supervised.cordon --unshare user", true, both(kSignal, kHinder), kDisturb},
    {"APidNamespaceAndItsProc", "-p supervised.cordon --unshare user,mount,pid --mount-proc", true, {}, {}},
    {"RootWithoutCapabilities", "-p supervised.cordon --caps-keep none", false, both(kSignal, {"limit", "oom"}),
     both(kSignal, {"limit", "oom"})},
    {"AnotherUser", "-p supervised.cordon --uid 65533 --gid 65533", false, {}, {}},
    // CAP_SYS_PTRACE reaches everything, on the whole machine.
    {"RootWithAllCapabilities", "-p supervised.cordon", false, both(both(kTakeOver, kSignal), kHinder),
     both(both(kTakeOver, kSignal), kHinder)},
};

INSTANTIATE_TEST_SUITE_P(Escapes, OfProcesses, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

// Process 1 of the command's pid namespace is cordon's, and belongs to the command's user.
TEST_F(Escape, TheFirstProcessOfANamespaceIsNotLookedInto) {
  write("p.cordon", "default allow\nerrno EPERM mkdir\n");
  for (const std::string& user : {std::string(), geteuid() == 0 ? as_nobody() : std::string()}) {
    const Ended ended =
        shell(user + "cordon run -q -p p.cordon --unshare user,mount,pid --mount-proc -- escape_processes 1");
    const auto ways = went_through(ended.output);
    EXPECT_GT(ways.size(), kTakeOver.size()) << ended.errors;
    for (const std::string& way : kTakeOver) EXPECT_FALSE(ways.contains(way) && ways.at(way)) << user << way;
  }
}

class OfSupervisors : public Escape {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "not root";
    Escape::SetUp();
    write("denied.cordon", "default allow\nerrno EPERM mkdir openat(flags & O_CREAT != 0)\n");
    write("asked.cordon", "default allow\nnotify mkdir open openat\n");
    std::filesystem::create_directory(directory_ / "open");
    std::filesystem::permissions(directory_ / "open", std::filesystem::perms(0777));
  }
  void TearDown() override {
    if (!directory_.empty()) Escape::TearDown();
  }
};

// Whatever is done to the one who answers, what is denied is not done.
TEST_F(OfSupervisors, ThatAreEndedStarvedOrInterruptedAllowNothing) {
  struct {
    const char* attack;
    std::string output;  // of a command that lives on
  } const rows[] = {{"none", ""},
                    {"end", "end done\n"},
                    {"starve", "starve done\n"},
                    {"stop-and-go", "stop-and-go done\n"},
                    {"storm", "storm done\n"}};
  for (const auto& row : rows)
    for (const char* options : {"-p denied.cordon", "-p denied.cordon --start exec", "-p asked.cordon --on-notify deny",
                                "-p asked.cordon --emulate-read /etc"}) {
      const std::string deed = std::string("after ") + row.attack + " open/x";
      const Ended ended = shell(as_nobody() + against_cordon(options, deed) + " | cat");  // until the command ends too
      EXPECT_TRUE(ended.output.starts_with(row.output)) << row.attack << options << ended.output << ended.errors;
      if (ended.output.find("left") != std::string::npos) {
        EXPECT_TRUE(ended.output.ends_with("left 0\n")) << row.attack << options << ended.output;
      }
      EXPECT_EQ(ended.output.find("mkdir done"), std::string::npos) << row.attack << options;
      EXPECT_EQ(ended.output.find("open done"), std::string::npos) << row.attack << options;
      EXPECT_TRUE(std::filesystem::is_empty(directory_ / "open")) << row.attack << options;
    }
  EXPECT_EQ(shell(as_nobody() + "sh -c 'escape_processes $$ after none open/x'").output,
            "mkdir done\nopen errno 21\nleft 0\n");
}

}  // namespace
}  // namespace cordon::testing
