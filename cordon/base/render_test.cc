#include "cordon/base/render.h"

#include <gtest/gtest.h>

namespace cordon {
namespace {

std::string rendered(Place place, std::string hint) {
  Diagnostics diagnostics;
  diagnostics.error("code", std::move(place), "message", std::move(hint));
  return render(diagnostics, {});
}

TEST(Render, LooksLikeACompiler) {
  Diagnostics diagnostics;
  diagnostics.error("json-syntax", {"default.json", 13, 10, 1, "        }"}, "expected ',' between array elements",
                    "add a comma here");
  diagnostics.error("json-syntax", {"default.json", 23, 10, 1, ""}, "trailing comma before ']'");
  EXPECT_EQ(render(diagnostics, {}),
            "default.json:13:10: error: expected ',' between array elements [json-syntax]\n"
            "   13 |         }\n"
            "      |          ^ add a comma here\n"
            "default.json:23:10: error: trailing comma before ']' [json-syntax]\n");
}

struct SnippetRow {
  std::string name;
  Place place;
  std::string hint;
  std::string expected;
};

TEST(Render, MarksThePlaceInItsLine) {
  const SnippetRow rows[] = {
      {"a longer place is underlined",
       {"f", 2, 3, 4, "  opne"},
       "did you mean 'open'?",
       "f:2:3: error: message [code]\n    2 |   opne\n      |   ^~~~ did you mean 'open'?\n"},
      {"without a hint the mark stands alone",
       {"f", 2, 1, 2, "ab"},
       "",
       "f:2:1: error: message [code]\n    2 | ab\n      | ^~\n"},
      {"tabs before the mark keep their width",
       {"f", 2, 4, 1, "\ta\tb"},
       "",
       "f:2:4: error: message [code]\n    2 | \ta\tb\n      | \t \t^\n"},
      {"a character of several bytes is one column",
       {"f", 2, 5, 2, "\xc3\xa4\xc3\xb6\xc3\xbc"},
       "",
       "f:2:5: error: message [code]\n    2 | \xc3\xa4\xc3\xb6\xc3\xbc\n      |   ^\n"},
      {"a control byte is shown, and the mark follows it",
       {"f", 2, 2, 1, "\x1bx"},
       "",
       "f:2:2: error: message [code]\n    2 | \\x1bx\n      |     ^\n"},
      {"a place past the line marks its end",
       {"f", 2, 9, 5, "ab"},
       "",
       "f:2:9: error: message [code]\n    2 | ab\n      |   ^\n"},
      {"a long line number widens the margin",
       {"f", 1234567, 1, 1, "a"},
       "",
       "f:1234567:1: error: message [code]\n1234567 | a\n        | ^\n"},
      {"without a line only the file is named", {"f", 0, 0, 0, ""}, "cure", "f: error: message [code]\n  hint: cure\n"},
      {"without a file it is cordon that speaks", {}, "cure", "cordon: error: message [code]\n  hint: cure\n"},
      {"without a column the line is named", {"f", 3, 0, 0, ""}, "", "f:3: error: message [code]\n"},
      {"a file's name cannot steer the terminal", {"a\x1b[2J", 0, 0, 0, ""}, "", "a\\x1b[2J: error: message [code]\n"},
  };
  for (const SnippetRow& row : rows) EXPECT_EQ(rendered(row.place, row.hint), row.expected) << row.name;
}

TEST(Render, ShowsOnlyThePartOfALongLineThatMatters) {
  std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  EXPECT_EQ(rendered({"f", 1, 5001, 1, line}, ""), "f:1:5001: error: message [code]\n    1 | ..." +
                                                       std::string(100, 'a') + "X" + std::string(99, 'b') +
                                                       "...\n      | " + std::string(103, ' ') + "^\n");
}

TEST(Render, MarksThePlaceInThePartOfALineThatWasKept) {
  Place place{"f", 1, 5001, 1, std::string(500, 'a') + "X"};
  place.text_column = 4501;
  EXPECT_EQ(rendered(place, ""), "f:1:5001: error: message [code]\n    1 | ..." + std::string(100, 'a') +
                                     "X\n      | " + std::string(103, ' ') + "^\n");
}

TEST(Render, NeverCutsACharacterOfALongLine) {
  std::string line;
  for (int i = 0; i < 200; ++i) line += "\xe2\x82\xac";
  for (uint32_t column : {301u, 304u, 307u}) {
    std::string text = rendered({"f", 1, column, 3, line}, "");
    EXPECT_EQ(text.find("\\x"), std::string::npos) << text;
  }
}

TEST(Render, PutsNotesBelow) {
  Diagnostics diagnostics;
  diagnostics.warning("dead-rule", {"f", 9, 1, 0, ""}, "this rule never decides").notes = {
      {{"f", 3, 1, 5, "allow"}, "covered by this one"}, {{}, "and by the default"}};
  diagnostics.note("hint", {"f", 0, 0, 0, ""}, "lossless");
  EXPECT_EQ(render(diagnostics, {}),
            "f:9:1: warning: this rule never decides [dead-rule]\n"
            "f:3:1: note: covered by this one\n"
            "cordon: note: and by the default\n"
            "f: note: lossless [hint]\n");
}

TEST(Render, LetsNoNameSteerATerminal) {
  Diagnostics diagnostics;
  diagnostics.error("e\x1b", {"p\n\x1b[31mx", 1, 1, 1, "a\x1b[2J"}, "bad \xc2\x9b", "cure\n").notes = {
      {{"q\r", 3, 1, 0, ""}, "seen\a"}};
  EXPECT_EQ(render(diagnostics, {}),
            "p\\x0a\\x1b[31mx:1:1: error: bad \\xc2\\x9b [e\\x1b]\n"
            "    1 | a\\x1b[2J\n"
            "      | ^ cure\\x0a\n"
            "q\\x0d:3:1: note: seen\\x07\n");
}

TEST(Render, CountsWhatItLeavesOut) {
  Diagnostics diagnostics;
  for (int i = 0; i < 3; ++i) diagnostics.error("e", {}, "bad");
  diagnostics.warning("w", {}, "odd");
  EXPECT_EQ(render(diagnostics, {.color = false, .limit = 1}),
            "cordon: error: bad [e]\ncordon: 3 more: 2 errors, 1 warning\n");
  EXPECT_EQ(render(diagnostics, {.color = false, .limit = 4}).find("more"), std::string::npos);
  EXPECT_EQ(render({}, {}), "");
}

TEST(Render, ColorsWhenAsked) {
  Diagnostics diagnostics;
  diagnostics.error("e", {"f", 1, 1, 1, "x"}, "bad", "cure");
  EXPECT_EQ(render(diagnostics, {.color = true, .limit = 20}),
            "\x1b[1mf:1:1: \x1b[0m\x1b[1;31merror: \x1b[0mbad [e]\n    1 | x\n      | \x1b[1;32m^ cure\x1b[0m\n");
}

TEST(RenderJson, HasTheSameKeysForEveryDiagnostic) {
  Diagnostics diagnostics;
  diagnostics.error("e", {"f", 1, 2, 3, "text"}, "bad \"x\"", "cure").notes = {{{"g", 4, 5, 6, ""}, "seen"}};
  EXPECT_EQ(render_json(diagnostics), R"([
  {
    "severity": "error",
    "code": "e",
    "file": "f",
    "line": 1,
    "column": 2,
    "message": "bad \"x\"",
    "hint": "cure",
    "notes": [
      {
        "file": "g",
        "line": 4,
        "column": 5,
        "message": "seen"
      }
    ]
  }
]
)");
  EXPECT_EQ(render_json({}), "[]\n");
}

}  // namespace
}  // namespace cordon
