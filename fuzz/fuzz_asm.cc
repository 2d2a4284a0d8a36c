// Any bytes as assembly: reading never crashes, says in order where a mistake stands, and what is read is listed as
// text that is the same program again. A raw filter's listing is that filter.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/base/assert.h"
#include "cordon/bpf/assemble.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/raw.h"

namespace {

using namespace cordon;

void check_listing(const bpf::Program& program) {
  for (bool has_comments : {false, true}) {
    const std::string listing =
        bpf::disassemble(program, {.endian = Endian::little, .comments = has_comments, .annotate = {}});
    Result<bpf::Program> again = bpf::assemble(listing, {.name = "listing", .arch = Arch::x86_64});
    CORDON_ASSERT(again && *again == program, "a listing is the program it lists");
  }
}

void check_errors(const Diagnostics& errors, std::string_view text) {
  CORDON_ASSERT(errors.size() <= bpf::kMaxAssemblyErrors, "errors are bounded");
  uint32_t line = 0;
  for (const Diagnostic& error : errors) {
    CORDON_ASSERT(error.place.line >= line, "errors come in order of place");
    CORDON_ASSERT(error.place.line <= text.size() + 1 && !error.message.empty(), "errors have places in the text");
    line = error.place.line;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (Arch arch : {Arch::x86_64, Arch::s390x, Arch::mips}) {
    Result<bpf::Program> program = bpf::assemble(bytes, {.name = "input", .arch = arch});
    if (program) {
      check_listing(*program);
    } else {
      check_errors(program.error(), bytes);
    }
  }
  if (Result<bpf::Program> program = bpf::read_raw(bytes)) check_listing(*program);
  return 0;
}
