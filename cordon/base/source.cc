#include "cordon/base/source.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "cordon/base/assert.h"

namespace cordon {

SourceId Sources::add(std::string name, std::string text) {
  sources_.push_back({std::move(name), std::move(text)});
  return static_cast<SourceId>(sources_.size() - 1);
}

std::string_view Sources::name(SourceId id) const {
  return id < sources_.size() ? std::string_view(sources_[id].name) : std::string_view();
}

std::string_view Sources::text(SourceId id) const {
  return id < sources_.size() ? std::string_view(sources_[id].text) : std::string_view();
}

std::string_view Sources::text(Span span) const {
  std::string_view whole = text(span.source);
  size_t begin = std::min<size_t>(span.begin, whole.size());
  size_t end = std::clamp<size_t>(span.end, begin, whole.size());
  return whole.substr(begin, end - begin);
}

Place Sources::locate(Span span) const {
  if (span.source >= sources_.size()) return {};
  std::string_view whole = text(span.source);
  size_t begin = std::min<size_t>(span.begin, whole.size());
  size_t end = std::clamp<size_t>(span.end, begin, whole.size());
  size_t line_start = begin == 0 ? 0 : whole.rfind('\n', begin - 1) + 1;  // npos + 1 is 0: the first line
  size_t line_end = std::min(whole.find('\n', begin), whole.size());

  Place place;
  place.file = std::string(name(span.source));
  auto line_begin = whole.begin() + static_cast<ptrdiff_t>(line_start);
  place.line = static_cast<uint32_t>(std::count(whole.begin(), line_begin, '\n') + 1);
  place.column = static_cast<uint32_t>(begin - line_start + 1);
  place.length = static_cast<uint32_t>(std::max<size_t>(1, std::min(end, line_end) - std::min(begin, line_end)));
  place.line_text = std::string(whole.substr(line_start, line_end - line_start));
  if (!place.line_text.empty() && place.line_text.back() == '\r') place.line_text.pop_back();
  return place;
}

}  // namespace cordon
