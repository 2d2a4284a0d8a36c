#include "cordon/formats/not_a_policy.h"

#include <string>

#include "cordon/base/text.h"
#include "cordon/bpf/raw.h"

namespace cordon::formats {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view bytes;
  std::string_view what;
  std::string_view cure;
};

constexpr std::string_view kUnpack = "unpack it first";
constexpr std::string_view kRecode = "save it as UTF-8";
// No filter begins so: these bytes are no instruction.
constexpr Signature kSignatures[] = {
    {"\x7f\x45LF"sv, "a program or library (ELF)",
     "to learn a policy for a program: cordon learn -o FILE.cordon -- PROGRAM"},
    {"\x1f\x8b"sv, "compressed (gzip)", kUnpack},
    {"\xfd\x37zXZ\0"sv, "compressed (xz)", kUnpack},
    {"\x28\xb5\x2f\xfd"sv, "compressed (zstd)", kUnpack},
    {"BZh"sv, "compressed (bzip2)", kUnpack},
    {"PK\x03\x04"sv, "an archive (zip)", kUnpack},
    {"\xff\xfe\0\0"sv, "text in UTF-32", kRecode},
    {"\0\0\xfe\xff"sv, "text in UTF-32", kRecode},
    {"\xff\xfe"sv, "text in UTF-16", kRecode},
    {"\xfe\xff"sv, "text in UTF-16", kRecode},
};

Diagnostic failure(std::string_view name, std::string message, std::string hint) {
  Place place;
  place.file = std::string(name);
  return {Severity::error, "not-a-policy", std::move(place), std::move(message), std::move(hint), {}};
}

}  // namespace

std::optional<Diagnostic> not_a_policy(std::string_view content, std::string_view name, SourceFormat format) {
  if (content.starts_with("cordon-trace "))
    return failure(name, "this is a recording, not a policy",
                   "make a policy of it: cordon learn -o FILE.cordon --from " + base::printable(name));
  for (const Signature& signature : kSignatures)
    if (content.starts_with(signature.bytes))
      return failure(name, "this is " + std::string(signature.what) + ", not a policy", std::string(signature.cure));
  if (format == SourceFormat::bpf) return std::nullopt;
  const size_t nul = content.find('\0');
  if (nul == std::string_view::npos) return std::nullopt;
  if (bpf::read_raw(content)) return failure(name, "this is a compiled filter, not text", "read it with --format bpf");
  if (nul < 2 && content.size() > 3 && content[nul + 2] == '\0')
    return failure(name, "this is text in UTF-16, not a policy", std::string(kRecode));
  return failure(name, "a NUL byte at byte " + std::to_string(nul + 1) + ": this is no text",
                 "policies are text in UTF-8");
}

}  // namespace cordon::formats
