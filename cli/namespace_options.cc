#include "cli/namespace_options.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

#include "cli/output.h"
#include "cordon/abi/namespaces.h"
#include "cordon/base/text.h"
#include "cordon/sandbox/id_maps.h"

namespace cordon::cli {
namespace {

constexpr const char* kKinds = "user, mount, pid, net, ipc, uts, cgroup, time";

std::string quoted(const std::string& text) { return "'" + base::printable(text) + "'"; }

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::optional<uint32_t> number_of(const std::string& text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_one = error == std::errc() && end == text.data() + text.size();
  return is_one ? std::optional(number) : std::nullopt;
}

bool is_there(const abi::NamespaceKind& kind) {
  return access(("/proc/self/ns/" + std::string(kind.file)).c_str(), F_OK) == 0;
}

std::string since(const abi::NamespaceKind& kind) {
  return "they came with Linux " + std::string(kind.since) + ", and have to be built in";
}

// Of "user,pid".
Result<uint64_t> kinds_of(const std::string& option, const std::string& list) {
  uint64_t kinds = 0;
  for (const std::string& name : split(list, ',')) {
    const abi::NamespaceKind* kind = abi::find_namespace(name);
    if (kind == nullptr) return usage_error(option + " knows no namespace " + quoted(name), kKinds);
    if (!is_there(*kind))
      return usage_error("this kernel has no " + std::string(kind->name) + " namespaces", since(*kind));
    kinds |= kind->flag;
  }
  return kinds;
}

Result<std::vector<IdRange>> ranges_of(const char* option, const std::vector<std::string>& texts) {
  std::vector<IdRange> ranges;
  for (const std::string& text : texts) {
    const std::vector<std::string> parts = split(text, ':');
    const auto inside = number_of(parts.front());
    const auto outside = parts.size() > 1 ? number_of(parts[1]) : std::nullopt;
    const auto count = parts.size() > 2 ? number_of(parts[2]) : std::optional(1U);
    if (!inside || !outside || !count || *count == 0 || parts.size() > 3)
      return usage_error(std::string(option) + " takes INSIDE:OUTSIDE or INSIDE:OUTSIDE:COUNT, not " + quoted(text),
                         "numbers, such as 0:1000 or 0:100000:65536");
    ranges.push_back({.inside = *inside, .outside = *outside, .count = *count});
  }
  if (!sandbox::fits_map(ranges))
    return usage_error(std::string(option) + " gives more than the kernel takes, 340 ranges or 4095 bytes in /proc",
                       "fewer and longer ranges");
  return ranges;
}

// Of these kinds those in which that process is elsewhere than we are. One that cannot be looked at is an error: not to
// join it would leave the command where we are.
Result<uint64_t> other_kinds(const std::string& pid, uint64_t asked) {
  uint64_t kinds = 0;
  for (const abi::NamespaceKind& kind : abi::kNamespaces) {
    struct stat ours {
    }, theirs{};
    const std::string file = "/ns/" + std::string(kind.file);
    const bool is_known = stat(("/proc/self" + file).c_str(), &ours) == 0;  // to this kernel
    if ((asked & kind.flag) == 0 || !is_known) continue;
    if (stat(("/proc/" + pid + file).c_str(), &theirs) != 0)
      return system_error(
          "look at the " + std::string(kind.name) + " namespace of process " + pid, errno,
          errno == ENOENT ? "it has ended" : "it takes the same user and capabilities, or CAP_SYS_PTRACE");
    if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) kinds |= kind.flag;
  }
  return kinds;
}

Result<Done> join(const std::string& text, Namespaces& made) {
  const size_t colon = text.find(':');
  const std::string pid = text.substr(0, colon);
  const auto number = number_of(pid);
  if (!number || *number == 0)
    return usage_error("--ns-of takes a process number, not " + quoted(pid), "such as 4312, or 4312:net,ipc");
  made.joined_process.reset(static_cast<int>(syscall(SYS_pidfd_open, *number, 0)));
  if (!made.joined_process)
    return system_error("look at process " + pid, errno, errno == ESRCH ? "it is not there (any more)" : "");
  uint64_t asked = ~uint64_t{0};
  if (colon != std::string::npos) {
    CORDON_TRY(kinds, kinds_of("--ns-of", text.substr(colon + 1)));
    asked = kinds;
  }
  // After the descriptor: it holds the process, its number may be another's by now.
  CORDON_TRY(others, other_kinds(pid, asked));
  made.setup.joined = others;
  if (syscall(SYS_pidfd_send_signal, made.joined_process.get(), 0, nullptr, 0) != 0 && errno == ESRCH)
    return system_error("look at process " + pid, ESRCH, "it is not there (any more)");
  made.setup.joined_process = made.joined_process.get();
  if ((made.setup.joined & abi::kMountNamespace) != 0) made.setup.tree = "/proc/" + pid + "/root";
  return Done{};
}

Result<std::string> resolved(const Place& place, const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) {
    const bool is_gone = errno == ENOENT;
    Diagnostic problem = system_error("find " + quoted(path), errno);
    if (is_gone && !path.starts_with('/') && !place.file.starts_with("--"))
      problem.hint = "a relative path begins at the working directory, wherever the policy lies";
    problem.place = place;
    return problem;
  }
  std::string name(real);
  free(real);
  return name;
}

