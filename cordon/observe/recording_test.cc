#include "cordon/observe/recording.h"

#include <gtest/gtest.h>

#include <string>

namespace cordon::observe {
namespace {

Recording sample() {
  Recording recording;
  recording.argv = {"ls", "a \"b\"\n\\\xff", ""};
  recording.kernel = {6, 18};
  recording.programs = {{true, {}}, {false, "/usr/bin/ls"}, {false, ""}};
  RecordedCall execve{.program = 0, .nr = 59, .count = 1, .first_seen_ns = 10, .values = {}};
  RecordedCall ioctl{.program = 1, .nr = 16, .count = 5, .first_seen_ns = 20, .values = {}};
  ioctl.slots = {1};
  ioctl.slot_count = 1;
  ioctl.values = {{{0x5401}, 2, 20}, {{0x5413}, 3, 25}};
  RecordedCall futex{.program = 1, .nr = 202, .count = 900, .first_seen_ns = 30, .too_many_values = true, .values = {}};
  RecordedCall unknown{.program = 2, .nr = 9999, .count = 1, .first_seen_ns = 40, .values = {}};
  recording.calls = {execve, ioctl, futex, unknown};
  recording.interrupted = 1;
  recording.unattributed = 1;
  recording.finished = true;
  return recording;
}

TEST(Recording, IsWrittenLineByLine) {
  EXPECT_EQ(write_recording(sample()),
            "cordon-trace 1\n"
            "command \"ls\" \"a \\\"b\\\"\\x0a\\\\\\xff\" \"\"\n"
            "start before_exec\n"
            "kernel 6.18\n"
            "program 0 launch\n"
            "program 1 \"/usr/bin/ls\"\n"
            "program 2 \"\"\n"
            "call 0 x86_64 59 execve 1 10\n"
            "call 1 x86_64 16 ioctl 2 20 arg1=0x5401\n"
            "call 1 x86_64 16 ioctl 3 25 arg1=0x5413\n"
            "call 1 x86_64 202 futex 900 30 ...\n"
            "call 2 x86_64 9999 ? 1 40\n"
            "lost 0\n"
            "interrupted 1\n"
            "unattributed 1\n"
            "complete yes\n");
}

TEST(Recording, IsReadAsItWasWritten) {
  Recording cut = sample();
  cut.finished = false;
  cut.start = StartPoint::entry;
  Recording lossy = sample();
  lossy.lost = 3;
  lossy.start = StartPoint::exec;
  for (const Recording& recording : {sample(), cut, lossy, Recording{}}) {
    std::string text = write_recording(recording);
    Result<Recording> read = read_recording(text, "a.cordon-trace");
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, recording);
    EXPECT_EQ(write_recording(*read), text);
  }
}

struct BadRow {
  const char* name;
  const char* from;
  const char* to;
  uint32_t line;
  const char* message;  // a part of it
};

TEST(Recording, IsRefusedWhereItCannotHaveBeenWritten) {
  const BadRow rows[] = {
      {"no recording", "cordon-trace 1", "hello", 0, "no recording"},
      {"newer version", "cordon-trace 1", "cordon-trace 2", 1, "another version"},
      {"no command", "command", "commnd", 2, "expected a line 'command"},
      {"open quote", "\\xff\" \"\"", "\\xff\" \"", 2, "double quotes"},
      {"bad escape", "\\x0a", "\\n", 2, "double quotes"},
      {"escape at the end", "\\xff\" \"\"", "\\xff\" \"\\\"", 2, "double quotes"},
      {"upper-case escape", "\\xff", "\\xFF", 2, "double quotes"},
      {"two blanks", "start before", "start  before", 3, "found"},
      {"unknown start", "before_exec", "later", 3, "expected before_exec"},
      {"bad kernel", "6.18", "6", 4, "kernel version"},
      {"long kernel", "6.18", "6.18.44", 4, "kernel version"},
      {"program out of order", "program 2", "program 3", 7, "expected program 2"},
      {"program without quotes", "\"/usr/bin/ls\"", "/usr/bin/ls", 6, "double quotes"},
      {"unknown program", "call 2", "call 3", 12, "no program"},
      {"unknown ABI", "call 0 x86_64", "call 0 x86", 8, "no architecture"},
      {"alias of an ABI", "call 0 x86_64", "call 0 amd64", 8, "no architecture"},
      {"wrong name", "59 execve", "59 execv", 8, "is 'execve'"},
      {"name of an unknown number", "9999 ?", "9999 frob", 12, "not known here"},
      {"number too large", "9999 ?", "4294967296 ?", 12, "number of a call"},
      {"leading zero", "9999 ?", "09999 ?", 12, "number of a call"},
      {"count of none", "execve 1 10", "execve 0 10", 8, "count from 1"},
      {"negative time", "execve 1 10", "execve 1 -10", 8, "nanoseconds"},
      {"seventh argument", "arg1=0x5401", "arg6=0x5401", 9, "arg0=0x"},
      {"decimal value", "arg1=0x5401", "arg1=5401", 9, "arg0=0x"},
      {"upper-case value", "arg1=0x5401", "arg1=0xA", 9, "arg0=0x"},
      {"argument twice", "arg1=0x5401", "arg1=0x1 arg1=0x2", 9, "stands twice"},
      {"values out of order", "arg1=0x5413", "arg1=0x5400", 10, "not in order"},
      {"equal values", "arg1=0x5413", "arg1=0x5401", 10, "not in order"},
      {"other slots", "arg1=0x5413", "arg2=0x5413", 10, "does not fit"},
      {"values and too many", " ...", " arg1=0x1 ...", 11, "arg0=0x"},
      {"calls out of order", "call 1 x86_64 202 futex", "call 0 x86_64 202 futex", 11, "not in order"},
      {"a call twice", "call 2 x86_64 9999 ? 1 40\n", "call 2 x86_64 9999 ? 1 40\ncall 2 x86_64 9999 ? 1 40\n", 13,
       "does not fit"},
      {"a count past the limit", "ioctl 3 25", "ioctl 281474976710657 25", 10, "count from 1"},
      {"a counter past the limit", "lost 0", "lost 281474976710657", 13, "a number up to"},
      {"missing counter", "lost 0\n", "", 13, "expected a line 'lost"},
      {"complete with losses", "lost 0", "lost 2", 16, "expected yes"},
      {"more after the end", "complete yes\n", "complete yes\nlost 0\n", 17, "nothing may follow"},
      {"cut line", "complete yes\n", "complete yes", 16, "was cut"},
      {"cut file", "unattributed 1\ncomplete yes\n", "", 15, "was cut"},
  };
  const std::string good = write_recording(sample());
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.name);
    std::string text = good;
    size_t at = text.find(row.from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, std::string_view(row.from).size(), row.to);
    Result<Recording> read = read_recording(text, "a.cordon-trace");
    ASSERT_FALSE(read);
    const Diagnostic& error = *read.error().begin();
    EXPECT_EQ(error.place.file, "a.cordon-trace");
    EXPECT_EQ(error.place.line, row.line) << error.message;
    EXPECT_NE((error.message + " " + error.hint).find(row.message), std::string::npos) << error.message;
  }
}

TEST(Recording, IsRefusedAtEveryCut) {
  const std::string good = write_recording(sample());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_recording(std::string_view(good).substr(0, size), "a")) << size;
  }
}

TEST(Recording, WithMoreValuesThanAreKeptIsRefused) {
  Recording recording = sample();
  recording.calls = {recording.calls[1]};
  recording.calls[0].values.clear();
  for (uint64_t i = 0; i <= kMaxValues; ++i) recording.calls[0].values.push_back({{i}, 1, 1});
  EXPECT_FALSE(read_recording(write_recording(recording), "a"));
}

}  // namespace
}  // namespace cordon::observe
