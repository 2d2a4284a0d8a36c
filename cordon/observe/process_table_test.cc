#include "cordon/observe/process_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cordon/abi/syscalls.h"

namespace cordon::observe {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kGetpid = 39, kExecve = 59;

// A /proc made of files, so that every order of events can be played.
class FakeProc {
 public:
  FakeProc() {
    char name[] = "/tmp/cordon-proc-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~FakeProc() { fs::remove_all(root_); }

  std::string root() const { return root_.string(); }

  void set(pid_t pid, pid_t tid, const std::string& exe, unsigned start_time = 100) {
    fs::path directory = root_ / std::to_string(tid);
    for (fs::path task :
         {directory / "task" / std::to_string(tid), root_ / std::to_string(pid) / "task" / std::to_string(tid)}) {
      fs::create_directories(task);
      std::ofstream(task / "stat") << tid << " (a) b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 " << start_time
                                   << " 0\n";
    }
    std::ofstream(directory / "status") << "Name:\tTgid: 7\nUmask:\t0022\nTgid:\t" << pid << "\nPid:\t" << tid << "\n";
    fs::remove(directory / "exe");
    if (!exe.empty()) fs::create_symlink(exe, directory / "exe");
  }
  void remove(pid_t pid, pid_t tid) {
    fs::remove_all(root_ / std::to_string(tid));
    fs::remove_all(root_ / std::to_string(pid) / "task" / std::to_string(tid));
  }

 private:
  fs::path root_;
};

struct ProcessTableTest : testing::Test {
  std::string program_of(ProcessTable& table, pid_t tid, uint32_t nr, uint64_t now_ns = 1) {
    CallOwner owner = table.owner_of(tid, Arch::x86_64, nr, now_ns);
    RecordingBuilder copy = builder;
    Recording recording = std::move(copy).finish();
    const RecordedProgram& program = recording.programs.at(owner.program);
    if (!owner.is_known) return "?";
    return program.is_launch ? "launch" : program.path;
  }

  FakeProc proc;
  RecordingBuilder builder;
};

TEST_F(ProcessTableTest, TheLaunchEndsWithItsFirstExec) {
  proc.set(10, 10, "/usr/bin/cordon");
  ProcessTable table(builder, {.proc = proc.root(), .launch = 10});
  EXPECT_EQ(program_of(table, 10, kExecve), "launch");
  EXPECT_EQ(program_of(table, 10, kExecve), "launch");  // the first one failed
  proc.set(10, 10, "/bin/ls");
  EXPECT_EQ(program_of(table, 10, kGetpid), "/bin/ls");
}

TEST_F(ProcessTableTest, TheLaunchOfTheSameProgramEndsToo) {
  proc.set(10, 10, "/usr/bin/cordon");
  ProcessTable table(builder, {.proc = proc.root(), .launch = 10});
  EXPECT_EQ(program_of(table, 10, kExecve), "launch");
  EXPECT_EQ(program_of(table, 10, kGetpid), "/usr/bin/cordon");
}

TEST_F(ProcessTableTest, ALaunchThatHasExecedIsAProgram) {
  proc.set(10, 10, "/bin/ls");
  ProcessTable table(builder, {.proc = proc.root(), .launch = 10, .launched = true});
  EXPECT_EQ(program_of(table, 10, kGetpid), "/bin/ls");
}

TEST_F(ProcessTableTest, AnExecBelongsToTheProgramThatAsksForIt) {
  proc.set(20, 20, "/bin/sh");
  ProcessTable table(builder, {.proc = proc.root()});
  EXPECT_EQ(program_of(table, 20, kExecve), "/bin/sh");
  EXPECT_EQ(program_of(table, 20, kExecve), "/bin/sh");
  proc.set(20, 20, "/bin/ls");
  EXPECT_EQ(program_of(table, 20, kGetpid), "/bin/ls");
  EXPECT_EQ(program_of(table, 20, kGetpid), "/bin/ls");
}

TEST_F(ProcessTableTest, AThreadsExecTakesTheLeadersNumber) {
  proc.set(20, 20, "/bin/a");
  proc.set(20, 21, "/bin/a");
  ProcessTable table(builder, {.proc = proc.root()});
  EXPECT_EQ(program_of(table, 20, kGetpid), "/bin/a");
  EXPECT_EQ(program_of(table, 21, kExecve), "/bin/a");
  EXPECT_EQ(program_of(table, 20, kGetpid), "/bin/a");  // the exec is not done yet
  proc.remove(20, 21);
  proc.set(20, 20, "/bin/b");
  EXPECT_EQ(program_of(table, 20, kGetpid), "/bin/b");
}

TEST_F(ProcessTableTest, AThreadOutlivesItsLeader) {
  proc.set(20, 20, "");
  proc.set(20, 21, "/bin/a");
  ProcessTable table(builder, {.proc = proc.root()});
  EXPECT_EQ(program_of(table, 21, kGetpid), "/bin/a");
}

TEST_F(ProcessTableTest, AReusedNumberIsNoticed) {
  proc.set(20, 20, "/bin/a", 100);
  ProcessTable table(builder, {.proc = proc.root()});
  EXPECT_EQ(program_of(table, 20, kGetpid, 1), "/bin/a");
  proc.set(20, 20, "/bin/b", 200);
  EXPECT_EQ(program_of(table, 20, kGetpid, 2'000'000'000), "/bin/b");
}

TEST_F(ProcessTableTest, WhatProcDoesNotShowIsUnknown) {
  ProcessTable table(builder, {.proc = proc.root()});
  EXPECT_EQ(program_of(table, 30, kGetpid), "?");
  EXPECT_EQ(program_of(table, 0, kGetpid), "?");
  proc.set(31, 31, "");
  EXPECT_EQ(program_of(table, 31, kGetpid), "?");
}

TEST(ProcessTable, KnowsTheRunningProcess) {
  RecordingBuilder builder;
  ProcessTable table(builder, {});
  CallOwner owner = table.owner_of(getpid(), abi::native_arch(), 0, 1);
  EXPECT_TRUE(owner.is_known);
  EXPECT_EQ(owner.pid, getpid());
}

}  // namespace
}  // namespace cordon::observe
