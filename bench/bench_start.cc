// From nothing to the end of `true`: by cordon, by others, and plainly. All in one run, in another order each round;
// medians, and their ratio to posix_spawn of `true`. A tool that is not installed has no row.
//
//   bench_start [ROUNDS]
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/profiles.h"
#include "cordon/formats/builtin.h"
#include "cordon/sandbox/ready.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::bench {
namespace {

constexpr char kTrue[] = "/bin/true";

using Start = std::function<bool()>;

struct Row {
  std::string name;
  Start start;
  std::vector<double> us = {};
};

bool ends_well(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

bool is_installed(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const std::string path = getenv("PATH") == nullptr ? "/usr/bin:/bin" : getenv("PATH");
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    if (access((path.substr(at, end - at) + "/" + program).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

Start spawning(std::vector<std::string> words) {
  return [words = std::move(words)]() mutable {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    for (int fd : {STDOUT_FILENO, STDERR_FILENO})
      posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, argv[0], &quiet, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&quiet);
    return error == 0 && ends_well(pid);
  };
}

bool fork_and_exec() {
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    execl(kTrue, kTrue, nullptr);
    _exit(127);
  }
  return ends_well(pid);
}

LaunchSpec docker_launch() {
  LaunchSpec spec;
  spec.argv = {kTrue};
  spec.filters.push_back({bpf::Program::create(cordon_compile(docker_default(false))).value(), 0});
  return spec;
}

bool launch(const LaunchSpec& spec) {
  auto launched = sandbox::launch(spec);
  if (!launched) return false;
  auto outcome = sandbox::supervise(std::move(*launched), {});
  return outcome && outcome->exit_status() == 0;
}

bool ends_well(const Result<Started>& started) {
  siginfo_t info{};
  return started && waitid(P_PIDFD, static_cast<id_t>(started->pidfd.get()), &info, WEXITED | __WALL) == 0 &&
         info.si_code == CLD_EXITED && info.si_status == 0;
}

// One for all rows and rounds: that is the point of it.
ReadySandbox& ready_sandbox() {
  static Result<ReadySandbox> ready = ReadySandbox::make(docker_launch());
  if (!ready) std::fprintf(stderr, "no ready sandbox: %s\n", ready.error().begin()->message.c_str());
  return *ready;
}

// `cordon serve`, until this goes.
class ServerProcess {
 public:
  explicit ServerProcess(std::string path) : path_(std::move(path)) {
    pid_ = fork();
    if (pid_ == 0) {
      execl(CORDON_PROGRAM, "cordon", "serve", "-q", "-p", "builtin:docker-default", path_.c_str(), nullptr);
      _exit(127);
    }
    constexpr useconds_t kPauseUs = 10000;
    for (int tries = 0; tries < 500 && access(path_.c_str(), F_OK) != 0; ++tries) usleep(kPauseUs);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() {
    if (pid_ > 0) kill(pid_, SIGTERM);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

 private:
  std::string path_;
  pid_t pid_ = -1;
};

// What the tools read, and cordon's cache: gone at the end.
struct Folder {
  Folder() {
    char name[] = "/tmp/bench_start.XXXXXX";
    path = mkdtemp(name) == nullptr ? "." : name;
    std::ofstream(path + "/docker.cordon") << formats::find_builtin("docker-default")->text;
    const std::vector<bpf::Insn> insns = cordon_compile(docker_default(false));
    std::ofstream(path + "/docker.bpf")
        .write(reinterpret_cast<const char*>(insns.data()),
               static_cast<std::streamsize>(insns.size() * sizeof insns[0]));
    setenv("XDG_CACHE_HOME", path.c_str(), 1);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::vector<Row> rows(const Folder& folder) {
  const std::string cordon = CORDON_PROGRAM, docker = "builtin:docker-default", file = folder.path + "/docker.cordon";
  const std::string bpf = folder.path + "/docker.bpf";
  std::vector<Row> rows;
  rows.push_back({"posix_spawn", spawning({kTrue})});
  rows.push_back({"fork, no_new_privs, exec", fork_and_exec});
  rows.push_back({"sandbox::launch, Docker's filter", [spec = docker_launch()] { return launch(spec); }});
  rows.push_back(
      {"ReadySandbox::start", [] { return ends_well(ready_sandbox().start({.path = kTrue, .argv = {kTrue}})); }});
  rows.push_back({"ReadySandbox::call, no exec",
                  [] { return ends_well(ready_sandbox().call([](void*) { return 0; }, nullptr)); }});
  const auto add = [&](std::string name, std::vector<std::string> words) {
    if (is_installed(words.front())) rows.push_back({std::move(name), spawning(std::move(words))});
  };
  add("cordon run --exec", {cordon, "run", "--exec", "-p", docker, kTrue});
  add("cordon run --exec, a file", {cordon, "run", "--exec", "-p", file, kTrue});
  add("cordon run --exec --no-cache", {cordon, "run", "--exec", "--no-cache", "-p", docker, kTrue});
  add("cordon run", {cordon, "run", "-p", docker, kTrue});
  add("cordon run --unshare", {cordon, "run", "-p", docker, "--unshare", "user,mount,pid,net", kTrue});
  add("cordon run --via", {cordon, "run", "--via", folder.path + "/ready.sock", kTrue});
  add("setpriv --no-new-privs", {"setpriv", "--no-new-privs", kTrue});
  add("bwrap", {"bwrap", "--dev-bind", "/", "/", kTrue});
  add("bwrap, filter", {"sh", "-c", "exec bwrap --dev-bind / / --seccomp 9 /bin/true 9<" + bpf});
  add("bwrap, namespaces",
      {"bwrap", "--dev-bind", "/", "/", "--unshare-user", "--unshare-pid", "--unshare-net", kTrue});
  add("minijail0, filter", {"minijail0", "-n", "--seccomp-bpf-binary", bpf, kTrue});
  add("minijail0, namespaces", {"minijail0", "-n", "-p", "-v", "-e", kTrue});
  add("nsjail, namespaces", {"nsjail", "-Mo", "-q", "--chroot", "/", "--", kTrue});
  add("firejail, filter", {"firejail", "--quiet", "--noprofile", "--seccomp", kTrue});
  return rows;
}

void measure(std::vector<Row>& rows, int rounds) {
  std::mt19937 random(1);
  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  constexpr int kWarm = 5;
  for (int round = -kWarm; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i : order) {
      const uint64_t begin = now_ns();
      const bool is_good = rows[i].start();
      if (!is_good && round == 0) std::fprintf(stderr, "%s: failed\n", rows[i].name.c_str());
      if (round >= 0 && is_good) rows[i].us.push_back(static_cast<double>(now_ns() - begin) / 1000);
    }
  }
}

}  // namespace
}  // namespace cordon::bench

int main(int argc, char** argv) {
  using namespace cordon::bench;
  const Folder folder;
  const ServerProcess server(folder.path + "/ready.sock");
  std::vector<Row> rows = cordon::bench::rows(folder);
  measure(rows, argc > 1 ? std::atoi(argv[1]) : 200);
  const double plain = median(rows[0].us), forked = median(rows[1].us);
  std::printf("%-36s %9s %12s %8s\n", "start of true", "us", "posix_spawn", "fork");
  for (const Row& row : rows)
    if (!row.us.empty())
      std::printf("%-36s %9.0f %12.2f %8.2f\n", row.name.c_str(), median(row.us), median(row.us) / plain,
                  median(row.us) / forked);
}
