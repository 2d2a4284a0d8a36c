#include "cordon/base/text.h"

#include <algorithm>
#include <utility>

namespace cordon::base {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

struct CodePoint {
  uint32_t value = 0;
  size_t length = 0;  // bytes; 0: not valid UTF-8
};

// Overlong forms, surrogates and values above U+10FFFF are invalid, as in RFC 3629.
CodePoint decode(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return {};
  uint32_t value = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(at + i) & 0x3fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, length};
}

// Besides the control characters those that reorder or break the line around them.
bool steers_a_terminal(uint32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x200e || value == 0x200f || value == 0x061c ||
         (value >= 0x2028 && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// The number of insertions, deletions, substitutions and swaps of neighbours between a and b, each part of the
// text changed once; `bound` + 1 stands for anything above `bound`. Three rows of the usual table.
size_t edit_distance(std::string_view a, std::string_view b, size_t bound) {
  size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > bound) return bound + 1;
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    size_t smallest = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substituted});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
      smallest = std::min(smallest, row[j]);
    }
    if (smallest > bound) return bound + 1;
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], bound + 1);
}

}  // namespace

std::vector<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates,
                                      size_t limit) {
  size_t bound = std::max<size_t>(1, word.size() / 3);
  std::vector<std::pair<size_t, std::string_view>> near;
  for (std::string_view candidate : candidates) {
    // Wrong case is one mistake, however many letters it touches.
    bool only_case = candidate != word && equal_ignoring_case(word, candidate);
    size_t distance = only_case ? 1 : edit_distance(word, candidate, bound);
    if (distance <= bound) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string_view> names;
  for (size_t i = 0; i < near.size() && i < limit; ++i) names.push_back(near[i].second);
  return names;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  std::vector<std::string_view> names = nearest(word, candidates, 3);
  if (names.empty()) return {};
  std::string text = "did you mean ";
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += '\'';
    text += names[i];
    text += '\'';
  }
  return text + "?";
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    CodePoint point = decode(text, at);
    size_t length = std::max<size_t>(1, point.length);
    if (point.length > 0 && !steers_a_terminal(point.value)) {
      out += text.substr(at, length);
    } else {
      for (char c : text.substr(at, length)) {
        auto byte = static_cast<uint8_t>(c);
        out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
      }
    }
    at += length;
  }
  return out;
}

size_t utf8_length(std::string_view text) { return decode(text, 0).length; }

std::string hex(uint64_t value) {
  char digits[16];
  size_t count = 0;
  do {
    digits[count++] = kHexDigits[value & 15];
    value >>= 4;
  } while (value != 0);
  std::string out = "0x";
  while (count > 0) out += digits[--count];
  return out;
}

std::string json_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    CodePoint point = decode(text, at);
    if (point.length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    switch (point.value) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (point.value < 0x20 || point.value == 0x7f) {
          out += "\\u00";
          out += {kHexDigits[point.value >> 4], kHexDigits[point.value & 15]};
        } else {
          out += text.substr(at, point.length);
        }
    }
    at += point.length;
  }
  return out;
}

}  // namespace cordon::base
