// Calls that cordon makes in a command's place, against a command that changes what they mean while it is asked.
#include <sys/stat.h>

#include <cstdio>

#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

class Emulates : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/cordon-emulate-" + std::to_string(getpid());
    for (const char* part : {"", "/good", "/evil"}) mkdir((directory_ + part).c_str(), 0700);
    std::ofstream(directory_ + "/good/f") << "good";
    std::ofstream(directory_ + "/evil/f") << "bad";
    std::ofstream(directory_ + "/p.cordon") << "default allow\nnotify openat(flags == O_RDONLY|O_CLOEXEC)\n"
                                               "notify openat(flags == O_RDWR|O_APPEND)\n";
  }
  void TearDown() override {
    if (system(("rm -r " + directory_).c_str()) != 0) ADD_FAILURE() << directory_;
  }

  // Of the victim, with GOOD and BAD in its arguments replaced.
  std::string output_of(const std::string& options, std::string arguments) {
    for (const auto& [word, path] :
         {std::pair("GOOD", "/good"), std::pair("BAD", "/evil"), std::pair("LINK", "/good/link")})
      for (size_t at = 0; (at = arguments.find(word)) != std::string::npos;)
        arguments.replace(at, std::string(word).size(), directory_ + path);
    const std::string line = "cd " + directory_ + "; exec timeout 60 " + CORDON_TOOL + " run -q " + options +
                             " -p p.cordon -- " + CORDON_VICTIM_DIR "/" + victim_ + " " + arguments + " 2>&1";
    std::string output;
    FILE* pipe = popen(line.c_str(), "r");
    for (int c = 0; (c = fgetc(pipe)) != EOF;) output += static_cast<char>(c);
    pclose(pipe);
    return output;
  }

  // Good ones and refusals there must be, bad ones never.
  void expect_never_bad(const std::string& seen) {
    int good = 0, bad = 0, refused = 0;
    ASSERT_EQ(sscanf(seen.c_str(), "good %d bad %d refused %d", &good, &bad, &refused), 3) << seen;
    EXPECT_GT(good, 0);
    EXPECT_EQ(bad, 0);
    EXPECT_GT(refused, 0);
  }

  std::string directory_;
  std::string victim_ = "sandbox_open_race";
};

TEST_F(Emulates, AnOpenOfTheBytesItHasLookedAt) {
  expect_never_bad(output_of("--emulate-read good", "memory GOOD/f BAD/f"));
}

TEST_F(Emulates, AnOpenOfTheFileALinkLedTo) {
  expect_never_bad(output_of("--emulate-read good", "link GOOD/f BAD/f LINK"));
}

TEST_F(Emulates, AnOpenFromTheDirectoryItHasLookedAt) {
  expect_never_bad(output_of("--emulate-read good", "directory GOOD BAD"));
}

// The same command under `allow`, where the kernel reads the path again: that these tests can fail.
TEST_F(Emulates, WhatAllowCannot) {
  const std::string seen = output_of("--on-notify allow", "memory GOOD/f BAD/f");
  EXPECT_EQ(seen.find("bad 0 "), std::string::npos) << seen;
}

TEST_F(Emulates, AConnectToTheAddressItHasLookedAt) {
  victim_ = "sandbox_connect_race";
  std::ofstream(directory_ + "/p.cordon") << "default allow\nnotify connect\n";
  // Which port a call has is the other thread's doing: a run may meet one only.
  std::string seen;
  for (int tries = 0; tries < 20; ++tries) {
    seen = output_of("--emulate-connect 127.0.0.1:7001", "7001 7002");
    if (!seen.starts_with("good 0 ") && !seen.ends_with("refused 0\n")) break;
    ASSERT_NE(seen.find("bad 0 "), std::string::npos) << seen;
  }
  expect_never_bad(seen);
}

// In another mount namespace a listed name can be any file.
TEST_F(Emulates, NothingByADescriptorOfOtherMounts) {
  victim_ = "sandbox_open_from";
  std::ofstream(directory_ + "/p.cordon") << "default allow\nnotify openat\n";
  EXPECT_EQ(output_of("--emulate-read good", "mounts GOOD BAD f"), "errno 13\n");
  EXPECT_EQ(output_of("--emulate-read good", "root GOOD BAD f"), "errno 13\n");
  EXPECT_EQ(output_of("--on-notify allow", "mounts GOOD BAD f"), "bad\n");
  EXPECT_EQ(output_of("--on-notify allow", "root GOOD BAD f"), "bad\n");
}

TEST_F(Emulates, AnOpenThatWaitsForNoLease) {
  victim_ = "sandbox_open_from";
  std::ofstream(directory_ + "/p.cordon") << "default allow\nnotify openat\n";
  EXPECT_EQ(output_of("--emulate-read good", "lease GOOD/f"), "errno 11\n0\n");
}

TEST_F(Emulates, NothingOfAPathThatNeverComes) {
  victim_ = "sandbox_open_from";
  std::ofstream(directory_ + "/p.cordon") << "default allow\nnotify openat\n";
  const std::string seen = output_of("--emulate-read good", "memory GOOD/f");
  if (seen == "no userfaultfd\n") GTEST_SKIP() << seen;
  EXPECT_EQ(seen, "errno 14\ngood\n");
}

TEST_F(Emulates, FiveThousandOpensOfFiftyThreads) {
  EXPECT_EQ(output_of("--emulate-read good", "threads GOOD/f"), "good 5000 bad 0 refused 0\n");
}

TEST_F(Emulates, TheFlagsThatWereAskedFor) {
  EXPECT_EQ(output_of("--emulate-write good", "flags GOOD/f"), "1 0 0 2002\n");
}

}  // namespace
}  // namespace cordon::testing
