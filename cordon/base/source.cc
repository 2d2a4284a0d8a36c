#include "cordon/base/source.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
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

namespace {

constexpr size_t kLongLine = 2000;
constexpr size_t kKeptBytes = 500;  // on either side of the place

struct TextRange {
  size_t begin, end;
};

// The part of a long line that is kept, cut between UTF-8 characters.
TextRange around(std::string_view text, TextRange line, size_t place) {
  if (line.end - line.begin <= kLongLine) return line;
  const auto is_continuation = [text](size_t at) { return (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80; };
  size_t begin = std::max(line.begin, place - std::min(place, kKeptBytes));
  size_t end = std::min(line.end, place + kKeptBytes);
  while (begin < place && is_continuation(begin)) ++begin;
  while (end > place && end < line.end && is_continuation(end)) --end;
  return {std::min(begin, line.end), std::max(end, std::min(begin, line.end))};
}

}  // namespace

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
  place.line = static_cast<uint32_t>(after - starts.begin());
  place.column = static_cast<uint32_t>(begin - line_start + 1);
  place.length = static_cast<uint32_t>(std::max<size_t>(1, std::min(end, line_end) - std::min(begin, line_end)));
  if (line_end > line_start && whole[line_end - 1] == '\r') --line_end;
  const TextRange shown = around(whole, {line_start, line_end}, begin);
  place.line_text = std::string(whole.substr(shown.begin, shown.end - shown.begin));
  place.text_column = static_cast<uint32_t>(shown.begin - line_start + 1);
  return place;
}

}  // namespace cordon
