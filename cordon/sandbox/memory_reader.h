// Reads the memory of another process without waiting for whoever can hold that up.
//
//   ssize_t got = MemoryReader::of_process().read(tid, address, bytes, sizeof bytes);
//
// A page can be the business of a program that never brings it: by userfaultfd(2), or in a mapped file of FUSE. Then
// process_vm_readv(2) is ended by SIGKILL alone. So a thread of its own reads, and is left behind where it takes long.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cordon::sandbox {

class MemoryReader {
 public:
  // One for all of this process, also after a fork(2): threads are not copied. Never destroyed, and for one thread.
  static MemoryReader& of_process();

  // As process_vm_readv(2), up to 4096 bytes. -1: not readable, or not within a second; or so many reads are late
  // already that no other is begun, or no thread can be made.
  ssize_t read(pid_t tid, uint64_t address, void* to, size_t count);

 private:
  struct Work;
  static void* work(void* shared);
  bool start();

  Work* current_ = nullptr;         // of the thread that waits for something to read
  std::atomic<unsigned> late_ = 0;  // threads left behind that still read
};

}  // namespace cordon::sandbox
