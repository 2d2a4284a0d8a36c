// Filters that programs of this machine install while the test runs.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "cordon/observe/process_filters.h"
#include "cordon/observe/thread_status.h"
#include "tests/real/real_filters.h"

namespace cordon::testing {
namespace {

namespace fs = std::filesystem;

// A way to get files that needs no network; with its sandbox on, it filters itself once it has read its configuration.
constexpr const char* kAptMethod = "/usr/lib/apt/methods/store";
constexpr const char* kAptConfiguration = "601 Configuration\\nConfig-Item: APT::Sandbox::Seccomp=true\\n\\n";

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "cordon-real-XXXXXX").string();
    path_ = mkdtemp(name.data()) == nullptr ? fs::path() : fs::path(name);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool is_there(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

// All filters that the shell command and what it starts install.
std::vector<bpf::Program> caught(const std::string& command) {
  const Folder folder;
  const std::string line = std::string(CORDON_CATCH) + " " + folder.path().string() + " sh -c '" + command + "'";
  EXPECT_EQ(std::system(line.c_str()), 0) << line;
  return programs_in(folder.path());
}

void expect_policies(const std::vector<bpf::Program>& programs) {
  EXPECT_FALSE(programs.empty()) << "it installed no filter";
  for (const bpf::Program& program : programs) EXPECT_EQ(fault_of(std::span(&program, 1)), "");
}

TEST(LiveFilters, OfAMethodOfAptAreAPolicy) {
  if (!is_there(kAptMethod)) GTEST_SKIP() << kAptMethod << " is missing: package apt";
  expect_policies(caught(std::string("printf \"") + kAptConfiguration + "\" | " + kAptMethod + " >/dev/null"));
}

TEST(LiveFilters, OfManAreAPolicy) {
  if (!is_there("man")) GTEST_SKIP() << "man is missing: package man-db";
  const std::string page = CORDON_SOURCE_DIR "/docs/man/cordon.1";
  expect_policies(caught("env -u MAN_DISABLE_SECCOMP MANPAGER=cat man -l " + page + " >/dev/null 2>&1"));
}

TEST(LiveFilters, OfARunningProcessAreThoseItInstalled) {
  if (!is_there(kAptMethod)) GTEST_SKIP() << kAptMethod << " is missing: package apt";
  int input[2], output[2];
  ASSERT_EQ(pipe(input), 0);
  ASSERT_EQ(pipe(output), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    for (int fd : {input[0], input[1], output[0], output[1]}) close(fd);
    execl(kAptMethod, kAptMethod, nullptr);
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  const std::string configuration = "601 Configuration\nConfig-Item: APT::Sandbox::Seccomp=true\n\n";
  EXPECT_EQ(write(input[1], configuration.data(), configuration.size()), static_cast<ssize_t>(configuration.size()));
  bool is_filtered = false;
  for (int i = 0; i < 500 && !is_filtered; ++i) {
    usleep(10'000);
    const auto status = observe::thread_status(pid);
    is_filtered = status && status->seccomp == observe::SeccompMode::filters && status->state == 'S';
  }
  const Result<ProcessFilters> found = observe::read_process_filters(pid);
  close(input[1]);
  int status = 0;
  waitpid(pid, &status, 0);
  close(output[0]);
  ASSERT_TRUE(is_filtered);
  EXPECT_EQ(status, 0) << "it goes on and ends as without a look at it";
  if (!found) GTEST_SKIP() << found.error().begin()->message << ": " << found.error().begin()->hint;
  std::vector<bpf::Program> programs;
  for (const AttachedFilter& filter : found->filters) programs.push_back(filter.program);
  expect_policies(programs);
  EXPECT_EQ(programs, caught(std::string("printf \"") + kAptConfiguration + "\" | " + kAptMethod + " >/dev/null"));
}

}  // namespace
}  // namespace cordon::testing
