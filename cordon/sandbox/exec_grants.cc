#include "cordon/sandbox/exec_grants.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "cordon/abi/landlock.h"
#include "cordon/base/fd.h"
#include "cordon/base/text.h"
#include "cordon/sandbox/file_ids.h"

namespace cordon::sandbox {
namespace {

constexpr size_t kHeadBytes = 4096;
constexpr size_t kDeepestScript = 5;  // BINPRM_MAX_RECURSION and one

std::string read_at(const Fd& fd, off_t offset, size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = pread(fd.get(), bytes.data(), bytes.size(), offset);
  bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return bytes;
}

template <class T>
std::optional<T> structure_at(std::string_view bytes, size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Empty: a static program, or none that can be told.
template <class Header, class Segment>
std::string loader_of(const Fd& fd, std::string_view head) {
  const auto header = structure_at<Header>(head, 0);
  if (!header || header->e_phentsize != sizeof(Segment)) return {};
  const std::string table = read_at(fd, static_cast<off_t>(header->e_phoff), header->e_phnum * sizeof(Segment));
  for (size_t offset = 0; auto segment = structure_at<Segment>(table, offset); offset += sizeof(Segment)) {
    if (segment->p_type != PT_INTERP) continue;
    std::string name =
        read_at(fd, static_cast<off_t>(segment->p_offset), std::min<size_t>(segment->p_filesz, PATH_MAX));
    return name.substr(0, name.find('\0'));
  }
  return {};
}

// Nothing but a file with contents: to open a device does something, and who named it may be anybody.
Fd open_contents(const std::string& path) {
  const Fd found(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!found || fstat(found.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return Fd(open(("/proc/self/fd/" + std::to_string(found.get())).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

// What the kernel opens next to execute this file.
std::string interpreter_of(const std::string& path) {
  const Fd fd = open_contents(path);
  if (!fd) return {};
  const std::string head = read_at(fd, 0, kHeadBytes);
  if (head.starts_with("#!")) {
    const size_t begin = head.find_first_not_of(" \t", 2);
    const size_t end = head.find_first_of(std::string_view(" \t\n\0", 4), begin);
    return begin == std::string::npos || end == std::string::npos ? std::string() : head.substr(begin, end - begin);
  }
  if (!head.starts_with(std::string_view(ELFMAG, SELFMAG))) return {};
  return head.size() > EI_CLASS && head[EI_CLASS] == ELFCLASS32 ? loader_of<Elf32_Ehdr, Elf32_Phdr>(fd, head)
                                                                : loader_of<Elf64_Ehdr, Elf64_Phdr>(fd, head);
}

bool is_granted(const LandlockLayer& layer, const std::vector<FileId>& ids) {
  return std::any_of(layer.paths.begin(), layer.paths.end(), [&](const PathGrant& grant) {
    if ((grant.rights & abi::landlock::kExecute) == 0) return false;
    const auto id = id_of(grant.path);
    return id && std::find(ids.begin(), ids.end(), *id) != ids.end();
  });
}

}  // namespace

std::vector<std::string> executed_files(const std::string& path) {
  std::vector<std::string> files{path};
  while (files.size() <= kDeepestScript) {
    std::string next = interpreter_of(files.back());
    if (next.empty()) break;
    files.push_back(std::move(next));
  }
  return files;
}

std::optional<Diagnostic> missing_exec_grant(const Confinement& confinement, const std::string& path) {
  const bool any = std::any_of(confinement.landlock.begin(), confinement.landlock.end(),
                               [](const LandlockLayer& layer) { return layer.restricts_files; });
  if (!any) return std::nullopt;
  const std::vector<std::string> files = executed_files(path);
  for (const LandlockLayer& layer : confinement.landlock) {
    if (!layer.restricts_files) continue;
    std::string missing, options;
    std::string first;
    for (const std::string& file : files) {
      const std::vector<FileId> ids = ids_above(file);
      if (ids.empty() || is_granted(layer, ids)) continue;
      missing += " " + base::printable(file);
      options += (options.empty() ? "--files-exec " : " --files-exec ") + base::printable(file);
      if (first.empty()) first = file;
    }
    if (missing.empty()) continue;
    Diagnostic problem;
    problem.code = "exec-not-granted";
    problem.place = layer.place;
    problem.message = "no line lets '" + base::printable(first) + "' be executed" +
                      (first == path ? "" : ", through which '" + base::printable(path) + "' is");
    // The options of a command line are a layer without lines.
    problem.hint = layer.place.file.starts_with("--") ? "add " + options : "add the line `files exec" + missing + "`";
    return problem;
  }
  return std::nullopt;
}

}  // namespace cordon::sandbox
