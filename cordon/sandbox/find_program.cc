#include "cordon/sandbox/find_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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
int executability(const ProgramSearch& search, const std::string& name) {
  const bool is_relative = !search.directory.empty() && !name.starts_with('/');
  const std::string inside = is_relative ? search.directory + "/" + name : name;
  const std::string path = inside.starts_with('/') ? search.tree.value_or("") + inside : inside;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) return errno;
  return 0;
}

}  // namespace

ProgramSearch search_of(const ProcessSetup& setup) {
  ProgramSearch search;
  search.directory = setup.directory.value_or("");
  search.tree = setup.namespaces.tree;
  constexpr std::string_view kPath = "PATH=";
  if (setup.environment) {
    for (const std::string& entry : *setup.environment)
      if (entry.starts_with(kPath)) search.path = entry.substr(kPath.size());
  } else if (const char* path = getenv("PATH")) {
    search.path = path;
  }
  return search;
}

Result<std::string> find_program(const std::string& name, const ProgramSearch& search) {
  if (name.empty()) return refusal(name, ENOENT);
  if (name.find('/') != std::string::npos) {
    int error = search.tree ? 0 : executability(search, name);
    if (error != 0) return refusal(name, error);
    return name;
  }
  std::string_view rest = search.path ? std::string_view(*search.path) : "/bin:/usr/bin";
  int refused = 0;
  for (;;) {
    size_t colon = rest.find(':');
    std::string candidate(rest.substr(0, colon));
    if (!candidate.empty()) candidate += '/';  // an empty element is the working directory
    candidate += name;
    int error = executability(search, candidate);
    if (error == 0) return candidate;
    if (error == EACCES) refused = error;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return refusal(name, refused != 0 ? refused : ENOENT);
}

}  // namespace cordon::sandbox
