#include "cordon/formats/minijail_config.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "cordon/base/text.h"
#include "cordon/formats/minijail.h"
#include "cordon/formats/minijail_entries.h"
#include "cordon/formats/profile_reporter.h"

namespace cordon::formats {
namespace {

constexpr std::string_view kFirstLine = "% minijail-config-file v0";
constexpr std::string_view kDefaultFilter = "/etc/security/minijail/v0.bin";
constexpr uint32_t kFlagLog = 2, kFlagSpecAllow = 4;  // SECCOMP_FILTER_FLAG_*

enum class Takes : uint8_t { nothing, value, maybe };

// What no line says has a cure. What has no cure and no code below says nothing about the command.
struct Key {
  std::string_view name;
  Takes takes;
  const char* cure;
};
constexpr Key kKeys[] = {
    {"u", Takes::value, nullptr},
    {"g", Takes::value, nullptr},
    {"add-suppl-group", Takes::value, nullptr},
    {"G", Takes::nothing, "add-suppl-group names each group"},
    {"y", Takes::nothing, "add-suppl-group names each group; groups of cordon's own are not left to another user"},
    {"n", Takes::nothing, nullptr},
    {"S", Takes::value, nullptr},
    {"seccomp-bpf-binary", Takes::value, "-p FILE.bpf beside this file"},
    {"s", Takes::nothing, "-p builtin:strict beside this file, or --strict alone"},
    {"L", Takes::nothing, nullptr},
    {"Y", Takes::nothing, "--tsync, and @default kill-process in the policy, as -Y ends whole processes"},
    {"allow-speculative-execution", Takes::nothing, nullptr},
    {"a", Takes::value, "deny the calls in a policy"},
    {"c", Takes::value, nullptr},
    {"ambient", Takes::nothing, nullptr},
    {"B", Takes::value, nullptr},
    {"R", Takes::value, nullptr},
    {"l", Takes::nothing, nullptr},
    {"N", Takes::nothing, nullptr},
    {"p", Takes::nothing, nullptr},
    {"U", Takes::nothing, nullptr},
    {"v", Takes::nothing, nullptr},
    {"ns-mount", Takes::nothing, nullptr},
    {"e", Takes::maybe, nullptr},
    {"uts", Takes::maybe, nullptr},
    {"I", Takes::nothing, "the command is process 2 of a pid namespace: p"},
    {"m", Takes::maybe, "U here, and --uid-map IN:OUT:N on the command line"},
    {"M", Takes::maybe, "U here, and --gid-map IN:OUT:N on the command line"},
    {"V", Takes::value, "--ns-of PID:mount on the command line"},
    {"K", Takes::maybe, nullptr},
    {"r", Takes::nothing, nullptr},
    {"d", Takes::nothing, nullptr},
    {"mount-dev", Takes::nothing, nullptr},
    {"t", Takes::maybe,
     "--mount-tmp /tmp, which has no limit of its own and lets programs there be executed; --cgroup-memory limits it"},
    {"b", Takes::value, nullptr},
    {"bind-mount", Takes::value, nullptr},
    {"k", Takes::value, "b for files of the host; --mount-tmp, --mount-proc on the command line"},
    {"mount", Takes::value, "b for files of the host; --mount-tmp, --mount-proc on the command line"},
    {"P", Takes::value, nullptr},
    {"C", Takes::value, nullptr},
    {"profile", Takes::value, "--unshare mount --mount-root read --mount-dev --mount-tmp /tmp"},
    {"fs-path-rx", Takes::value, nullptr},
    {"fs-path-ro", Takes::value, nullptr},
    {"fs-path-rw", Takes::value, nullptr},
    {"fs-path-advanced-rw", Takes::value, nullptr},
    {"fs-default-paths", Takes::nothing, "fs-path-rx and fs-path-ro name each path"},
    {"enable-profile-fs-restrictions", Takes::nothing, "fs-path-rx and fs-path-ro name each path"},
    {"no-fs-restrictions", Takes::nothing, nullptr},
    {"env-reset", Takes::nothing, nullptr},
    {"env-add", Takes::value, nullptr},
    {"T", Takes::value, nullptr},
    {"logging", Takes::value, nullptr},
    {"preload-library", Takes::value, nullptr},
    {"no-default-runtime-environment", Takes::nothing, nullptr},
    {"no-new-sessions", Takes::nothing, nullptr},
    {"preserve-fd", Takes::value, nullptr},
    {"w", Takes::nothing, "keyctl session - cordon run ..."},
    {"f", Takes::value, "cordon run ... & echo $! >FILE"},
    {"i", Takes::nothing, "cordon run ... &"},
    {"z", Takes::nothing, "signals are passed on to the command"},
    {"config", Takes::value, "one file, as minijail0 takes no other from within one"},
    {"gen-config", Takes::value, "leave it out"}};

class ConfigReader {
 public:
  ConfigReader(Policy& policy, SourceId source, ProfileReporter& report)
      : policy_(policy), source_(source), report_(report) {}

