// Stacks of filters: as one policy, and what they answer to calls of which only some arguments are given. The simulator
// judges both.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/decompile.h"
#include "cordon/prove/outcomes.h"
#include "tests/prover/decompile_testing.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using Programs = std::vector<bpf::Program>;

Programs compiled_all(std::initializer_list<const char*> texts) {
  Programs programs;
  for (const char* text : texts) programs.push_back(compiled(text));
  return programs;
}

std::string text_of_stack(const Programs& programs) {
  const auto found = prove::decompile(programs, {});
  return found ? formats::write_cordon(found->policy, {.line_length = 0}) : found.error().begin()->message;
}

TEST(Stacks, the_strictest_answer_is_the_policy_and_the_newest_gives_the_errno) {
  EXPECT_EQ(text_of_stack(compiled_all({"arch x86_64; default allow; errno EPERM mkdir; kill_process ptrace",
                                        "arch x86_64; default allow; errno ENOSYS mkdir ptrace; log reboot"})),
            "arch      x86_64\ndefault   allow\n\nlog       reboot\nerrno ENOSYS  mkdir\nkill_process ptrace\n");
}

TEST(Stacks, conditions_of_both_meet) {
  EXPECT_EQ(
      text_of_stack(compiled_all({"arch x86_64; default errno EPERM; allow openat(flags & O_ACCMODE == O_RDONLY)",
                                  "arch x86_64; default errno EPERM; allow openat(dfd == AT_FDCWD) read"})),
      "arch      x86_64\ndefault   errno EPERM\n\nallow     openat(dfd == AT_FDCWD, flags & O_ACCMODE == O_RDONLY)\n");
}

PartialCall call_of(std::string_view name, Arch arch) {
  PartialCall call;
  call.call.nr = *abi::number_of(name, arch);
  call.call.audit_arch = abi::info(arch).audit_arch;
  return call;
}

// "CONDITION: ACTION by FILTER:INSTRUCTION …", a line for each outcome.
std::string told(const Programs& programs, const PartialCall& call) {
  const auto found = prove::outcomes(programs, call, {});
  if (!found) return found.error().begin()->code;
  const Arch arch = *abi::arch_of_call(call.call.audit_arch, call.call.nr);
  std::string text;
  for (const prove::ProgramOutcome& outcome : found->outcomes) {
    text += (found->has_conditions ? policy::describe_condition(outcome.condition, call.call.nr, arch) : "?") + ": " +
            policy::to_string(outcome.action, arch) + " by";
    for (const prove::Decider& decider : outcome.deciders)
      text += " " + std::to_string(decider.program) + ":" + std::to_string(decider.pc);
    text += "\n";
  }
  return text;
}

bpf::Program program_of(std::vector<bpf::Insn> insns) {
  return std::move(bpf::Program::create(std::move(insns))).value();
}

constexpr uint32_t kAllow = 0x7fff0000, kEperm = 0x00050001;

TEST(Outcomes, a_call_of_one_answer_names_its_instruction) {
  const Programs programs = {program_of(
      {{bpf::kLdAbs, 0, 0, 0}, {bpf::kJeqK, 0, 1, 2}, {bpf::kRetK, 0, 0, kEperm}, {bpf::kRetK, 0, 0, kAllow}})};
  EXPECT_EQ(told(programs, call_of("open", Arch::x86_64)), "always: errno EPERM by 0:2\n");
  EXPECT_EQ(told(programs, call_of("close", Arch::x86_64)), "always: allow by 0:3\n");
}

TEST(Outcomes, what_is_given_decides_and_what_is_open_becomes_a_condition) {
  const Programs programs =
      compiled_all({"arch x86_64 i386; default errno EPERM; errno EACCES openat(dfd == 7); allow openat(flags & "
                    "O_ACCMODE == O_RDONLY)"});
  PartialCall call = call_of("openat", Arch::x86_64);
  call.known[1] = true;  // matters to nothing
  EXPECT_EQ(told(programs, call).substr(0, 40), told(programs, call_of("openat", Arch::x86_64)).substr(0, 40));
  call.known[0] = true;
  call.call.args[0] = 7;
  EXPECT_EQ(told(programs, call).find("always: errno EACCES by 0:"), 0u) << told(programs, call);
  call.call.args[0] = 8;
  const std::string open = told(programs, call);
  EXPECT_NE(open.find("flags & O_ACCMODE"), std::string::npos) << open;
  EXPECT_EQ(open.find("EACCES"), std::string::npos) << open;
}

TEST(Outcomes, of_a_stack_the_filter_that_decides_is_named) {
  const bpf::Program allows = program_of({{bpf::kRetK, 0, 0, kAllow}});
  const bpf::Program denies = program_of({{bpf::kRetK, 0, 0, kEperm}});
  EXPECT_EQ(told({denies, allows}, call_of("read", Arch::x86_64)), "always: errno EPERM by 0:0\n");
  EXPECT_EQ(told({allows, denies}, call_of("read", Arch::x86_64)), "always: errno EPERM by 1:0\n");
  EXPECT_EQ(told({denies, denies}, call_of("read", Arch::x86_64)), "always: errno EPERM by 1:0\n");
}

