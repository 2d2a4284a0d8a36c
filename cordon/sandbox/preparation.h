// Everything a child needs before it is cloned, in memory that outlives its first program.
//
//   Result<std::unique_ptr<Preparation>> ready = Preparation::make(spec);
//   clone(run_child, (*ready)->plan.stack_top, …, &(*ready)->plan);
//
// The child may share the parent's memory, so this must not be freed before the child has left it: the
// destructor checks, and leaves the memory alone if the child is still there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/sandbox/child.h"
#include "cordon/sandbox/launch.h"

namespace cordon::sandbox {

class Preparation {
 public:
  static Result<std::unique_ptr<Preparation>> make(const LaunchSpec& spec);
  // For a process without a program, which goes on in memory of its own: of the spec's command nothing is looked at.
  static Result<std::unique_ptr<Preparation>> make_ready(const LaunchSpec& spec);
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  ~Preparation();

  void* maker_stack_top() const;
  LaunchReport& report() { return *plan.report; }
  const std::string& path() const { return strings_->path; }
  const ProcessSetup& setup() const { return strings_->setup; }
  Place place_of_ruleset(size_t index) const;  // empty where nobody said
  // From the clone on; the memory stays until the child has left.
  void mark_cloned() { cloned_ = true; }
  // Nobody is left who could use it.
  void mark_gone() { cloned_ = false; }

  // What the child reports in.
  void* shared_memory() const { return memory_; }
  static size_t shared_size();

 private:
  std::unique_ptr<ChildPlan> held_plan_ = std::make_unique<ChildPlan>();

 public:
  ChildPlan& plan = *held_plan_;  // left to a child that is still there when this object goes

 private:
  struct Strings {
    std::string path;
    std::vector<std::string> argv;
    std::vector<char*> argv_pointers;
    std::vector<char*> shell_pointers;
    ProcessSetup setup;
    std::vector<char*> environment_pointers;
    std::vector<int> rulesets;
    std::vector<Place> ruleset_places;
    std::vector<RulesetGrant> grants;
    std::vector<ChildGrant> child_grants;
    std::string directory;
    std::vector<bpf::Program> programs;
    std::vector<ChildFilter> filters;
  };

  Preparation() = default;
  Result<Done> prepare(const LaunchSpec& spec);
  void set_up_command(const LaunchSpec& spec, const std::string& path);
  void set_up(const ProcessSetup& setup);
  void set_up_capabilities();
  Result<Done> set_up_namespaces(const LaunchSpec& spec);

  void* memory_ = nullptr;
  void* maker_stack_ = nullptr;
  void* ready_stack_ = nullptr;
  std::unique_ptr<Strings> strings_;
  bool cloned_ = false;
};

}  // namespace cordon::sandbox
