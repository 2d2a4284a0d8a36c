#include "cordon/sandbox/preparation.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "cordon/sandbox/find_program.h"

namespace cordon::sandbox {
namespace {

constexpr size_t kReportBytes = 4096;
constexpr size_t kStackBytes = 32768;
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

  void* memory = mmap(nullptr, kReportBytes + kStackBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return system_error("map memory for the new process", errno);
  made->memory_ = memory;
  made->plan.report = new (memory) LaunchReport;

  made->strings_ = std::make_unique<Strings>();
  Strings& strings = *made->strings_;
  strings.path = path;
  strings.argv = spec.argv;
  for (std::string& word : strings.argv) strings.argv_pointers.push_back(word.data());
  strings.argv_pointers.push_back(nullptr);
  strings.shell_pointers = {shell_path, strings.path.data()};
  strings.shell_pointers.insert(strings.shell_pointers.end(), strings.argv_pointers.begin() + 1,
                                strings.argv_pointers.end());
  strings.rulesets = spec.rulesets;
  for (const FilterSpec& filter : spec.filters) strings.programs.push_back(filter.program);
  for (size_t i = 0; i < spec.filters.size(); ++i) {
    // The kernel reads; its struct has no const.
    auto insns = reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(strings.programs[i].insns().data()));
    auto count = static_cast<unsigned short>(strings.programs[i].size());
    strings.filters.push_back({.program = {.len = count, .filter = insns}, .flags = spec.filters[i].flags});
  }

  ChildPlan& plan = made->plan;
  plan.path = strings.path.c_str();
  plan.argv = strings.argv_pointers.data();
  plan.shell_argv = strings.shell_pointers.data();
  plan.environment = environ;
  made->set_up(spec.setup);
  // Without no_new_privs the exec gives root all that is in that set.
  plan.setup.may_keep_bounding_set &= spec.no_new_privs;
  plan.rulesets = strings.rulesets.data();
  plan.ruleset_count = strings.rulesets.size();
  plan.filters = strings.filters.data();
  plan.filter_count = strings.filters.size();
  plan.no_new_privs = spec.no_new_privs;
  plan.listener = spec.listener;
  return made;
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
  to.reduces_capabilities = kept.kept_capabilities.has_value();
  to.kept_capabilities = kept.kept_capabilities.value_or(0);
  to.may_keep_bounding_set = kept.may_keep_bounding_set;
  to.directory = kept.directory ? kept.directory->c_str() : nullptr;
  to.has_umask = kept.umask.has_value();
  to.umask = kept.umask.value_or(0);
  if (!kept.environment) return;
  for (std::string& entry : *kept.environment) strings_->environment_pointers.push_back(entry.data());
  strings_->environment_pointers.push_back(nullptr);
  plan.environment = strings_->environment_pointers.data();
}

void* Preparation::stack_top() const { return static_cast<char*>(memory_) + kReportBytes + kStackBytes; }

Preparation::~Preparation() {
  if (cloned_ && !plan.report->has_left()) {
    (void)strings_.release();
    return;
  }
  if (memory_ != nullptr) munmap(memory_, kReportBytes + kStackBytes);
}

}  // namespace cordon::sandbox
