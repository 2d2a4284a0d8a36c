// The features as a list for people and machines: what is there, what is missing for what, and the cure.
//
//   std::vector<FeatureRow> rows = doctor::report(doctor::probe());
//   std::string text = doctor::to_text(rows);
//
//   filters                   yes
//   sync wake-up              no       ENOTTY
//                             missing for: fast recording and explaining: a call costs ten times as much
//                             cure: Linux 6.6 or later
//
// A missing feature is a finding only where cordon needs it; `is_required` says which these are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/doctor/probe.h"

namespace cordon {

struct FeatureRow {
  std::string_view key;      // stable, for machines: "seccomp.filters"
  std::string_view feature;  // for people
  Presence presence = Presence::unknown;
  std::string detail;        // numbers, the errno of a refusal
  std::string needed_for;    // empty where nothing of cordon's needs it
  std::string cure;          // empty where it is there, or no cure is known
  bool is_required = false;  // without it cordon cannot run a command under a policy
};

namespace doctor {

std::vector<FeatureRow> report(const KernelFeatures& features);

// Missing features are followed by what they are missing for and their cure.
std::string to_text(const std::vector<FeatureRow>& rows);

// {"schema": "cordon.doctor/1", "kernel": …, "machine": …, "features": [{key, feature, presence, …}]}
std::string to_json(const KernelFeatures& features, const std::vector<FeatureRow>& rows);

std::string_view keyword(Presence presence);  // "yes", "no", "unknown"

}  // namespace doctor
}  // namespace cordon
