#include "cordon/bpf/opcode.h"

namespace cordon::bpf {

std::optional<std::string_view> refused_opcode(uint16_t code) {
  switch (code) {
    case 0x28: return "half-word load";
    case 0x30: return "byte load";
    case 0x40:
    case 0x48:
    case 0x50: return "indirect load";
    case 0xb1: return "header length load";
    case 0x94:
    case 0x9c: return "remainder";
    default: return std::nullopt;
  }
}

}  // namespace cordon::bpf
