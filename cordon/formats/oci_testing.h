// Short ways to write a Docker profile in tests.
//
//   read_oci(profile(entry("\"read\"", "ALLOW")), "f", for_x86_64());
#pragma once

#include <string>

#include "cordon/formats/oci.h"
#include "cordon/formats/testing.h"

namespace cordon::formats::testing {

inline ReadOptions for_x86_64() {
  ReadOptions options;
  options.arch = Arch::x86_64;
  return options;
}

inline std::string profile(const std::string& entries,
                           const std::string& top = "\"defaultAction\": \"SCMP_ACT_KILL\"") {
  return "{" + top + ", \"syscalls\": [" + entries + "]}";
}

inline std::string entry(const std::string& names, const std::string& action, const std::string& more = "") {
  return "{\"names\": [" + names + "], \"action\": \"SCMP_ACT_" + action + "\"" + (more.empty() ? "" : ", " + more) +
         "}";
}

inline std::string arg(int index, const std::string& op, const std::string& value, const std::string& two = "0") {
  return "{\"index\": " + std::to_string(index) + ", \"value\": " + value + ", \"valueTwo\": " + two +
         ", \"op\": \"SCMP_CMP_" + op + "\"}";
}

inline std::string args(const std::string& list) { return "\"args\": [" + list + "]"; }

}  // namespace cordon::formats::testing
