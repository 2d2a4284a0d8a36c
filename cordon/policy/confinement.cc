#include "cordon/policy/confinement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "cordon/abi/capabilities.h"
#include "cordon/abi/landlock.h"
#include "cordon/abi/resource_limits.h"
#include "cordon/abi/securebits.h"
#include "cordon/base/text.h"

namespace cordon::policy {
namespace {

namespace landlock = abi::landlock;

// The four words of the language. Device nodes are in none of them: who may make one reaches the device past every
// grant. resolve_unix goes with writing, as the kernel asks for write permission on a socket that is connected to.
constexpr uint64_t kRead = landlock::kReadFile | landlock::kReadDir;
constexpr uint64_t kCreate =
    landlock::kMakeDir | landlock::kMakeReg | landlock::kMakeSock | landlock::kMakeFifo | landlock::kMakeSym;
constexpr FileWord kFileWords[] = {
    {"read", kRead},
    {"exec", kRead | landlock::kExecute},
    {"create", kCreate},
    {"write", kRead | kCreate | landlock::kWriteFile | landlock::kTruncate | landlock::kRemoveDir |
                  landlock::kRemoveFile | landlock::kRefer | landlock::kResolveUnix}};

struct CapabilityWord {
  std::string_view word;
  std::optional<uint64_t> Confinement::*set;
};
constexpr CapabilityWord kCapabilityWords[] = {{"keep", &Confinement::kept_capabilities},
                                               {"bounding", &Confinement::bounding_set},
                                               {"inheritable", &Confinement::inheritable_set},
                                               {"ambient", &Confinement::ambient_set}};

// What the four words speak of, a kernel has to be able to refuse; `refer` it refuses before it knows it.
constexpr int kFilesAbi = 3;

class ConfinementMaker {
 public:
  void add_source(const std::vector<PlacedLine>& lines) {
    LandlockLayer layer;
    CapabilitySets sets;
    for (const PlacedLine& line : lines) {
      if (line.words.empty()) continue;
      const bool is_of_credentials = line.subject == "caps" || line.subject == "securebits";
      if (is_of_credentials && made_.capabilities_place.file.empty()) made_.capabilities_place = line.place_of(0);
      if (line.subject == "caps")
        capabilities(line, sets);
      else if (line.subject == "securebits")
        securebits(line);
      else if (line.subject == "umask")
        umask(line);
      else if (line.subject == "limit")
        limit(line);
      else if (line.subject == "cgroup")
        cgroup(line);
      else if (line.subject == "unshare")
        unshare(line);
      else if (line.subject == "mount")
        mount(line);
      else if (!is_process_subject(line.subject))
        add_line(line, layer);
    }
    add_process_lines(lines, made_.process, problems_);
    if (!layer.is_empty()) made_.landlock.push_back(std::move(layer));
    for (const CapabilityWord& word : kCapabilityWords) {
      const std::optional<uint64_t>& said = sets[static_cast<size_t>(&word - kCapabilityWords)];
      std::optional<uint64_t>& all = made_.*word.set;
      if (said) all = all.value_or(~uint64_t{0}) & *said;
    }
  }

  Result<Confinement> finish() && {
    if (!made_.mounts.empty() && !made_.makes(abi::kMountNamespace))
      problems_.error(
          "sandbox-line", made_.mounts.front().place, "what is mounted needs a mount namespace beside it",
          made_.mounts.front().place.file.starts_with("--") ? "--unshare mount" : "the line 'unshare mount'");
    if (problems_.has_errors()) return std::move(problems_);
    return std::move(made_);
  }

 private:
  void add_line(const PlacedLine& line, LandlockLayer& layer) {
    if (layer.is_empty()) layer.place = line.place_of(0);
    if (line.subject == "files") return files(line, layer);
    if (line.subject == "net") return net(line, layer);
    if (line.subject == "scope") return scope(line, layer);
    problems_.error("sandbox-line", line.place_of(0), "no line begins with '" + line.subject + "'");
  }

  using CapabilitySets = std::array<std::optional<uint64_t>, std::size(kCapabilityWords)>;

  void capabilities(const PlacedLine& line, CapabilitySets& sets) {
    uint64_t named = 0;
    for (size_t i = 1; i < line.words.size(); ++i) {
      if (const auto number = abi::find_capability(line.words[i]))
        named |= uint64_t{1} << *number;
      else
        problems_.error("unknown-capability", line.place_of(i),
                        "no capability is called '" + base::printable(line.words[i]) + "'",
                        base::did_you_mean(abi::plain_capability(line.words[i]), abi::kCapabilities));
    }
    for (const CapabilityWord& word : kCapabilityWords) {
      if (word.word != line.words.front()) continue;
      std::optional<uint64_t>& set = sets[static_cast<size_t>(&word - kCapabilityWords)];
      set = set.value_or(0) | named;
      return;
    }
    problems_.error("sandbox-line", line.place_of(0), "'caps' takes no '" + line.words.front() + "'", "caps keep");
  }

