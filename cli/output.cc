#include "cli/output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "cli/exit_status.h"
#include "cordon/base/fd.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/render.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr size_t kMaxPolicyBytes = size_t{16} << 20;

std::string_view file_kind(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

bool use_color(Color color, int fd) {
  if (color != Color::automatic) return color == Color::always;
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && ::isatty(fd) == 1;
}

// A link is followed, a dangling one too: what it points to is replaced, not the link.
std::string link_target(const std::string& path) {
  if (char* resolved = ::realpath(path.c_str(), nullptr)) {
    std::string target = resolved;
    std::free(resolved);
    return target;
  }
  // The last of a chain of links may be missing: that is the file to make.
  constexpr int kMostLinks = 40;
  std::string target = path;
  for (int links = 0; links < kMostLinks; ++links) {
    char pointed[4096];
    const ssize_t length = ::readlink(target.c_str(), pointed, sizeof pointed);
    if (length <= 0 || length == sizeof pointed) break;
    const std::string next(pointed, static_cast<size_t>(length));
    const size_t slash = target.rfind('/');
    target = next.starts_with('/') || slash == std::string::npos ? next : target.substr(0, slash + 1) + next;
  }
  return target;
}

// The number in /dev/stdout, /dev/fd/N and the like: our own descriptor, wherever it leads.
std::optional<int> descriptor_named(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view head : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(head)) continue;
    int number = -1;
    const char* end = path.data() + path.size();
    const auto [stop, error] = std::from_chars(path.data() + head.size(), end, number);
    if (error == std::errc() && stop == end && number >= 0) return number;
  }
  return std::nullopt;
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// One name for the file, whether it is there or not; what cannot be found has the name it was given.
std::string absolute(const std::string& target) {
  char* resolved = ::realpath(directory_of(target).c_str(), nullptr);
  if (resolved == nullptr) return target;
  const size_t slash = target.rfind('/');
  std::string path = std::string(resolved) + "/" + target.substr(slash == std::string::npos ? 0 : slash + 1);
  std::free(resolved);
  return path;
}

// Somebody else's file in a directory such as /tmp, where only owners may replace what is theirs.
bool is_guarded(const std::string& target, const struct stat& status) {
  struct stat directory {};
  const uid_t user = ::geteuid();
  return user != 0 && ::stat(directory_of(target).c_str(), &directory) == 0 && (directory.st_mode & S_ISVTX) != 0 &&
         directory.st_uid != user && status.st_uid != user;
}

std::string own_descriptor(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Short, so that it fits wherever the name of the file itself does.
constexpr std::string_view kTemporary = "/.cordon-";

// Gives a file without a name one in `directory`; empty if it cannot have one.
std::string link_into(const std::string& directory, int fd) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) return {};
    const std::string name = directory + std::string(kTemporary) + base::hex(number).substr(2);
    if (::linkat(AT_FDCWD, own_descriptor(fd).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return name;
    if (errno != EEXIST) return {};
  }
  return {};
}

// The owner and the group of what is replaced, as far as we may; bits for a group that is another one go.
void give_back(int fd, const struct stat& status) {
  if (::fchown(fd, status.st_uid, status.st_gid) == 0 || ::fchown(fd, static_cast<uid_t>(-1), status.st_gid) == 0)
    return;
  struct stat own {};
  if (::fstat(fd, &own) == 0 && own.st_gid != status.st_gid) ::fchmod(fd, status.st_mode & 0707);
}

}  // namespace

HeldSignals::HeldSignals(std::initializer_list<int> signals) {
  sigset_t pending;
  ::sigemptyset(&held_);
  for (int signal : signals) ::sigaddset(&held_, signal);
  ::pthread_sigmask(SIG_BLOCK, &held_, &before_);
  ::sigpending(&pending);
  had_file_limit_ = ::sigismember(&pending, SIGXFSZ) == 1 || ::sigismember(&held_, SIGXFSZ) == 0;
}

