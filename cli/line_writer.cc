#include "cli/line_writer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "cli/output.h"

namespace cordon::cli {
namespace {

constexpr size_t kMaxWaiting = 256;
constexpr std::chrono::seconds kPatience{1};

bool is_file(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// Whoever starts threads here reads its signals itself.
bool start_thread(void* (*work)(void*), void* state) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const bool started = pthread_create(&thread, nullptr, work, state) == 0;
  if (started) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace

// Newlines stand between values only: within strings they are escaped.
std::string one_line(const std::string& json) {
  std::string line;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\n') {
      line += json[i];
      continue;
    }
    while (i + 1 < json.size() && json[i + 1] == ' ') ++i;
    if (line.ends_with(',')) line += ' ';
  }
  return line + "\n";
}

struct LineWriter::State {
  int fd = -1;
  DroppedLine dropped_line = nullptr;
  bool is_direct = false;
  bool has_thread = false;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> waiting;
  size_t dropped = 0;
  size_t written = 0;
  int error = 0;
  bool is_closing = false;
  bool is_left = false;  // to the thread
};

LineWriter::LineWriter(int fd, DroppedLine dropped_line) : state_(new State) {
  state_->fd = fd;
  state_->dropped_line = dropped_line;
  state_->is_direct = is_file(fd);
}

void LineWriter::put(std::string text) {
  if (state_ == nullptr) return;
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.is_direct) {
    if (int error = write_all(state.fd, text)) state.error = error;
    return;
  }
  if (!state.has_thread) state.has_thread = start_thread(work, &state);
  if (!state.has_thread || state.waiting.size() >= kMaxWaiting) {
    ++state.dropped;
    return;
  }
  state.waiting.push_back(std::move(text));
  state.changed.notify_all();
}

void* LineWriter::work(void* argument) {
  State& state = *static_cast<State*>(argument);
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.changed.wait(lock, [&] { return !state.waiting.empty() || state.dropped > 0 || state.is_closing; });
    const bool has_line = !state.waiting.empty();
    if (!has_line && state.dropped == 0) break;
    std::string text =
        has_line ? std::move(state.waiting.front()) : state.dropped_line(std::exchange(state.dropped, 0));
    if (has_line) state.waiting.pop_front();
    lock.unlock();
    const int error = write_all(state.fd, text);
    lock.lock();
    if (error != 0) state.error = error;
    ++state.written;
    state.changed.notify_all();
  }
  const bool is_left = state.is_left;
  state.has_thread = false;
  state.changed.notify_all();
  lock.unlock();
  if (is_left) delete &state;
  return nullptr;
}

int LineWriter::finish() {
  if (state_ == nullptr) return 0;
  State& state = *state_;
  int error = 0;
  bool is_left = false;
  {
    std::unique_lock lock(state.mutex);
    state.is_closing = true;
    state.changed.notify_all();
    for (size_t written = state.written + 1; state.has_thread && written != state.written;) {
      written = state.written;
      state.changed.wait_for(lock, kPatience, [&] { return !state.has_thread || state.written != written; });
    }
    is_left = state.is_left = state.has_thread;
    error = std::exchange(state.error, 0);
  }
  if (!is_left) delete state_;
  state_ = nullptr;
  return error;
}

int LineWriter::take_error() {
  if (state_ == nullptr) return 0;
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->error, 0);
}

}  // namespace cordon::cli
