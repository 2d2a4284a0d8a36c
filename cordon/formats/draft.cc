#include "cordon/formats/draft.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <vector>

namespace cordon::formats {
namespace {

// What holds on every architecture, so that it holds whichever were meant.
constexpr std::array<std::string_view, 6> kEverywhere = {"unknown-syscall",    "unknown-group",
                                                         "condition-on-group", "empty-range",
                                                         "nested-too-deep",    "argument-name-on-number"};
// What the readers say themselves, and said already.
constexpr std::array<std::string_view, 2> kSaidByReaders = {"unknown-without-since", "duplicate-arch"};

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::string_view marked_text(const Place& place) {
  const size_t begin = place.column - place.text_column;
  return begin > place.line_text.size() ? std::string_view()
                                        : std::string_view(place.line_text).substr(begin, place.length);
}

using PlaceKey = std::tuple<std::string, uint32_t, uint32_t>;
PlaceKey key_of(const Place& place) { return {place.file, place.line, place.column}; }

// Where rules stand that may come behind some that are missing.
std::set<PlaceKey> doubtful_places(const PolicyDraft& draft) {
  std::set<PlaceKey> places;
  const std::vector<Rule>& rules = draft.policy.rules;
  for (size_t i = std::min(draft.firm_rules, rules.size()); i < rules.size(); ++i)
    places.insert(key_of(draft.policy.sources.locate(rules[i].span)));
  return places;
}

bool is_certain(const PolicyDraft& draft, const std::set<PlaceKey>& doubtful, const Diagnostic& found) {
  if (found.severity != Severity::error || is_one_of(kSaidByReaders, found.code)) return false;
  if (!draft.are_arches_firm && !is_one_of(kEverywhere, found.code)) return false;
  if (found.code == "unknown-constant")
    return !draft.may_lack_any_name && !draft.lost_names.contains(std::string(marked_text(found.place)));
  return found.code != "contradiction" || !doubtful.contains(key_of(found.place));
}

}  // namespace

Diagnostics mistakes_in(const PolicyDraft& draft, const policy::ResolveOptions& options) {
  Diagnostics certain;
  const Result<ResolvedPolicy> resolved = policy::resolve(draft.policy, options);
  const std::set<PlaceKey> doubtful = doubtful_places(draft);
  for (const Diagnostic& found : resolved.diagnostics())
    if (is_certain(draft, doubtful, found)) certain.add(found);
  return certain;
}

Diagnostics in_order_of_place(const Diagnostics& found, const Sources& sources) {
  auto file_index = [&sources](const Place& place) -> size_t {
    for (size_t i = 0; i < sources.size(); ++i)
      if (sources.name(static_cast<SourceId>(i)) == place.file) return i + 1;
    return 0;  // what is said of the policy as a whole stands first
  };
  std::vector<std::pair<std::tuple<size_t, uint32_t, uint32_t>, const Diagnostic*>> keyed;
  for (const Diagnostic& one : found)
    keyed.push_back({{file_index(one.place), one.place.line, one.place.column}, &one});
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Diagnostics sorted;
  for (const auto& [key, one] : keyed) sorted.add(*one);
  return sorted;
}

}  // namespace cordon::formats
