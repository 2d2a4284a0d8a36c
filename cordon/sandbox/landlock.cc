#include "cordon/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cordon/abi/landlock.h"
#include "cordon/base/text.h"

namespace cordon::sandbox {
namespace {

namespace landlock = abi::landlock;

// The same numbers on every architecture; libc of the build machine may be older than them.
constexpr long kCreateRuleset = 444, kAddRule = 445;
constexpr unsigned kVersionFlag = 1;
constexpr unsigned kPathBeneath = 1, kNetPort = 2;

// struct landlock_ruleset_attr up to ABI 9; later fields are zero then. An older kernel takes it where the fields it
// does not know are zero.
struct RulesetAttributes {
  uint64_t files = 0;
  uint64_t net = 0;
  uint64_t scopes = 0;

  bool is_nothing() const { return files == 0 && net == 0 && scopes == 0; }
};

RulesetAttributes handled_of(const LandlockLayer& layer, int abi) {
  return {.files = layer.restricts_files ? landlock::rights_of(landlock::kFileRights, abi) : 0,
          .net = layer.restricted_net & landlock::rights_of(landlock::kNetRights, abi),
          .scopes = layer.scopes & landlock::rights_of(landlock::kScopes, abi)};
}

struct [[gnu::packed]] PathBeneath {
  uint64_t rights = 0;
  int32_t parent = -1;
};
struct PortRule {
  uint64_t rights = 0;
  uint64_t port = 0;
};

Diagnostic at(const Place& place, std::string code, std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.place = place;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

Diagnostic refused(const Place& place, std::string_view operation, int error, std::string cure) {
  Diagnostic diagnostic = system_error(operation, error, std::move(cure));
  diagnostic.place = place;
  return diagnostic;
}

std::string quoted(const std::string& path) { return "'" + base::printable(path) + "'"; }

// Where the opened path has led.
std::string real_path(int fd) {
  std::string path(4096, '\0');
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return path;
}

// What the name of our own process leads to is not the command's.
bool is_our_own(const std::string& path) {
  const std::string own = "/proc/" + std::to_string(getpid());
  return path == own || path.starts_with(own + "/");
}

class RulesetMaker {
 public:
  RulesetMaker(int abi, bool defers_paths) : abi_(abi), defers_paths_(defers_paths) {}

  // No descriptor where the kernel knows nothing of what the layer restricts, or something was wrong.
  Fd make(const LandlockLayer& layer) {
    const RulesetAttributes handled = handled_of(layer, abi_);
    if (handled.is_nothing()) return {};
    Fd ruleset(static_cast<int>(syscall(kCreateRuleset, &handled, sizeof handled, 0)));
    if (!ruleset) {
      problems_.add(refused(layer.place, "make a Landlock ruleset", errno, "a filter above this process may deny it"));
      return {};
    }
    if (!defers_paths_)
      for (const PathGrant& grant : layer.paths) add(ruleset, grant, handled.files);
    for (const PortGrant& grant : layer.ports) add(ruleset, grant, handled.net);
    return ruleset;
  }

  Diagnostics problems() && { return std::move(problems_); }

 private:
  void add(const Fd& ruleset, const PathGrant& grant, uint64_t handled) {
    Fd file(open(grant.path.c_str(), O_PATH | O_CLOEXEC));
    if (!file) {
      const bool is_missing = errno == ENOENT || errno == ENOTDIR;
      problems_.add(refused(
          grant.place, "grant " + quoted(grant.path), errno,
          is_missing ? "make it before, or take it out of the line: nothing is left out by itself" : std::string()));
      return;
    }
    if (is_our_own(real_path(file.get())))
      return problems_.add(
          at(grant.place, "files-path",
             quoted(grant.path) + " is cordon's own directory while the grant is made, not the command's",
             "grant /proc, or what of it the command needs by another name"));
    struct stat status {};
    if (fstat(file.get(), &status) != 0)
      return problems_.add(refused(grant.place, "look at " + quoted(grant.path), errno, {}));
    uint64_t rights = grant.rights;
    if (!S_ISDIR(status.st_mode)) rights &= landlock::kOfPlainFiles;
    if (rights == 0)
      return problems_.add(at(grant.place, "files-path",
                              "'files " + grant.verb + "' is about directories, and " + quoted(grant.path) + " is none",
                              "name the directory that holds it"));
    const PathBeneath rule{.rights = rights & handled, .parent = file.get()};
    if (rule.rights == 0 || syscall(kAddRule, ruleset.get(), kPathBeneath, &rule, 0) == 0) return;
    problems_.add(refused(grant.place, "grant " + quoted(grant.path), errno,
                          errno == EBADFD ? "it lies on no file system that Landlock knows: it needs no grant" : ""));
  }

  void add(const Fd& ruleset, const PortGrant& grant, uint64_t handled) {
    const PortRule rule{.rights = grant.rights & handled, .port = grant.port};
    if (rule.rights == 0 || syscall(kAddRule, ruleset.get(), kNetPort, &rule, 0) == 0) return;
    problems_.add(refused(grant.place, "grant port " + std::to_string(grant.port), errno,
                          errno == EAFNOSUPPORT ? "this kernel has no TCP" : ""));
  }

  int abi_;
  bool defers_paths_;
  Diagnostics problems_;
};

Diagnostic no_landlock(const Place& place, int error) {
  std::string cure;
  if (error == ENOSYS) cure = "it came with Linux 5.13, and has to be built in; ";
  if (error == EOPNOTSUPP) cure = "it is built in and not enabled: put landlock into the kernel's lsm= parameter; ";
  Diagnostic diagnostic =
      refused(place, "use Landlock", error, cure + "--best-effort landlock runs the command without it");
  diagnostic.code = "landlock-lacking";
  return diagnostic;
}

Diagnostics as_warnings(const Diagnostics& problems) {
  Diagnostics warnings;
  for (Diagnostic problem : problems) {
    problem.severity = Severity::warning;
    problem.hint.clear();
    warnings.add(std::move(problem));
  }
  return warnings;
}

}  // namespace

int landlock_abi() {
  const long abi = syscall(kCreateRuleset, nullptr, 0, kVersionFlag);
  return static_cast<int>(abi < 0 ? -errno : abi);
}

Result<std::vector<Fd>> make_rulesets(const Confinement& confinement, const LandlockOptions& options) {
  std::vector<Fd> rulesets;
  if (confinement.landlock.empty()) return rulesets;
  const int abi = landlock_abi();
  Diagnostics lacking;
  if (abi < 0)
    lacking.add(no_landlock(confinement.landlock.front().place, -abi));
  else
    lacking = policy::lacking(confinement, abi);
  if (lacking.has_errors() && !options.best_effort) return lacking;
  if (abi < 0) return {std::move(rulesets), as_warnings(lacking)};
  RulesetMaker maker(abi, options.defers_paths);
  for (const LandlockLayer& layer : confinement.landlock)
    if (Fd ruleset = maker.make(layer)) rulesets.push_back(std::move(ruleset));
  if (Diagnostics problems = std::move(maker).problems(); problems.has_errors()) return problems;
  return {std::move(rulesets), as_warnings(lacking)};
}

std::vector<RulesetGrant> deferred_grants(const Confinement& confinement, const std::vector<Fd>& rulesets) {
  std::vector<RulesetGrant> grants;
  const int abi = landlock_abi();
  size_t made = 0;
  for (const LandlockLayer& layer : confinement.landlock) {
    const RulesetAttributes handled = handled_of(layer, abi);
    if (handled.is_nothing() || made == rulesets.size()) continue;
    for (const PathGrant& grant : layer.paths)
      if (const uint64_t rights = grant.rights & handled.files; rights != 0)
        grants.push_back({.ruleset = rulesets[made].get(), .path = grant.path, .rights = rights});
    ++made;
  }
  return grants;
}

}  // namespace cordon::sandbox
