#include "cordon/base/sarif.h"

#include <gtest/gtest.h>

#include "cordon/base/finding_codes.h"

namespace cordon {
namespace {

std::string sarif_of(const Diagnostics& diagnostics) {
  return write_sarif(diagnostics, {.tool = "cordon", .version = "1", .was_successful = true});
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Sarif, WithoutFindingsThereIsARunWithoutResults) {
  const std::string text = sarif_of({});
  EXPECT_TRUE(has(text, R"("version": "2.1.0")")) << text;
  EXPECT_TRUE(has(text, R"("rules": [])")) << text;
  EXPECT_TRUE(has(text, R"("results": [])")) << text;
}

struct PlaceRow {
  std::string name;
  Place place;
  std::vector<std::string> parts;  // what the location says
  std::string absent;              // and what it must not
};

TEST(Sarif, APlaceIsALocation) {
  const PlaceRow rows[] = {
      {"a word", {"a.cordon", 2, 3, 4, "  opne"}, {"\"startColumn\": 3", "\"endColumn\": 7", "\"startLine\": 2"}, "~"},
      {"columns count characters",
       {"a", 1, 5, 2, "\xc3\xa4\xc3\xb6\xc3\xbc"},
       {"\"startColumn\": 3", "Column\": 4"},
       "~"},
      {"a place without length is one character", {"a", 1, 3, 0, "ab"}, {"\"startColumn\": 3", "Column\": 4"}, "~"},
      {"a place past the line is its end", {"a", 1, 9, 5, "ab"}, {"\"startColumn\": 3", "Column\": 4"}, "~"},
      {"a line that is kept in part has no columns", {"a", 1, 900, 5, "ab", 899}, {"\"startLine\": 1"}, "Column"},
      {"a file alone has no region", {"a", 0, 0, 0, ""}, {"\"uri\": \"a\""}, "region"},
      {"a blank and a colon in a name", {"my app:1", 0, 0, 0, ""}, {"\"uri\": \"my%20app%3A1\""}, "region"},
      {"an absolute name", {"/etc/a", 0, 0, 0, ""}, {"\"uri\": \"file:///etc/a\""}, "region"},
      {"nothing is known", {}, {"\"locations\": []"}, "physicalLocation"},
  };
  for (const PlaceRow& row : rows) {
    Diagnostics findings;
    findings.warning("open-door", row.place, "message");
    const std::string text = sarif_of(findings);
    for (const std::string& part : row.parts) EXPECT_TRUE(has(text, part)) << row.name << ": " << part << "\n" << text;
    // columnKind stands in every document
    EXPECT_FALSE(has(text.substr(text.find("\"results\"")), row.absent)) << row.name << "\n" << text;
  }
}

TEST(Sarif, RulesAreTheCodesInOrderAndResultsNameThem) {
  Diagnostics findings;
  findings.note("sub-arches", {}, "third");
  findings.error("dead-rule", {}, "first", "remove it");
  findings.warning("dead-rule", {}, "second");
  const std::string text = sarif_of(findings);
  const size_t first = text.find(R"("id": "dead-rule")"), second = text.find(R"("id": "sub-arches")");
  EXPECT_LT(first, second);
  EXPECT_EQ(text.find(R"("id": "dead-rule")", first + 1), std::string::npos) << "a rule stands once";
  for (const char* part : {R"("ruleIndex": 1,)", R"("level": "note")", R"("level": "error")", R"("level": "warning")",
                           R"("text": "first; cure: remove it")", R"("cure": "remove it")"})
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
}

TEST(Sarif, NotesAreRelatedLocations) {
  Diagnostics findings;
  findings.warning("dead-rule", {}, "message").notes.push_back({{"b", 3, 1, 1, "x"}, "covered by this"});
  const std::string text = sarif_of(findings);
  EXPECT_TRUE(has(text.substr(text.find("relatedLocations")), "\"startLine\": 3")) << text;
  EXPECT_TRUE(has(text, "covered by this")) << text;
}

TEST(FindingCodes, AreInOrderAndSaySomething) {
  std::string_view before;
  for (const base::FindingCode& one : base::finding_codes()) {
    EXPECT_LT(before, one.code);
    EXPECT_FALSE(one.summary.empty()) << one.code;
    before = one.code;
  }
  EXPECT_EQ(base::find_code("open-door")->code, "open-door");
  EXPECT_FALSE(base::find_code("open-doo"));
  EXPECT_FALSE(base::find_code("zzz"));
}

}  // namespace
}  // namespace cordon
