#include "cordon/formats/oci_fields.h"

#include <algorithm>
#include <string>

#include "cordon/base/assert.h"
#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

// As Go folds what may be an ASCII letter: the long s and the Kelvin sign are letters too.
std::string folded(std::string_view key) {
  std::string letters;
  for (size_t at = 0; at < key.size();) {
    const std::string_view rest = key.substr(at);
    const bool is_long_s = rest.starts_with("\u017f"), is_kelvin = rest.starts_with("\u212a");
    const char c = is_long_s ? 's' : is_kelvin ? 'k' : rest.front();
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    at += is_long_s ? 2 : is_kelvin ? 3 : 1;
  }
  return letters;
}

// Of two of these the last counts everywhere; lists and objects may be joined, and null may leave what stood
// there before.
bool is_scalar(const JsonValue& value) {
  using Kind = JsonValue::Kind;
  return value.kind == Kind::boolean || value.kind == Kind::number || value.kind == Kind::string;
}

std::string quoted(std::string_view text) { return "'" + base::printable(text) + "'"; }

}  // namespace

Span inner_span(const JsonValue& text) {
  Span span = text.span;
  if (span.end - span.begin < 2) return span;
  return {span.source, span.begin + 1, span.end - 1};
}

OciFields::OciFields(const JsonValue& object, std::span<const std::string_view> known, std::string_view where,
                     ProfileReporter& report)
    : known_(known), report_(report), members_(known.size(), nullptr) {
  for (const JsonMember& member : object.members) take(member, where);
}

void OciFields::take(const JsonMember& member, std::string_view where) {
  auto match = std::find(known_.begin(), known_.end(), member.key);
  const std::string letters = match == known_.end() ? folded(member.key) : std::string();
  if (match == known_.end())
    match = std::find_if(known_.begin(), known_.end(), [&](std::string_view key) { return folded(key) == letters; });
  const auto index = static_cast<size_t>(match - known_.begin());
  if (index == known_.size()) {
    if (where.empty()) return;
    std::string near = base::did_you_mean(member.key, known_);
    std::string message = "unknown key " + quoted(member.key) + " in " + std::string(where) + " is ignored";
    const Severity severity = near.empty() ? Severity::note : Severity::warning;
    report_.add(severity, "unknown-key", member.key_span, std::move(message), std::move(near));
    return;
  }
  if (member.key != known_[index])
    report_.note("key-case", member.key_span,
                 "key " + quoted(member.key) + " is read as '" + std::string(known_[index]) +
                     "' by Docker, Podman and runc, and ignored by crun",
                 "write '" + std::string(known_[index]) + "'");
  if (members_[index] != nullptr) {
    const bool last_counts = is_scalar(member.value) && is_scalar(members_[index]->value);
    const std::string twice = "key '" + std::string(known_[index]) + "' occurs twice";
    if (last_counts)
      report_.warning("duplicate-key", member.key_span, twice + ", the last one counts", "remove one");
    else
      report_.error("duplicate-key", member.key_span, twice + ", and readers disagree on what then counts",
                    "write it once");
    report_.beside(members_[index]->key_span, last_counts ? "the one that is dropped" : "the other one");
  }
  members_[index] = &member;
}

const JsonValue* OciFields::find(std::string_view key) const {
  size_t index = static_cast<size_t>(std::find(known_.begin(), known_.end(), key) - known_.begin());
  CORDON_ASSERT(index < known_.size(), "only declared keys are looked up");
  const JsonMember* member = members_[index];
  return member == nullptr || member->value.kind == JsonValue::Kind::null ? nullptr : &member->value;
}

Span OciFields::key_span(std::string_view key) const {
  size_t index = static_cast<size_t>(std::find(known_.begin(), known_.end(), key) - known_.begin());
  return index < known_.size() && members_[index] != nullptr ? members_[index]->key_span : Span{};
}

void OciFields::report_kind(std::string_view what, const JsonValue& value, JsonValue::Kind expected) const {
  report_.error(
      "json-type", value.span,
      std::string(what) + " must be " + std::string(describe(expected)) + ", not " + std::string(describe(value.kind)));
}

const JsonValue* OciFields::find(std::string_view key, JsonValue::Kind kind) const {
  const JsonValue* value = find(key);
  if (value == nullptr || value->kind == kind) return value;
  report_kind("'" + std::string(key) + "'", *value, kind);
  return nullptr;
}

std::vector<const JsonValue*> OciFields::list(std::string_view key, JsonValue::Kind kind) const {
  std::vector<const JsonValue*> elements;
  const JsonValue* array = find(key, JsonValue::Kind::array);
  if (array == nullptr) return elements;
  for (const JsonValue& item : array->items) {
    if (item.kind == kind)
      elements.push_back(&item);
    else
      report_kind("an element of '" + std::string(key) + "'", item, kind);
  }
  return elements;
}

std::optional<uint64_t> OciFields::number(std::string_view key, uint64_t max) const {
  const JsonValue* value = find(key, JsonValue::Kind::number);
  if (value == nullptr) return std::nullopt;
  std::string name = "'" + std::string(key) + "'";
  using Form = JsonValue::NumberForm;
  if (value->form == Form::negative) {
    std::string hint = max == UINT64_MAX ? "for -1 write 4294967295 (32 bits) or 18446744073709551615 (64 bits)" : "";
    report_.error("json-number", value->span, name + " cannot be negative: " + value->text, std::move(hint));
    return std::nullopt;
  }
  if (value->form == Form::fraction || value->form == Form::exponent) {
    report_.error("json-number", value->span,
                  name + " must be a whole number without an exponent, not " + value->text.substr(0, 40));
    return std::nullopt;
  }
  if (value->form == Form::too_large || value->integer > max) {
    report_.error("json-number", value->span,
                  name + " is out of range: " + value->text.substr(0, 40) + ", at most " + std::to_string(max));
    return std::nullopt;
  }
  return value->integer;
}

}  // namespace cordon::formats
