// Runs programs that try to get out (tests/victims/escape_*.c), under cordon and without.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace cordon::testing {

struct Ended {
  int status = -1;  // as a shell has it: 128 + N for signal N
  std::string output;
  std::string errors;
};

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// A directory that every user may enter, with the programs in it, which the build's may not be.
class Escape : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cordon-escape-XXXXXX";
    directory_ = mkdtemp(name);
    std::filesystem::permissions(directory_, std::filesystem::perms(0777));
    std::filesystem::copy_file(CORDON_TOOL, directory_ / "cordon");
    for (const char* victim : {"escape_calls", "escape_processes", "sandbox_victim"})
      std::filesystem::copy_file(std::filesystem::path(CORDON_VICTIM_DIR) / victim, directory_ / victim);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ / name) << text; }

  // A line of the shell, in the directory, where `cordon` and the programs are found by name. At most 60 seconds.
  Ended shell(const std::string& line) const {
    write("line", "PATH=" + directory_.string() + ":$PATH; cd " + directory_.string() + "\n" + line + "\n");
    const std::string command = "timeout -k 1 60 sh " + (directory_ / "line").string() + " </dev/null >" +
                                (directory_ / "out").string() + " 2>" + (directory_ / "err").string();
    const int status = system(command.c_str());
    return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .output = text_of(directory_ / "out"),
            .errors = text_of(directory_ / "err")};
  }

  // The prefix that makes a line another, ordinary user's.
  static std::string as_nobody() {
    return "setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all -- ";
  }

  std::filesystem::path directory_;
};

}  // namespace cordon::testing