HeldSignals::~HeldSignals() {
  sigset_t file_limit;
  ::sigemptyset(&file_limit);
  ::sigaddset(&file_limit, SIGXFSZ);
  const timespec at_once{};
  if (!had_file_limit_) ::sigtimedwait(&file_limit, nullptr, &at_once);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int write_all(int fd, std::string_view text) {
  const HeldSignals held({SIGXFSZ});
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd entry{.fd = fd, .events = POLLOUT, .revents = 0};
      if (::poll(&entry, 1, -1) < 0 && errno != EINTR) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

int finish_output(std::string_view text, int status) {
  int error = write_all(STDOUT_FILENO, text);
  if (error == 0) return status;
  Diagnostics problem;
  problem.add(system_error("write to standard output", error));
  print_diagnostics(problem, {});
  return kRefused;
}

void print_error(std::string_view text) { write_all(STDERR_FILENO, text); }

void print_diagnostics(const Diagnostics& diagnostics, const OutputOptions& options) {
  if (diagnostics.empty()) return;
  RenderOptions render_options;
  render_options.color = use_color(options.color, STDERR_FILENO);
  if (options.all_findings) render_options.limit = diagnostics.size();
  if (!options.quiet) return print_error(render(diagnostics, render_options));
  Diagnostics errors;
  for (const Diagnostic& item : diagnostics)
    if (item.severity == Severity::error) errors.add(item);
  if (!errors.empty()) print_error(render(errors, render_options));
}

int fail(const Diagnostics& problems, const OutputOptions& options, int status) {
  print_diagnostics(problems, options);
  return status;
}

Diagnostics usage_error(std::string message, std::string hint) {
  Diagnostics problem;
  problem.error("usage", {}, std::move(message), std::move(hint));
  return problem;
}

Diagnostics source_overwritten(const std::string& source, const std::string& path) {
  struct stat read {};
  struct stat written {};
  const bool are_files = source != "-" && path != "-" && !descriptor_named(path) &&
                         ::stat(source.c_str(), &read) == 0 && ::stat(path.c_str(), &written) == 0 &&
                         S_ISREG(read.st_mode);
  if (!are_files || read.st_dev != written.st_dev || read.st_ino != written.st_ino) return {};
  return usage_error("'" + base::printable(path) + "' is the source itself, and would be lost",
                     "name another file for what is written");
}

Diagnostics source_overwritten(const std::vector<std::string>& sources, const std::string& path) {
  for (const std::string& source : sources)
    if (Diagnostics lost = source_overwritten(source, path); !lost.empty()) return lost;
  return {};
}

std::string diagnostics_document(const Diagnostics& diagnostics) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.diagnostics/1").key("diagnostics").raw(render_json(diagnostics));
  json.end_object();
  return std::move(json).take();
}

namespace {

Result<std::string> read_descriptor(int fd, const std::string& path, const ReadLimits& limits) {
  std::string content;
  std::string buffer(1 << 16, '\0');  // not on the stack, which `ulimit -s` may make as small
  while (true) {
    ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_error("read '" + path + "'", errno, errno == EISDIR ? "name a file in it" : "");
    }
    if (got == 0) return content;
    content.append(buffer, 0, static_cast<size_t>(got));
    if (content.size() > limits.max_bytes)
      return system_error("read '" + path + "'", EFBIG,
                          "at most " + std::to_string(limits.max_bytes >> 20) + " MiB are read" +
                              (limits.cure.empty() ? "" : ": " + limits.cure));
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path) { return read_file(path, {.max_bytes = kMaxPolicyBytes}); }

Result<std::string> read_file(const std::string& path, const ReadLimits& limits) {
  if (path == "-") return read_descriptor(STDIN_FILENO, path, limits);
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file)
    return system_error("open '" + path + "'", errno, path.starts_with('-') ? "options stand before `--`" : "");
  return read_descriptor(file.get(), path, limits);
}

Result<std::string> read_regular_file(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return system_error("open '" + path + "'", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error("look at '" + path + "'", errno);
  if (!S_ISREG(status.st_mode)) {
    Diagnostics problem;
    return problem.error("system", {}, "'" + path + "' is " + std::string(file_kind(status.st_mode)) + ", not a file",
                         "only regular files can be included");
  }
  return read_descriptor(file.get(), path, {.max_bytes = kMaxPolicyBytes});
}

bool is_standard_stream(const std::string& path) {
  const auto descriptor = descriptor_named(path);
  return path == "-" || (descriptor && *descriptor <= STDERR_FILENO);
}

Result<OutputFile> OutputFile::create(const std::string& path) {
  OutputFile file;
  file.path_ = path;
  if (path == "-") return file;
  if (const auto descriptor = descriptor_named(path)) {
    const int flags = ::fcntl(*descriptor, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) return system_error("write '" + path + "'", EBADF);
    file.fd_.reset(::fcntl(*descriptor, F_DUPFD_CLOEXEC, 3));
    if (!file.fd_) return system_error("write '" + path + "'", errno);
    return file;
  }
  file.target_ = link_target(path);
  struct stat status {};
  const bool exists = ::stat(file.target_.c_str(), &status) == 0;
  if (!exists && (errno != ENOENT || path.empty())) return system_error("write '" + path + "'", errno);
  if (exists && !S_ISREG(status.st_mode)) {  // a device or a pipe cannot be replaced
    file.fd_.reset(::open(file.target_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.fd_) return system_error("write '" + path + "'", errno);
    return file;
  }
  if (exists && is_guarded(file.target_, status)) return system_error("write '" + path + "'", EPERM);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  // The file is ours afterwards, unless we may give it back: so it runs as nobody else.
  const int error = file.open_beside(exists ? status.st_mode & 0777 : 0666 & ~mask);
  if (error == 0 && exists && (status.st_uid != ::geteuid() || status.st_gid != ::getegid()))
    give_back(file.fd_.get(), status);
  if (error != 0) return system_error("write '" + path + "'", error);
  return file;
}

// 0 or an errno, as of the two below.
int OutputFile::open_beside(mode_t mode) {
  fd_.reset(::open(directory_of(target_).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  is_unnamed_ = fd_ && ::access(own_descriptor(fd_.get()).c_str(), F_OK) == 0 && ::fchmod(fd_.get(), mode) == 0;
  return is_unnamed_ ? 0 : open_named(mode);
}

int OutputFile::open_named(mode_t mode) {
  is_unnamed_ = false;
  temporary_ = directory_of(target_) + std::string(kTemporary) + "XXXXXX";
  fd_.reset(::mkostemp(temporary_.data(), O_CLOEXEC));
  if (!fd_) {
    temporary_.clear();
    return errno;
  }
  return ::fchmod(fd_.get(), mode) == 0 ? 0 : errno;
}

// A link never replaces a file: the unnamed one gets a name of its own first, for the moment until it is renamed.
int OutputFile::replace_target(std::string_view content) {
  if (is_unnamed_) {
    temporary_ = link_into(directory_of(target_), fd_.get());
    if (temporary_.empty()) {  // /proc is gone since
      struct stat status {};
      if (::fstat(fd_.get(), &status) != 0) return errno;
      int error = open_named(status.st_mode & 0777);
      if (error == 0) give_back(fd_.get(), status);
      if (error == 0) error = write_all(fd_.get(), content);
      if (error != 0) return error;
    }
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return errno;
  temporary_.clear();
  return 0;
}

bool OutputFile::is_same_file(const OutputFile& other) const { return absolute(target_) == absolute(other.target_); }

OutputFile::~OutputFile() {
  if (fd_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<Done> OutputFile::commit(std::string_view content) {
  const HeldSignals held({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
  const bool is_stdout = path_ == "-";
  int error = write_all(is_stdout ? STDOUT_FILENO : fd_.get(), content);
  if (error != 0) return system_error(is_stdout ? "write to standard output" : "write '" + path_ + "'", error);
  if (is_unnamed_ || !temporary_.empty()) error = replace_target(content);
  if (error != 0) return system_error("write '" + path_ + "'", error);
  return Done{};
}

Result<Done> write_file(const std::string& path, std::string_view content) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return file.error();
  return file->commit(content);
}

}  // namespace cordon::cli
