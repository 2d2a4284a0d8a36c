#include "cordon/policy/process_lines.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "cordon/abi/personalities.h"
#include "cordon/base/text.h"
#include "cordon/policy/confinement.h"

namespace cordon::policy {
namespace {

constexpr std::string_view kSubjects[] = {"uid",     "gid",      "groups",      "env",         "chdir",
                                          "ptracer", "affinity", "personality", "exec_context"};

std::optional<unsigned> number_of(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_one = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return is_one ? std::optional(number) : std::nullopt;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string_view name_in(std::string_view entry) { return entry.substr(0, entry.find('=')); }

void contradict(const PlacedText& said, const Place& place, const std::string& what, Diagnostics& problems) {
  problems.error("sandbox-line", place, what + " is said to be two things", "leave one of them out")
      .notes.push_back({said.place, "it stands here"});
}

class ProcessLineReader {
 public:
  explicit ProcessLineReader(Diagnostics& problems) : problems_(problems) {}

  // One source: what it says twice it says the same.
  ProcessLines read(const std::vector<PlacedLine>& source) {
    for (const PlacedLine& line : source)
      if (is_process_subject(line.subject) && !line.words.empty()) add(line);
    return std::move(made_);
  }

 private:
  void add(const PlacedLine& line) {
    const std::string& subject = line.subject;
    if (subject == "env") return environment(line);
    const PlacedText said{subject == "groups" || subject == "personality" ? joined(line.words) : line.words.front(),
                          line.place_of(0)};
    std::optional<PlacedText>& slot = slot_of(subject);
    if (subject == "groups" && slot && slot->text != "none" && said.text != "none")
      slot->text += "," + said.text;
    else if (slot && slot->text != said.text)
      contradict(*slot, said.place, "'" + subject + "'", problems_);
    else if (!slot)
      slot = said;
  }

  std::optional<PlacedText>& slot_of(std::string_view subject) {
    if (subject == "uid") return made_.uid;
    if (subject == "gid") return made_.gid;
    if (subject == "groups") return made_.groups;
    if (subject == "chdir") return made_.directory;
    if (subject == "ptracer") return made_.ptracer;
    if (subject == "affinity") return made_.affinity;
    if (subject == "personality") return made_.personality;
    return made_.context;
  }

  void environment(const PlacedLine& line) {
    if (line.words.front() == "clear") made_.clears_environment = true;
    std::vector<PlacedText>& list = line.words.front() == "set" ? made_.set : made_.unset;
    for (size_t i = 1; i < line.words.size(); ++i) {
      const auto same = std::find_if(list.begin(), list.end(), [&](const PlacedText& known) {
        return name_in(known.text) == name_in(line.words[i]);
      });
      if (same == list.end())
        list.push_back({line.words[i], line.place_of(i)});
      else if (same->text != line.words[i])
        contradict(*same, line.place_of(i), "the variable '" + base::printable(name_in(line.words[i])) + "'",
                   problems_);
    }
  }

  ProcessLines made_;
  Diagnostics& problems_;
};

// What several sources say of one thing.
class Overlay {
 public:
  Overlay(ProcessLines& all, Diagnostics& problems) : all_(all), problems_(problems) {}

  void add(const ProcessLines& source) {
    same(all_.uid, source.uid, "'uid'");
    same(all_.gid, source.gid, "'gid'");
    same(all_.directory, source.directory, "'chdir'");
    same(all_.personality, source.personality, "'personality'");
    same(all_.context, source.context, "'exec_context'");
    groups(source.groups);
    ptracer(source.ptracer);
    affinity(source.affinity);
    environment(source);
  }

 private:
  void same(std::optional<PlacedText>& all, const std::optional<PlacedText>& said, const char* what) {
    if (all && said && all->text != said->text) contradict(*all, said->place, what, problems_);
    if (!all) all = said;
  }

  void groups(const std::optional<PlacedText>& said) {
    if (!said || !all_.groups) return same(all_.groups, said, "");
    const std::vector<std::string> others = split(said->text);
    std::vector<std::string> left;
    for (std::string& group : split(all_.groups->text))
      if (std::find(others.begin(), others.end(), group) != others.end()) left.push_back(std::move(group));
    all_.groups->text = left.empty() ? "none" : joined(left);
  }

  void ptracer(const std::optional<PlacedText>& said) {
    if (!said || !all_.ptracer || said->text == "any" || all_.ptracer->text == "none") {
      if (!all_.ptracer) all_.ptracer = said;
    } else if (said->text == "none" || all_.ptracer->text == "any") {
      all_.ptracer = said;
    } else {
      same(all_.ptracer, said, "'ptracer'");
    }
  }

  void affinity(const std::optional<PlacedText>& said) {
    if (!said || !all_.affinity) return same(all_.affinity, said, "");
    auto mine = read_cpus(all_.affinity->text);
    const auto theirs = read_cpus(said->text);
    if (!mine) return;
    if (!theirs) {
      all_.affinity = said;  // whoever reads it will say what is wrong
      return;
    }
    mine->resize(std::min(mine->size(), theirs->size()));
    for (size_t i = 0; i < mine->size(); ++i) (*mine)[i] &= (*theirs)[i];
    const std::string left = cpu_list(*mine);
    if (left.empty()) return contradict(*all_.affinity, said->place, "'affinity'", problems_);
    all_.affinity->text = left;
  }

  void environment(const ProcessLines& source) {
    all_.clears_environment |= source.clears_environment;
    for (const PlacedText& entry : source.set) {
      if (const PlacedText* known = find(all_.set, name_in(entry.text)); known == nullptr)
        all_.set.push_back(entry);
      else if (known->text != entry.text)
        contradict(*known, entry.place, variable(entry.text), problems_);
    }
    for (const PlacedText& name : source.unset)
      if (find(all_.unset, name.text) == nullptr) all_.unset.push_back(name);
    const auto exclude = [&](const ProcessLines& sets, const ProcessLines& unsets) {
      for (const PlacedText& name : unsets.unset)
        if (const PlacedText* entry = find(sets.set, name.text))
          contradict(*entry, name.place, variable(name.text), problems_);
    };
    exclude(all_, source);
    if (&source != &all_) exclude(source, all_);
  }

  static const PlacedText* find(const std::vector<PlacedText>& list, std::string_view name) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const PlacedText& one) { return name_in(one.text) == name; });
    return found == list.end() ? nullptr : &*found;
  }
  static std::string variable(std::string_view entry) {
    return "the variable '" + base::printable(name_in(entry)) + "'";
  }

