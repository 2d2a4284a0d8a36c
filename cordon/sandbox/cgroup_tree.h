// Where in the tree of cgroup v2 a group of this process's making can be, with controllers that limit it.
//
//   const CgroupPlace place = sandbox::find_cgroup_place({"memory", "pids"});
//   if (!place.problem.empty()) …      // in words, with place.cure
//
// A group has the controllers that the group above hands down (cgroup.subtree_control). The nearest one above this
// process that hands down what is asked, and lets this process make groups, is taken: nothing of others is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordon::sandbox {

struct CgroupPlace {
  std::string directory;  // in which a group can be made
  // What holds for this process by groups below that directory, and would not for the new group: file, lowest value.
  std::vector<std::pair<std::string, uint64_t>> left;
  std::string problem;  // why there is none
  std::string cure;
};

CgroupPlace find_cgroup_place(const std::vector<std::string_view>& controllers);

// A whole small file without the newline at its end; none where it cannot be read.
std::optional<std::string> cgroup_text(const std::string& path);

}  // namespace cordon::sandbox
