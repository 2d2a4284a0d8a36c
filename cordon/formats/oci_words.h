// The words of OCI profiles: actions, comparisons, architectures, flags, capabilities.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/policy/action.h"

namespace cordon::formats {

enum class OciOp : uint8_t { ne, lt, le, eq, ge, gt, masked_eq };

std::optional<ActionKind> find_oci_action(std::string_view word);  // "SCMP_ACT_ERRNO"
std::optional<OciOp> find_oci_op(std::string_view word);           // "SCMP_CMP_EQ"
std::optional<Arch> find_oci_arch(std::string_view word);          // "SCMP_ARCH_X86_64"
std::optional<uint32_t> find_oci_flag(std::string_view word);      // "SECCOMP_FILTER_FLAG_LOG"; TSYNC is 0
std::string_view oci_action(ActionKind kind);
std::string_view oci_op(OciOp op);
// Of a set of flags, those that have a word.
std::vector<std::string_view> oci_flags(uint32_t flags);
bool is_capability(std::string_view word);              // "CAP_SYS_ADMIN"
std::string capability_name(std::string_view written);  // "sys_admin" gives "CAP_SYS_ADMIN"

// What Docker's includes and excludes call a machine; empty for an ABI that is never a host.
std::string_view docker_arch_name(Arch arch);
bool is_docker_arch_name(std::string_view word);

// "did you mean 'X'?" or else the words that are valid.
enum class OciVocabulary : uint8_t { action, op, arch, flag, capability, docker_arch };
std::string valid_words_hint(OciVocabulary vocabulary, std::string_view word);

// The capabilities Docker gives a container that asks for none in particular.
std::span<const std::string_view> docker_default_capabilities();

}  // namespace cordon::formats
