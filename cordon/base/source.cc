#include "cordon/base/source.h"

#include <algorithm>
#include <iterator>
#include <cstddef>
#include <utility>

#include "cordon/base/assert.h"

namespace cordon {

SourceId Sources::add(std::string name, std::string text) {
  std::vector<uint32_t> line_starts{0};
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    line_starts.push_back(static_cast<uint32_t>(at + 1));
  sources_.push_back({std::move(name), std::move(text), std::move(line_starts)});
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
  const std::vector<uint32_t>& starts = sources_[span.source].line_starts;
  const auto after = std::upper_bound(starts.begin(), starts.end(), static_cast<uint32_t>(begin));
  const size_t line_start = *std::prev(after);
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
