#include "cordon/sandbox/ready_arena.h"

#include <string.h>
#include <sys/mman.h>

#include <new>

namespace cordon::sandbox {
namespace {

constexpr size_t kRequestBytes = 4 << 20;
constexpr size_t kStackBytes = 32768;  // of what is started, until its exec

// Words one after another, pointers behind them. False: there is no room.
struct Writer {
  char* at;
  char* end;

  size_t room() const { return static_cast<size_t>(end - at); }

  char* word(const std::string& text) {
    if (room() < text.size() + 1) return nullptr;
    char* place = static_cast<char*>(memcpy(at, text.c_str(), text.size() + 1));
    at += text.size() + 1;
    return place;
  }
  char** pointers(const std::vector<char*>& words) {
    const size_t gap = (alignof(char*) - reinterpret_cast<uintptr_t>(at) % alignof(char*)) % alignof(char*);
    const size_t size = (words.size() + 1) * sizeof(char*);
    if (room() < gap + size) return nullptr;
    at += gap;
    char** place = reinterpret_cast<char**>(at);
    for (size_t i = 0; i < words.size(); ++i) place[i] = words[i];
    place[words.size()] = nullptr;
    at += size;
    return place;
  }
  char** list(const std::vector<std::string>& words) {
    std::vector<char*> places;
    for (const std::string& text : words) {
      places.push_back(word(text));
      if (places.back() == nullptr) return nullptr;
    }
    return pointers(places);
  }
};

}  // namespace

ReadyArena::~ReadyArena() {
  if (memory_ != nullptr) munmap(memory_, kRequestBytes);
  if (stack_ != nullptr) munmap(stack_, kStackBytes);
}

bool ReadyArena::map() {
  const auto make = [](size_t size, int flags) -> void* {
    void* made = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return made == MAP_FAILED ? nullptr : made;
  };
  memory_ = make(kRequestBytes, MAP_SHARED);
  stack_ = make(kStackBytes, MAP_PRIVATE);
  if (memory_ == nullptr || stack_ == nullptr) return false;
  plan.request = new (memory_) ReadyRequest;
  plan.requests = {memory_, kRequestBytes};
  plan.stack_top = static_cast<char*>(stack_) + kStackBytes;
  return true;
}

bool ReadyArena::write(const ReadyStart& what, const std::vector<std::string>& environment) {
  char* const end = static_cast<char*>(memory_) + kRequestBytes;
  Writer writer{static_cast<char*>(memory_) + sizeof(ReadyRequest), end};
  ReadyRequest& to = request();
  to = {};
  to.path = writer.word(what.path);
  to.argv = writer.list(what.argv);
  std::vector<std::string> shell{"/bin/sh", what.path};
  shell.insert(shell.end(), what.argv.begin() + (what.argv.empty() ? 0 : 1), what.argv.end());
  to.shell_argv = writer.list(shell);
  to.environment = writer.list(environment);
  to.directory = what.directory ? writer.word(*what.directory) : nullptr;
  to.may_lack_directory = what.may_lack_directory;
  to.signal_mask = what.signal_mask;
  to.has_own_session = what.has_own_session;
  to.has_umask = what.umask.has_value();
  to.umask = what.umask.value_or(0);
  return to.path != nullptr && to.argv != nullptr && to.shell_argv != nullptr && to.environment != nullptr &&
         (!what.directory || to.directory != nullptr);
}

}  // namespace cordon::sandbox
