// Texts that were read, and places in them.
//
//   Sources sources;
//   SourceId id = sources.add("app.cordon", text);
//   Place place = sources.locate(Span{id, 10, 14});   // "app.cordon", line 2, column 3, the line itself
//
// A Span is 12 bytes and cheap to keep beside every rule; a Place stands alone and is made only when
// something has to be shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cordon {

using SourceId = uint32_t;
inline constexpr SourceId kNoSource = UINT32_MAX;

// Bytes [begin, end) of one source. The default is "no place".
struct Span {
  SourceId source = kNoSource;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool operator==(const Span&) const = default;
};

// A place as people read it. line and column count from 1; line 0 means that only the file is known,
// an empty file that nothing is. column and length count bytes of the line; of a very long line line_text is
// only the part around the place, so that many places in a megabyte of JSON on one line stay small.
struct Place {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t length = 0;
  std::string line_text;
  uint32_t text_column = 1;  // of line_text's first byte

  bool operator==(const Place&) const = default;
};

// The texts a policy was read from, by index. Sources only grow.
class Sources {
 public:
  SourceId add(std::string name, std::string text);

  std::string_view name(SourceId id) const;
  std::string_view text(SourceId id) const;
  std::string_view text(Span span) const;
  size_t size() const { return sources_.size(); }

  // An unknown or absent source gives an empty Place; offsets past the end give the end of the text.
  Place locate(Span span) const;

 private:
  struct Source {
    std::string name;
    std::string text;
    std::vector<uint32_t> line_starts;  // offsets, so that a place is found without counting lines
  };
  std::vector<Source> sources_;
};

}  // namespace cordon
