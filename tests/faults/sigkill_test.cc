// Whoever takes part in a run is ended by SIGKILL at a random moment, a thousand times: the command is never less
// confined than asked, and nothing is left over.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace cordon::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Scenario {
  const char* name;
  std::string options;
  std::string deeds;  // DIR is the test's directory, PID the test
  bool needs_root = false;
  std::string ms = "6";
  std::string instead = {};  // of the witness, where only hanging is looked for
};

const std::string kMkdir = "filter 0 mkdir DIR/made ";
const Scenario kScenarios[] = {
    {"denied", "-p denied.cordon", kMkdir},
    {"exec", "--exec -p denied.cordon", kMkdir},
    {"start-exec", "--start exec -p denied.cordon", kMkdir},
    {"start-entry", "--start entry -p denied.cordon", kMkdir},
    {"threads", "--start entry -p denied.cordon", kMkdir, false, "6", "EARLY thread 83"},
    {"killed", "-p killed.cordon", kMkdir},
    {"killed-entry", "--start entry -p killed.cordon", kMkdir},
    {"asked", "-p asked.cordon --on-notify deny", kMkdir},
    {"handler", "-p asked.cordon --on-notify exec:DIR/handler", kMkdir},
    {"emulated", "-p asked.cordon --emulate-read /usr", kMkdir + "open DIR/secret "},
    {"files", "-p denied.cordon --files-exec WITNESS --scope signal", kMkdir + "open DIR/secret signal PID "},
    {"namespaces", "-p denied.cordon --unshare user,mount,pid,net --mount-root read --mount-proc",
     kMkdir + "signal PID "},
    {"user", "-p denied.cordon --uid 65534 --gid 65534 --limit nofile=50", kMkdir + "user 0 limit 50 ", true},
    {"time", "-p denied.cordon --timeout 3", kMkdir},
    {"daemon", "-p denied.cordon", kMkdir, false, "-12"},
};

// All that the test has started ends up as its child (PR_SET_CHILD_SUBREAPER), and so do those whose parent was killed.
class Killed : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cordon-kill-XXXXXX";
    directory_ = mkdtemp(name);
    fs::permissions(directory_, fs::perms(0777));
    fs::copy_file(fs::path(CORDON_VICTIM_DIR) / "witness", directory_ / "witness");
    write("denied.cordon", "default allow\nerrno EPERM mkdir\n");
    write("killed.cordon", "default allow\nkill_process mkdir\n");
    write("asked.cordon", "default allow\nnotify mkdir open openat\n");
    write("secret", "secret\n");
    write("handler", "#!/bin/sh\nwhile read line; do :; done\n");
    fs::permissions(directory_ / "handler", fs::perms(0755));
    setenv("XDG_CACHE_HOME", (directory_ / "cache").c_str(), 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    loose_ = open((directory_ / "loose").c_str(), O_CREAT | O_RDWR | O_APPEND, 0666);
    const char* given = getenv("CORDON_SEED");
    seed_ = given != nullptr ? static_cast<unsigned>(atoi(given)) : std::random_device{}();
    random_.seed(seed_);
    RecordProperty("seed", std::to_string(seed_));
    printf("CORDON_SEED=%u\n", seed_);
    places_ = places();
  }
  void TearDown() override {
    for (const pid_t pid : descendants(getpid())) kill(pid, SIGKILL);
    while (waitpid(-1, nullptr, __WALL) > 0) continue;
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    close(loose_);
    fs::remove_all(directory_);
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ / name) << text; }

  std::string filled(std::string text) const {
    const std::pair<std::string, std::string> words[] = {{"DIR", directory_.string()},
                                                         {"PID", std::to_string(getpid())},
                                                         {"EARLY", CORDON_VICTIM_DIR "/sandbox_early"},
                                                         {"WITNESS", (directory_ / "witness").string()}};
    for (const auto& [word, value] : words)
      for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size())
        text.replace(at, word.size(), value);
    return text;
  }

  unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }

  // Runs the words, of which cordon is the first, with 9 open for what the witness sees.
  pid_t start(const std::string& line) {
    std::vector<std::string> words;
    std::istringstream stream(filled(line));
    for (std::string word; stream >> word;) words.push_back(word);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const int silence = open((directory_ / "messages").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0666);
    dup2(silence, 1), dup2(silence, 2), dup2(loose_, 9);
    if (chdir(directory_.c_str()) == 0) execv(argv[0], argv.data());
    _exit(99);
  }

  static std::vector<pid_t> descendants(pid_t root) {
    std::vector<std::pair<pid_t, pid_t>> all;  // parent, child
    DIR* proc = opendir("/proc");
    while (const dirent* entry = readdir(proc)) {
      const pid_t pid = atoi(entry->d_name);
      if (pid <= 0) continue;
      const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
      const size_t name_end = stat.rfind(')');
      int parent = 0;
      char state = 'Z';
      if (name_end != std::string::npos && sscanf(stat.c_str() + name_end + 1, " %c %d", &state, &parent) == 2)
        all.emplace_back(parent, pid);
    }
    closedir(proc);
    std::vector<pid_t> found{root};
    for (size_t i = 0; i < found.size(); ++i)
      for (const auto& [parent, child] : all)
        if (parent == found[i]) found.push_back(child);
    found.erase(found.begin());
    return found;
  }

  // One of those that take part, at this moment.
  void kill_one() {
    const std::vector<pid_t> all = descendants(getpid());
    if (!all.empty() && kill(all[below(static_cast<unsigned>(all.size()))], SIGKILL) == 0) ++kills_;
  }

  // Everything that was started has ended, without any help; those in `but` and what they started may live.
  bool all_ended(pid_t but) {
    const auto patience = Clock::now() + std::chrono::seconds(20);
    for (;;) {
      for (pid_t pid; (pid = waitpid(-1, nullptr, WNOHANG | __WALL)) > 0;)
        if (pid == but) return false;
      const std::vector<pid_t> left = descendants(getpid());
      std::set<pid_t> spared;
      if (but > 0) {
        for (const pid_t pid : descendants(but)) spared.insert(pid);
        spared.insert(but);
      }
      bool is_alone = true;
      for (const pid_t pid : left) is_alone = is_alone && spared.contains(pid);
      if (is_alone) return true;
      if (Clock::now() > patience) {
        for (const pid_t pid : left) ADD_FAILURE() << "left: " << text_of("/proc/" + std::to_string(pid) + "/stat");
        return false;
      }
      usleep(500);
    }
  }

  // What a run could leave behind beside processes.
  static std::set<std::string> places() {
    std::set<std::string> found;
    std::error_code error;
    for (fs::recursive_directory_iterator at("/sys/fs/cgroup", error), end; !error && at != end; at.increment(error))
      if (at->is_directory(error)) found.insert(at->path());
    std::istringstream mounts(text_of("/proc/self/mountinfo"));
    for (std::string line; std::getline(mounts, line);) found.insert(line.substr(line.find(' ')));
    for (const fs::directory_entry& entry : fs::directory_iterator("/dev/shm", error)) found.insert(entry.path());
    return found;
  }

  void expect_nothing_left() {
    EXPECT_EQ(text_of(directory_ / "loose"), "");
    EXPECT_FALSE(fs::exists(directory_ / "made"));
    for (const std::string& place : places()) EXPECT_TRUE(places_.contains(place)) << place;
    std::error_code error;  // a cache entry is there or not; a half one would stay for ever
    size_t entries = 0;
    for (fs::recursive_directory_iterator at(directory_ / "cache", error), end; !error && at != end;
         at.increment(error))
      if (at->is_regular_file()) ++entries;
    EXPECT_LE(entries, 40u) << "of the cache";
  }

  fs::path directory_;
  int loose_ = -1;
  unsigned seed_ = 0, kills_ = 0;
  std::mt19937 random_;
  std::set<std::string> places_;
};

