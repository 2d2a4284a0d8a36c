#include "tests/prover/policies_in_tree.h"

#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/formats/read.h"
#include "cordon/policy/resolve.h"
#include "tests/prover/decompile_testing.h"

namespace cordon::engines {
namespace {

namespace fs = std::filesystem;
using formats::SourceFormat;

constexpr const char* kInstalled = "/usr/share/containers/seccomp.json";

// Name and content of each FILE of a case. A line that begins with a backslash has one more than the file.
std::map<std::string, std::string> files_of_cases(const std::string& text) {
  std::map<std::string, std::string> files;
  std::string file, content;
  size_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (file.empty() && line.starts_with("FILE ")) {
      file = line.substr(5);
      content.clear();
    } else if (!file.empty() && line == "END") {
      files.emplace(std::to_string(++count) + "/" + file, content);
      file.clear();
    } else if (!file.empty()) {
      content += (line.starts_with('\\') ? line.substr(1) : line) + "\n";
    }
  }
  return files;
}

std::optional<SourceFormat> format_of(const fs::path& name) {
  const std::string extension = name.extension().string();
  if (extension == ".cordon") return SourceFormat::cordon;
  if (extension == ".policy") return SourceFormat::minijail;
  if (extension == ".json") return SourceFormat::oci;
  const std::string folder = name.parent_path().filename().string();
  if (folder == "cordon_text" || folder == "resolve") return SourceFormat::cordon;
  return std::nullopt;
}

class Collector {
 public:
  void add(const std::string& where, const std::string& text, const fs::path& name) {
    const auto format = format_of(name);
    if (!format) return;
    formats::ReadOptions options;
    options.kernel = KernelVersion{6, 1};
    const auto source = formats::read_text(text, name.filename().string(), *format, options);
    if (!source || !std::holds_alternative<Policy>(source->content)) return;
    const Result<ResolvedPolicy> resolved = policy::resolve(std::get<Policy>(source->content), {});
    if (resolved) found_.push_back({where, *resolved});
  }
  void add_file(const fs::path& path, const std::string& where) {
    const std::string text = file_text(path);
    add(where, text, path);
    if (path.extension() != ".case") return;
    for (const auto& [name, content] : files_of_cases(text)) add(where + ":" + name, content, name);
  }
  std::vector<TreePolicy> take() { return std::move(found_); }

 private:
  std::vector<TreePolicy> found_;
};

}  // namespace

std::vector<TreePolicy> policies_in_tree() {
  Collector all;
  const fs::path root = CORDON_SOURCE_DIR;
  for (const char* folder : {"examples", "tests", "fuzz/corpus", "docs"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_regular_file()) all.add_file(entry.path(), fs::relative(entry.path(), root).string());
  for (const formats::Builtin& builtin : formats::builtins())
    all.add("builtin:" + std::string(builtin.name), std::string(builtin.text), std::string(builtin.name) + ".cordon");
  if (fs::exists(kInstalled)) all.add_file(kInstalled, kInstalled);
  return all.take();
}

}  // namespace cordon::engines
