// JSON with the place of every value and key, read to its end in spite of mistakes.
//
//   Sources sources;
//   SourceId id = sources.add("default.json", text);
//   ProfileReporter report(sources);
//   JsonRead read = formats::parse_json(sources, id, {.lenient = false}, report);
//   if (read.root) for (const JsonMember& member : read.root->members) …
//
// A missing or surplus comma does not end the reading, so that all mistakes of a file are told at once.
// Costs about six times the text in memory. Nesting deeper than 128 is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/source.h"
#include "cordon/formats/profile_reporter.h"

namespace cordon {

struct JsonMember;

struct JsonValue {
  enum class Kind : uint8_t { null, boolean, number, string, array, object };
  // Only `integer` has an exact value in JsonValue::integer; the others are told by their text.
  enum class NumberForm : uint8_t { integer, negative, fraction, exponent, too_large };

  Kind kind = Kind::null;
  bool truth = false;
  NumberForm form = NumberForm::integer;
  uint64_t integer = 0;
  std::string text;                 // string: decoded; number: as written
  std::vector<JsonValue> items;     // array
  std::vector<JsonMember> members;  // object: in the order of the text, repeated keys included
  Span span;
};

struct JsonMember {
  std::string key;
  Span key_span;
  JsonValue value;
};

namespace formats {

inline constexpr int kMaxJsonDepth = 128;

struct JsonOptions {
  bool lenient = false;  // missing and trailing commas and // or /* */ comments are warnings, not errors
};

struct JsonRead {
  std::optional<JsonValue> root;  // no value: nothing could be made of the text
  // Every mistake was one whose cure is certain (a comma, a comment): `root` is what the writer meant.
  bool is_certain = true;
};

JsonRead parse_json(const Sources& sources, SourceId id, JsonOptions options, ProfileReporter& report);

// "a number", "an object" … for messages.
std::string_view describe(JsonValue::Kind kind);

}  // namespace formats
}  // namespace cordon