Result<MountRule> bind_of(const MountRequest& request) {
  const MountRule::Kind kind = request.verb == "read" ? MountRule::Kind::read : MountRule::Kind::write;
  CORDON_TRY(source, resolved(request.place, request.path));
  // As it is called from here.
  const std::string same_place = request.path.starts_with('/') ? request.path : source;
  return MountRule{kind, source, request.at.empty() ? same_place : request.at, request.place};
}

Result<Done> set_root(const MountRequest& request, MountSetup& setup) {
  if (request.path == "keep") return Done{};
  if (request.path == "read" || request.path == "empty") {
    setup.root = request.path == "read" ? MountSetup::Root::read_only : MountSetup::Root::empty;
    return Done{};
  }
  setup.root = MountSetup::Root::directory;
  CORDON_TRY(directory, resolved(request.place, request.path));
  setup.root_directory = std::move(directory);
  return Done{};
}

Result<Done> mount(const Confinement& confinement, NamespaceSetup& made) {
  MountSetup setup;
  Diagnostics problems;
  for (const MountRequest& request : confinement.mounts) {
    if (request.verb == "root") {
      if (Result<Done> set = set_root(request, setup); !set) problems.append(set.error());
    } else if (request.verb == "read" || request.verb == "write") {
      Result<MountRule> rule = bind_of(request);
      if (rule)
        setup.mounts.push_back(std::move(*rule));
      else
        problems.append(rule.error());
    } else if (request.verb == "tmp") {
      setup.mounts.push_back({MountRule::Kind::tmp, {}, request.path, request.place});
    } else {
      const bool is_proc = request.verb == "proc";
      setup.mounts.push_back(
          {is_proc ? MountRule::Kind::proc : MountRule::Kind::dev, {}, is_proc ? "/proc" : "/dev", request.place});
    }
  }
  if (problems.has_errors()) return problems;
  CORDON_TRY(steps, sandbox::plan_mounts(setup));
  made.mounts = std::move(steps);
  made.tree = setup.root_directory;
  return Done{};
}

Result<Done> make(const Confinement& confinement, NamespaceSetup& made) {
  Diagnostics problems;
  for (const NamespaceRequest& request : confinement.namespaces) {
    made.made |= request.kind->flag;
    if (!is_there(*request.kind))
      problems.error("namespace-lacking", request.place,
                     "this kernel has no " + std::string(request.kind->name) + " namespaces", since(*request.kind));
  }
  if (problems.has_errors()) return problems;
  return (made.made & abi::kMountNamespace) != 0 ? mount(confinement, made) : Result<Done>(Done{});
}

}  // namespace

void add_namespace_options(CommandLine& app, NamespaceOptions& options) {
  const auto add_list = [&app](const char* name, std::vector<std::string>& list, const char* type, const char* help) {
    app.add_option(name, list, help)->type_name(type);
  };
  app.add_option("--ns-of", options.joined, "run in the namespaces of a process; PID:LIST: in these of them")
      ->type_name("PID");
  add_list("--uid-map", options.uid_maps, "IN:OUT[:N]",
           "of the user namespace: user IN there is OUT here (default: the command's user is this one)");
  add_list("--gid-map", options.gid_maps, "IN:OUT[:N]", "the same for groups");
  app.add_option("--hostname", options.hostname, "of the uts namespace")->type_name("NAME");
}

Result<Namespaces> namespaces_of(const NamespaceOptions& options, const Confinement& confinement) {
  Namespaces made;
  NamespaceSetup& setup = made.setup;
  if (Result<Done> done = make(confinement, setup); !done) return done.error();
  const auto needs = [&](bool is_set, uint64_t kind, const char* option, const char* name) {
    return is_set && (setup.made & kind) == 0
               ? std::optional(usage_error(std::string(option) + " needs a " + name + " namespace",
                                           std::string("--unshare ") + name))
               : std::nullopt;
  };
  if (auto problem = needs(!options.uid_maps.empty(), abi::kUserNamespace, "--uid-map", "user")) return *problem;
  if (auto problem = needs(!options.gid_maps.empty(), abi::kUserNamespace, "--gid-map", "user")) return *problem;
  if (auto problem = needs(options.hostname.has_value(), abi::kUtsNamespace, "--hostname", "uts")) return *problem;
  CORDON_TRY(uids, ranges_of("--uid-map", options.uid_maps));
  CORDON_TRY(gids, ranges_of("--gid-map", options.gid_maps));
  setup.uids = std::move(uids);
  setup.gids = std::move(gids);
  if (options.hostname && (options.hostname->empty() || options.hostname->size() > 64))
    return usage_error("--hostname takes a name of 1 to 64 bytes, not " + quoted(*options.hostname), {});
  setup.hostname = options.hostname;
  if (!options.joined) return made;
  if (Result<Done> joined = join(*options.joined, made); !joined) return joined.error();
  if ((setup.made & abi::kUserNamespace) != 0 || (setup.made & setup.joined) != 0)
    return usage_error("--ns-of and --unshare ask for the same namespace, or for a user namespace beside",
                       "name the kinds to join: --ns-of PID:LIST");
  return made;
}

}  // namespace cordon::cli
