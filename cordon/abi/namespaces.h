// The kinds of namespaces by name: namespaces(7), include/uapi/linux/sched.h.
//
//   const abi::NamespaceKind* kind = abi::find_namespace("mount");   // 0x20000, "mnt", Linux 2.4.19
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cordon::abi {

struct NamespaceKind {
  std::string_view name;
  uint64_t flag;           // CLONE_NEW*
  std::string_view file;   // in /proc/PID/ns
  std::string_view since;  // kernel
};

inline constexpr uint64_t kUserNamespace = 0x10000000, kMountNamespace = 0x20000, kPidNamespace = 0x20000000,
                          kNetNamespace = 0x40000000, kIpcNamespace = 0x08000000, kUtsNamespace = 0x04000000,
                          kCgroupNamespace = 0x02000000, kTimeNamespace = 0x80;

inline constexpr std::array<NamespaceKind, 8> kNamespaces = {{{"user", kUserNamespace, "user", "3.8"},
                                                              {"mount", kMountNamespace, "mnt", "2.4.19"},
                                                              {"pid", kPidNamespace, "pid", "2.6.24"},
                                                              {"net", kNetNamespace, "net", "2.6.29"},
                                                              {"ipc", kIpcNamespace, "ipc", "2.6.19"},
                                                              {"uts", kUtsNamespace, "uts", "2.6.19"},
                                                              {"cgroup", kCgroupNamespace, "cgroup", "4.6"},
                                                              {"time", kTimeNamespace, "time", "5.6"}}};

// By its name, or by the name of its file.
inline const NamespaceKind* find_namespace(std::string_view name) {
  for (const NamespaceKind& kind : kNamespaces)
    if (kind.name == name || kind.file == name) return &kind;
  return nullptr;
}

}  // namespace cordon::abi
