#include "cordon/sandbox/find_program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cordon/base/text.h"

namespace cordon::sandbox {
namespace {

Diagnostic refusal(const std::string& name, int error) {
  bool is_missing = error == ENOENT || error == ENOTDIR;
  Diagnostic diagnostic = system_error("execute '" + base::printable(name) + "'", error);
  diagnostic.code = is_missing ? "not-found" : "not-executable";
  if (error == EACCES) diagnostic.hint = "it must be a regular file with execute permission";
  return diagnostic;
}

// 0, or the errno execve would give as far as it can be told from outside.
int executability(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) return errno;
  return 0;
}

}  // namespace

Result<std::string> find_program(const std::string& name, const char* search_path) {
  if (name.empty()) return refusal(name, ENOENT);
  if (name.find('/') != std::string::npos) {
    int error = executability(name);
    if (error != 0) return refusal(name, error);
    return name;
  }
  std::string_view rest = search_path != nullptr ? search_path : "/bin:/usr/bin";
  int refused = 0;
  for (;;) {
    size_t colon = rest.find(':');
    std::string candidate(rest.substr(0, colon));
    if (!candidate.empty()) candidate += '/';  // an empty element is the working directory
    candidate += name;
    int error = executability(candidate);
    if (error == 0) return candidate;
    if (error == EACCES) refused = error;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return refusal(name, refused != 0 ? refused : ENOENT);
}

}  // namespace cordon::sandbox
