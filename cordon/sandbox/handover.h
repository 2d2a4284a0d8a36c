// Gives a command's listener to somebody else, who answers its notified calls then, as OCI runtimes do.
//
//   Result<Fd> peer = sandbox::connect_to_answerer("/run/agent.sock");      // before the launch
//   Result<Done> given = sandbox::hand_over(*launched, peer->get(), {.metadata = "", .directory = "/srv"});
//
// One message: the runtime specification's container process state as JSON, and the descriptor (SCM_RIGHTS), which is
// named "seccompFd". Nothing is read back.
#pragma once

#include <string>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/sandbox/launch.h"

namespace cordon::sandbox {

struct Handover {
  std::string metadata;   // told as it is
  std::string directory;  // the command's: it stands for the bundle
};

// Whoever listens at this UNIX stream socket.
Result<Fd> connect_to_answerer(const std::string& path);

// An error where that is no connected UNIX socket that keeps messages in order. The command does not get it.
Result<Done> check_answerer(int fd);

// The launcher's own listener is closed. Where it cannot be given the command is ended.
Result<Done> hand_over(Launched& launched, int peer, const Handover& handover);

}  // namespace cordon::sandbox
