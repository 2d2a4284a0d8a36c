// Any bytes: the JSON reader does not crash, the places it gives lie within the text and within those of the
// values around them, and a text without a root was refused with a reason.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cordon/formats/json.h"

namespace {

bool is_inside(cordon::Span inner, cordon::Span outer) {
  return outer.begin <= inner.begin && inner.begin <= inner.end && inner.end <= outer.end;
}

void check(const cordon::JsonValue& value, cordon::Span around) {
  if (!is_inside(value.span, around)) std::abort();
  for (const cordon::JsonValue& item : value.items) check(item, value.span);
  for (const cordon::JsonMember& member : value.members) {
    if (!is_inside(member.key_span, value.span)) std::abort();
    check(member.value, value.span);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool lenient : {false, true}) {
    cordon::Sources sources;
    cordon::SourceId id = sources.add("input.json", std::string(text));
    cordon::formats::ProfileReporter report(sources);
    cordon::formats::JsonRead read = cordon::formats::parse_json(sources, id, {.lenient = lenient}, report);
    if (!read.root && !report.has_errors()) std::abort();
    if (!read.is_certain && !report.has_errors()) std::abort();
    if (read.root) check(*read.root, {id, 0, static_cast<uint32_t>(size)});
  }
  return 0;
}
