// Small files in the user's cache directory, $XDG_CACHE_HOME/cordon or ~/.cache/cordon.
//
//   if (const auto directory = CacheDirectory::open()) directory->write("0123456789abcdef", content);
//
// A file is read only if it, and the directory, are ours and nobody else may write them, and if it is whole. Nothing
// here is an error: what cannot be read is not there, what cannot be written is not kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/base/fd.h"

namespace cordon::cli {

// Of every word of the text: texts that differ in one word never have the same. Not made to withstand intent.
uint64_t checksum(std::string_view text);

class CacheDirectory {
 public:
  static constexpr size_t kMaxFiles = 64;
  static constexpr size_t kMaxBytes = 512 * 1024;  // of one file

  // None for a program that runs with another user's rights, without a home, or where it is not ours alone.
  static std::optional<CacheDirectory> open();
  // Made where it is missing.
  static std::optional<CacheDirectory> make();

  std::optional<std::string> read(const std::string& name) const;
  // In one step; the oldest files beyond kMaxFiles go.
  void write(const std::string& name, std::string_view content) const;

 private:
  explicit CacheDirectory(Fd directory) : directory_(std::move(directory)) {}
  void prune() const;

  Fd directory_;
};

}  // namespace cordon::cli
