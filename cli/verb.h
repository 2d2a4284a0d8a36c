// One word after `cordon`.
#pragma once

#include <span>
#include <string_view>

namespace cordon::cli {

struct Verb {
  std::string_view name;
  std::string_view summary;
  int (*main)(int argc, char** argv);  // argv[0] is the verb
};

int asm_main(int argc, char** argv);
int check_main(int argc, char** argv);
int compile_main(int argc, char** argv);
int convert_main(int argc, char** argv);
int diff_main(int argc, char** argv);
int disasm_main(int argc, char** argv);
int doctor_main(int argc, char** argv);
int learn_main(int argc, char** argv);
int list_main(int argc, char** argv);
int prove_main(int argc, char** argv);
int run_main(int argc, char** argv);
int serve_main(int argc, char** argv);
int show_main(int argc, char** argv);
int syscalls_main(int argc, char** argv);
int test_main(int argc, char** argv);

}  // namespace cordon::cli
