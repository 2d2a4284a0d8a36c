// simulate() and the running kernel must give the same answer to every call. Each return of the random
// programs is an errno of its own, so that no call is ever executed.
#include "cordon/bpf/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "tests/kernel/bpf_kernel.h"
#include "tests/kernel/bpf_random.h"

#if defined(__x86_64__)

// Make one call from registers = {nr, arg0 .. arg5}. The label behind the instruction is what
// seccomp_data.instruction_pointer shows. int 0x80 hands over whole 64-bit registers.
asm(R"(
.text
.globl cordon_test_syscall, cordon_test_after_syscall
.type cordon_test_syscall, @function
cordon_test_syscall:
  mov (%rdi), %rax
  mov 16(%rdi), %rsi
  mov 24(%rdi), %rdx
  mov 32(%rdi), %r10
  mov 40(%rdi), %r8
  mov 48(%rdi), %r9
  mov 8(%rdi), %rdi
  syscall
cordon_test_after_syscall:
  ret
.globl cordon_test_int80, cordon_test_after_int80
.type cordon_test_int80, @function
cordon_test_int80:
  push %rbx
  push %rbp
  mov (%rdi), %rax
  mov 8(%rdi), %rbx
  mov 16(%rdi), %rcx
  mov 24(%rdi), %rdx
  mov 32(%rdi), %rsi
  mov 48(%rdi), %rbp
  mov 40(%rdi), %rdi
  int $0x80
cordon_test_after_int80:
  pop %rbp
  pop %rbx
  ret
)");

extern "C" {
int64_t cordon_test_syscall(const uint64_t* registers);
int64_t cordon_test_int80(const uint64_t* registers);
extern const char cordon_test_after_syscall[];
extern const char cordon_test_after_int80[];
}

