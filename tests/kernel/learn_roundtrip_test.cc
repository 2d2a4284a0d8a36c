// A policy learned from a run lets the same run happen again: same output, same status. And what was
// recorded is what strace saw.
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cordon/abi/syscalls.h"
#include "cordon/base/render.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/learn/synthesise.h"
#include "cordon/observe/notify_source.h"
#include "cordon/policy/resolve.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/supervise.h"

namespace cordon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInt80Victim = R"(
#include <unistd.h>
int main(void) {
  long pid;
  __asm__ volatile("int $0x80" : "=a"(pid) : "a"(20) : "memory");
  return pid == getpid() ? 5 : 6;
}
)";

// Prints how many of its calls failed with EINTR, while a timer's handler does not restart them.
constexpr const char* kInterruptedVictim = R"(
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
static void tick(int signal) { (void)signal; }
int main(void) {
  struct sigaction action = {.sa_handler = tick};
  struct itimerval timer = {{0, 200}, {0, 200}}, off = {{0, 0}, {0, 0}};
  long failed = 0;
  sigaction(SIGALRM, &action, 0);
  setitimer(ITIMER_REAL, &timer, 0);
  for (int i = 0; i < 5000; ++i) failed += getppid() < 0;
  while (setitimer(ITIMER_REAL, &off, 0)) ++failed;
  printf("%ld\n", failed);
  return 0;
}
)";

constexpr const char* kThreadsVictim = R"(
#include <pthread.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>
static void* work(void* name) {
  struct iovec part = {name, 2};
  writev(1, &part, 1);
  return 0;
}
int main(void) {
  for (int i = 0; i < 8; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, 0, work, "t\n")) return 1;
    pthread_join(thread, 0);
  }
  if (fork() == 0) { getppid(); _exit(0); }
  return 7;
}
)";

constexpr const char* kThreadExecVictim = R"(
#include <pthread.h>
#include <unistd.h>
static void* work(void* name) {
  execl("/bin/echo", "echo", "from a thread", (char*)0);
  return 0;
}
int main(void) {
  pthread_t thread;
  pthread_create(&thread, 0, work, 0);
  pthread_join(thread, 0);
  return 1;
}
)";

struct Run {
  std::string output;
  Outcome outcome;
};

class LearnRoundtrip : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cordon-learn-XXXXXX";
    directory_ = mkdtemp(name);
  }
  void TearDown() override { fs::remove_all(directory_); }

  // Empty where there is no compiler to build it with.
  std::string build_victim(const std::string& name, const char* source) {
    std::string path = (directory_ / name).string();
    std::ofstream(path + ".c") << source;
    std::string command = "cc -O1 -pthread -o " + path + " " + path + ".c 2>/dev/null";
    return std::system(command.c_str()) == 0 ? path : "";
  }

  std::string file(const std::string& name) const { return (directory_ / name).string(); }

  static std::string slurp(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  // Runs `work` with standard output in a file.
  template <class Work>
  auto captured(std::string& output, Work work) {
    std::string path = file("stdout");
    std::fflush(stdout);
    int saved = dup(1);
    FILE* target = std::fopen(path.c_str(), "w");
    dup2(fileno(target), 1);
    auto result = work();
    dup2(saved, 1);
    close(saved);
    std::fclose(target);
    output = slurp(path);
    return result;
  }

  fs::path directory_;
};

LaunchSpec spec_for(const std::vector<std::string>& argv) {
  LaunchSpec spec;
  spec.argv = argv;
  return spec;
}

Result<Filter> filter_for(const Policy& policy) {
  Result<ResolvedPolicy> resolved = policy::resolve(policy, {});
  if (!resolved) return Diagnostics(resolved.error());
  EXPECT_FALSE(resolved.diagnostics().has_findings()) << render(resolved.diagnostics(), {});
  return compiler::compile(*resolved, {});
}

// Names, with the ABI where it is not the native one.
std::set<std::string> names_in(const Recording& recording) {
  std::set<std::string> names;
  for (const RecordedCall& call : recording.calls) {
    std::string name(abi::name_of(call.nr, call.arch));
    names.insert(call.arch == abi::native_arch() ? name : name + "@" + std::string(abi::name(call.arch)));
  }
  return names;
}

std::string text_of(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + " ";
  return text;
}

struct CommandRow {
  const char* name;
  std::vector<std::string> argv;
  int status;
};

