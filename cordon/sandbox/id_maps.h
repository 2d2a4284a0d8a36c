// The maps of a user namespace: user_namespaces(7).
//
//   sandbox::map_ids(setup);                            // those the kernel lets this process write
//   if (int error = sandbox::write_id_maps(pid, setup.namespaces)) …
#pragma once

#include <sys/types.h>

#include "cordon/sandbox/process_setup.h"

namespace cordon::sandbox {

// Fills the maps that are not given. A launcher with CAP_SETUID and CAP_SETGID: its own numbers and those of the
// command's identity, each as itself, so that the command is that user outside too. Any other: its own user and group
// under the numbers the command is to have; groups cannot be set then.
void map_ids(ProcessSetup& setup);

// Whether the kernel takes so much: ranges, and bytes in its file.
bool fits_map(const std::vector<IdRange>& ranges);

// Of the process that is first in its new user namespace, by one outside. An errno, or 0.
int write_id_maps(pid_t pid, const NamespaceSetup& namespaces);

}  // namespace cordon::sandbox
