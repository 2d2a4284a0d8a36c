#include "cordon/base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace cordon::base {
namespace {

constexpr std::string_view kNames[] = {"open", "openat", "openat2", "close", "pipe", "EPERM", "mount", "umount2"};

struct NearRow {
  std::string name;
  std::string word;
  std::vector<std::string_view> near;
};

TEST(Nearest, OrdersByDistanceAndThenByName) {
  const NearRow rows[] = {
      {"one letter missing", "opeat", {"openat"}},
      {"two neighbours swapped count as one mistake", "opne", {"open"}},
      {"the nearest comes first", "openat3", {"openat", "openat2"}},
      {"a short word allows one mistake", "op", {}},
      {"the wrong case is one mistake", "eperm", {"EPERM"}},
      {"nothing is near", "xyzzy", {}},
      {"the empty word is near nothing of two letters", "", {}},
  };
  for (const NearRow& row : rows) EXPECT_EQ(nearest(row.word, kNames, 5), row.near) << row.name;
}

TEST(Nearest, GivesNoMoreThanAskedFor) {
  EXPECT_EQ(nearest("openat3", kNames, 1), std::vector<std::string_view>{"openat"});
  EXPECT_TRUE(nearest("openat3", kNames, 0).empty());
}

TEST(Nearest, NamesATwiceListedCandidateOnce) {
  const std::string_view twice[] = {"open", "open"};
  EXPECT_EQ(nearest("opne", twice, 5).size(), 1u);
}

TEST(DidYouMean, JoinsTheNamesAsPeopleDo) {
  const std::string_view one[] = {"stat"};
  const std::string_view two[] = {"stat", "sta"};
  const std::string_view three[] = {"stat", "sta", "stag"};
  EXPECT_EQ(did_you_mean("stax", one), "did you mean 'stat'?");
  EXPECT_EQ(did_you_mean("stax", two), "did you mean 'sta' or 'stat'?");
  EXPECT_EQ(did_you_mean("stax", three), "did you mean 'sta', 'stag' or 'stat'?");
  EXPECT_EQ(did_you_mean("quite different", three), "");
}

struct TextRow {
  std::string name;
  std::string text;
  std::string expected;
};

TEST(Printable, LeavesNothingThatSteersATerminal) {
  const TextRow rows[] = {
      {"plain text stays", "a b~", "a b~"},
      {"valid UTF-8 stays", "na\xc3\xafve \xf0\x9f\x98\x80", "na\xc3\xafve \xf0\x9f\x98\x80"},
      {"an escape sequence is shown", "\x1b[31m", "\\x1b[31m"},
      {"newline and tab are shown", "a\n\tb", "a\\x0a\\x09b"},
      {"DEL is shown", "\x7f", "\\x7f"},
      {"a C1 control is shown by its bytes", "\xc2\x9b", "\\xc2\\x9b"},
      {"a right-to-left override is shown", "\xe2\x80\xae", "\\xe2\\x80\\xae"},
      {"a lone continuation byte is shown", "\x80", "\\x80"},
      {"a cut sequence is shown", "\xe2\x82", "\\xe2\\x82"},
      {"an overlong slash is shown", "\xc0\xaf", "\\xc0\\xaf"},
      {"an overlong three-byte form is shown", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"a surrogate is shown", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"above U+10FFFF is shown", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"a zero byte is shown", std::string("\0", 1), "\\x00"},
  };
  for (const TextRow& row : rows) EXPECT_EQ(printable(row.text), row.expected) << row.name;
}

TEST(Printable, ChangesNothingTheSecondTime) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(printable(printable(all)), printable(all));
}

TEST(JsonEscape, GivesWhatEveryReaderTakes) {
  const TextRow rows[] = {
      {"quotes and backslashes", "\"\\", "\\\"\\\\"},
      {"short forms", "\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
      {"other controls", std::string("\x01\x1f\x7f\0", 4), "\\u0001\\u001f\\u007f\\u0000"},
      {"valid UTF-8 stays", "\xe2\x82\xac", "\xe2\x82\xac"},
      {"each invalid byte becomes U+FFFD", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const TextRow& row : rows) EXPECT_EQ(json_escape(row.text), row.expected) << row.name;
}

TEST(Hex, HasNoLeadingZeros) {
  EXPECT_EQ(hex(0), "0x0");
  EXPECT_EQ(hex(0x5401), "0x5401");
  EXPECT_EQ(hex(UINT64_MAX), "0xffffffffffffffff");
  EXPECT_EQ(hex(0x1000000000000000), "0x1000000000000000");
}

TEST(Utf8Length, MeasuresTheCharacterAtTheFront) {
  const std::pair<std::string_view, size_t> rows[] = {{"ab", 1},
                                                      {std::string_view("\0", 1), 1},
                                                      {"\u00e4", 2},
                                                      {"\u20acx", 3},
                                                      {"\U0001f600", 4},
                                                      {"\x80", 0},
                                                      {"\xc1\x81", 0},
                                                      {"\xe2\x82", 0},
                                                      {"\xe0\x9f\xbf", 0},
                                                      {"\xed\xa0\x80", 0},
                                                      {"\xf4\x90\x80\x80", 0},
                                                      {"\xf8\x88\x80\x80\x80", 0}};
  for (const auto& [text, length] : rows) EXPECT_EQ(utf8_length(text), length) << printable(text);
}

}  // namespace
}  // namespace cordon::base