TEST(Outcomes, a_division_by_zero_is_told) {
  const Programs programs = {
      program_of({{bpf::kLdxImm, 0, 0, 0}, {bpf::kLdAbs, 0, 0, 0}, {bpf::kDivX, 0, 0, 0}, {bpf::kRetK, 0, 0, kAllow}})};
  EXPECT_EQ(told(programs, call_of("read", Arch::x86_64)), "always: kill_thread by 0:2\n");
}

TEST(Outcomes, a_division_by_an_argument_is_told_where_it_is_zero) {
  const Programs programs = {program_of({{bpf::kLdAbs, 0, 0, 16},
                                         {bpf::kTax, 0, 0, 0},
                                         {bpf::kLdImm, 0, 0, 8},
                                         {bpf::kDivX, 0, 0, 0},
                                         {bpf::kRetK, 0, 0, kAllow}})};
  EXPECT_EQ(told(programs, call_of("close", Arch::x86_64)), "fd == 0: kill_thread by 0:3\nalways: allow by 0:4\n");
}

TEST(Outcomes, what_no_condition_says_has_examples) {
  // arg0 > arg1, low words
  const Programs programs = {program_of({{bpf::kLdAbs, 0, 0, 24},
                                         {bpf::kTax, 0, 0, 0},
                                         {bpf::kLdAbs, 0, 0, 16},
                                         {0x2d, 0, 1, 0},
                                         {bpf::kRetK, 0, 0, kEperm},
                                         {bpf::kRetK, 0, 0, kAllow}})};
  const PartialCall call = call_of("dup2", Arch::x86_64);
  const auto found = prove::outcomes(programs, call, {});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_conditions);
  ASSERT_EQ(found->outcomes.size(), 2u);
  for (const prove::ProgramOutcome& outcome : found->outcomes)
    EXPECT_EQ(outcome.example.args[0] > outcome.example.args[1], outcome.action.kind == ActionKind::errno_);
}

// Which of the outcomes a call gets; none: no condition is said.
const prove::ProgramOutcome* outcome_for(const prove::ProgramOutcomes& found, const Call& call) {
  for (const prove::ProgramOutcome& outcome : found.outcomes)
    if (policy::holds(outcome.condition, call)) return &outcome;
  return nullptr;
}

struct Simulated {
  Action action;
  prove::Decider decider;
};

Simulated simulated(const Programs& programs, const Call& call) {
  bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
  std::copy(call.args.begin(), call.args.end(), std::begin(input.args));
  std::optional<prove::Decider> decider;
  int32_t least = 0;
  for (auto i = static_cast<uint32_t>(programs.size()); i-- > 0;) {
    const bpf::Run run = bpf::simulate(programs[i], input, Endian::little);
    const auto rank = static_cast<int32_t>(run.ret & 0xffff0000);
    if (decider && rank >= least) continue;
    least = rank;
    decider = {i, run.last_pc};
  }
  return {policy::from_ret(bpf::simulate_stack(programs, input, Endian::little)), *decider};
}

TEST(Outcomes, agree_with_the_simulator_on_random_stacks) {
  testing_kernel::RandomBpf random(71);
  Random choose(72);
  unsigned conditional = 0;
  for (int round = 0; round < 300; ++round) {
    Programs programs;
    for (int i = 0; i <= round % 3; ++i)
      programs.push_back(round % 2 == 0 ? random_decisions(random) : random_program(random, {.has_products = false}));
    const bpf::Input seed = random_input(random);
    PartialCall partial;
    partial.call = {seed.nr % 400, abi::info(Arch::x86_64).audit_arch, seed.instruction_pointer, {}};
    std::copy(std::begin(seed.args), std::end(seed.args), partial.call.args.begin());
    for (bool& known : partial.known) known = choose.below(2) == 0;
    const auto found = prove::outcomes(programs, partial, {.max_steps = 300'000});
    if (!found) continue;
    conditional += found->has_conditions && found->outcomes.size() > 1 ? 1 : 0;
    for (int i = 0; i < 60; ++i) {
      const bpf::Input other = random_input(random);
      Call call = partial.call;
      for (unsigned slot = 0; slot < 6; ++slot)
        if (!partial.known[slot]) call.args[slot] = other.args[slot];
      if (!partial.known[6]) call.instruction_pointer = other.instruction_pointer;
      const Simulated expected = simulated(programs, call);
      const auto fits = [&](const prove::ProgramOutcome& one) {
        return one.action == expected.action &&
               std::find(one.deciders.begin(), one.deciders.end(), expected.decider) != one.deciders.end();
      };
      if (found->has_conditions) {
        const prove::ProgramOutcome* outcome = outcome_for(*found, call);
        ASSERT_NE(outcome, nullptr) << "round " << round;
        ASSERT_TRUE(fits(*outcome)) << "round " << round << ": " << policy::to_string(expected.action, Arch::x86_64)
                                    << " by " << expected.decider.program << ":" << expected.decider.pc << ", not "
                                    << told(programs, partial);
      } else {
        ASSERT_TRUE(std::any_of(found->outcomes.begin(), found->outcomes.end(), fits)) << "round " << round;
      }
    }
    for (const prove::ProgramOutcome& outcome : found->outcomes)
      EXPECT_EQ(simulated(programs, outcome.example).action, outcome.action) << "round " << round;
  }
  EXPECT_GE(conditional, 10u);
}

}  // namespace
}  // namespace cordon::engines
