// The policies of a run, read when they are first looked at: a run from the cache may never need them.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "cli/load.h"

namespace cordon::cli {

class Policies {
 public:
  explicit Policies(std::vector<Loaded> loaded) : loaded_(std::move(loaded)) {}
  // `load` has to find what was found before: it is no place for errors.
  explicit Policies(std::function<std::vector<Loaded>()> load) : load_(std::move(load)) {}

  // In the order of stacking.
  const std::vector<Loaded>& all() const {
    if (!loaded_) loaded_ = load_();
    return *loaded_;
  }

 private:
  mutable std::optional<std::vector<Loaded>> loaded_;
  std::function<std::vector<Loaded>()> load_;
};

}  // namespace cordon::cli
