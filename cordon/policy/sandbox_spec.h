// The lines of a policy that are not about system calls: files, net, scope, caps, securebits, limit, umask, unshare,
// mount, cgroup, uid, gid, groups, env, chdir, ptracer, affinity, personality, exec_context.
//
// They are recorded as written, with their places; confinement.h says what they mean, and what the running kernel can
// do with them is decided where they are applied.
#pragma once

#include <string>
#include <vector>

#include "cordon/base/source.h"

namespace cordon {

struct SandboxLine {
  std::string subject;             // "files", "net", "scope" and so on
  std::vector<std::string> words;  // unquoted: {"read", "/usr", "/lib"}
  Span span;
  std::vector<Span> word_spans = {};  // of each word, where the line was read from a text
};

struct SandboxSpec {
  std::vector<SandboxLine> lines;

  constexpr bool empty() const { return lines.empty(); }
};

}  // namespace cordon
