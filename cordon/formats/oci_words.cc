#include "cordon/formats/oci_words.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

template <class Meaning>
struct Word {
  std::string_view text;
  Meaning meaning;
};

constexpr Word<ActionKind> kActions[] = {
    {"SCMP_ACT_ALLOW", ActionKind::allow},
    {"SCMP_ACT_ERRNO", ActionKind::errno_},
    {"SCMP_ACT_KILL_PROCESS", ActionKind::kill_process},
    {"SCMP_ACT_KILL_THREAD", ActionKind::kill_thread},
    {"SCMP_ACT_KILL", ActionKind::kill_thread},
    {"SCMP_ACT_LOG", ActionKind::log},
    {"SCMP_ACT_NOTIFY", ActionKind::notify},
    {"SCMP_ACT_TRACE", ActionKind::trace},
    {"SCMP_ACT_TRAP", ActionKind::trap},
};

constexpr Word<OciOp> kOps[] = {
    {"SCMP_CMP_EQ", OciOp::eq}, {"SCMP_CMP_GE", OciOp::ge}, {"SCMP_CMP_GT", OciOp::gt},
    {"SCMP_CMP_LE", OciOp::le}, {"SCMP_CMP_LT", OciOp::lt}, {"SCMP_CMP_MASKED_EQ", OciOp::masked_eq},
    {"SCMP_CMP_NE", OciOp::ne},
};

// linux/seccomp.h; TSYNC is for the loader, which filters one thread anyway.
constexpr Word<uint32_t> kFlags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", 1u << 1},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", 1u << 2},
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1u << 5},
};

constexpr std::string_view kCapabilities[] = {
    "CAP_AUDIT_CONTROL",   "CAP_AUDIT_READ",   "CAP_AUDIT_WRITE",
    "CAP_BLOCK_SUSPEND",   "CAP_BPF",          "CAP_CHECKPOINT_RESTORE",
    "CAP_CHOWN",           "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",          "CAP_FSETID",       "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",       "CAP_KILL",         "CAP_LEASE",
    "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN",    "CAP_MAC_OVERRIDE",
    "CAP_MKNOD",           "CAP_NET_ADMIN",    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",   "CAP_NET_RAW",      "CAP_PERFMON",
    "CAP_SETFCAP",         "CAP_SETGID",       "CAP_SETPCAP",
    "CAP_SETUID",          "CAP_SYSLOG",       "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",        "CAP_SYS_CHROOT",   "CAP_SYS_MODULE",
    "CAP_SYS_NICE",        "CAP_SYS_PACCT",    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",       "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",  "CAP_WAKE_ALARM",
};

constexpr std::string_view kDockerDefaults[] = {
    "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",     "CAP_FSETID",
    "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
    "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT",
};

template <class Meaning, size_t N>
std::optional<Meaning> find(const Word<Meaning> (&words)[N], std::string_view text) {
  for (const Word<Meaning>& word : words)
    if (word.text == text) return word.meaning;
  return std::nullopt;
}

// The first word that has the meaning.
template <class Meaning, size_t N>
std::string_view word_for(const Word<Meaning> (&words)[N], Meaning meaning) {
  for (const Word<Meaning>& word : words)
    if (word.meaning == meaning) return word.text;
  return {};
}

std::vector<std::string_view> valid_words(OciVocabulary vocabulary) {
  std::vector<std::string_view> words;
  switch (vocabulary) {
    case OciVocabulary::action:
      for (const auto& word : kActions) words.push_back(word.text);
      break;
    case OciVocabulary::op:
      for (const auto& word : kOps) words.push_back(word.text);
      break;
    case OciVocabulary::flag:
      for (const auto& word : kFlags) words.push_back(word.text);
      break;
    case OciVocabulary::capability: words.assign(std::begin(kCapabilities), std::end(kCapabilities)); break;
    case OciVocabulary::arch:
      for (const abi::ArchInfo& info : abi::arches())
        if (!info.scmp_name.empty()) words.push_back(info.scmp_name);
      break;
    case OciVocabulary::docker_arch:
      for (const abi::ArchInfo& info : abi::arches())
        if (!docker_arch_name(info.arch).empty()) words.push_back(docker_arch_name(info.arch));
      words.push_back("x32");
      break;
  }
  return words;
}

}  // namespace

std::optional<ActionKind> find_oci_action(std::string_view word) { return find(kActions, word); }
std::optional<OciOp> find_oci_op(std::string_view word) { return find(kOps, word); }
std::optional<uint32_t> find_oci_flag(std::string_view word) { return find(kFlags, word); }

std::string_view oci_action(ActionKind kind) { return word_for(kActions, kind); }
std::string_view oci_op(OciOp op) { return word_for(kOps, op); }

std::vector<std::string_view> oci_flags(uint32_t flags) {
  std::vector<std::string_view> words;
  for (const auto& word : kFlags)
    if ((flags & word.meaning) != 0) words.push_back(word.text);
  return words;
}

std::optional<Arch> find_oci_arch(std::string_view word) {
  for (const abi::ArchInfo& info : abi::arches())
    if (!word.empty() && info.scmp_name == word) return info.arch;
  return std::nullopt;
}

bool is_capability(std::string_view word) {
  return std::find(std::begin(kCapabilities), std::end(kCapabilities), word) != std::end(kCapabilities);
}

std::string capability_name(std::string_view written) {
  std::string name;
  for (char c : written) name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  return name.starts_with("CAP_") ? name : "CAP_" + name;
}

std::string_view docker_arch_name(Arch arch) {
  switch (arch) {
    case Arch::x32: return {};
    case Arch::x86_64: return "amd64";
    case Arch::i386: return "x86";
    case Arch::arm64: return "arm64";
    case Arch::loongarch64: return "loong64";
    default: return abi::info(arch).scmp_name.empty() ? std::string_view() : abi::info(arch).libseccomp_name;
  }
}

bool is_docker_arch_name(std::string_view word) {
  std::vector<std::string_view> words = valid_words(OciVocabulary::docker_arch);
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string valid_words_hint(OciVocabulary vocabulary, std::string_view word) {
  std::vector<std::string_view> words = valid_words(vocabulary);
  std::string near = base::did_you_mean(word, words);
  if (!near.empty()) return near;
  std::string list = "valid are ";
  for (std::string_view valid : words) list += (valid == words.front() ? "" : ", ") + std::string(valid);
  return list;
}

std::span<const std::string_view> docker_default_capabilities() { return kDockerDefaults; }

}  // namespace cordon::formats
