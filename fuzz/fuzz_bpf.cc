// Any bytes as a raw filter: reading never crashes, and what is read runs, is listed, is costed and is
// written back as the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "cordon/base/assert.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/raw.h"
#include "cordon/bpf/simulate.h"

namespace {

using namespace cordon;

// Words of the program itself reach the branches that compare with them.
bpf::Input input_from(std::string_view bytes, size_t offset) {
  uint64_t words[8] = {};
  size_t available = bytes.size() > offset ? bytes.size() - offset : 0;
  std::memcpy(words, bytes.data() + (available ? offset : 0), available < sizeof words ? available : sizeof words);
  bpf::Input input;
  input.nr = static_cast<uint32_t>(words[0]);
  input.audit_arch = offset % 2 ? static_cast<uint32_t>(words[0] >> 32) : 0xc000003e;
  input.instruction_pointer = words[1];
  for (size_t i = 0; i < 6; ++i) input.args[i] = words[i + 2];
  return input;
}

void check(const bpf::Program& program, std::string_view bytes) {
  CORDON_ASSERT(bpf::write_raw(program) == bytes, "a filter is written as it was read");
  CORDON_ASSERT(*bpf::read_hex(bpf::write_hex(program)) == program, "hexadecimal text holds the whole filter");
  bpf::Cost cost = bpf::cost(program);
  CORDON_ASSERT(cost.longest_path <= cost.insn_count && cost.converted_count > cost.insn_count, "costs have bounds");
  for (size_t offset = 0; offset < 64; offset += 5) {
    bpf::Input input = input_from(bytes, offset);
    for (Endian endian : {Endian::little, Endian::big}) {
      bpf::Run run = bpf::simulate(program, input, endian);
      CORDON_ASSERT(run.steps <= cost.longest_path && run.last_pc < program.size(),
                    "no run is longer than the longest path");
      bpf::ConstAllow known = bpf::is_const_allow(program, input.audit_arch, input.nr);
      CORDON_ASSERT(!known.answer || run.ret == 0x7fff0000, "what the kernel's bitmap allows, the program allows");
      CORDON_ASSERT(!known.answer || known.steps == run.steps, "the bitmap's emulator takes the program's path");
    }
  }
  for (Endian endian : {Endian::little, Endian::big}) {
    CORDON_ASSERT(!bpf::disassemble(program, {.endian = endian, .comments = true, .annotate = {}}).empty(),
                  "every program has a listing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (Result<bpf::Program> program = bpf::read_raw(bytes)) check(*program, bytes);
  (void)bpf::read_hex(bytes);
  return 0;
}
