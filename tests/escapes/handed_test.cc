// Descriptors that others opened, and programs that give whoever executes them another identity.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "escape_fixture.h"

namespace cordon::testing {
namespace {

namespace fs = std::filesystem;

// Hands a descriptor to each that connects.
class Hander {
 public:
  Hander(const fs::path& socket_path, int handed) : handed_(handed) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    fs::permissions(socket_path, fs::perms(0666));
    thread_ = std::thread([this] {
      for (int taker; (taker = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; close(taker)) give(taker);
    });
  }
  ~Hander() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    close(handed_);
  }

 private:
  void give(int taker) const {
    char byte = 'x', control[CMSG_SPACE(sizeof(int))]{};
    iovec data{&byte, 1};
    msghdr message{};
    message.msg_iov = &data, message.msg_iovlen = 1;
    message.msg_control = control, message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET, part->cmsg_type = SCM_RIGHTS, part->cmsg_len = CMSG_LEN(sizeof handed_);
    std::memcpy(CMSG_DATA(part), &handed_, sizeof handed_);
    sendmsg(taker, &message, MSG_NOSIGNAL);
  }

  int handed_, listener_ = -1;
  std::thread thread_;
};

struct Row {
  const char* name;
  std::string options;  // DIR is the test's directory
  std::string inherited, received, read;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class OfDescriptors : public Escape, public ::testing::WithParamInterface<Row> {
 protected:
  void SetUp() override {
    Escape::SetUp();
    fs::copy_file(fs::path(CORDON_VICTIM_DIR) / "escape_handed", directory_ / "escape_handed");
    fs::create_directory(directory_ / "outside");
    write("outside/secret", "secret");
  }
  // In a tree of its own the program and the sockets have short names.
  Ended attempt(const std::string& options, bool in_own_tree, const std::string& what) const {
    std::string program = options.empty() ? "escape_handed " : "cordon run -q " + options + " -- ";
    if (!options.empty()) program += in_own_tree ? "/program " : "escape_handed ";
    std::string words = what;
    const std::string directory = in_own_tree ? "/" : "";
    for (size_t at = 0; (at = words.find("SOCKET:", at)) != std::string::npos;) words.replace(at, 7, directory);
    return shell(program + words + " 7<outside");
  }
};

TEST_P(OfDescriptors, LeadWhereTheyLeadUnlessSomethingHoldsAgainstIt) {
  const Row& row = GetParam();
  if (geteuid() != 0 && row.options.find("--uid") != std::string::npos) GTEST_SKIP() << "not root";
  std::string options = row.options;
  for (size_t at = 0; (at = options.find("DIR", at)) != std::string::npos;) options.replace(at, 3, directory_.string());
  const bool in_own_tree = options.find("--mount-root") != std::string::npos;
  const Hander directories(directory_ / "d", open((directory_ / "outside").c_str(), O_PATH | O_CLOEXEC));
  const Hander files(directory_ / "f", open((directory_ / "outside/secret").c_str(), O_RDONLY | O_CLOEXEC));
  const std::pair<const char*, const std::string&> attempts[] = {
      {"inherited 7 secret", row.inherited}, {"received SOCKET:d secret", row.received}, {"read SOCKET:f", row.read}};
  for (const auto& [what, expected] : attempts) {
    EXPECT_EQ(attempt("", false, what).output, "done\n") << what;
    const Ended confined = attempt(options, in_own_tree, what);
    EXPECT_EQ(confined.output, expected + "\n") << what << confined.errors;
  }
}

constexpr const char* kOwnTree =
    "-p builtin:unconfined --unshare user,mount --mount-root empty --mount-read DIR/escape_handed:/program "
    "--mount-write DIR/d:/d --mount-write DIR/f:/f --chdir /";

const Row kRows[] = {
    // A tree is where names begin, and these begin at the descriptor.
    {"ATreeOfItsOwnDoesNotHold", kOwnTree, "done", "done", "done"},
    // Landlock judges the file that is opened, by whatever way; what is open already it does not.
    {"LandlockHoldsForWhatIsOpened", "-p builtin:unconfined --files-exec escape_handed", "errno 13", "errno 13",
     "done"},
    {"LandlockInATreeOfItsOwn", std::string(kOwnTree) + " --files-exec /program", "errno 13", "errno 13", "done"},
    {"AnotherUserReadsWhatHeMay", "-p builtin:unconfined --uid 65533 --gid 65533", "done", "done", "done"},
};

INSTANTIATE_TEST_SUITE_P(Escapes, OfDescriptors, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(OfDescriptors, AreNotReceivedWhereTheCallsAreRefused) {
  write("p.cordon", "default allow\nerrno EPERM recvmsg recvmmsg @io_uring\n");
  const Hander files(directory_ / "f", open((directory_ / "outside/secret").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(shell("escape_handed read f").output, "done\n");
  EXPECT_EQ(shell("cordon run -q -p p.cordon -- escape_handed read f").output, "errno 1\n");
}

TEST_F(OfDescriptors, OfCordonsOwnReachNoCommand) {
  write("p.cordon", "default allow\nnotify mkdir\nerrno EPERM rmdir\n");
  write("handler", "#!/bin/sh\nwhile read line; do :; done\n");
  fs::permissions(directory_ / "handler", fs::perms(0755));
  const std::string given = shell("sandbox_victim fds 7<outside").output;
  constexpr const char* kEach[] = {"",
                                   "--exec",
                                   "--start exec",
                                   "--start entry",
                                   "--on-notify allow",
                                   "--on-notify deny",
                                   "--on-notify exec:./handler",
                                   "--emulate-read /etc",
                                   "--emulate-mknod /tmp",
                                   "--emulate-connect 127.0.0.1:80",
                                   "--explain-log log",
                                   "--timeout 9",
                                   "--files-exec /",
                                   "--net-none",
                                   "--unshare user,pid",
                                   "--no-cache",
                                   "--unshare user,mount,pid --mount-proc",
                                   "--scope signal",
                                   "--no-listener",
                                   "--caps-keep none"};
  for (const char* options : kEach) {
    const Ended fds = shell(std::string("cordon run -q ") + options + " -p p.cordon -- sandbox_victim fds 7<outside");
    EXPECT_EQ(fds.output, given) << options << fds.errors;
  }
}

class OfIdentity : public Escape {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "not root";
    Escape::SetUp();
    fs::copy_file(directory_ / "escape_calls", directory_ / "set-user");
    fs::permissions(directory_ / "set-user", fs::perms(04755));
    if (shell(as_nobody() + "escape_calls execute set-user").output != "uid 0 done\n")
      GTEST_SKIP() << "set-user-ID programs do nothing here (nosuid)";
  }
  void TearDown() override {
    if (!directory_.empty()) Escape::TearDown();
  }
};

TEST_F(OfIdentity, IsNotChangedByASetUserIdProgram) {
  for (const char* line : {"cordon run -q -p builtin:unconfined -- ", "cordon run -q --exec -p builtin:unconfined -- ",
                           "cordon run -q --start entry -p builtin:unconfined -- ",
                           "cordon run -q -p builtin:unconfined --files-exec / -- ",
                           "cordon run -q -p builtin:unconfined --unshare user,mount -- "}) {
    EXPECT_EQ(shell(as_nobody() + line + "escape_calls execute set-user").output, "uid 65534 done\n") << line;
    EXPECT_EQ(shell(as_nobody() + line + "./set-user identity").output, "uid 65534 done\n") << line;
  }
  const std::string by_root = "cordon run -q -p builtin:unconfined --uid 65534 --gid 65534 ";
  EXPECT_EQ(shell(by_root + "-- escape_calls execute set-user").output, "uid 65534 done\n");
}

}  // namespace
}  // namespace cordon::testing
