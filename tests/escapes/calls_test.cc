// A rule that names a call, and the ways to have the deed without the call: other ABIs, rings, newer calls.
#include <arpa/inet.h>
#include <sys/socket.h>

#include "escape_fixture.h"

namespace cordon::testing {
namespace {

constexpr const char* kNoMkdir = "errno EPERM mkdir mkdirat\n";
constexpr const char* kNoOpen = "errno EPERM open openat openat2 creat\n";
constexpr const char* kNoConnect = "errno EPERM connect\n";
constexpr const char* kNoUserNamespace = "errno EPERM unshare setns clone(flags & CLONE_NEWUSER != 0)\n";

struct Row {
  const char* name;
  const char* way;
  std::string object;   // of the way; PORT is one where somebody listens
  std::string options;  // of cordon run, which has the policy too
  std::string policy;   // besides `default allow`; none: a builtin of the options
  std::string free;     // what the way gives without cordon
  std::string confined;
  int status = 0;
  std::string finding = {};  // what `cordon check` says of the policy where it leaves a door open
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class OfCalls : public Escape, public ::testing::WithParamInterface<Row> {
 protected:
  // Somebody listens, on a port of the kernel's choice.
  std::string port() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      return {};
    return std::to_string(ntohs(address.sin_port));
  }
  void TearDown() override {
    if (listener_ >= 0) close(listener_);
    Escape::TearDown();
  }

  int listener_ = -1;
};

TEST_P(OfCalls, GetWhatThePolicySays) {
  const Row& row = GetParam();
  const std::string object = row.object == "PORT" ? port() : row.object;
  const std::string deed = std::string("escape_calls ") + row.way + " " + object;
  const Ended free = shell(deed + "; rm -rf made");
  if (free.output == "errno 38\n" && row.free != "errno 38")
    GTEST_SKIP() << "this kernel does not have the call: " << row.way;
  EXPECT_EQ(free.output, row.free + "\n");

  std::string policy;
  if (!row.policy.empty()) {
    write("p.cordon", (row.policy.find("default") == std::string::npos ? "default allow\n" : "") + row.policy);
    policy = "-p p.cordon ";
  }
  const Ended confined = shell("cordon run -q " + policy + row.options + " -- " + deed);
  EXPECT_EQ(confined.output, row.confined) << confined.errors;
  EXPECT_EQ(confined.status, row.status) << confined.errors;
  if (row.confined != "done\n") {
    EXPECT_FALSE(std::filesystem::exists(directory_ / "made"));
  }

  if (row.finding.empty()) return;
  const Ended check = shell("cordon check p.cordon");
  EXPECT_EQ(check.status, 1);
  EXPECT_NE(check.errors.find(row.finding), std::string::npos) << check.errors;
}

const Row kRows[] = {
    {"TheCallItself", "mkdir", "made", "", kNoMkdir, "done", "errno 1\n"},
    // int 0x80 makes i386's calls from any 64-bit program; the upper halves of its registers are garbage.
    {"I386", "mkdir-i386", "made", "", kNoMkdir, "done", "", 159},
    {"I386WhereItIsNamed", "mkdir-i386", "made", "", std::string("arch x86_64 i386\n") + kNoMkdir, "done", "errno 1\n"},
    {"I386AnsweredByErrno", "mkdir-i386", "made", "", std::string("badarch errno ENOSYS\n") + kNoMkdir, "done",
     "errno 38\n"},
    {"I386UnderDockers", "mkdir-i386", "made", "-p builtin:docker-default", "", "done", "", 159},
    {"I386UnderHardened", "mkdir-i386", "made", "-p builtin:hardened", "", "done", "", 159},
    {"X32", "mkdir-x32", "made", "", kNoMkdir, "errno 38", "", 159},
    {"X32WhereItIsNamed", "mkdir-x32", "made", "", std::string("arch x86_64 x32\n") + kNoMkdir, "errno 38",
     "errno 1\n"},
    {"X32UnderDockers", "mkdir-x32", "made", "-p builtin:docker-default", "", "errno 38", "", 159},
    // What a ring is told to do no filter sees.
    {"RingThatIsLeftOpen", "open-by-ring", "/etc/passwd", "", kNoOpen, "done", "done\n", 0, "[io-uring]"},
    {"RingBesideANotifyRule", "open-by-ring", "/etc/passwd", "", "notify open openat openat2 creat\n", "done", "done\n",
     0, "[io-uring]"},
    {"RingThatIsRefused", "open-by-ring", "/etc/passwd", "", std::string(kNoOpen) + "errno ENOSYS @io_uring\n", "done",
     "errno 38\n"},
    {"RingUnderDockers", "open-by-ring", "/etc/passwd", "-p builtin:docker-default", "", "done", "errno 1\n"},
    {"RingUnderHardened", "open-by-ring", "/etc/passwd", "-p builtin:hardened", "", "done", "errno 38\n"},
    {"RingUnderLandlock", "open-by-ring", "/etc/passwd", "-p builtin:unconfined --files-exec escape_calls", "", "done",
     "errno 13\n"},
    {"ConnectItself", "connect", "PORT", "", kNoConnect, "done", "errno 1\n"},
    {"RingThatConnects", "connect-by-ring", "PORT", "", kNoConnect, "done", "done\n", 0, "[io-uring]"},
    {"RingThatConnectsUnderLandlock", "connect-by-ring", "PORT", "-p builtin:unconfined --net-none", "", "done",
     "errno 13\n"},
    {"RingThatConnectsInANetworkOfItsOwn", "connect-by-ring", "PORT", "-p builtin:unconfined --unshare user,net", "",
     "done", "errno 111\n"},
    // clone3's flags lie in memory.
    {"CloneItself", "clone-user", "", "", kNoUserNamespace, "done", "errno 1\n"},
    {"UnshareItself", "unshare-user", "", "", kNoUserNamespace, "done", "errno 1\n"},
    {"Clone3ThatIsLeftOpen", "clone3-user", "", "", kNoUserNamespace, "done", "done\n", 0, "clone3"},
    {"Clone3ThatIsRefused", "clone3-user", "", "", std::string(kNoUserNamespace) + "errno ENOSYS clone3\n", "done",
     "errno 38\n"},
    {"Clone3UnderDockers", "clone3-user", "", "-p builtin:docker-default", "", "done", "errno 38\n"},
    {"Clone3UnderHardened", "clone3-user", "", "-p builtin:hardened", "", "done", "errno 38\n"},
};

INSTANTIATE_TEST_SUITE_P(Escapes, OfCalls, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::testing
