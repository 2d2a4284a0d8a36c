#include "cli/emulate_options.h"

#include <cerrno>
#include <cstdlib>

#include "cli/output.h"
#include "cordon/abi/namespaces.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

std::string without_links(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return {};
  std::string result = resolved;
  std::free(resolved);
  return result;
}

// What is to be made need not be there, the directory it is made in has to.
std::string path_to_make(const std::string& path) {
  if (std::string there = without_links(path); !there.empty()) return there;
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return {};
  const std::string parent = without_links(slash == std::string::npos ? "." : path.substr(0, slash + 1));
  if (parent.empty()) return {};
  return (parent == "/" ? std::string() : parent) + "/" + name;
}

Diagnostic no_path(const std::string& option, const std::string& path) {
  return system_error("use '" + base::printable(path) + "' for " + option, path.empty() ? ENOENT : errno);
}

Result<std::vector<SocketGrant>> grants_of(const std::string& option, const std::vector<std::string>& addresses) {
  std::vector<SocketGrant> grants;
  for (const std::string& text : addresses) {
    const std::optional<SocketGrant> grant = sandbox::read_socket_grant(text);
    if (!grant)
      return usage_error(option + " cannot be '" + base::printable(text) + "'",
                         "an address and a port, such as 127.0.0.1:80, [::1]:80, 10.0.0.1:* or *:443");
    grants.push_back(*grant);
  }
  return grants;
}

}  // namespace

void add_emulate_options(CommandLine& app, EmulateOptions& options) {
  const auto add = [&app](const char* name, std::vector<std::string>& list, const char* help, const char* type) {
    app.add_option(name, list, help)->type_name(type);
  };
  add("--emulate-read", options.read, "open files beneath PATH for the command, where a notify rule names the call",
      "PATH");
  add("--emulate-write", options.write, "the same, for writing too", "PATH");
  add("--emulate-create", options.create, "the same, and make files there", "PATH");
  add("--emulate-mknod", options.mknod,
      "make null, zero, full, random, urandom, tty and pipes beneath PATH for the command", "PATH");
  add("--emulate-connect", options.connect, "connect to this address for the command: 127.0.0.1:80, [::1]:80, *:443",
      "ADDRESS");
  add("--emulate-bind", options.bind, "bind to it", "ADDRESS");
}

Result<Emulation> emulation_of(const EmulateOptions& options) {
  Emulation made;
  for (const std::string& path : options.read) {
    made.opens.read.push_back(without_links(path));
    if (made.opens.read.back().empty()) return no_path("--emulate-read", path);
  }
  for (const std::string& path : options.write) {
    made.opens.write.push_back(without_links(path));
    if (made.opens.write.back().empty()) return no_path("--emulate-write", path);
  }
  for (const std::string& path : options.create) {
    made.opens.create.push_back(path_to_make(path));
    if (made.opens.create.back().empty()) return no_path("--emulate-create", path);
  }
  for (const std::string& path : options.mknod) {
    made.nodes.push_back(path_to_make(path));
    if (made.nodes.back().empty()) return no_path("--emulate-mknod", path);
  }
  CORDON_TRY(connect, grants_of("--emulate-connect", options.connect));
  CORDON_TRY(bind, grants_of("--emulate-bind", options.bind));
  made.sockets = {.connect = std::move(connect), .bind = std::move(bind)};
  return made;
}

Diagnostics check_emulation(const Emulation& emulation, const Confined& confined) {
  if (!emulation.any()) return {};
  const NamespaceSetup& namespaces = confined.setup.namespaces;
  if (!confined.rulesets.empty())
    return usage_error("files, net and scope lines do not hold for what cordon does in the command's place",
                       "leave out those lines and options, or the --emulate options");
  if (((namespaces.made | namespaces.joined) & abi::kMountNamespace) != 0)
    return usage_error("the --emulate options name paths of cordon's file tree, and the command has another",
                       "leave out the mount namespace, or the --emulate options");
  return {};
}

}  // namespace cordon::cli