TEST_F(LearnRoundtrip, LetsTheSameRunHappenAgain) {
  std::ofstream(file("data")) << std::string(300000, 'x') << "end\n";
  std::string threads = build_victim("threads", kThreadsVictim);
  std::string int80 = build_victim("int80", kInt80Victim);
  std::string thread_exec = build_victim("thread_exec", kThreadExecVictim);
  std::vector<CommandRow> rows = {
      {"one program", {"ls", "/"}, 0},
      {"a status", {"sh", "-c", "exit 3"}, 3},
      {"a pipeline", {"sh", "-c", "cat " + file("data") + " | wc -c; ls / | sort | head -3; echo done"}, 0},
      {"a signal", {"sh", "-c", "kill -TERM $$; sleep 1"}, 143},
  };
  if (access("/usr/bin/xz", X_OK) == 0) {
    rows.push_back({"threads of xz", {"sh", "-c", "xz -T2 -c " + file("data") + " | xz -dc | wc -c"}, 0});
  }
  if (!threads.empty()) rows.push_back({"threads and a fork", {threads}, 7});
  if (!int80.empty()) rows.push_back({"calls of two ABIs", {int80}, 5});
  if (!thread_exec.empty()) rows.push_back({"an exec by a thread", {thread_exec}, 0});
  for (const CommandRow& row : rows) {
    SCOPED_TRACE(row.name);
    std::string first_output;
    Result<RecordedRun> recorded = captured(first_output, [&] { return observe::record({.argv = row.argv}); });
    ASSERT_TRUE(recorded) << render(recorded.error(), {});
    EXPECT_EQ(recorded->outcome.exit_status(), row.status);
    EXPECT_TRUE(recorded->recording.is_complete());
    EXPECT_EQ(recorded->recording.unattributed, 0u);

    Result<Recording> reread = observe::read_recording(observe::write_recording(recorded->recording), "trace");
    ASSERT_TRUE(reread);
    Policy policy = learn::synthesise(*reread, {});
    Result<Filter> filter = filter_for(policy);
    ASSERT_TRUE(filter) << render(filter.error(), {});
    LaunchSpec spec = spec_for(row.argv);
    spec.filters.push_back({filter->program, 0});
    std::string second_output;
    Result<Outcome> outcome = captured(second_output, [&]() -> Result<Outcome> {
      CORDON_TRY(launched, sandbox::launch(spec));
      return sandbox::supervise(std::move(launched), {});
    });
    ASSERT_TRUE(outcome) << render(outcome.error(), {});
    EXPECT_EQ(outcome->exit_status(), row.status) << observe::write_recording(*reread);
    EXPECT_EQ(second_output, first_output);
  }
}

TEST_F(LearnRoundtrip, SurvivesBeingWrittenAndRead) {
  Result<RecordedRun> recorded = observe::record({.argv = {"true"}});
  ASSERT_TRUE(recorded) << render(recorded.error(), {});
  SynthesiseOptions options;
  options.comments = SynthesiseOptions::Comments::full;
  std::string text = formats::write_cordon(learn::synthesise(recorded->recording, options));
  Result<Policy> read = formats::read_cordon(text, "learned", {});
  ASSERT_TRUE(read) << render(read.error(), {}) << text;
  EXPECT_TRUE(filter_for(*read)) << text;
}

// Calls strace saw, by true number; its own launch (before the exec) is taken off.
std::set<std::string> strace_names(const std::string& path) {
  std::set<std::string> names;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    size_t open = line.find('[');
    if (open == std::string::npos || line.find("resumed>") != std::string::npos) continue;
    size_t first_quote = line.find('"');
    if (first_quote < open) continue;
    unsigned nr = 0;
    if (std::sscanf(line.c_str() + open + 1, "%u]", &nr) == 1)
      names.insert(std::string(abi::name_of(nr, abi::native_arch())));
  }
  return names;
}