  void read(const std::vector<MinijailEntry>& entries) {
    for (const MinijailEntry& entry : entries) {
      entry_ = &entry;
      if (entry.is_broken)
        error("expected an option of minijail0, or `option = value`");
      else if (const Key* key = find(entry.key); key == nullptr)
        unknown();
      else if (entry.has_value && key->takes == Takes::nothing)
        error("'" + entry.key + "' takes no value");
      else if (!entry.has_value && key->takes == Takes::value)
        error("'" + entry.key + "' needs a value");
      else if (key->cure != nullptr)
        error("no line of a policy says '" + entry.key + "'", key->cure);
      else
        take();
    }
    if (bound_ && !kinds_mount_)
      report_.error("minijail-config", *bound_, "bind mounts need a mount namespace, as minijail0 has it", "v, P or p");
    if (ambient_ && !caps_)
      report_.error("minijail-config", *ambient_, "'ambient' needs the capabilities that c names");
    else if (ambient_)
      add_at(*ambient_, "caps", ambient_words());
    if (proc_)
      report_.warning(
          "minijail-config-differs", *proc_,
          "/proc is the command's own; of it minijail0 makes all read-only, cordon what belongs to the host");
  }

 private:
  static const Key* find(std::string_view name) {
    const auto found =
        std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& key) { return key.name == name; });
    return found == std::end(kKeys) ? nullptr : &*found;
  }

  Span span() const { return {source_, entry_->begin, entry_->end}; }
  void error(const std::string& message, std::string hint = {}) {
    report_.error("minijail-config", span(), message, std::move(hint));
  }
  void unknown() {
    std::vector<std::string_view> names;
    for (const Key& key : kKeys)
      if (key.name.size() > 1) names.push_back(key.name);
    error("minijail0 has no option '" + base::printable(entry_->key) + "'", base::did_you_mean(entry_->key, names));
  }

  void add_at(Span at, const char* subject, std::vector<std::string> words) {
    policy_.sandbox.lines.push_back({subject, std::move(words), at, {}});
  }
  void add(const char* subject, std::vector<std::string> words) { add_at(span(), subject, std::move(words)); }
  void unshare(const char* kind) {
    kinds_mount_ |= std::string_view(kind) == "mount";
    add("unshare", {kind});
  }
  // minijail0's -r, which goes with a pid namespace.
  void own_proc() {
    unshare("mount");
    if (!proc_) add("mount", {"proc"});
    proc_ = span();
  }
  void path_line(const char* subject, std::vector<std::string> words) {
    if (!entry_->value.starts_with('/')) return error("'" + entry_->key + "' takes a path that begins with /");
    words.push_back(entry_->value);
    add(subject, std::move(words));
  }

  void take() {
    const std::string& key = entry_->key;
    const std::string& value = entry_->value;
    if (key == "u") return add("uid", {value});
    if (key == "g") return add("gid", {value});
    if (key == "add-suppl-group") return add("groups", {value});
    if (key == "L") policy_.filter_flags |= kFlagLog;
    if (key == "allow-speculative-execution") policy_.filter_flags |= kFlagSpecAllow;
    if (key == "c") return capabilities();
    if (key == "ambient") ambient_ = span();
    if (key == "R") return limit();
    if (key == "env-reset") return add("env", {"clear"});
    if (key == "env-add") return variable();
    if (key.starts_with("fs-path-")) return files();
    if (key == "b" || key == "bind-mount") return bind();
    take_namespace();
  }

  void take_namespace() {
    const std::string& key = entry_->key;
    if (key == "l") unshare("ipc");
    if (key == "N") unshare("cgroup");
    if (key == "v" || key == "ns-mount") unshare("mount");
    if (key == "uts") {
      if (entry_->has_value)
        return error("no line of a policy says a hostname", "uts here, and --hostname NAME on the command line");
      unshare("uts");
    }
    if (key == "e") {
      if (entry_->has_value)
        return error("no line of a policy enters a namespace", "--ns-of PID:net on the command line");
      unshare("net");
    }
    if (key == "U") unshare("user");
    if (key == "p" || key == "U") unshare("pid");
    if (key == "p" || key == "U" || key == "r") own_proc();
    if (key == "d" || key == "mount-dev") {
      unshare("mount");
      add("mount", {"dev"});
    }
    if (key == "K" && entry_->value != "private")
      error("the command's mounts are private, whatever the host's are", "K = private, or leave it out");
    if (key == "P" || key == "C") {
      unshare("mount");
      path_line("mount", {"root"});
    }
  }

  void capabilities() {
    const auto names = minijail_capabilities(entry_->value);
    if (!names) return error("capabilities are a hexadecimal mask, or names as 'cap_chown,cap_kill=ep'");
    caps_ = *names;
    std::vector<std::string> words{"keep"};
    words.insert(words.end(), names->begin(), names->end());
    add("caps", std::move(words));
  }
  std::vector<std::string> ambient_words() const {
    std::vector<std::string> words{"ambient"};
    words.insert(words.end(), caps_->begin(), caps_->end());
    return words;
  }

  void limit() {
    auto words = minijail_limit(entry_->value);
    if (!words) return error("a limit is TYPE,SOFT,HARD", "such as RLIMIT_NOFILE,1024,1024");
    add("limit", std::move(*words));
  }

