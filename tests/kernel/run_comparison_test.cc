// What a program sees under an explained `cordon run`, against what it sees under the bare filter (`--exec`): the
// results, signals and exit statuses of every action are the same but for the differences cordon-run(1) lists.
#include <sys/stat.h>

#include <fstream>

#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

struct Sight {
  std::string output;
  int status = 0;

  bool operator==(const Sight&) const = default;
};

void PrintTo(const Sight& sight, std::ostream* out) { *out << sight.output << "status " << sight.status; }

struct Case {
  std::string name;
  std::string policy;
  std::string arguments;
};

// The call is judged by a rule of its own; everything else is allowed.
std::string policy_with(const std::string& action) { return "default allow\n" + action + " getppid\n"; }

class Comparison : public ::testing::Test {
 protected:
  void SetUp() override {
    if (prctl(PR_GET_SECCOMP) < 0) GTEST_SKIP() << "this kernel has no seccomp";
    char name[] = "/tmp/cordon-comparison-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    if (directory_.empty()) return;
    unlink((directory_ + "/p.cordon").c_str());
    rmdir(directory_.c_str());
  }

  Sight seen(const Case& row, const std::string& options) {
    std::ofstream(directory_ + "/p.cordon") << row.policy;
    const std::string line = std::string("exec ") + CORDON_TOOL + " run -q " + options + " -p " + directory_ +
                             "/p.cordon -- " + victim() + " " + row.arguments + " 2>&1";
    Sight sight;
    FILE* pipe = popen(line.c_str(), "r");
    for (int c = 0; (c = fgetc(pipe)) != EOF;) sight.output += static_cast<char>(c);
    const int status = pclose(pipe);
    sight.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return sight;
  }

  std::string directory_;
};

std::vector<Case> cases() {
  std::vector<Case> rows;
  const std::string call = denied();
  for (const char* action : {"allow", "log", "errno 0", "errno EPERM", "errno ENOSYS", "errno 4095", "trap 0",
                             "trap 777", "kill_thread", "kill_process", "trace 5", "notify"}) {
    const std::string policy = policy_with(action);
    rows.push_back({std::string(action) + ", its answer", policy, "answer " + call});
    // What the call itself would say is who the parent is, and that is one of the differences.
    if (std::string_view(action) != "allow" && std::string_view(action) != "log")
      rows.push_back({std::string(action) + ", without a handler", policy, "call " + call});
    rows.push_back({std::string(action) + ", in a thread", policy, "thread " + call});
    rows.push_back({std::string(action) + ", what it was started with", policy, "fds"});
    rows.push_back({std::string(action) + ", its signals", policy, "signals"});
    rows.push_back({std::string(action) + ", ended by a signal", policy, "signal 15"});
    rows.push_back({std::string(action) + ", its own end", policy, "exit 33"});
  }
  return rows;
}

TEST_F(Comparison, FindsNoDifferenceInAnswersSignalsAndStatuses) {
  size_t differences = 0, compared = 0;
  for (const Case& row : cases())
    for (const char* start : {"", "--start exec ", "--start entry "}) {
      const Sight bare = seen(row, std::string(start) + "--exec");
      const Sight explained = seen(row, start);
      EXPECT_EQ(explained, bare) << row.name << " " << start;
      differences += explained == bare ? 0 : 1;
      ++compared;
    }
  EXPECT_EQ(differences, 0u);
  EXPECT_EQ(compared, (12u * 7 - 2) * 3);
}

// Those three and no others of the list can be seen by a program's own calls; the rest is time, the kernel's log, and
// a tracer.
TEST_F(Comparison, CountsTheDifferencesThatAreListed) {
  const Case own_listener{"a listener of its own", policy_with("errno EPERM"), "listener"};
  EXPECT_EQ(seen(own_listener, "--exec").output, "1\n");
  EXPECT_EQ(seen(own_listener, "").output, "errno " + std::to_string(EBUSY) + "\n");
  EXPECT_EQ(seen(own_listener, "--no-listener").output, "1\n");
  const Case parent{"its parent", "default allow\n", "call " + denied()};
  EXPECT_EQ(seen(parent, "--exec").output, std::to_string(getpid()) + "\n");
  EXPECT_NE(seen(parent, "").output, std::to_string(getpid()) + "\n");
  const Case broken{"calls broken off", policy_with("errno EPERM"), "broken " + denied()};
  EXPECT_EQ(seen(broken, "--exec").output, "broken 0\n");
  EXPECT_EQ(seen(broken, "--no-listener").output, "broken 0\n");
}

}  // namespace
}  // namespace cordon::testing
