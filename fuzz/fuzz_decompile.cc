// Any raw filter as a policy: an error, or a policy that answers every call as the filter does, in text that is read
// back to the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cordon/base/assert.h"
#include "cordon/bpf/raw.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/decompile.h"
#include "cordon/prove/probe.h"

namespace {

using namespace cordon;

constexpr unsigned kCalls = 500;
constexpr prove::DecompileOptions kOptions{.arch = Arch::x86_64, .max_steps = 30'000, .max_proof_steps = 30'000};

void check(const bpf::Program& program) {
  const Result<prove::Decompiled> found = prove::decompile(program, kOptions);
  if (!found) return;
  const std::span<const bpf::Program> stack(&program, 1);
  const Result<Policy> again = formats::read_cordon(formats::write_cordon(found->policy), "decompiled", {});
  CORDON_ASSERT(again, "what is decompiled can be read");
  const Result<ResolvedPolicy> resolved = policy::resolve(*again, {});
  CORDON_ASSERT(resolved, "what is decompiled holds together");
  prove::probe(stack, &*resolved, kCalls, [&](const Call& call) {
    const Endian endian = prove::endian_of(stack, &*resolved, call.audit_arch, Endian::little);
    CORDON_ASSERT(prove::answer(stack, call, endian) == prove::answer(&*resolved, call, endian),
                  "the text answers as the filter");
    return true;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (Result<bpf::Program> program = bpf::read_raw(std::string_view(reinterpret_cast<const char*>(data), size)))
    check(*program);
  return 0;
}
