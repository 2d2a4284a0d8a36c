#include "cli/landlock_text.h"

#include <vector>

#include "cli/confine_options.h"
#include "cordon/abi/landlock.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

namespace landlock = abi::landlock;

bool is_option(const Place& place) { return place.file.starts_with("--"); }

std::string names_of(std::span<const landlock::Right> known, uint64_t rights) {
  std::string names;
  for (const landlock::Right& right : known)
    if ((rights & right.bit) != 0) names += (names.empty() ? "" : ", ") + std::string(right.name);
  return names;
}

// The word that grants the least of all that hold these rights; a right in none of them goes by its own name.
std::vector<std::string_view> words_for(uint64_t rights) {
  std::vector<std::string_view> words;
  uint64_t in_words = 0;
  for (const policy::FileWord& word : policy::file_words()) in_words |= word.rights;
  for (const policy::FileWord& word : policy::file_words()) {
    if ((rights & in_words) == 0 || (rights & in_words & ~word.rights) != 0) continue;
    words.push_back(word.word);
    break;
  }
  // To write and to execute is in no one word.
  const uint64_t rest = words.empty() ? rights : rights & ~in_words;
  for (const landlock::Right& right : landlock::kFileRights)
    if ((rest & right.bit) != 0) words.push_back(right.name);
  return words;
}

std::string option_of(std::string_view word) {
  for (const policy::FileWord& known : policy::file_words())
    if (known.word == word) return "--files-" + std::string(word);
  return {};
}

}  // namespace

RefusalText describe_refusal(const sandbox::LandlockRefusal& refusal) {
  const bool by_option = is_option(refusal.place);
  const std::string whose = by_option ? "the command line" : base::printable(refusal.place.file);
  if (refusal.is_of_net) {
    const std::string verb = refusal.rights == landlock::kBindTcp ? "bind" : "connect";
    const std::string port = std::to_string(refusal.port);
    return {whose + ": net (Landlock: nothing grants " + verb + " of port " + port + ")",
            (by_option ? "--net-" + verb : "net " + verb) + " " + port};
  }
  RefusalText text{whose + ": files (Landlock: nothing grants " + names_of(landlock::kFileRights, refusal.rights) +
                       " at " + base::printable(refusal.path) + ")",
                   {}};
  for (std::string_view word : words_for(refusal.rights)) {
    const std::string option = by_option ? option_of(word) : std::string();
    // Single rights have no options: a policy beside the command line cannot grant them either.
    if (by_option && option.empty()) return {std::move(text.policy), {}};
    text.allow += text.allow.empty() ? (by_option ? "" : "files ") : " ";
    text.allow += (by_option ? option : std::string(word)) + " " + path_word(refusal.path);
  }
  return text;
}

}  // namespace cordon::cli
