#include "cordon/sandbox/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "cordon/base/fd.h"
#include "cordon/base/text.h"

namespace cordon::sandbox {
namespace {

using Kind = MountStep::Kind;

// Where the old and the new tree stand beside each other, in a file system of their own.
constexpr const char* kOld = "/old";
constexpr const char* kNew = "/new";
// Any directory that is there will do to put that file system on: what it covers is seen again in the old tree.
constexpr const char* kBases[] = {"/tmp", "/run", "/mnt", "/proc"};
constexpr uint64_t kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom", "tty"};
constexpr const char* kDeviceLinks[][2] = {{"/proc/self/fd", "fd"},
                                           {"/proc/self/fd/0", "stdin"},
                                           {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"},
                                           {"pts/ptmx", "ptmx"}};

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_there(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

// "/a/b" of "//a/./b/". ".." stays: what it means depends on links, and it is refused.
std::string normal(const std::string& path) {
  std::string made;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = std::string_view(path).substr(at, end - at);
    if (!part.empty() && part != ".") (made += '/') += part;
    at = end + 1;
  }
  return made.empty() ? "/" : made;
}

// Where a place lies by the host's links; itself where it is not there. An absolute link would lead out of a tree
// that is still being built.
std::string followed(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string name(real);
  free(real);
  return name;
}

// The same in another root.
std::string followed_in(const std::string& root, const std::string& path) {
  const std::string top = followed(root);
  const Fd directory(open(top.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const Fd place(static_cast<int>(syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how)));
  if (!place) return path;
  const std::string found = followed("/proc/self/fd/" + std::to_string(place.get()));
  if (top == "/") return found;
  return found.starts_with(top + "/") ? found.substr(top.size()) : path;
}

bool has_parent_part(const std::string& path) { return (path + "/").find("/../") != std::string::npos; }

bool is_beneath(const std::string& path, const std::string& directory) {
  return directory == "/" || path == directory || path.starts_with(directory + "/");
}

class MountPlanner {
 public:
  explicit MountPlanner(const MountSetup& setup) : setup_(setup) {}

  Result<std::vector<MountStep>> plan() && {
    sort_rules();
    if (problems_.has_errors()) return std::move(problems_);
    close_to_host();
    // To let go of a tree takes the kernel longer than all the rest.
    if (setup_.root == MountSetup::Root::kept && rules_.empty()) return std::move(steps_);
    stand_beside();
    make_root();
    for (const auto& [target, rule] : rules_) apply(*rule, target);
    if (setup_.root == MountSetup::Root::empty) restrict(kNew, false);
    take_place();
    return std::move(steps_);
  }

 private:
  void problem(const Place& place, std::string message, std::string hint) {
    problems_.error("mount", place, std::move(message), std::move(hint));
  }

  // Links are followed up to where another rule mounts something: what is there is that rule's. Rules come by the
  // length of their names, so that those above are known.
  std::string place_of(const MountRule& rule) const {
    const std::string target = normal(rule.target);
    if (setup_.root == MountSetup::Root::empty) return target;
    const bool has_host_tree = setup_.root != MountSetup::Root::directory;
    std::string place;
    for (size_t at = 0; at < target.size();) {
      const size_t end = std::min(target.find('/', at + 1), target.size());
      place += target.substr(at, end - at);
      place = has_host_tree ? followed(place) : followed_in(setup_.root_directory, place);
      if (place == "/") place.clear();
      at = end;
      if (rules_.contains(place)) return place + target.substr(at);
    }
    return place.empty() ? "/" : place;
  }

  bool is_sound(const MountRule& rule) {
    const std::string name = "'" + base::printable(rule.target) + "'";
    if (!rule.target.starts_with('/') || has_parent_part(rule.target))
      problem(rule.place, name + " is no place in the command's tree", "an absolute path without ..");
    else if (normal(rule.target) == "/")
      problem(rule.place, "the root is not a place to mount on", "--mount-root says what it is");
    else
      return true;
    return false;
  }

  // By their places: a directory comes before what lies in it.
  void sort_rules() {
    std::vector<const MountRule*> by_length;
    for (const MountRule& rule : setup_.mounts) {
      if (is_sound(rule)) by_length.push_back(&rule);
      const bool is_bind = rule.kind == MountRule::Kind::read || rule.kind == MountRule::Kind::write;
      if (is_bind && !is_there(rule.source))
        problem(rule.place, "there is no '" + base::printable(rule.source) + "' to mount", {});
    }
    std::ranges::stable_sort(by_length, {}, [](const MountRule* rule) { return normal(rule->target).size(); });
    for (const MountRule* rule : by_length) {
      const std::string target = place_of(*rule);
      if (target == "/")
        problem(rule->place, "the root is not a place to mount on", "--mount-root says what it is");
      else if (!rules_.emplace(target, rule).second)
        problem(rule->place, "something is mounted at '" + base::printable(rule->target) + "' already",
                "leave one of them out");
    }
    if (setup_.root == MountSetup::Root::directory && !is_directory(setup_.root_directory))
      problem({}, "the root '" + base::printable(setup_.root_directory) + "' is no directory", {});
  }

  MountStep& step(Kind kind, std::string source, std::string target) {
    MountStep& made = steps_.emplace_back();
    made.kind = kind;
    made.source = std::move(source);
    made.target = std::move(target);
    made.rule = rule_;
    made.is_in_new_tree = is_beneath(made.target, kNew);
    return made;
  }

  void bind(std::string source, std::string target) {
    MountStep& made = step(Kind::mount, std::move(source), std::move(target));
    made.flags = MS_BIND | MS_REC;
  }

  void file_system(const char* type, std::string target, uint64_t flags, std::string options = {}) {
    MountStep& made = step(Kind::mount, type, std::move(target));
    made.type = type;
    made.flags = flags;
    made.options = std::move(options);
  }

  void restrict(std::string target, bool is_recursive) {
    MountStep& made = step(Kind::restrict, {}, std::move(target));
    made.flags = MOUNT_ATTR_RDONLY;
    made.is_recursive = is_recursive;
  }

  // What the host mounts later does not come in, and nothing of ours goes out.
  void close_to_host() {
    MountStep& made = step(Kind::mount, {}, "/");
    made.flags = MS_REC | MS_PRIVATE;
  }

  void stand_beside() {
    const auto base = std::find_if(std::begin(kBases), std::end(kBases), is_directory);
    const std::string at = base == std::end(kBases) ? "/tmp" : *base;
    file_system("tmpfs", at, MS_NOSUID | MS_NODEV, "mode=0755");
    step(Kind::directory, {}, at + kOld);
    step(Kind::directory, {}, at + kNew);
    step(Kind::pivot, at + kOld, at);
    step(Kind::enter, {}, "/");
  }

  void make_root() {
    switch (setup_.root) {
      case MountSetup::Root::empty: file_system("tmpfs", kNew, MS_NOSUID | MS_NODEV, "mode=0755"); break;
      case MountSetup::Root::directory: bind(kOld + setup_.root_directory, kNew); break;
      case MountSetup::Root::kept:
      case MountSetup::Root::read_only: bind(kOld, kNew); break;
    }
    if (setup_.root == MountSetup::Root::read_only) restrict(kNew, true);
    if (setup_.root == MountSetup::Root::empty) own_trees_.push_back("/");
  }

  // The place itself and what leads there, where that is the command's own.
  void make_place(const std::string& target, bool is_file) {
    std::string above;
    for (const std::string& tree : own_trees_)
      if (is_beneath(target, tree) && tree.size() > above.size()) above = tree;
    const bool is_own =
        !above.empty() && std::none_of(shared_trees_.begin(), shared_trees_.end(), [&](const auto& tree) {
          return is_beneath(target, tree) && tree.size() > above.size();
        });
    if (!is_own) return;
    for (size_t at = target.find('/', above == "/" ? 1 : above.size() + 1); at != std::string::npos;
         at = target.find('/', at + 1))
      step(Kind::directory, {}, kNew + target.substr(0, at));
    step(is_file ? Kind::file : Kind::directory, {}, kNew + target);
  }

  void apply(const MountRule& rule, const std::string& target) {
    rule_ = static_cast<size_t>(&rule - setup_.mounts.data());
    const bool is_bind = rule.kind == MountRule::Kind::read || rule.kind == MountRule::Kind::write;
    make_place(target, is_bind && !is_directory(rule.source));
    const std::string at = kNew + target;
    switch (rule.kind) {
      case MountRule::Kind::read:
      case MountRule::Kind::write:
        bind(kOld + rule.source, at);
        if (rule.kind == MountRule::Kind::read) restrict(at, true);
        break;
      case MountRule::Kind::tmp: file_system("tmpfs", at, MS_NOSUID | MS_NODEV, "mode=1777"); break;
      case MountRule::Kind::proc:
        file_system("proc", at, kPlain);
        if (geteuid() == 0) close_system_settings(at);
        break;
      case MountRule::Kind::dev: devices(at); break;
    }
    (rule.kind == MountRule::Kind::tmp ? own_trees_ : shared_trees_).push_back(target);
    rule_ = SIZE_MAX;
  }

  // They are the host's own, and root's without any capability. Nobody else could write them, and would only be kept
  // from a /proc of further namespaces.
  void close_system_settings(const std::string& at) {
    for (const char* name : {"/sys", "/sysrq-trigger", "/irq", "/bus"}) {
      if (!is_there(std::string("/proc") + name)) continue;
      bind(at + name, at + name);
      restrict(at + name, true);
    }
  }

  void devices(const std::string& at) {
    file_system("tmpfs", at, MS_NOSUID | MS_NOEXEC, "mode=0755");
    for (const char* device : kDevices) {
      const std::string name = std::string("/") + device;
      step(Kind::file, {}, at + name);
      bind(std::string(kOld) + "/dev" + name, at + name);
    }
    for (const auto& [source, name] : kDeviceLinks) step(Kind::link, source, at + "/" + name);
    step(Kind::directory, {}, at + "/pts");
    file_system("devpts", at + "/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
    step(Kind::directory, {}, at + "/shm");
    file_system("tmpfs", at + "/shm", MS_NOSUID | MS_NODEV, "mode=1777");
    restrict(at, false);
  }

  void take_place() {
    step(Kind::enter, {}, kNew);
    step(Kind::pivot, ".", ".");  // the old root comes to lie over the new one
    step(Kind::unmount, {}, ".");
    step(Kind::enter, {}, "/");
  }

  const MountSetup& setup_;
  std::map<std::string, const MountRule*> rules_;  // by target; a directory sorts before what is in it
  std::vector<std::string> own_trees_, shared_trees_;
  std::vector<MountStep> steps_;
  size_t rule_ = SIZE_MAX;
  Diagnostics problems_;
};

}  // namespace

Result<std::vector<MountStep>> plan_mounts(const MountSetup& setup) { return MountPlanner(setup).plan(); }

}  // namespace cordon::sandbox
