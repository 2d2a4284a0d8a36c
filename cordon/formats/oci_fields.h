// The members of a JSON object by the rules of Go's decoder, which every container tool but crun uses: keys
// match without regard to case, of repeated keys the last counts, null counts as absent. A repeated list or
// object, which Go joins and others do not, is an error.
//
//   OciFields fields(value, kEntryKeys, "a syscalls entry", report);
//   std::optional<std::string_view> action = fields.text("action");
//
// A member of the wrong type is reported and counts as absent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cordon/formats/json.h"

namespace cordon::formats {

// A string's place without its quotes.
Span inner_span(const JsonValue& text);

class OciFields {
 public:
  // `known` must outlive the fields; `where` names the object in messages. Without a name the other keys of
  // the object are not this reader's and are passed over in silence.
  OciFields(const JsonValue& object, std::span<const std::string_view> known, std::string_view where,
            ProfileReporter& report);

  const JsonValue* find(std::string_view key) const;
  Span key_span(std::string_view key) const;
  const JsonValue* find(std::string_view key, JsonValue::Kind kind) const;

  const JsonValue* text(std::string_view key) const { return find(key, JsonValue::Kind::string); }
  // Null where absent; elements of another type than `kind` are reported and left out.
  std::vector<const JsonValue*> list(std::string_view key, JsonValue::Kind kind) const;
  // A whole number from 0 to `max`.
  std::optional<uint64_t> number(std::string_view key, uint64_t max) const;

 private:
  void take(const JsonMember& member, std::string_view where);
  void report_kind(std::string_view what, const JsonValue& value, JsonValue::Kind expected) const;

  std::span<const std::string_view> known_;
  ProfileReporter& report_;
  std::vector<const JsonMember*> members_;  // one for each of known_
};

}  // namespace cordon::formats