  ProcessLines& all_;
  Diagnostics& problems_;
};

bool is_ptracer(std::string_view word) {
  const auto number = number_of(word);
  return word == "any" || word == "none" || (number && *number > 0 && *number <= INT32_MAX);
}

bool is_context(std::string_view word) {
  const std::string_view module = word.substr(0, word.find(':'));
  return (module == "selinux" || module == "apparmor") && word.size() > module.size() + 1;
}

}  // namespace

bool is_process_subject(std::string_view subject) {
  return std::find(std::begin(kSubjects), std::end(kSubjects), subject) != std::end(kSubjects);
}

void add_process_lines(const std::vector<PlacedLine>& source, ProcessLines& all, Diagnostics& problems) {
  Overlay(all, problems).add(ProcessLineReader(problems).read(source));
}

std::optional<std::vector<uint64_t>> read_cpus(std::string_view list) {
  constexpr unsigned kMost = 8192;  // of any kernel
  std::vector<uint64_t> bits;
  for (const std::string& part : split(list)) {
    const size_t dash = part.find('-');
    const auto first = number_of(std::string_view(part).substr(0, dash));
    const auto last = dash == std::string::npos ? first : number_of(std::string_view(part).substr(dash + 1));
    if (!first || !last || *last < *first || *last >= kMost) return std::nullopt;
    bits.resize(std::max<size_t>(bits.size(), *last / 64 + 1));
    for (unsigned cpu = *first; cpu <= *last; ++cpu) bits[cpu / 64] |= uint64_t{1} << (cpu % 64);
  }
  return bits;
}

std::string cpu_list(const std::vector<uint64_t>& bits) {
  const size_t count = bits.size() * 64;
  const auto is_set = [&](size_t cpu) { return cpu < count && (bits[cpu / 64] >> (cpu % 64) & 1) != 0; };
  std::string list;
  for (size_t cpu = 0; cpu < count; ++cpu) {
    if (!is_set(cpu)) continue;
    const size_t first = cpu;
    while (is_set(cpu + 1)) ++cpu;
    list += (list.empty() ? "" : ",") + std::to_string(first) + (cpu > first ? "-" + std::to_string(cpu) : "");
  }
  return list;
}

std::string wrong_word(std::string_view subject, std::string_view word) {
  if (word.empty() && subject != "env") return "nothing";
  if (word.find('\0') != std::string_view::npos) return "a byte 0";
  if (subject == "ptracer" && !is_ptracer(word)) return "expected a process number, any or none";
  if (subject == "affinity" && !read_cpus(word)) return "expected a list of CPUs, such as 0-3,8";
  if (subject == "exec_context" && !is_context(word)) return "expected selinux:CONTEXT or apparmor:PROFILE";
  if (subject == "personality" && !abi::find_personality(word)) return "expected a name of setarch(8)";
  if (subject == "chdir" && !word.starts_with('/')) return "expected a path that begins with /";
  return {};
}

}  // namespace cordon::policy
