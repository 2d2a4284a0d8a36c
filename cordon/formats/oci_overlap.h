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

// The order in which libseccomp's filter tries the chains of one call, as indices into `chains`: among those
// that test one and the same argument alone equality comes first, of > and >= the largest datum, of < and <=
// the smallest. The rest keep their places.
std::vector<size_t> libseccomp_order(std::span<const OciChain> chains);

}  // namespace cordon::formats
