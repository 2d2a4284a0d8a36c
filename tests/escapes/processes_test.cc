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
  std::set<std::string> open;  // the ways that are left
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

const Row kRows[] = {
    {"NothingIsDenied", "-p supervised.cordon", true, both(both(kTakeOver, kSignal), kHinder)},
    {"CallsAreDenied", "-p p.cordon", true, {"open-memory", "environment", "its-zero", "its-root", "oom"}},
    {"LandlockStopsTracing", "-p supervised.cordon --files-exec /", true, both(kSignal, {"limit", "cpus", "priority"})},
    {"LandlockStopsSignals", "-p supervised.cordon --files-exec / --scope signal", true, {"limit", "cpus", "priority"}},
    {"AUserNamespace", "-p supervised.cordon --unshare user", true, both(kSignal, kHinder)},
    {"APidNamespaceAndItsProc", "-p supervised.cordon --unshare user,mount,pid --mount-proc", true, {}},
    {"RootWithoutCapabilities", "-p supervised.cordon --caps-keep none", false, both(kSignal, {"limit", "oom"})},
    {"AnotherUser", "-p supervised.cordon --uid 65533 --gid 65533", false, {}},
};

INSTANTIATE_TEST_SUITE_P(Escapes, OfProcesses, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::testing
