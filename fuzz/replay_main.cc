// Runs a fuzz target without a fuzzer: on every file of the folders named, on each beginning of the small
// ones, and on each of them with one byte changed. A crash is the failure.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kSmall = 512;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

void run_with_mutations(const std::string& input) {
  run(input);
  if (input.size() > kSmall) return;
  for (size_t length = 0; length < input.size(); ++length) run(input.substr(0, length));
  for (size_t at = 0; at < input.size(); ++at) {
    std::string changed = input;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      run_with_mutations(std::string(std::istreambuf_iterator<char>(file), {}));
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files == 0 ? 1 : 0;
}
