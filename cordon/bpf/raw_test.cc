#include "cordon/bpf/raw.h"

#include <gtest/gtest.h>

#include <bit>

namespace cordon::bpf {
namespace {

using namespace std::string_view_literals;

static_assert(std::endian::native == std::endian::little, "the bytes below are little-endian");

constexpr auto kAllowBytes = "\x06\x00\x00\x00\x00\x00\xff\x7f"sv;

std::string repeat(std::string_view bytes, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += bytes;
  return all;
}

TEST(Raw, reads_and_writes_the_same_bytes) {
  std::string bytes =
      std::string("\x20\x00\x00\x00\x04\x00\x00\x00\x15\x00\x00\x00\x3e\x00\x00\xc0"sv) + std::string(kAllowBytes);
  Result<Program> program = read_raw(bytes);
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ((*program)[1], (Insn{kJeqK, 0, 0, 0xc000003e}));
  EXPECT_EQ(write_raw(*program), bytes);
  EXPECT_EQ(write_hex(*program), "2000000004000000\n150000003e0000c0\n060000000000ff7f\n");
  EXPECT_EQ(*read_hex(write_hex(*program)), *program);
}

TEST(Raw, takes_the_longest_program) { EXPECT_TRUE(read_raw(repeat(kAllowBytes, 4096)).has_value()); }

struct Row {
  const char* name;
  std::string bytes;
  std::string message;  // of the first diagnostic
  std::string hint;
};

TEST(Raw, says_what_is_wrong_and_what_the_bytes_look_like) {
  const Row rows[] = {
      {"empty", "", "the program has no instructions, expected 1 to 4096", ""},
      {"leftover", std::string(kAllowBytes) + "abc",
       "a raw filter is a multiple of 8 bytes long, this has 11 (3 left over)", ""},
      {"too long", repeat(kAllowBytes, 4097), "a raw filter has at most 4096 instructions, this has 4097", ""},
      {"refused by the kernel", std::string("\x30\x00\x00\x00\x00\x00\x00\x00"sv) + std::string(kAllowBytes),
       "instruction 0: opcode 0x30 (byte load) is classic BPF that seccomp does not take", ""},
      {"other byte order", std::string("\x00\x06\x00\x00\x7f\xff\x00\x00"sv),
       "instruction 0: opcode 0x600 does not exist in classic BPF",
       "in the other byte order this is a valid filter: it was made for another machine"},
      {"elf",
       std::string("\x7f"
                   "ELF\x02\x01\x01\x00"sv),
       "instruction 0: opcode 0x457f does not exist in classic BPF", "this is an ELF file; a raw filter has no header"},
      {"json", "{ \"defaultAction\": \"SCMP_ACT_ALLOW\" }",
       "a raw filter is a multiple of 8 bytes long, this has 37 (5 left over)",
       "this looks like JSON; read it as an OCI profile"},
      {"text", "allow read write", "instruction 0: opcode 0x6c61 does not exist in classic BPF",
       "this looks like text; a raw filter is an array of struct sock_filter"},
      {"hex", "060000000000ff7f", "instruction 0: opcode 0x3630 does not exist in classic BPF",
       "this looks like hexadecimal text: make it binary with 'xxd -r -p'"},
  };
  for (const Row& row : rows) {
    Result<Program> program = read_raw(row.bytes);
    ASSERT_FALSE(program.has_value()) << row.name;
    EXPECT_EQ(program.error().size(), 1u) << row.name;
    const Diagnostic& first = *program.error().begin();
    EXPECT_EQ(first.message, row.message) << row.name;
    EXPECT_EQ(first.hint, row.hint) << row.name;
  }
}

TEST(Hex, does_not_mind_how_the_digits_are_grouped) {
  for (const char* text : {"060000000000ff7f", "06 00 00 00 00 00 FF 7F\n", "0x06, 0x00, 0x00,0x00,0x00,0x00,0xff,0x7f",
                           "  0600 0000\r\n\t0000ff7f  "}) {
    Result<Program> program = read_hex(text);
    ASSERT_TRUE(program.has_value()) << text;
    EXPECT_EQ(write_raw(*program), kAllowBytes) << text;
  }
}

TEST(Hex, refuses_what_is_no_pair_of_digits) {
  for (const char* text : {"06000000 0000ff7", "06zz", "6 00", "0x", "-1"}) {
    EXPECT_FALSE(read_hex(text).has_value()) << text;
  }
  EXPECT_EQ(read_hex("06zz").error().begin()->message, "byte 2 of the text is not a pair of hexadecimal digits");
}

}  // namespace
}  // namespace cordon::bpf
