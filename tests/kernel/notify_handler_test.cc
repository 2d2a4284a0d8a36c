// Handlers of notified calls under load and under attack: many threads, signals, answers in any order, sudden ends.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cstdio>

#include "cordon/sandbox/helper_process.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

class NotifyHandlers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3";
    directory_ = ::testing::TempDir() + "/cordon-handler-" + std::to_string(getpid());
    mkdir(directory_.c_str(), 0700);
    std::ofstream(directory_ + "/p.cordon") << "default allow\nnotify getppid\n";
  }
  void TearDown() override {
    if (!directory_.empty() && system(("rm -r " + directory_).c_str()) != 0) ADD_FAILURE() << directory_;
  }

  // What the victim and cordon print, under a handler with this body: `calls` gives the numbers of what is asked.
  std::string run_with(const std::string& body, const std::string& arguments) {
    const std::string handler = directory_ + "/handler.py";
    std::ofstream(handler) << "#!/usr/bin/env python3\n"
                              "import json, os, sys\n"
                              "calls = (json.loads(line)['id'] for line in sys.stdin)\n"
                              "def answer(id):\n"
                              "    print(json.dumps({'id': id, 'action': 'return', 'value': 4242}), flush=True)\n"
                           << body;
    chmod(handler.c_str(), 0700);
    const std::string line = std::string("exec timeout 60 ") + CORDON_TOOL + " run -q --on-notify exec:" + handler +
                             " -p " + directory_ + "/p.cordon -- " + victim() + " " + arguments + " 2>&1";
    std::string output;
    FILE* pipe = popen(line.c_str(), "r");
    for (int c = 0; (c = fgetc(pipe)) != EOF;) output += static_cast<char>(c);
    status_ = pclose(pipe);
    return output;
  }

  std::string directory_;
  int status_ = 0;
};

TEST_F(NotifyHandlers, AnswerTwoThousandCallsOfFiveHundredThreads) {
  EXPECT_EQ(run_with("for id in calls: answer(id)\n", "threads " + denied()), "wrong 0\n");
}

// Its child has the standard error whose end is waited for here.
TEST_F(NotifyHandlers, LeaveNoChildrenWhenTheyDoNotEnd) {
  EXPECT_EQ(run_with("import time\n"
                     "child = os.fork() == 0\n"
                     "for id in calls if not child else (): answer(id)\n"
                     "time.sleep(5)\n"
                     "print('left over', file=sys.stderr)\n",
                     "threads " + denied()),
            "wrong 0\n");
}

TEST_F(NotifyHandlers, MayAnswerInAnyOrder) {
  // Each thread waits for one answer, so fifty wait at any time until the last few.
  EXPECT_EQ(run_with("kept = []\n"
                     "for id in calls:\n"
                     "    kept.append(id)\n"
                     "    if len(kept) < 50 and id <= 1950: continue\n"
                     "    while kept: answer(kept.pop())\n",
                     "threads " + denied()),
            "wrong 0\n");
}

TEST_F(NotifyHandlers, AreNotAskedTwiceBecauseOfSignals) {
  EXPECT_EQ(run_with("for id in calls: answer(id)\n", "interrupted " + denied()), "wrong 0\n");
}

TEST_F(NotifyHandlers, ThatAreKilledWithFiveHundredCallsOpenLeaveAllOfThemDenied) {
  const std::string seen =
      run_with("for id in calls:\n    if id == 500: os.kill(os.getpid(), 9)\n", "threads " + denied());
  EXPECT_NE(seen.find("it has ended (signal 9)"), std::string::npos) << seen;
  EXPECT_NE(seen.find("wrong 2000\n"), std::string::npos) << seen;
}

TEST_F(NotifyHandlers, ThatStopReadingHoldNobodyUp) {
  const std::string seen =
      run_with("import time\nos.close(1) if next(calls) else 0\ntime.sleep(60)\n", "threads " + denied());
  EXPECT_NE(seen.find("it has closed its output"), std::string::npos) << seen;
  EXPECT_NE(seen.find("wrong 2000\n"), std::string::npos) << seen;
}

TEST_F(NotifyHandlers, EndWithTheCommand) {
  EXPECT_EQ(run_with("for id in calls: answer(id)\nopen('" + directory_ + "/end', 'w').write('end of input')\n",
                     "call " + denied()),
            "4242\n");
  EXPECT_EQ(file_text(directory_ + "/end"), "end of input");
  EXPECT_EQ(run_with("import signal, time\n"
                     "open('" +
                         directory_ +
                         "/pid', 'w').write(str(os.getpid()))\n"
                         "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                         "for id in calls: answer(id)\n"
                         "time.sleep(600)\n",
                     "call " + denied()),
            "4242\n");
  const pid_t handler = static_cast<pid_t>(std::stol(file_text(directory_ + "/pid")));
  EXPECT_NE(kill(handler, 0), 0);
}

// 0: this process, without any privilege, cannot open its memory.
int look_into_helper() {
  if (!become_nobody()) return 2;
  auto helper = sandbox::HelperProcess::start([] {
    const pid_t self = getpid();
    char end = 0;
    return write(STDOUT_FILENO, &self, sizeof self) > 0 && read(STDIN_FILENO, &end, 1) == 0 ? 0 : 1;
  });
  if (!helper) return 3;
  pid_t pid = 0;
  pollfd entry{helper->output(), POLLIN, 0};
  if (poll(&entry, 1, 10000) != 1 || read(helper->output(), &pid, sizeof pid) != sizeof pid) return 4;
  const int memory = open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY);
  if (memory >= 0 || errno != EACCES) return 1;
  helper->end();
  return helper->ending() == "status 0" ? 0 : 5;
}

TEST(HelperProcesses, OfOurOwnCannotBeLookedInto) { EXPECT_EQ(in_child(look_into_helper), 0); }

}  // namespace
}  // namespace cordon::testing
