#include "tests/prover/random_programs.h"

#include <gtest/gtest.h>

#include <vector>

#include "cordon/bpf/opcode.h"

namespace cordon::engines {

using bpf::Insn;
using testing_kernel::RandomBpf;

namespace {

constexpr uint32_t kWords[] = {0,  1,  2,          3,          5,          16,         59,         110,     257,
                               31, 64, 0x40000001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, kX86_64, kI386};

// What a computed return value is made from; the last two are no actions.
constexpr uint32_t kBases[] = {0x00050000, 0x00050f80, 0x0005ff00, 0x00030000,
                               0x7ff00000, 0x7fff0000, 0x00040000, 0x12340000};

bool is_product(const Insn& insn) {
  if (insn.code == bpf::kMulX || insn.code == bpf::kDivX) return true;
  return (insn.code == bpf::kMulK || insn.code == bpf::kDivK) && insn.k > 3;
}

}  // namespace

bpf::Program random_program(RandomBpf& random, ProgramShape shape) {
  std::vector<Insn> code{{bpf::kLdAbs, 0, 0, 4 * random.below(16)},
                         {bpf::kSt, 0, 0, 0},
                         {bpf::kTax, 0, 0, 0},
                         {bpf::kStx, 0, 0, 1},
                         {bpf::kSt, 0, 0, 2}};
  const size_t size = code.size() + 3 + random.below(30);
  while (code.size() < size - 3) {
    Insn insn = random.valid(code.size(), size - 2, kWords);
    if (!shape.has_products && is_product(insn)) continue;
    // Whole words as return values have 65,536 answers: few programs are to have so many.
    if (insn.code == bpf::kRetA && !random.one_in(50)) continue;
    if (insn.code == bpf::kRetK) insn.k = random.one_in(4) ? random.pick(kWords) : 0x00050000 | random.below(4);
    if (bpf::find_opcode(insn.code)->form == bpf::Form::cell) insn.k = random.below(3);
    code.push_back(insn);
  }
  const bool is_computed = random.one_in(4);
  code.push_back({bpf::kAndK, 0, 0, 0xff});
  code.push_back({bpf::kOrK, 0, 0, is_computed ? random.pick(kBases) : 0x00050000});
  code.push_back(is_computed ? Insn{bpf::kRetA, 0, 0, 0} : Insn{bpf::kRetK, 0, 0, 0x7fff0000});
  Result<bpf::Program> program = bpf::Program::create(code);
  EXPECT_TRUE(program);
  return *program;
}

bpf::Program random_decisions(RandomBpf& random) {
  static constexpr uint16_t kArithmetic[] = {bpf::kAddK, bpf::kSubK, bpf::kAndK, bpf::kAndK, bpf::kOrK,  bpf::kXorK,
                                             bpf::kLshK, bpf::kRshK, bpf::kNeg,  bpf::kAddX, bpf::kSubX, bpf::kAndX,
                                             bpf::kOrX,  bpf::kXorX, bpf::kLshX, bpf::kRshX};
  static constexpr uint16_t kTests[] = {bpf::kJeqK, bpf::kJgtK, bpf::kJgeK, bpf::kJsetK, bpf::kJeqK,
                                        bpf::kJeqX, bpf::kJgtX, bpf::kJgeX, bpf::kJsetX};
  static constexpr uint32_t kAnswers[] = {0x7fff0000, 0x00050001, 0x00050002, 0x00050000, 0x00030001,
                                          0x7ff00001, 0x7ffc0000, 0,          0x80000000, 0x00040000};
  static constexpr uint16_t kMoves[] = {bpf::kTax, bpf::kSt, bpf::kLdMem, bpf::kLdxMem, bpf::kTxa};
  static constexpr uint16_t kByX[] = {bpf::kDivX, bpf::kMulX, bpf::kLshX, bpf::kRshX};
  std::vector<Insn> code{{bpf::kSt, 0, 0, 0}};
  // Upper words are zero there.
  if (random.one_in(3))
    code = {{bpf::kLdAbs, 0, 0, 4}, {bpf::kJeqK, 1, 0, kI386}, {bpf::kRetK, 0, 0, random.pick(kAnswers)}, code[0]};
  for (uint32_t left = 2 + random.below(4); left > 0; --left) {
    code.push_back({bpf::kLdAbs, 0, 0, 4 * (random.one_in(3) ? random.below(16) : 4 + random.below(3))});
    if (random.one_in(3)) {
      // A few bits of two words, so that products stay small; X may be zero.
      code.insert(code.end(),
                  {{bpf::kAndK, 0, 0, 0x1c}, {bpf::kTax, 0, 0, 0}, {bpf::kLdAbs, 0, 0, 4 * random.below(16)}});
      code.insert(code.end(), {{bpf::kAndK, 0, 0, random.pick(kWords) & 0xff}, {random.pick(kByX), 0, 0, 0}});
    }
    for (uint32_t i = random.below(4); i > 0; --i) {
      const uint16_t operation = random.pick(kArithmetic);
      const bool is_shift = operation == bpf::kLshK || operation == bpf::kRshK;
      code.push_back({operation, 0, 0, is_shift ? random.below(32) : random.pick(kWords)});
      if (random.one_in(3)) code.push_back({random.pick(kMoves), 0, 0, 0});
    }
    const uint8_t is_turned = random.one_in(2) ? 1 : 0;
    code.push_back({random.pick(kTests), is_turned, static_cast<uint8_t>(1 - is_turned), random.pick(kWords)});
    code.push_back({bpf::kRetK, 0, 0, random.pick(kAnswers)});
    if (random.one_in(3)) code.push_back({bpf::kTax, 0, 0, 0});
  }
  code.push_back({bpf::kRetK, 0, 0, random.pick(kAnswers)});
  Result<bpf::Program> program = bpf::Program::create(code);
  EXPECT_TRUE(program);
  return *program;
}

std::optional<bpf::Program> mutant_of(const bpf::Program& program, Random& random) {
  std::vector<Insn> code(program.insns().begin(), program.insns().end());
  Insn& changed = code[random.below(code.size())];
  const bpf::Form form = bpf::find_opcode(changed.code)->form;
  const uint64_t field = random.below(4);
  if (bpf::is_branch(form) && field == 0)
    changed.jt ^= static_cast<uint8_t>(1u << random.below(8));
  else if (bpf::is_branch(form) && field == 1)
    changed.jf ^= static_cast<uint8_t>(1u << random.below(8));
  else if (bpf::uses_k(form) && field != 2)
    changed.k ^= 1u << random.below(32);
  else
    changed.code ^= static_cast<uint16_t>(1u << random.below(8));
  Result<bpf::Program> mutant = bpf::Program::create(code);
  if (!mutant) return std::nullopt;
  return *mutant;
}

bpf::Input random_input(RandomBpf& random) {
  bpf::Input input;
  auto word = [&]() -> uint64_t { return random.one_in(3) ? random.bits64() & 0xffffffff : random.pick(kWords); };
  input.nr = static_cast<uint32_t>(word());
  input.audit_arch = random.one_in(4) ? static_cast<uint32_t>(word()) : kX86_64;
  input.instruction_pointer = word() << 32 | word();
  for (uint64_t& argument : input.args) argument = word() << 32 | word();
  return input;
}

}  // namespace cordon::engines