TEST_F(Killed, SeesTheWitnessWithoutCordon) {
  start("DIR/witness 1 " + kMkdir + "open DIR/secret signal PID");
  ASSERT_TRUE(all_ended(0));
  const std::string seen = text_of(directory_ / "loose");
  for (const char* deed : {"filter", "mkdir", "open", "signal"})
    EXPECT_NE(seen.find(std::string("loose ") + deed), std::string::npos) << seen;
}

TEST_F(Killed, NeverLoosensARunNorLeavesAnything) {
  constexpr unsigned kRounds = 52;  // of all scenarios
  for (unsigned round = 0; round < kRounds && !HasFailure(); ++round)
    for (const Scenario& scenario : kScenarios) {
      if (scenario.needs_root && geteuid() != 0) continue;
      const std::string witness = "DIR/witness " + scenario.ms + " " + scenario.deeds;
      start(std::string(CORDON_TOOL) + " run -q " + scenario.options + " -- " +
            (scenario.instead.empty() ? witness : scenario.instead));
      usleep(below(12000));
      kill_one();
      if (below(4) == 0) usleep(below(3000)), kill_one();
      if (!all_ended(0) || !text_of(directory_ / "loose").empty()) {
        ADD_FAILURE() << scenario.name << " in round " << round << " of seed " << seed_;
        break;
      }
    }
  expect_nothing_left();
  printf("%u killed\n", kills_);
  EXPECT_GE(kills_, kRounds * std::size(kScenarios) / 2);
}

// The server, its waiting process, those who ask, and what they were given.
TEST_F(Killed, NeverLoosensAReadySandboxNorLeavesAnything) {
  constexpr unsigned kRounds = 60;
  pid_t server = 0;
  for (unsigned round = 0; round < kRounds && !HasFailure(); ++round) {
    if (server == 0) {
      server = start(std::string(CORDON_TOOL) + " serve -q -p denied.cordon --caps-keep none" +
                     (round % 2 == 0 ? "" : " --unshare user,pid") + " ready.sock");
      const auto patience = Clock::now() + std::chrono::seconds(20);
      // The socket of a killed one may be there still: only an answer tells.
      while (Clock::now() < patience) {
        const pid_t asking = start(std::string(CORDON_TOOL) + " run --via ready.sock -- DIR/witness 0");
        int status = -1;
        waitpid(asking, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
        usleep(2000);
      }
      ASSERT_LT(Clock::now(), patience) << text_of(directory_ / "messages");
    }
    for (unsigned i = 0; i <= below(3); ++i)
      start(std::string(CORDON_TOOL) + " run --via ready.sock -- DIR/witness 6 " + kMkdir);
    usleep(below(9000));
    for (unsigned i = 0; i <= below(4); ++i) kill_one(), usleep(below(500));
    if (!all_ended(server)) {
      server = 0;
      ASSERT_TRUE(all_ended(0)) << "round " << round << " of seed " << seed_;
    }
    ASSERT_EQ(text_of(directory_ / "loose"), "") << "round " << round << " of seed " << seed_;
  }
  if (server > 0) kill(server, SIGTERM);
  EXPECT_TRUE(all_ended(0));
  EXPECT_FALSE(server > 0 && fs::exists(directory_ / "ready.sock"));
  expect_nothing_left();
  printf("%u killed\n", kills_);
}

}  // namespace
}  // namespace cordon::testing
