#include "cordon/base/sarif.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "cordon/base/finding_codes.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"

namespace cordon {
namespace {

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

bool is_plain_in_uri(char c) {
  constexpr std::string_view kMarks = "-._~/";  // RFC 3986, unreserved and what parts a path
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

// "dir/my%20app.cordon", "file:///etc/app.cordon"
std::string uri_of(std::string_view file) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = file.starts_with('/') ? "file://" : "";
  for (char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain_in_uri(c))
      uri += c;
    else
      uri += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return uri;
}

// Columns count bytes in a Place and characters in SARIF.
size_t characters_in(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void write_message(JsonWriter& json, std::string_view text) {
  json.key("message").begin_object().key("text").value(text).end_object();
}

void write_region(JsonWriter& json, const Place& place) {
  json.key("region").begin_object().key("startLine").value(place.line);
  if (place.column > 0 && place.text_column == 1) {
    const std::string_view line = place.line_text;
    const size_t begin = std::min<size_t>(place.column - 1, line.size());
    const size_t end = std::min<size_t>(begin + place.length, line.size());
    const size_t column = characters_in(line.substr(0, begin)) + 1;
    json.key("startColumn").value(column);
    json.key("endColumn").value(column + std::max<size_t>(1, characters_in(line.substr(begin, end - begin))));
  }
  json.end_object();
}

void write_physical_location(JsonWriter& json, const Place& place) {
  json.key("physicalLocation").begin_object();
  json.key("artifactLocation").begin_object().key("uri").value(uri_of(place.file)).end_object();
  if (place.line > 0) write_region(json, place);
  json.end_object();
}

std::vector<std::string_view> codes_of(const Diagnostics& diagnostics) {
  std::vector<std::string_view> codes;
  for (const Diagnostic& one : diagnostics) codes.push_back(one.code);
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

void write_rule(JsonWriter& json, std::string_view code) {
  const std::optional<base::FindingCode> known = base::find_code(code);
  json.begin_object().key("id").value(code);
  json.key("shortDescription").begin_object().key("text").value(known ? known->summary : code).end_object();
  if (known && !known->cure.empty()) json.key("help").begin_object().key("text").value(known->cure).end_object();
  json.end_object();
}

void write_result(JsonWriter& json, const Diagnostic& finding, size_t rule_index) {
  json.begin_object().key("ruleId").value(finding.code).key("ruleIndex").value(rule_index);
  json.key("level").value(level_of(finding.severity));
  write_message(json, finding.message + (finding.hint.empty() ? "" : "; cure: " + finding.hint));
  json.key("locations").begin_array();
  if (!finding.place.file.empty()) {
    json.begin_object();
    write_physical_location(json, finding.place);
    json.end_object();
  }
  json.end_array();
  if (!finding.notes.empty()) {
    json.key("relatedLocations").begin_array();
    for (const DiagnosticNote& note : finding.notes) {
      json.begin_object();
      if (!note.place.file.empty()) write_physical_location(json, note.place);
      write_message(json, note.message);
      json.end_object();
    }
    json.end_array();
  }
  if (!finding.hint.empty()) json.key("properties").begin_object().key("cure").value(finding.hint).end_object();
  json.end_object();
}

}  // namespace

std::string write_sarif(const Diagnostics& diagnostics, const SarifRun& run) {
  const std::vector<std::string_view> codes = codes_of(diagnostics);
  JsonWriter json;
  json.begin_object().key("$schema").value(kSchema).key("version").value("2.1.0");
  json.key("runs").begin_array().begin_object();
  json.key("tool").begin_object().key("driver").begin_object();
  json.key("name").value(run.tool).key("version").value(run.version).key("rules").begin_array();
  for (std::string_view code : codes) write_rule(json, code);
  json.end_array().end_object().end_object();
  json.key("invocations").begin_array().begin_object();
  json.key("executionSuccessful").value(run.was_successful).end_object().end_array();
  json.key("columnKind").value("unicodeCodePoints");
  json.key("results").begin_array();
  for (const Diagnostic& finding : diagnostics) {
    const auto rule = std::lower_bound(codes.begin(), codes.end(), finding.code);
    write_result(json, finding, static_cast<size_t>(rule - codes.begin()));
  }
  json.end_array().end_object().end_array().end_object();
  return std::move(json).take();
}

}  // namespace cordon
