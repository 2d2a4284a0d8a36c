// Whether two OCI conditions can hold for one call, and in which order libseccomp tests them if they do.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cordon/formats/oci_profile.h"

namespace cordon::formats {

// All of the tests must hold; each argument occurs at most once.
using OciChain = std::span<const OciArg>;

// False only if no call can satisfy both.
bool may_overlap(OciChain a, OciChain b);

// The order in which libseccomp's filter tries the chains of one call, as indices into `chains`: the later argument
// first; of one argument ==, != and masks by falling value, then < and <= by rising, then > and >= by falling value.
// Exact for values below 2^32 on 64-bit architectures, if chains of several tests are of == alone.
std::vector<size_t> libseccomp_order(std::span<const OciChain> chains);

}  // namespace cordon::formats
