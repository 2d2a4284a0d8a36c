// Linux capabilities by name: capabilities(7), include/uapi/linux/capability.h up to Linux 6.18.
//
//   std::optional<unsigned> number = abi::find_capability("CAP_NET_BIND_SERVICE");   // 10; "net_bind_service" too
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace cordon::abi {

// At its number.
inline constexpr std::array<std::string_view, 41> kCapabilities = {"chown",
                                                                   "dac_override",
                                                                   "dac_read_search",
                                                                   "fowner",
                                                                   "fsetid",
                                                                   "kill",
                                                                   "setgid",
                                                                   "setuid",
                                                                   "setpcap",
                                                                   "linux_immutable",
                                                                   "net_bind_service",
                                                                   "net_broadcast",
                                                                   "net_admin",
                                                                   "net_raw",
                                                                   "ipc_lock",
                                                                   "ipc_owner",
                                                                   "sys_module",
                                                                   "sys_rawio",
                                                                   "sys_chroot",
                                                                   "sys_ptrace",
                                                                   "sys_pacct",
                                                                   "sys_admin",
                                                                   "sys_boot",
                                                                   "sys_nice",
                                                                   "sys_resource",
                                                                   "sys_time",
                                                                   "sys_tty_config",
                                                                   "mknod",
                                                                   "lease",
                                                                   "audit_write",
                                                                   "audit_control",
                                                                   "setfcap",
                                                                   "mac_override",
                                                                   "mac_admin",
                                                                   "syslog",
                                                                   "wake_alarm",
                                                                   "block_suspend",
                                                                   "audit_read",
                                                                   "perfmon",
                                                                   "bpf",
                                                                   "checkpoint_restore"};

// "sys_boot" of "CAP_SYS_BOOT", "Sys_Boot" and "sys_boot".
inline std::string plain_capability(std::string_view written) {
  std::string name;
  for (char c : written) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name.starts_with("cap_") ? name.substr(4) : name;
}

inline std::optional<unsigned> find_capability(std::string_view written) {
  const std::string name = plain_capability(written);
  for (unsigned number = 0; number < kCapabilities.size(); ++number)
    if (kCapabilities[number] == name) return number;
  return std::nullopt;
}

}  // namespace cordon::abi
