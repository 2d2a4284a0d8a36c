// Writes lines to a descriptor nobody may be reading, without ever waiting for it.
//
//   LineWriter writer(STDERR_FILENO, [](size_t dropped) { return std::to_string(dropped) + " lines are missing\n"; });
//   writer.put("a line\n");
//   writer.finish();                     // waits for a reader, but not for one that does not read
//
// A file is written at once; anything else by a thread of its own, which is started with the first line. Up to
// 256 lines wait; what comes while they do is dropped, counted, and told by the given line when there is room.
#pragma once

#include <cstddef>
#include <string>

namespace cordon::cli {

// A JSON document on one line, with the newline.
std::string one_line(const std::string& json);

class LineWriter {
 public:
  using DroppedLine = std::string (*)(size_t);

  // The descriptor stays the caller's.
  LineWriter(int fd, DroppedLine dropped_line);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  ~LineWriter() { finish(); }

  void put(std::string text);
  // Returns when everything is written, or when nothing could be for a second. The errno of a write that failed.
  int finish();
  // In a child of fork(2), where the thread is not: what waits is the parent's to write.
  void abandon() { state_ = nullptr; }
  // errno of a write that failed, once; 0 if none did.
  int take_error();

 private:
  struct State;
  static void* work(void* state);

  State* state_;  // of the thread too: left to it if it is stuck
};

}  // namespace cordon::cli
