// Words typed into the terminal for whoever reads it after the command: the shell that started it.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "escape_fixture.h"

namespace cordon::testing {
namespace {

struct Row {
  const char* name;
  const char* way;
  std::string prefix;  // nothing: without cordon
  std::string output;
  int typed;  // bytes that wait to be read afterwards
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class OfTerminals : public Escape, public ::testing::WithParamInterface<Row> {
 protected:
  void SetUp() override {
    Escape::SetUp();
    write("p.cordon", "default allow\nerrno EPERM ioctl(cmd in {TIOCSTI, TIOCLINUX})\n");
    write("both.cordon", "arch x86_64 i386\ndefault allow\nerrno EPERM ioctl(cmd in {TIOCSTI, TIOCLINUX})\n");
    terminal_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_TRUE(terminal_ >= 0 && grantpt(terminal_) == 0 && unlockpt(terminal_) == 0);
    its_end_ = open(ptsname(terminal_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios mode{};
    ASSERT_EQ(tcgetattr(its_end_, &mode), 0);
    cfmakeraw(&mode);  // so that what was typed counts at once
    ASSERT_EQ(tcsetattr(its_end_, TCSANOW, &mode), 0);
  }
  void TearDown() override {
    close(terminal_);
    close(its_end_);
    Escape::TearDown();
  }

  int waiting_bytes() const {
    int count = -1;
    ioctl(its_end_, FIONREAD, &count);
    return count;
  }

  // With the terminal as standard input, and as the one that a session of its own has.
  Ended in_terminal(const std::string& line) const {
    return shell("setsid -w -c sh -c '" + line + "' <" + ptsname(terminal_));
  }

  int terminal_ = -1, its_end_ = -1;
};

TEST_P(OfTerminals, TypeNothingThatWasNotAllowed) {
  const Row& row = GetParam();
  if (row.typed == 0) {
    const Ended free = in_terminal(std::string("escape_calls ") + row.way + " ab");
    if (waiting_bytes() != 2 && std::string(row.way) != "type-console")
      GTEST_SKIP() << "this kernel lets nobody type (dev.tty.legacy_tiocsti)";
    tcflush(its_end_, TCIFLUSH);
    ASSERT_NE(free.output, row.output);
  }
  const Ended confined = in_terminal(row.prefix + "escape_calls " + row.way + " ab");
  EXPECT_EQ(confined.output, row.output) << confined.errors;
  EXPECT_EQ(waiting_bytes(), row.typed);
}

const Row kRows[] = {
    {"ByTheCallItself", "type", "cordon run -q -p p.cordon -- ", "errno 1\n", 0},
    {"WithGarbageInTheUpperHalf", "type-garbage", "cordon run -q -p p.cordon -- ", "errno 1\n", 0},
    {"ByI386sCall", "type-i386", "cordon run -q -p p.cordon -- ", "", 0},
    {"ByI386sCallWhereItIsNamed", "type-i386", "cordon run -q -p both.cordon -- ", "errno 1\n", 0},
    {"ByTheConsolesCall", "type-console", "cordon run -q -p p.cordon -- ", "errno 1\n", 0},
    {"ByDevTty", "type-dev-tty", "cordon run -q -p p.cordon -- ", "errno 1\n", 0},
    {"UnderHardened", "type", "cordon run -q -p builtin:hardened -- ", "errno 1\n", 0},
    {"UnderHardenedWithGarbage", "type-garbage", "cordon run -q -p builtin:hardened -- ", "errno 1\n", 0},
    // Docker gives each container a terminal of its own, and its profile allows every ioctl.
    {"UnderDockersItIsOpen", "type", "cordon run -q -p builtin:docker-default -- ", "done\n", 2},
};

INSTANTIATE_TEST_SUITE_P(Escapes, OfTerminals, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

// A command of a ready sandbox has a session of its own, which the terminal is not that of.
TEST_F(OfTerminals, AReadySandboxTypesOnlyWithTheCapability) {
  for (const auto& [options, typed] : {std::pair("--caps-keep none", 0), std::pair("", geteuid() == 0 ? 2 : 0)}) {
    const Ended served =
        in_terminal(std::string("cordon serve -p builtin:unconfined ") + options +
                    " ready.sock & until [ -S ready.sock ]; do sleep 0.05; done;"
                    " cordon run --via ready.sock -- escape_calls type ab; kill $!; wait $!; rm -f ready.sock");
    EXPECT_EQ(served.output, typed != 0 ? "done\n" : "errno 1\n") << options << served.errors;
    EXPECT_EQ(waiting_bytes(), typed) << options;
    tcflush(its_end_, TCIFLUSH);
  }
}

}  // namespace
}  // namespace cordon::testing
