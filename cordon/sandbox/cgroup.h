// A cgroup of the command's own, with limits, for as long as it runs.
//
//   Result<Cgroup> group = sandbox::Cgroup::make(confinement.cgroup);
//   spec.cgroup = group->entrance();            // the command is in it before it does anything
//
// Whatever is left in it is ended when this object goes, and the group removed. If this process is killed before, the
// group stays as long as somebody is in it and is removed then: a small process beside this one sees to both.
#pragma once

#include <memory>
#include <string>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/policy/confinement.h"
#include "cordon/sandbox/helper_process.h"

namespace cordon::sandbox {

class Cgroup {
 public:
  // To be called while the process has one thread. The error's place is that of the first limit.
  static Result<Cgroup> make(const CgroupLimits& limits);
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&&) = delete;
  ~Cgroup();

  // Who writes "0" to it enters.
  int entrance() const { return entrance_.get(); }
  const std::string& path() const { return path_; }

 private:
  Cgroup(std::string path, Fd entrance, std::unique_ptr<HelperProcess> remover)
      : path_(std::move(path)), entrance_(std::move(entrance)), remover_(std::move(remover)) {}

  std::string path_;
  Fd entrance_;
  std::unique_ptr<HelperProcess> remover_;
};

}  // namespace cordon::sandbox
