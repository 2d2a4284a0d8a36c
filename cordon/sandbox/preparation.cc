#include "cordon/sandbox/preparation.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/find_program.h"
#include "cordon/sandbox/landlock.h"

namespace cordon::sandbox {
namespace {

constexpr size_t kReportBytes = 4096;
constexpr size_t kStackBytes = 32768;
constexpr size_t kReadyStackBytes = 8 << 20;  // touched as it is used
char shell_path[] = "/bin/sh";

}  // namespace

Result<std::unique_ptr<Preparation>> Preparation::make(const LaunchSpec& spec) {
  if (spec.argv.empty()) {
    Diagnostics errors;
    errors.error("usage", {}, "there is no command to run");
    return errors;
  }
  CORDON_TRY(path, find_program(spec.argv.front(), search_of(spec.setup)));
  std::unique_ptr<Preparation> made(new Preparation);
  if (Result<Done> ready = made->prepare(spec); !ready) return ready.error();
  made->set_up_command(spec, path);
  return made;
}

Result<std::unique_ptr<Preparation>> Preparation::make_ready(const LaunchSpec& spec) {
  std::unique_ptr<Preparation> made(new Preparation);
  if (Result<Done> ready = made->prepare(spec); !ready) return ready.error();
  // Not shared: what it forks goes on with a copy.
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  void* stack = mmap(nullptr, kReadyStackBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (stack == MAP_FAILED) return system_error("map memory for the new process", errno);
  made->ready_stack_ = stack;
  made->plan.stack_top = static_cast<char*>(stack) + kReadyStackBytes;
  return made;
}

void Preparation::set_up_command(const LaunchSpec& spec, const std::string& path) {
  Strings& strings = *strings_;
  strings.path = path;
  strings.argv = spec.argv;
  for (std::string& word : strings.argv) strings.argv_pointers.push_back(word.data());
  strings.argv_pointers.push_back(nullptr);
  strings.shell_pointers = {shell_path, strings.path.data()};
  strings.shell_pointers.insert(strings.shell_pointers.end(), strings.argv_pointers.begin() + 1,
                                strings.argv_pointers.end());
  plan.path = strings.path.c_str();
  plan.argv = strings.argv_pointers.data();
  plan.shell_argv = strings.shell_pointers.data();
}

Result<Done> Preparation::prepare(const LaunchSpec& spec) {
  memory_ = mmap(nullptr, kReportBytes + kStackBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory_ == MAP_FAILED) {
    memory_ = nullptr;
    return system_error("map memory for the new process", errno);
  }
  plan.report = new (memory_) LaunchReport;
  strings_ = std::make_unique<Strings>();
  Strings& strings = *strings_;
  strings.rulesets = spec.rulesets;
  strings.ruleset_places = spec.ruleset_places;
  for (const FilterSpec& filter : spec.filters) strings.programs.push_back(filter.program);
  for (size_t i = 0; i < spec.filters.size(); ++i) {
    // The kernel reads; its struct has no const.
    auto insns = reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(strings.programs[i].insns().data()));
    auto count = static_cast<unsigned short>(strings.programs[i].size());
    strings.filters.push_back({.program = {.len = count, .filter = insns}, .flags = spec.filters[i].flags});
  }
  plan.cgroup = spec.cgroup;
  plan.environment = environ;
  set_up(spec.setup);
  if (Result<Done> ready = set_up_namespaces(spec); !ready) return ready.error();
  plan.stack_top = static_cast<char*>(memory_) + kReportBytes + kStackBytes;
  // Without no_new_privs the exec gives root all that is in that set.
  plan.setup.may_keep_bounding_set &= spec.no_new_privs;
  plan.rulesets = strings.rulesets.data();
  plan.ruleset_count = strings.rulesets.size();
  constexpr int kAbiThatLogs = 7;
  constexpr uint32_t kLogNewExecOn = 2;
  if (spec.logs_landlock && plan.ruleset_count > 0 && landlock_abi() >= kAbiThatLogs)
    plan.ruleset_flags = kLogNewExecOn;
  plan.filters = strings.filters.data();
  plan.filter_count = strings.filters.size();
  plan.no_new_privs = spec.no_new_privs;
  plan.listener = spec.listener;
  return Done{};
}

void Preparation::set_up(const ProcessSetup& setup) {
  strings_->setup = setup;
  ProcessSetup& kept = strings_->setup;
  ChildSetup& to = plan.setup;
  to.limits = kept.limits.data();
  to.limit_count = kept.limits.size();
  if (kept.identity) {
    to.has_identity = true;
    to.uid = kept.identity->uid;
    to.gid = kept.identity->gid;
    to.groups = kept.identity->groups.data();
    to.group_count = kept.identity->groups.size();
  }
  set_up_capabilities();
  to.cpus = kept.cpus.data();
  to.cpu_bytes = kept.cpus.size() * sizeof(uint64_t);
  to.has_personality = kept.personality.has_value();
  constexpr unsigned long kAsk = 0xffffffff;
  if (to.has_personality) to.personality = static_cast<uint32_t>(personality(kAsk)) | *kept.personality;
  to.has_ptracer = kept.ptracer.has_value();
  to.ptracer = kept.ptracer.value_or(0);
  if (kept.context) {
    to.context_path = kept.context->path.c_str();
    to.context = kept.context->text.c_str();
    to.context_size = kept.context->text.size();
  }
  to.directory = kept.directory ? kept.directory->c_str() : nullptr;
  to.has_umask = kept.umask.has_value();
  to.umask = kept.umask.value_or(0);
  if (!kept.environment) return;
  for (std::string& entry : *kept.environment) strings_->environment_pointers.push_back(entry.data());
  strings_->environment_pointers.push_back(nullptr);
  plan.environment = strings_->environment_pointers.data();
}

// The stricter of what is said about a set holds.
void Preparation::set_up_capabilities() {
  constexpr uint64_t kAll = ~uint64_t{0};
  const ProcessSetup& kept = strings_->setup;
  ChildSetup& to = plan.setup;
  const bool becomes_user = kept.identity && kept.identity->uid != 0;
  to.enters_user_namespace = ((kept.namespaces.made | kept.namespaces.joined) & abi::kUserNamespace) != 0;
  const uint64_t named = kept.ambient_set.value_or(0) | kept.inheritable_set.value_or(0);
  to.sets_inheritable = kept.inheritable_set.has_value();
  to.sets_ambient = kept.ambient_set.has_value();
  to.reduces_capabilities = kept.kept_capabilities.has_value();
  to.keeps_over_setuid = to.reduces_capabilities || named != 0 || kept.securebits != 0;
  to.kept_capabilities = kept.kept_capabilities.value_or(becomes_user ? named : kAll);
  to.reduces_bounding_set = kept.kept_capabilities || kept.bounding_set;
  to.bounding_set = kept.kept_capabilities.value_or(kAll) & kept.bounding_set.value_or(kAll);
  to.may_keep_bounding_set = kept.may_keep_bounding_set;
  to.inheritable = kept.inheritable_set.value_or(0) & to.kept_capabilities & to.bounding_set;
  to.ambient = kept.ambient_set.value_or(0) & to.kept_capabilities & to.bounding_set &
               (to.sets_inheritable ? to.inheritable : kAll);
  to.securebits = kept.securebits;
}

Result<Done> Preparation::set_up_namespaces(const LaunchSpec& spec) {
  const NamespaceSetup& wanted = strings_->setup.namespaces;
  ChildNamespaces& to = plan.setup.namespaces;
  if (wanted.empty()) return Done{};
  // Nobody enters another pid namespace himself, nor did anybody enter another time namespace before 6.1.
  constexpr uint64_t kOfChildren = abi::kPidNamespace | abi::kTimeNamespace;
  plan.has_maker = ((wanted.made | wanted.joined) & kOfChildren) != 0;
  plan.is_mapped = (wanted.made & abi::kUserNamespace) != 0;
  plan.setup.keeps_groups = plan.is_mapped && !wanted.may_set_groups;
  // What is joined comes first: then nothing can be made along with the process.
  plan.cloned_namespaces = wanted.joined == 0 ? wanted.made & ~kOfChildren : 0;
  // The top of a cgroup namespace is the group its maker is in.
  if (spec.cgroup >= 0) plan.cloned_namespaces &= ~abi::kCgroupNamespace;
  to.unshared = wanted.made & ~plan.cloned_namespaces;
  to.joined = wanted.joined;
  to.joined_process = wanted.joined_process;
  if (wanted.hostname) {
    to.hostname = wanted.hostname->c_str();
    to.hostname_size = wanted.hostname->size();
  }
  to.has_new_net = (wanted.made & abi::kNetNamespace) != 0;
  to.mounts = wanted.mounts.data();
  to.mount_count = wanted.mounts.size();
  const bool has_other_tree =
      (wanted.joined & abi::kMountNamespace) != 0 ||
      std::ranges::any_of(wanted.mounts, [](const MountStep& step) { return step.kind == MountStep::Kind::pivot; });
  // Where the command is to start anywhere else, nobody misses this one.
  const auto& named = strings_->setup.directory;
  if (has_other_tree && (!named || !named->starts_with('/'))) {
    char* directory = getcwd(nullptr, 0);
    strings_->directory = directory != nullptr ? directory : "";
    free(directory);
    to.directory = strings_->directory.c_str();
  }
  strings_->grants = spec.grants;
  for (const RulesetGrant& grant : strings_->grants)
    strings_->child_grants.push_back({.ruleset = grant.ruleset, .path = grant.path.c_str(), .rights = grant.rights});
  to.grants = strings_->child_grants.data();
  to.grant_count = strings_->child_grants.size();
  if (!plan.has_maker) return Done{};
  // Its own, not shared: the reaper goes on with a copy of it.
  maker_stack_ = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (maker_stack_ != MAP_FAILED) return Done{};
  maker_stack_ = nullptr;
  return system_error("map memory for the new process", errno);
}

Place Preparation::place_of_ruleset(size_t index) const {
  return index < strings_->ruleset_places.size() ? strings_->ruleset_places[index] : Place{};
}

size_t Preparation::shared_size() { return kReportBytes + kStackBytes; }

void* Preparation::maker_stack_top() const { return static_cast<char*>(maker_stack_) + kStackBytes; }

Preparation::~Preparation() {
  if (cloned_ && !plan.report->has_left()) {
    (void)strings_.release();
    (void)held_plan_.release();
    return;
  }
  if (memory_ != nullptr) munmap(memory_, kReportBytes + kStackBytes);
  if (maker_stack_ != nullptr) munmap(maker_stack_, kStackBytes);
  if (ready_stack_ != nullptr) munmap(ready_stack_, kReadyStackBytes);
}

}  // namespace cordon::sandbox
