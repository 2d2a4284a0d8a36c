#include "cordon/sandbox/memory_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "cordon/base/fd.h"

namespace cordon::sandbox {
namespace {

constexpr size_t kMost = 4096;
constexpr time_t kPatienceS = 1;
constexpr unsigned kMostLate = 8;

MemoryReader* reader = nullptr;

// A byte each way. Unlike a futex it hands the processor over with it, which halves the price.
bool send_turn(int fd) {
  const char turn = 0;
  ssize_t sent = 0;
  do sent = write(fd, &turn, sizeof turn);
  while (sent < 0 && errno == EINTR);
  return sent == sizeof turn;
}

bool wait_for_turn(int fd) {
  char turn = 0;
  ssize_t got = 0;
  do got = read(fd, &turn, sizeof turn);
  while (got < 0 && errno == EINTR);
  return got == sizeof turn;
}

}  // namespace

// What a thread reads, and where to. Who comes second to `state` when it was left behind frees it.
struct MemoryReader::Work {
  enum State { asked, done, late };

  MemoryReader* reader = nullptr;
  Fd ours, its;
  std::atomic<State> state = done;
  pid_t tid = 0;
  uint64_t address = 0;
  size_t count = 0;
  ssize_t got = 0;
  char bytes[kMost];
};

MemoryReader& MemoryReader::of_process() {
  if (reader == nullptr) {
    static const int kRegistered = pthread_atfork(nullptr, nullptr, [] { reader = nullptr; });
    (void)kRegistered;
    reader = new MemoryReader;
  }
  return *reader;
}

bool MemoryReader::start() {
  auto made = std::make_unique<Work>();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const Fd low_ours(ends[0]), low_its(ends[1]);  // standard streams, where those are closed
  made->ours.reset(fcntl(low_ours.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  made->its.reset(fcntl(low_its.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  const timeval patience{.tv_sec = kPatienceS, .tv_usec = 0};
  if (!made->ours || !made->its ||
      setsockopt(made->ours.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    return false;
  made->reader = this;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const bool is_made = pthread_create(&thread, nullptr, work, made.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!is_made) return false;
  pthread_detach(thread);
  current_ = made.release();
  return true;
}

ssize_t MemoryReader::read(pid_t tid, uint64_t address, void* to, size_t count) {
  if (late_.load() >= kMostLate) return -1;
  if (current_ == nullptr && !start()) return -1;
  Work& work = *current_;
  work.tid = tid;
  work.address = address;
  work.count = std::min(count, kMost);
  work.state.store(Work::asked);
  send_turn(work.ours.get());
  if (!wait_for_turn(work.ours.get())) {
    late_.fetch_add(1);
    current_ = nullptr;
    if (work.state.exchange(Work::late) == Work::asked) return -1;
    // It has come in this very moment. The thread waits for more, finds the end instead, and frees all of it.
    late_.fetch_sub(1);
    const Fd last = std::move(work.ours);
    return -1;
  }
  if (work.state.load() != Work::done || work.got <= 0) return -1;
  std::memcpy(to, work.bytes, static_cast<size_t>(work.got));
  return work.got;
}

void* MemoryReader::work(void* shared) {
  const std::unique_ptr<Work> own(static_cast<Work*>(shared));
  while (wait_for_turn(own->its.get()) && own->state.load() == Work::asked) {
    iovec local{own->bytes, own->count};
    iovec remote{reinterpret_cast<void*>(own->address), own->count};
    own->got = process_vm_readv(own->tid, &local, 1, &remote, 1, 0);
    if (own->state.exchange(Work::done) == Work::late) {
      own->reader->late_.fetch_sub(1);
      break;
    }
    if (!send_turn(own->its.get())) break;
  }
  return nullptr;
}

}  // namespace cordon::sandbox
