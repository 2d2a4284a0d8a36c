// Small helpers for text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordon::base {

// Up to `limit` of `candidates` nearest to `word` by edit distance (Damerau-Levenshtein, at most a
// third of the word's length, at least 1), nearest first, then alphabetically.
std::vector<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates,
                                      size_t limit);

// "did you mean 'a', 'b' or 'c'?"; empty when there is nothing near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// Replaces control bytes and invalid UTF-8 by \xHH, so that a hostile name cannot steer a terminal.
std::string printable(std::string_view text);

// The bytes of the UTF-8 character at the front of a text that is not empty; 0 where there is none (RFC 3629:
// overlong forms, surrogates and values above U+10FFFF are none).
size_t utf8_length(std::string_view text);

// "0x5401": lower-case hexadecimal without leading zeros.
std::string hex(uint64_t value);

// The text within JSON quotes (quotes not included); invalid UTF-8 becomes U+FFFD.
std::string json_escape(std::string_view text);

}  // namespace cordon::base
