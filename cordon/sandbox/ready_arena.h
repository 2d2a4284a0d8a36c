// The memory a ready sandbox and its maker share, at the same address on both sides: the request, with every word and
// list it points to.
#pragma once

#include <string>
#include <vector>

#include "cordon/sandbox/ready.h"
#include "cordon/sandbox/ready_child.h"

namespace cordon::sandbox {

class ReadyArena {
 public:
  ReadyArena() = default;
  ReadyArena(const ReadyArena&) = delete;
  ReadyArena& operator=(const ReadyArena&) = delete;
  ~ReadyArena();

  // False: there is no memory (errno).
  bool map();
  // False: it takes more room than there is, which is more than execve(2) takes.
  bool write(const ReadyStart& what, const std::vector<std::string>& environment);
  ReadyRequest& request() const { return *plan.request; }

  ReadyPlan plan;

 private:
  void* memory_ = nullptr;
  void* stack_ = nullptr;
};

}  // namespace cordon::sandbox
