// A listener given to somebody else, who answers then.
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "cordon/sandbox/handover.h"
#include "sandbox_fixture.h"

namespace cordon::testing {
namespace {

struct Received {
  std::string text;
  Fd listener;
};

Received receive(int peer) {
  Received received;
  char bytes[4096];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec buffer{bytes, sizeof bytes};
  msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
  if (count <= 0) return received;
  received.text.assign(bytes, static_cast<size_t>(count));
  int fd = -1;
  if (const cmsghdr* head = CMSG_FIRSTHDR(&message)) std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
  received.listener.reset(fd);
  return received;
}

// Answers all calls, the exec among them, until nobody is left to make one.
void answer_all(Listener listener) {
  while (!listener.is_finished() && listener.error() == 0)
    if (auto notification = listener.receive())
      listener.respond(notification->id, notification->call.nr == kDenied ? Response::returns(4711) : Response::run());
}

struct HandedRun {
  std::string output, state;
  int status = -1;
};

HandedRun run_handing_over(uint32_t nr, StartPoint start) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]), theirs(ends[1]);
  HandedRun result;
  CapturedOutput output;
  LaunchSpec spec = spec_for(denied_call(), nr, kNotify);
  spec.start = start;
  auto launched = sandbox::launch(spec);
  if (!launched) return result;
  EXPECT_TRUE(launched->listener.has_value());
  EXPECT_TRUE(sandbox::hand_over(*launched, ours.get(), {.metadata = "a \"b\"", .directory = "/srv"}));
  EXPECT_FALSE(launched->listener.has_value());
  Received received = receive(theirs.get());
  result.state = received.text;
  std::thread answerer([fd = std::move(received.listener)]() mutable { answer_all(Listener(std::move(fd))); });
  auto outcome = sandbox::supervise(std::move(*launched), {.calls = {}});
  answerer.join();
  result.output = output.take();
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (outcome) result.status = outcome->exit_status();
  return result;
}

TEST(Handover, WhoGetsTheListenerAnswers) {
  for (StartPoint start : {StartPoint::before_exec, StartPoint::exec, StartPoint::entry}) {
    const HandedRun seen = run_handing_over(kDenied, start);
    EXPECT_EQ(seen.status, 0);
    EXPECT_EQ(seen.output, "4711\n");
    EXPECT_NE(seen.state.find("\"seccompFd\""), std::string::npos) << seen.state;
    EXPECT_NE(seen.state.find("\"metadata\": \"a \\\"b\\\"\""), std::string::npos) << seen.state;
    EXPECT_NE(seen.state.find("\"bundle\": \"/srv\""), std::string::npos) << seen.state;
  }
}

// The command waits in its own execve until the other has answered that.
TEST(Handover, TheExecItselfMayWaitForTheOther) {
  const HandedRun seen = run_handing_over(SYS_execve, StartPoint::before_exec);
  EXPECT_EQ(seen.status, 0);
}

TEST(Handover, ACommandWhoseListenerCannotBeGivenIsEnded) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]);
  close(ends[1]);
  auto launched = sandbox::launch(spec_for({"/bin/sleep", "1000"}, kDenied, kNotify));
  ASSERT_TRUE(launched);
  const Result<Done> given = sandbox::hand_over(*launched, ours.get(), {});
  ASSERT_FALSE(given);
  EXPECT_NE(given.error().begin()->message.find("EPIPE"), std::string::npos) << given.error().begin()->message;
  EXPECT_EQ(kill(launched->pid, 0), -1);
}

TEST(Handover, OnlyAConnectedUnixStreamTakesOne) {
  const Fd unconnected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), datagram(socket(AF_UNIX, SOCK_DGRAM, 0)),
      internet(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), file(memfd_create("file", MFD_CLOEXEC));
  for (const Fd* fd : {&unconnected, &datagram, &internet, &file}) EXPECT_FALSE(sandbox::check_answerer(fd->get()));
  EXPECT_FALSE(sandbox::check_answerer(12345));
  EXPECT_FALSE(sandbox::connect_to_answerer("/none/such"));
  EXPECT_FALSE(sandbox::connect_to_answerer(std::string(200, 'x')));
}

}  // namespace
}  // namespace cordon::testing
