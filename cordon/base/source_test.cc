#include "cordon/base/source.h"

#include <gtest/gtest.h>

namespace cordon {
namespace {

struct PlaceRow {
  std::string name;
  Span span;
  Place place;
};

TEST(Sources, LocatesPlacesAsPeopleCountThem) {
  Sources sources;
  SourceId id = sources.add("app.cordon", "allow read\n  errno X\r\n\nlast");
  const PlaceRow rows[] = {
      {"the first byte", {id, 0, 5}, {"app.cordon", 1, 1, 5, "allow read"}},
      {"inside the second line, whose carriage return is not shown",
       {id, 13, 18},
       {"app.cordon", 2, 3, 5, "  errno X"}},
      {"a newline belongs to the line it ends", {id, 10, 11}, {"app.cordon", 1, 11, 1, "allow read"}},
      {"an empty line", {id, 22, 22}, {"app.cordon", 3, 1, 1, ""}},
      {"a span over lines is marked to the end of its first", {id, 6, 16}, {"app.cordon", 1, 7, 4, "allow read"}},
      {"the end of the text", {id, 27, 27}, {"app.cordon", 4, 5, 1, "last"}},
      {"past the end is the end", {id, 90, 95}, {"app.cordon", 4, 5, 1, "last"}},
      {"an end before the begin marks one byte", {id, 6, 2}, {"app.cordon", 1, 7, 1, "allow read"}},
      {"no source is no place", {}, {}},
      {"an unknown source is no place", {id + 1, 0, 1}, {}},
  };
  for (const PlaceRow& row : rows) EXPECT_EQ(sources.locate(row.span), row.place) << row.name;
}

TEST(Sources, KeepsOfALongLineWhatIsAroundThePlace) {
  Sources sources;
  std::string umlauts;
  for (int i = 0; i < 3000; ++i) umlauts += "\u00e4";
  SourceId id = sources.add("long", "first\n" + umlauts + "\r\n");
  Place middle = sources.locate({id, 6 + 2999, 6 + 3001});
  EXPECT_EQ(middle.line, 2u);
  EXPECT_EQ(middle.column, 3000u);
  EXPECT_EQ(middle.text_column, 2501u);
  EXPECT_EQ(middle.line_text, umlauts.substr(2500, 998));
  EXPECT_EQ(sources.locate({id, 6, 7}).line_text, umlauts.substr(0, 500));
  Place last = sources.locate({id, 6 + 6000, 6 + 6001});
  EXPECT_EQ(last.line_text, umlauts.substr(5500));
  EXPECT_EQ(last.text_column, 5501u);
}

TEST(Sources, LocatesInAnEmptyText) {
  Sources sources;
  SourceId id = sources.add("empty", "");
  EXPECT_EQ(sources.locate({id, 0, 0}), (Place{"empty", 1, 1, 1, ""}));
}

TEST(Sources, KeepsEachTextUnderItsName) {
  Sources sources;
  SourceId first = sources.add("a", "one");
  SourceId second = sources.add("b", "two");
  EXPECT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources.name(first), "a");
  EXPECT_EQ(sources.text(second), "two");
  EXPECT_EQ(sources.text(Span{second, 1, 3}), "wo");
  EXPECT_EQ(sources.text(Span{second, 2, 99}), "o");
  EXPECT_EQ(sources.name(kNoSource), "");
  EXPECT_EQ(sources.text(kNoSource), "");
}

}  // namespace
}  // namespace cordon