TEST_F(LearnRoundtrip, SeesTheCallsThatStraceSees) {
  if (access("/usr/bin/strace", X_OK) != 0) GTEST_SKIP() << "strace is not installed";
  std::ofstream(file("data")) << std::string(300000, 'x') << "end\n";
  std::string threads = build_victim("threads", kThreadsVictim);
  std::vector<std::vector<std::string>> commands = {
      {"/bin/ls", "/"},
      {"/bin/sh", "-c", "/bin/cat " + file("data") + " | /usr/bin/wc -c"},
  };
  if (!threads.empty()) commands.push_back({threads});
  for (const std::vector<std::string>& argv : commands) {
    SCOPED_TRACE(argv[0]);
    std::vector<std::string> under_strace = {"/usr/bin/strace", "-f", "-n", "-o", file("log")};
    under_strace.insert(under_strace.end(), argv.begin(), argv.end());
    std::string output;
    Result<Outcome> outcome = captured(output, [&]() -> Result<Outcome> {
      CORDON_TRY(launched, sandbox::launch(spec_for(under_strace)));
      return sandbox::supervise(std::move(launched), {});
    });
    ASSERT_TRUE(outcome) << render(outcome.error(), {});
    std::set<std::string> expected = strace_names(file("log"));
    if (expected.empty()) GTEST_SKIP() << "strace cannot trace here: " << slurp(file("log"));
    Result<RecordedRun> recorded = captured(output, [&] { return observe::record({.argv = argv}); });
    ASSERT_TRUE(recorded) << render(recorded.error(), {});
    std::set<std::string> seen = names_in(recorded->recording);
    // Threads that find a lock taken wait for it, or do not: the one call whose presence is chance.
    expected.erase("futex");
    seen.erase("futex");
    EXPECT_EQ(text_of(seen), text_of(expected));
  }
}

TEST_F(LearnRoundtrip, TellsProgramsApart) {
  Result<RecordedRun> recorded = observe::record({.argv = {"/bin/sh", "-c", "/bin/true; exit 0"}});
  ASSERT_TRUE(recorded) << render(recorded.error(), {});
  std::vector<std::string> paths;
  for (const RecordedProgram& program : recorded->recording.programs) {
    paths.push_back(program.is_launch ? "launch" : fs::path(program.path).filename().string());
  }
  std::string shell = fs::canonical("/bin/sh").filename().string();
  EXPECT_EQ(paths, (std::vector<std::string>{"launch", shell, "true"}));
  // What cordon's child does under the filter is one execve.
  for (const RecordedCall& call : recorded->recording.calls) {
    if (call.program == 0) {
      EXPECT_EQ(abi::name_of(call.nr, call.arch), "execve");
    }
  }
}

TEST_F(LearnRoundtrip, KeepsAbisApart) {
  std::string int80 = build_victim("int80", kInt80Victim);
  if (int80.empty()) GTEST_SKIP() << "no C compiler to build the victim with";
  Result<RecordedRun> recorded = observe::record({.argv = {int80}});
  ASSERT_TRUE(recorded) << render(recorded.error(), {});
  if (recorded->outcome.exit_status() != 5) GTEST_SKIP() << "this kernel has no int 0x80";
  EXPECT_TRUE(names_in(recorded->recording).contains("getpid@i386"));
  EXPECT_TRUE(names_in(recorded->recording).contains("getpid"));
}

TEST_F(LearnRoundtrip, CountsEachCallThatASignalInterruptedUnseen) {
  std::string interrupted = build_victim("interrupted", kInterruptedVictim);
  if (interrupted.empty()) GTEST_SKIP() << "no C compiler to build the victim with";
  std::string output;
  Result<RecordedRun> recorded = captured(output, [&] { return observe::record({.argv = {interrupted}}); });
  ASSERT_TRUE(recorded) << render(recorded.error(), {});
  ASSERT_EQ(recorded->outcome.exit_status(), 0);
  // Before WAIT_KILLABLE_RECV (5.19) calls fail that were recorded already.
  EXPECT_LE(recorded->recording.interrupted, std::stoull(output));
  EXPECT_TRUE(recorded->recording.is_complete());
}

TEST_F(LearnRoundtrip, ReportsACommandThatCannotRun) {
  Result<RecordedRun> missing = observe::record({.argv = {"/no/such/file"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().begin()->code, "not-found");
  std::ofstream(file("data")) << "text";
  Result<RecordedRun> refused = observe::record({.argv = {file("data")}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().begin()->code, "not-executable");
}

// The background process lives on after the command: its calls count, and the recording waits for it.
TEST_F(LearnRoundtrip, WaitsForTheLastProcess) {
  std::string output;
  Result<RecordedRun> recorded = captured(output, [] {
    return observe::record({.argv = {"/bin/sh", "-c", "(/bin/sleep 0.2; echo late) & exit 4"}});
  });
  ASSERT_TRUE(recorded) << render(recorded.error(), {});
  EXPECT_EQ(recorded->outcome.exit_status(), 4);
  EXPECT_EQ(output, "late\n");
  EXPECT_TRUE(recorded->recording.is_complete());
  EXPECT_TRUE(names_in(recorded->recording).contains("clock_nanosleep"));
}

}  // namespace
}  // namespace cordon