  void securebits(const PlacedLine& line) {
    for (size_t i = 0; i < line.words.size(); ++i) {
      if (const auto bit = abi::find_securebit(line.words[i]))
        made_.securebits |= *bit;
      else
        problems_.error("sandbox-line", line.place_of(i),
                        "no securebit is called '" + base::printable(line.words[i]) + "'");
    }
  }

  void umask(const PlacedLine& line) {
    const std::string& word = line.words.front();
    uint32_t mask = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), mask, 8);
    if (error != std::errc() || end != word.data() + word.size() || mask > 0777)
      problems_.error("sandbox-line", line.place_of(0), "a umask is an octal number up to 777", "such as 'umask 027'");
    made_.umask = made_.umask.value_or(0) | mask;
  }

  void unshare(const PlacedLine& line) {
    for (size_t i = 0; i < line.words.size(); ++i) {
      const abi::NamespaceKind* kind = abi::find_namespace(line.words[i]);
      if (kind == nullptr)
        problems_.error("sandbox-line", line.place_of(i),
                        "no namespace is called '" + base::printable(line.words[i]) + "'");
      else if (!made_.makes(kind->flag))
        made_.namespaces.push_back({kind, line.place_of(i)});
    }
  }

  void mount(const PlacedLine& line) {
    const std::string& verb = line.words.front();
    if (MountRequest request{verb, {}, {}, line.place_of(0)}; line.words.size() == 1 && !is_known(request))
      made_.mounts.push_back(std::move(request));
    for (size_t i = 1; i < line.words.size(); ++i) {
      MountRequest request{verb, line.words[i], {}, line.place_of(i)};
      if (i + 2 < line.words.size() && line.words[i + 1] == "at") {
        request.at = line.words[i + 2];
        i += 2;
      }
      if ((verb == "root" && contradicts_root(request)) || is_known(request)) continue;
      made_.mounts.push_back(std::move(request));
    }
  }

  bool is_known(const MountRequest& request) const {
    return std::any_of(made_.mounts.begin(), made_.mounts.end(), [&](const MountRequest& other) {
      return other.verb == request.verb && other.path == request.path && other.at == request.at;
    });
  }

  // One is there already.
  bool contradicts_root(const MountRequest& request) {
    const auto known = std::find_if(made_.mounts.begin(), made_.mounts.end(),
                                    [](const MountRequest& other) { return other.verb == "root"; });
    if (known == made_.mounts.end()) return false;
    if (known->path != request.path)
      problems_.error("sandbox-line", request.place, "the root of the command's tree is said to be two things",
                      "leave one of them out");
    return true;
  }

  void limit(const PlacedLine& line) {
    const auto resource = abi::find_resource(line.words.front());
    const auto value = line.words.size() == 2 ? limit_value(line.words[1]) : std::nullopt;
    if (!resource || !value) {
      problems_.error("sandbox-line", line.place_of(0), "a limit is a name and a value", "such as 'limit nofile 1024'");
      return;
    }
    const auto known = std::find_if(made_.limits.begin(), made_.limits.end(),
                                    [&](const ResourceLimit& limit) { return limit.resource == *resource; });
    if (known == made_.limits.end())
      made_.limits.push_back({*resource, *value, line.place_of(0)});
    else if (*value < known->value)
      *known = {*resource, *value, line.place_of(0)};
  }

  void cgroup(const PlacedLine& line) {
    const std::string& name = line.words.front();
    const std::string value = line.words.size() == 2 ? line.words[1] : std::string();
    if (const std::string wrong = wrong_cgroup_value(name, value); !wrong.empty())
      return problems_.error("sandbox-line", line.place_of(1), wrong), void();
    CgroupLimits& limits = made_.cgroup;
    if (!limits.any()) limits.place = line.place_of(0);
    std::optional<uint64_t>& limit = name == "memory" ? limits.memory
                                     : name == "pids" ? limits.pids
                                                      : limits.cpu_thousandths;
    const uint64_t number = name == "memory" ? *read_size(value)
                            : name == "pids" ? *limit_value(value)
                                             : *read_cpu_share(value);
    limit = std::min(limit.value_or(number), number);
  }

