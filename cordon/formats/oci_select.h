// Judges what Docker's profiles leave to the machine: archMap, includes and excludes.
#pragma once

#include <vector>

#include "cordon/formats/oci_profile.h"
#include "cordon/formats/read.h"

namespace cordon::formats {

// The ABIs the filter is for: the native one always, first.
std::vector<Arch> select_arches(const OciProfile& profile, const ReadOptions& options, ProfileReporter& report);

// The entries that hold for the machine, in order; pointers into the profile.
std::vector<const OciEntry*> select_entries(const OciProfile& profile, const ReadOptions& options);

}  // namespace cordon::formats
