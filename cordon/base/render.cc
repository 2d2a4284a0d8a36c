#include "cordon/base/render.h"

#include <algorithm>

#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"

namespace cordon {
namespace {

using base::printable;

// A line of a machine-made file can be megabytes long: around the place this much of it is shown.
constexpr size_t kBytesBefore = 100;
constexpr size_t kBytesAfter = 100;

struct Style {
  bool color;

  std::string paint(std::string_view escape, std::string text) const {
    if (!color) return text;
    return "\x1b[" + std::string(escape) + "m" + std::move(text) + "\x1b[0m";
  }
};

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::note: return "1;36";
    case Severity::warning: return "1;35";
    case Severity::error: return "1;31";
  }
  return "1;31";
}

std::string where(const Place& place) {
  if (place.file.empty()) return "cordon: ";
  std::string text = printable(place.file) + ":";
  if (place.line > 0) {
    text += std::to_string(place.line) + ":";
    if (place.column > 0) text += std::to_string(place.column) + ":";
  }
  return text + " ";
}

std::string headline(const Place& place, Severity severity, std::string_view message, const Style& style) {
  std::string name = std::string(name_of(severity)) + ": ";
  return style.paint("1", where(place)) + style.paint(color_of(severity), std::move(name)) + printable(message);
}

// Harmless on a terminal, but with its tabs, which keep the source's look.
std::string printable_line(std::string_view text) {
  std::string out;
  for (size_t begin = 0; begin <= text.size();) {
    size_t tab = std::min(text.find('\t', begin), text.size());
    out += printable(text.substr(begin, tab - begin));
    if (tab < text.size()) out += '\t';
    begin = tab + 1;
  }
  return out;
}

bool is_continuation(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) == 0x80; }

// Blanks as wide as the text: a tab stays one, any other character is one column.
std::string blanks_like(std::string_view shown) {
  std::string out;
  for (char c : shown)
    if (!is_continuation(c)) out += c == '\t' ? '\t' : ' ';
  return out;
}

// The part of a line that is shown, cut between characters, and where the place is in it.
struct Window {
  std::string_view before;
  std::string_view marked;
  std::string_view after;
  bool cut_left = false;
  bool cut_right = false;
};

Window window_of(const Place& place) {
  std::string_view line = place.line_text;
  size_t begin = std::min<size_t>(place.column > place.text_column ? place.column - place.text_column : 0, line.size());
  size_t end = std::min<size_t>(begin + std::max<size_t>(1, place.length), line.size());
  size_t left = begin > kBytesBefore ? begin - kBytesBefore : 0;
  while (left > 0 && left < begin && is_continuation(line[left])) ++left;
  size_t right = std::min(line.size(), begin + kBytesAfter);
  while (right > begin && right < line.size() && is_continuation(line[right])) --right;
  end = std::min(end, right);
  return {line.substr(left, begin - left), line.substr(begin, end - begin), line.substr(end, right - end), left > 0,
          right < line.size()};
}

// The source line with the place marked below, and the hint beside the mark.
std::string snippet(const Diagnostic& diagnostic, const Style& style) {
  const Place& place = diagnostic.place;
  Window window = window_of(place);
  std::string left = (window.cut_left ? "..." : "") + printable_line(window.before);
  std::string marked = printable_line(window.marked);
  std::string number = std::to_string(place.line);
  if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');

  std::string right = printable_line(window.after) + (window.cut_right ? "..." : "");
  std::string out = number + " | " + left + marked + right + "\n";
  size_t width = std::max<size_t>(
      1, static_cast<size_t>(std::count_if(marked.begin(), marked.end(), [](char c) { return !is_continuation(c); })));
  std::string mark = "^" + std::string(width - 1, '~');
  if (!diagnostic.hint.empty()) mark += " " + printable(diagnostic.hint);
  out += std::string(number.size(), ' ') + " | " + blanks_like(left) + style.paint("1;32", std::move(mark)) + "\n";
  return out;
}

std::string render_one(const Diagnostic& diagnostic, const Style& style) {
  std::string out = headline(diagnostic.place, diagnostic.severity, diagnostic.message, style);
  if (!diagnostic.code.empty()) out += " [" + printable(diagnostic.code) + "]";
  out += "\n";
  if (diagnostic.place.line > 0 && !diagnostic.place.line_text.empty())
    out += snippet(diagnostic, style);
  else if (!diagnostic.hint.empty())
    out += "  " + style.paint("1;32", "hint: " + printable(diagnostic.hint)) + "\n";
  for (const DiagnosticNote& note : diagnostic.notes)
    out += headline(note.place, Severity::note, note.message, style) + "\n";
  return out;
}

std::string counted(size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

// "cordon: 7 more: 4 errors, 3 warnings"
// What is shown where there is too much: errors before warnings before notes, each kind in order.
std::vector<bool> chosen(const Diagnostics& diagnostics, size_t limit) {
  std::vector<bool> shown(diagnostics.size(), false);
  for (Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    size_t index = 0;
    for (const Diagnostic& one : diagnostics) {
      if (one.severity == severity && limit > 0) {
        shown[index] = true;
        --limit;
      }
      ++index;
    }
  }
  return shown;
}

std::string rest(const Diagnostics& diagnostics, const std::vector<bool>& shown) {
  std::string kinds;
  size_t total = 0;
  for (Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    size_t count = 0, index = 0;
    for (const Diagnostic& one : diagnostics) {
      if (one.severity == severity && !shown[index]) ++count;
      ++index;
    }
    total += count;
    if (count > 0) kinds += (kinds.empty() ? "" : ", ") + counted(count, name_of(severity));
  }
  return total == 0 ? std::string() : "cordon: " + std::to_string(total) + " more: " + kinds + "\n";
}

void write_place(JsonWriter& json, const Place& place) {
  json.key("file").value(place.file);
  json.key("line").value(place.line);
  json.key("column").value(place.column);
}

}  // namespace

std::string render(const Diagnostics& diagnostics, const RenderOptions& options) {
  Style style{options.color};
  std::string out;
  const std::vector<bool> shown = chosen(diagnostics, options.limit);
  size_t index = 0;
  for (const Diagnostic& diagnostic : diagnostics)
    if (shown[index++]) out += render_one(diagnostic, style);
  out += rest(diagnostics, shown);
  return out;
}

std::string render_json(const Diagnostics& diagnostics) {
  JsonWriter json;
  json.begin_array();
  for (const Diagnostic& diagnostic : diagnostics) {
    json.begin_object();
    json.key("severity").value(name_of(diagnostic.severity));
    json.key("code").value(diagnostic.code);
    write_place(json, diagnostic.place);
    json.key("message").value(diagnostic.message);
    json.key("hint").value(diagnostic.hint);
    json.key("notes").begin_array();
    for (const DiagnosticNote& note : diagnostic.notes) {
      json.begin_object();
      write_place(json, note.place);
      json.key("message").value(note.message).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  return std::move(json).take();
}

}  // namespace cordon
