#include "cordon/sandbox/cgroup_tree.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cordon/base/text.h"

namespace cordon::sandbox {
namespace {

struct Mount {
  std::string root, point;
};

std::optional<Mount> mounted_cgroup2() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos || line.compare(dash, 11, " - cgroup2 ") != 0) continue;
    std::istringstream words(line);
    std::string id, parent, device;
    Mount mount;
    if (words >> id >> parent >> device >> mount.root >> mount.point) return mount;
  }
  return std::nullopt;
}

// This process's group as the mount shows it.
std::optional<std::string> own_directory(const Mount& mount) {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::")) continue;
    std::string path = line.substr(3);
    if (path.find("..") != std::string::npos) return std::nullopt;
    if (mount.root != "/") {
      if (path != mount.root && !path.starts_with(mount.root + "/")) return std::nullopt;
      path.erase(0, mount.root.size());
    }
    return mount.point + (path == "/" ? std::string() : path);
  }
  return std::nullopt;
}

bool holds(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  return std::find(std::istream_iterator<std::string>(words), {}, word) != std::istream_iterator<std::string>();
}

// Empty: all of them.
std::string missing_of(const std::string& list, const std::vector<std::string_view>& wanted) {
  std::string missing;
  for (std::string_view name : wanted)
    if (!holds(list, name)) missing += (missing.empty() ? "" : ", ") + std::string(name);
  return missing;
}

// A limit that could not be said of another group; empty: none.
std::string unportable_limit(const std::string& directory) {
  for (const char* file : {"io.max", "cpuset.cpus", "cpuset.mems", "cpu.max"}) {
    const auto text = cgroup_text(directory + "/" + file);
    if (text && !text->empty() && !text->starts_with("max")) return file;
  }
  return {};
}

void keep_lowest(std::vector<std::pair<std::string, uint64_t>>& left, const std::string& directory) {
  for (const char* file : {"memory.max", "memory.high", "memory.swap.max", "pids.max"}) {
    const std::string text = cgroup_text(directory + "/" + file).value_or("max");
    uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) continue;
    const auto known = std::find_if(left.begin(), left.end(), [&](const auto& one) { return one.first == file; });
    if (known == left.end())
      left.emplace_back(file, value);
    else
      known->second = std::min(known->second, value);
  }
}

CgroupPlace none(std::string problem, std::string cure) { return {{}, {}, std::move(problem), std::move(cure)}; }

}  // namespace

std::optional<std::string> cgroup_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

CgroupPlace find_cgroup_place(const std::vector<std::string_view>& controllers) {
  const std::optional<Mount> mount = mounted_cgroup2();
  if (!mount) return none("no cgroup v2 is mounted", "mount -t cgroup2 none /sys/fs/cgroup");
  const std::string all = cgroup_text(mount->point + "/cgroup.controllers").value_or("");
  if (const std::string missing = missing_of(all, controllers); !missing.empty())
    return none("cgroup v2 has no controller " + missing + " here: the kernel lacks it, or cgroup v1 has taken it",
                "boot with cgroup_no_v1=all, or systemd.unified_cgroup_hierarchy=1");
  const std::optional<std::string> own = own_directory(*mount);
  if (!own) return none("the group this process is in lies outside of what is mounted at " + mount->point, {});
  CgroupPlace place;
  std::string reasons;
  for (std::string directory = *own; directory.size() >= mount->point.size();) {
    const std::string missing =
        missing_of(cgroup_text(directory + "/cgroup.subtree_control").value_or(""), controllers);
    if (missing.empty() && access(directory.c_str(), W_OK) == 0) {
      place.directory = directory;
      return place;
    }
    reasons += (reasons.empty() ? "" : "; ") + base::printable(directory) +
               (missing.empty() ? " is not writable" : " does not hand down " + missing);
    if (const std::string limit = unportable_limit(directory); !limit.empty())
      return none(reasons + ", and has a limit (" + limit + ") that the command would leave", {});
    keep_lowest(place.left, directory);
    if (directory.size() == mount->point.size()) break;
    directory.resize(directory.rfind('/'));
  }
  return none("no group can be made here: " + reasons,
              "cgroup.subtree_control of a group above has to name them, in a group that may be written (systemd-run "
              "-p Delegate=yes, or a service of a user manager)");
}

}  // namespace cordon::sandbox
