// Any raw filter as a diagram: what it answers to a call is what the simulator answers, and a filter equals itself.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "cordon/base/assert.h"
#include "cordon/bpf/raw.h"
#include "cordon/diagram/walk.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/words.h"

namespace {

using namespace cordon;

// Words of the program itself reach the branches that compare with them.
diagram::Point point_from(std::string_view bytes, size_t offset) {
  diagram::Point point{};
  for (unsigned word = 0; word < diagram::kWordCount; ++word) {
    const size_t at = (offset + 4 * word) % (bytes.size() - 3);
    std::memcpy(&point[word], bytes.data() + at, sizeof point[word]);
  }
  if (offset % 2 == 0) point[prove::kArchWord] = 0xc000003e;
  return point;
}

void check(const bpf::Program& program, std::string_view bytes) {
  const std::span<const bpf::Program> stack(&program, 1);
  auto encoded =
      prove::encode_pair(stack, stack, {.endian = Endian::little, .max_steps = 50'000, .exempt_uprobe_calls = false});
  auto* pair = std::get_if<prove::Pair>(&encoded);
  if (pair == nullptr) return;
  CORDON_ASSERT(pair->left == pair->right, "a filter equals itself");
  for (size_t offset = 0; offset < bytes.size() && offset < 200; offset += 5) {
    const diagram::Point point = point_from(bytes, offset);
    const auto leaf = static_cast<uint32_t>(diagram::value_at(pair->manager, pair->left, point));
    const Call call = prove::call_at(point, Endian::little);
    CORDON_ASSERT(policy::from_ret(leaf) == prove::answer(stack, call, Endian::little),
                  "the diagram answers as the simulator");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (Result<bpf::Program> program = bpf::read_raw(bytes)) check(*program, bytes);
  return 0;
}