  // As the language writes numbers.
  static std::optional<uint64_t> limit_value(std::string_view word) {
    if (word == "unlimited") return abi::kUnlimited;
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X"))
      base = 16, word.remove_prefix(2);
    else if (word.starts_with("0o"))
      base = 8, word.remove_prefix(2);
    else if (word.size() > 1 && word.front() == '0')
      base = 8, word.remove_prefix(1);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
  }

  void files(const PlacedLine& line, LandlockLayer& layer) {
    const std::string& verb = line.words.front();
    uint64_t rights = 0;
    for (const FileWord& known : kFileWords)
      if (known.word == verb) rights = known.rights;
    if (const auto single = landlock::find_right(landlock::kFileRights, verb)) {
      rights = single->bit;
      if (single->since > kFilesAbi) need(layer, *single, line.place_of(0));
    }
    if (rights == 0)
      return problems_.error("sandbox-line", line.place_of(0), "no right is called '" + verb + "'"), void();
    if (!layer.restricts_files) need(layer, *landlock::find_right(landlock::kFileRights, "truncate"), line.place_of(0));
    layer.restricts_files = true;
    for (size_t i = 1; i < line.words.size(); ++i)
      layer.paths.push_back({line.words[i], verb, rights, line.place_of(i)});
  }

  void net(const PlacedLine& line, LandlockLayer& layer) {
    const std::string& verb = line.words.front();
    const auto right = landlock::find_right(landlock::kNetRights, verb == "none" ? "bind" : verb);
    if (!right) return problems_.error("sandbox-line", line.place_of(0), "'net' takes no '" + verb + "'"), void();
    need(layer, *right, line.place_of(0));
    if (verb == "none") {
      layer.restricted_net = landlock::rights_of(landlock::kNetRights, INT32_MAX);
      return;
    }
    layer.restricted_net |= right->bit;
    for (size_t i = 1; i < line.words.size(); ++i) {
      const std::string& word = line.words[i];
      uint16_t port = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
      if (error == std::errc() && end == word.data() + word.size())
        layer.ports.push_back({port, right->bit, line.place_of(i)});
      else
        problems_.error("sandbox-line", line.place_of(i), "expected a port, 0 to 65535, found '" + word + "'");
    }
  }

  void scope(const PlacedLine& line, LandlockLayer& layer) {
    for (size_t i = 0; i < line.words.size(); ++i) {
      const auto scope = landlock::find_right(landlock::kScopes, line.words[i]);
      if (!scope) {
        problems_.error("sandbox-line", line.place_of(i), "no scope is called '" + line.words[i] + "'",
                        "signal or abstract_unix");
        continue;
      }
      layer.scopes |= scope->bit;
      need(layer, *scope, line.place_of(i));
    }
  }

  // Said once, where it is first relied on.
  static void need(LandlockLayer& layer, const landlock::Right& right, const Place& place) {
    const bool is_known = std::any_of(layer.needs.begin(), layer.needs.end(),
                                      [&](const LandlockNeed& known) { return known.right == right.name; });
    if (!is_known) layer.needs.push_back({right.name, right.since, place});
  }

  Confinement made_;
  Diagnostics problems_;
};

}  // namespace
}  // namespace cordon::policy

namespace cordon {

bool Confinement::makes(uint64_t kind) const {
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [&](const NamespaceRequest& request) { return request.kind->flag == kind; });
}

}  // namespace cordon

namespace cordon::policy {

std::span<const FileWord> file_words() { return kFileWords; }

std::vector<PlacedLine> placed_lines(const Policy& policy) {
  std::vector<PlacedLine> placed;
  for (const SandboxLine& line : policy.sandbox.lines) {
    PlacedLine& made = placed.emplace_back(PlacedLine{line.subject, line.words, {}});
    for (const Span span : line.word_spans) made.places.push_back(policy.sources.locate(span));
    if (made.places.empty()) made.places.push_back(policy.sources.locate(line.span));
  }
  return placed;
}

Result<Confinement> confine(std::span<const std::vector<PlacedLine>> sources) {
  ConfinementMaker maker;
  for (const std::vector<PlacedLine>& lines : sources) maker.add_source(lines);
  return std::move(maker).finish();
}

Diagnostics lacking(const Confinement& confinement, int abi) {
  Diagnostics problems;
  for (const LandlockLayer& layer : confinement.landlock)
    for (const LandlockNeed& need : layer.needs) {
      if (need.since <= abi) continue;
      problems.error("landlock-lacking", need.place,
                     "this kernel's Landlock (ABI " + std::to_string(abi) + ") does not know '" +
                         std::string(need.right) + "': what the line does not grant would not be refused",
                     "Linux " + std::string(landlock::kernel_with(need.since)) +
                         " does; --best-effort landlock runs the command without it");
    }
  return problems;
}

}  // namespace cordon::policy