  void variable() {
    const size_t equals = entry_->value.find('=');
    if (equals == 0 || equals == std::string::npos) return error("'env-add' takes NAME=VALUE");
    add("env", {"set", entry_->value});
  }

  // A right a line names itself; minijail0's words are narrower than `write`.
  void files() {
    const std::string& key = entry_->key;
    if (key == "fs-path-rx") return path_line("files", {"exec"});
    path_line("files", {"read"});
    if (key == "fs-path-ro" || !entry_->value.starts_with('/')) return;
    for (const char* right : {"write_file", "truncate", "remove_file", "remove_dir", "make_reg", "make_dir"})
      path_line("files", {right});
    if (key == "fs-path-rw") return;
    for (const char* right : {"make_sym", "make_sock", "make_fifo", "make_char", "make_block", "refer", "ioctl_dev"})
      path_line("files", {right});
  }

  void bind() {
    const std::vector<std::string> parts = minijail_parts(entry_->value);
    const std::string flag = parts.size() > 2 ? parts[2] : "0";
    const bool is_shaped =
        parts.size() <= 3 && parts[0].starts_with('/') && (flag == "0" || flag == "1" || flag.empty());
    const std::string to = parts.size() > 1 && !parts[1].empty() ? parts[1] : parts[0];
    if (!is_shaped || !to.starts_with('/'))
      return error("a bind mount is SOURCE[,PLACE[,1]], of paths that begin with /");
    if (!bound_) bound_ = span();
    add("mount", {flag == "1" ? "write" : "read", parts[0], "at", to});
  }

  Policy& policy_;
  SourceId source_;
  ProfileReporter& report_;
  const MinijailEntry* entry_ = nullptr;
  bool kinds_mount_ = false;
  std::optional<Span> bound_, ambient_, proc_;
  std::optional<std::vector<std::string>> caps_;
};

}  // namespace

bool is_minijail_config(std::string_view text) { return text.starts_with("% minijail-config-file"); }

PolicyReading read_minijail_config(std::string_view text, std::string name, const ReadOptions& options) {
  const std::vector<MinijailEntry> entries = minijail_entries(text);
  Policy policy;
  policy.arches = {options.arch};
  policy.default_action.action = policy.bad_arch.action = {ActionKind::allow, 0};
  Diagnostics warnings;
  const auto is_filter = [](const MinijailEntry& entry) {
    return entry.key == "S" && entry.has_value && !entry.is_broken;
  };
  const auto filter = std::find_if(entries.begin(), entries.end(), is_filter);
  const auto own_place = [&](const MinijailEntry& entry) {
    Sources own;
    return own.locate({own.add(name, std::string(text)), entry.begin, entry.end});
  };
  if (filter != entries.end()) {
    const auto& read = options.read_include ? options.read_include : options.read_file;
    Result<std::string> content = read ? read(filter->value) : Result<std::string>(Diagnostic{});
    if (!content || !read) {
      Diagnostic reason = read ? *content.error().begin() : Diagnostic{};
      reason.severity = Severity::error;
      reason.code = "minijail-config";
      reason.place = own_place(*filter);
      if (!read) reason.message = "no files can be read here, so the policy of 'S' cannot be";
      return {std::move(reason), std::nullopt};
    }
    PolicyReading reading = read_minijail_draft(*content, filter->value, options);
    if (!reading.policy) return reading;
    warnings = reading.policy.warnings();
    policy = std::move(*reading.policy);
  }
  const SourceId source = policy.sources.add(name, std::string(text));
  ProfileReporter report(policy.sources);
  const size_t first_end = std::min(text.find('\n'), text.size());
  if (text.substr(0, first_end) != kFirstLine || first_end == text.size())
    report.error("minijail-config", {source, 0, static_cast<uint32_t>(first_end)},
                 "the first line of a configuration file is `" + std::string(kFirstLine) + "`");
  for (auto entry = filter == entries.end() ? filter : filter + 1; entry != entries.end(); ++entry)
    if (is_filter(*entry)) report.error("minijail-config", {source, entry->begin, entry->end}, "'S' stands twice");
  const bool has_filter = filter != entries.end();
  const bool wants_none = std::any_of(entries.begin(), entries.end(), [](const MinijailEntry& entry) {
    return entry.key == "no-default-runtime-environment";
  });
  if (!has_filter && !wants_none && options.read_file && options.read_file(std::string(kDefaultFilter)))
    report.warning("minijail-config-differs", {source, 0, static_cast<uint32_t>(first_end)},
                   "without 'S' minijail0 takes the filter " + std::string(kDefaultFilter) + ", which is there",
                   "give it beside this file: -p " + std::string(kDefaultFilter) + " --start entry");
  ConfigReader(policy, source, report).read(entries);
  const bool has_errors = report.has_errors();
  Diagnostics found = std::move(report).take();
  if (has_errors) return {std::move(found), std::nullopt};
  warnings.append(found);
  return {{std::move(policy), std::move(warnings)}, std::nullopt};
}

}  // namespace cordon::formats