namespace cordon::testing_kernel {
namespace {

using bpf::Insn;
using Insns = std::vector<Insn>;

constexpr uint32_t kX8664 = 0xc000003e, kI386 = 0x40000003;
constexpr uint32_t kKillThread = 0, kErrno = 0x00050000;
constexpr int32_t kNotCalled = INT32_MAX;

struct TestCall {
  std::array<uint64_t, 7> registers{};  // nr, arg0 .. arg5
  bool is_compat = false;
};

// What the program and the calls have in common, so that comparisons come out both ways.
constexpr uint32_t kWords[] = {0,   1,          2,          3,          5,          16,         59,     110,   257,
                               435, 0x40000001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, kX8664, kI386, 0x5401};

bpf::Input input_of(const TestCall& call) {
  bpf::Input input;
  input.nr = static_cast<uint32_t>(call.registers[0]);
  input.audit_arch = call.is_compat ? kI386 : kX8664;
  input.instruction_pointer =
      reinterpret_cast<uint64_t>(call.is_compat ? cordon_test_after_int80 : cordon_test_after_syscall);
  for (size_t i = 0; i < 6; ++i) input.args[i] = call.registers[i + 1];
  return input;
}

TestCall random_call(RandomBpf& random, bool has_compat) {
  // The kernel lets its own trampolines' calls (uretprobe, uprobe) through without asking a filter.
  constexpr uint32_t kUretprobe = 335, kUprobe = 336;
  TestCall call;
  call.is_compat = has_compat && random.one_in(3);
  for (uint64_t& word : call.registers) {
    word = random.one_in(3) ? random.bits64() : random.pick(kWords) | uint64_t{random.pick(kWords)} << 32;
    if (random.one_in(3)) word &= 0xffffffff;
  }
  uint64_t& nr = call.registers[0];
  if (random.one_in(2)) nr = random.below(480);
  if (uint32_t low = static_cast<uint32_t>(nr); low == kUretprobe || low == kUprobe) nr += 2;
  return call;
}

// Valid code that begins with stores to cells 0..2, whose returns all deny.
Insns random_program(RandomBpf& random) {
  Insns code{{bpf::kLdAbs, 0, 0, 4 * random.below(16)},
             {bpf::kSt, 0, 0, 0},
             {bpf::kLdxImm, 0, 0, random.pick(kWords)},
             {bpf::kStx, 0, 0, 1},
             {bpf::kLdAbs, 0, 0, 4 * random.below(16)},
             {bpf::kTax, 0, 0, 0},
             {bpf::kSt, 0, 0, 2}};
  // ret a stands alone at the end: what falls or jumps there gets an errno made of A.
  size_t size = code.size() + 4 + random.below(40);
  size_t body_end = size - 3;
  while (code.size() < body_end) {
    // Jumps lead into the body or to the `and` behind it, never past it.
    Insn insn = random.valid(code.size(), body_end + 1, kWords);
    if (insn.code == bpf::kRetA || (insn.code == bpf::kRetK && random.one_in(2))) continue;
    if (insn.code == bpf::kRetK) insn.k = kErrno | (1 + random.below(2000));
    if (bpf::find_opcode(insn.code)->form == bpf::Form::cell) insn.k = random.below(3);
    code.push_back(insn);
  }
  // 2048..4095
  code.push_back({bpf::kAndK, 0, 0, 0x7ff});
  code.push_back({bpf::kOrK, 0, 0, kErrno | 0x800});
  code.push_back({bpf::kRetA, 0, 0, 0});
  return code;
}

// The kernel's answers, up to the call that killed the child; no value where it was not made.
std::vector<int32_t> answers_of_kernel(const Insns& program, const std::vector<TestCall>& calls, int* status) {
  Shared<int32_t> results(calls.size());
  for (size_t i = 0; i < calls.size(); ++i) results[i] = kNotCalled;
  pid_t child = fork();
  if (child == 0) {
    prepare_child();
    if (install(program) != 0) end_child();
    for (size_t i = 0; i < calls.size(); ++i) {
      const uint64_t* registers = calls[i].registers.data();
      int64_t result = calls[i].is_compat ? cordon_test_int80(registers) : cordon_test_syscall(registers);
      results[i] = static_cast<int32_t>(result);
    }
    end_child();
  }
  *status = wait_for(child);
  std::vector<int32_t> answers;
  for (size_t i = 0; i < calls.size(); ++i) answers.push_back(results[i]);
  return answers;
}

bool has_int80() {
  Shared<int> worked(1);
  pid_t child = fork();
  if (child == 0) {
    prepare_child();
    const uint64_t getppid[7] = {64, 0, 0, 0, 0, 0, 0};
    worked[0] = cordon_test_int80(getppid) > 0;
    end_child();
  }
  wait_for(child);
  return worked[0] == 1;
}

TEST(SimulateAgainstKernel, agrees_on_random_programs_and_calls) {
  if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
  const bool has_compat = has_int80();
  RandomBpf random(7);
  size_t compared = 0, killed = 0, by_accumulator = 0;
  std::vector<bool> executed_opcodes(256);
  for (int round = 0; round < 400; ++round) {
    Insns insns = random_program(random);
    Result<bpf::Program> program = bpf::Program::create(insns);
    ASSERT_TRUE(program.has_value()) << program.error().begin()->message;
    std::vector<TestCall> calls;
    for (int i = 0; i < 200; ++i) calls.push_back(random_call(random, has_compat));
    int status = 0;
    std::vector<int32_t> answers = answers_of_kernel(insns, calls, &status);
    std::vector<bool> executed;
    for (size_t i = 0; i < calls.size(); ++i) {
      bpf::Run run = simulate_marking(*program, input_of(calls[i]), Endian::little, executed);
      if (run.ret == kKillThread) {
        // A division by zero: the only return that is no errno, and the end of the child.
        ASSERT_EQ(answers[i], kNotCalled) << "round " << round << ", call " << i;
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
        ++killed;
        break;
      }
      ASSERT_EQ(answers[i], -static_cast<int32_t>(run.ret & 0xffff))
          << "round " << round << ", call " << i << ", nr " << calls[i].registers[0];
      ++compared;
      by_accumulator += (run.ret & 0x800) != 0;
    }
    for (size_t pc = 0; pc < executed.size(); ++pc) {
      if (executed[pc]) executed_opcodes[insns[pc].code] = true;
    }
  }
  EXPECT_GT(compared, 20000u);
  EXPECT_GT(killed, 5u);
  EXPECT_GT(by_accumulator, compared / 10);
  for (const bpf::OpcodeInfo& info : bpf::opcodes()) {
    EXPECT_TRUE(executed_opcodes[info.code]) << "no call reached an instruction " << info.mnemonic << " " << info.code;
  }
}

TEST(SimulateAgainstKernel, agrees_on_stacks) {
  if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
  // Only getppid is judged; the older filters let everything else through. Two errnos tell who spoke.
  auto judging_getppid = [](uint32_t ret) {
    return Insns{{bpf::kLdAbs, 0, 0, 0},
                 {bpf::kJeqK, 0, 1, SYS_getppid},
                 {bpf::kRetK, 0, 0, ret},
                 {bpf::kRetK, 0, 0, SECCOMP_RET_ALLOW}};
  };
  const std::vector<std::vector<uint32_t>> stacks = {
      {0x00050001, 0x00050002},
      {0x00050002, 0x7fff0000, 0x00050001},
      {0x7fff0000, 0x00050003},
      {0x00050004, 0x7ff00000, 0x7fff0000},
      {0x7ffc0000, 0x00050fff, 0x7fff0000},
      {0x0005ffff, 0x7fff0000},
  };
  for (const std::vector<uint32_t>& stack : stacks) {
    std::vector<bpf::Program> programs;
    Shared<int32_t> result(1);
    result[0] = kNotCalled;
    pid_t child = fork();
    if (child == 0) {
      prepare_child();
      for (uint32_t ret : stack) {
        if (install(judging_getppid(ret)) != 0) end_child();
      }
      const uint64_t getppid[7] = {SYS_getppid, 0, 0, 0, 0, 0, 0};
      result[0] = static_cast<int32_t>(cordon_test_syscall(getppid));
      end_child();
    }
    wait_for(child);
    for (uint32_t ret : stack) programs.push_back(*bpf::Program::create(judging_getppid(ret)));
    uint32_t verdict = bpf::simulate_stack(programs, {.nr = SYS_getppid, .audit_arch = kX8664}, Endian::little);
    ASSERT_EQ(verdict & 0xffff0000, kErrno);
    EXPECT_EQ(result[0], -static_cast<int32_t>(std::min(verdict & 0xffff, 4095u)));
  }
}

}  // namespace
}  // namespace cordon::testing_kernel

#endif
