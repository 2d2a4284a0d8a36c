// What Landlock is about to refuse, found out beside a command whose call waits: the kernel itself says no more than
// EACCES to whoever has no audit log.
//
//   const LandlockForecast forecast(confinement, sandbox::landlock_abi());
//   if (auto refusal = forecast.refusal_of(notification, listener)) …      // told; then the call runs, or not
//
// It looks the caller's path up as the caller would and asks, as Landlock does, whether the file or a directory above
// it was granted. That serves for words only: the call goes on, and the kernel judges what it finds then. Paths are
// looked up in this process's mounts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/policy/confinement.h"
#include "cordon/sandbox/file_ids.h"
#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

// The calls it knows: those that name files, connect and bind.
std::span<const std::string_view> landlock_calls();

struct LandlockRefusal {
  int error = 0;           // what the call will fail with
  bool is_of_net = false;  // else of files
  uint64_t rights = 0;     // of abi/landlock.h: what lacks
  std::string path;        // where, without links: the file, or the directory whose entries are changed
  uint16_t port = 0;
  Place place;  // of the layer that does not grant it
};

class LandlockForecast {
 public:
  // Where grants lead is looked up here and now, as for the rulesets.
  LandlockForecast(const Confinement& confinement, int abi);

  // Landlock restricts nothing this could tell of.
  bool is_empty() const { return layers_.empty(); }

  // None: it will not be refused by Landlock, or that cannot be told.
  std::optional<LandlockRefusal> refusal_of(const Notification& notification, const Listener& listener) const;

 private:
  // What a call needs, at a file or a directory.
  struct Need {
    std::string path;
    uint64_t rights = 0;
    int error = 0;  // if it lacks; 0: EACCES
  };
  struct Grant {
    FileId file;
    uint64_t rights = 0;
  };
  struct Layer {
    uint64_t handled_files = 0;
    uint64_t handled_net = 0;
    std::vector<Grant> paths;
    std::vector<PortGrant> ports;
    Place place;
  };

  static std::vector<Need> needs_of(const Notification& notification);
  std::optional<LandlockRefusal> check(const Need& need) const;
  std::optional<LandlockRefusal> check_port(const Notification& notification, const Listener& listener) const;

  std::vector<Layer> layers_;
};

}  // namespace cordon::sandbox
