// Which conditions libseccomp gets right.
//
// Where a call has several entries, libseccomp 2.5 goes on from a comparison that fails to one that looks at another
// half of the register, or at another argument, without loading it again: some calls then pass that no entry allows.
// Equal values and masks of the lower half are not touched by that, nor are a
// few comparisons of one argument below 2^32. On architectures with narrow registers it cuts
// values to 32 bits, and on x32 and mips n32 it compares the lower half alone.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cordon/abi/arch.h"
#include "cordon/formats/oci_chains.h"

namespace cordon::formats {

// Why libseccomp's filter for these entries of one call may answer otherwise; none: it does not.
std::optional<std::string> libseccomp_doubt(std::span<const OciAlternative> alternatives, std::span<const Arch> arches);

}  // namespace cordon::formats
