#include "cli/plan_cache.h"

#include <elf.h>
#include <link.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "cli/cache_directory.h"

namespace cordon::cli {
namespace {

// Numbers as the machine has them, texts behind their length: an entry never leaves the machine.
class Writer {
 public:
  void number(uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// What is not there reads as 0 and "", and whole() says so.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t number() {
    uint64_t value = 0;
    const std::string_view bytes = take(sizeof value);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::string_view text() { return take(number()); }
  bool whole() const { return !is_short_; }
  bool at_end() const { return whole() && bytes_.empty(); }

 private:
  std::string_view take(uint64_t size) {
    if (size > bytes_.size()) {
      is_short_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  bool is_short_ = false;
};

// The linker's hash of all of this program; empty without one.
std::string build_id() {
  std::string id;
  ::dl_iterate_phdr(
      [](dl_phdr_info* program, size_t, void* found) {
        for (int i = 0; i < program->dlpi_phnum; ++i) {
          const ElfW(Phdr)& header = program->dlpi_phdr[i];
          if (header.p_type != PT_NOTE) continue;
          const char* note = reinterpret_cast<const char*>(program->dlpi_addr + header.p_vaddr);
          for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= header.p_memsz;) {
            ElfW(Nhdr) head;
            std::memcpy(&head, note + at, sizeof head);
            const auto aligned = [&](size_t size) {
              return (size + header.p_align - 1) / header.p_align * header.p_align;
            };
            const size_t name = at + sizeof head, content = name + aligned(head.n_namesz);
            if (head.n_type == NT_GNU_BUILD_ID) *static_cast<std::string*>(found) = {note + content, head.n_descsz};
            at = content + aligned(head.n_descsz);
          }
        }
        return 1;  // the others are libraries
      },
      &id);
  return id;
}

void add(Writer& request, const PolicyOptions& reading) {
  const auto& [format, arch, sub_arches, capabilities, capabilities_given, kernel, dialect, lenient, like,
               allow_unknown, for_check, copies] = reading;
  for (const std::string* word : {&format, &arch, &kernel, &dialect, &like}) request.text(*word);
  for (const bool flag : {sub_arches, capabilities_given, lenient, allow_unknown, for_check}) request.number(flag);
  request.number(capabilities.size());
  for (const std::string& capability : capabilities) request.text(capability);
}

void add(Writer& request, const PlanOptions& planning) {
  const auto& [explain_errno, explain_all, answers_notify, hands_over, explains_landlock, filter_flags, proof] =
      planning;
  for (const bool flag :
       {explain_errno, explain_all, answers_notify, hands_over, explains_landlock, proof.danger_unproved})
    request.number(flag);
  request.number(filter_flags);
  request.number(proof.effort);
}

constexpr std::string_view kBuiltin = "builtin:";

// What is read from a file, once, and again at any time.
bool is_file(const std::string& spec) {
  return spec != "-" && !spec.starts_with("pid:") && !spec.starts_with("systemd:");
}

std::optional<bpf::Program> program_of(std::string_view bytes) {
  std::vector<bpf::Insn> insns(bytes.size() / sizeof(bpf::Insn));
  if (bytes.size() % sizeof(bpf::Insn) != 0) return std::nullopt;
  std::memcpy(insns.data(), bytes.data(), bytes.size());
  Result<bpf::Program> program = bpf::Program::create(std::move(insns));
  return program ? std::optional(std::move(*program)) : std::nullopt;
}

std::string_view bytes_of(const bpf::Program& program) {
  return {reinterpret_cast<const char*>(program.insns().data()), program.insns().size_bytes()};
}

// Every text the entry was made of is what is read now.
bool has_same_sources(Reader& entry, SourceCopies& copies) {
  for (uint64_t count = entry.number(); count > 0 && entry.whole(); --count) {
    const bool is_include = entry.number() != 0;
    const std::string path(entry.text());
    const std::string_view text = entry.text();
    if (!entry.whole()) return false;
    const Result<std::string> now = copies.read(path, is_include);
    if (!now || *now != text) return false;
  }
  return entry.whole();
}

}  // namespace

PlanCache::PlanCache(const PlanRequest& request) {
  utsname kernel{};
  const std::string build = request.may_be_kept ? build_id() : std::string();
  const bool can_be_kept = !request.planning.proof.danger_unproved && !build.empty() && ::uname(&kernel) == 0 &&
                           std::all_of(request.specs.begin(), request.specs.end(), is_file);
  if (!can_be_kept) return;
  Writer words;
  words.text(build);
  words.text(kernel.release);
  words.text(kernel.machine);
  words.text(request.start);
  add(words, request.reading);
  add(words, request.planning);
  words.number(request.specs.size());
  for (const std::string& spec : request.specs) {
    words.text(spec);
    if (!spec.starts_with(kBuiltin)) files_.push_back(spec);
  }
  request_ = words.take();
}

// By what is named on the command line: what that includes is looked at in the entry.
std::string PlanCache::name_of(const SourceCopies& copies) const {
  Writer words;
  words.text(request_);
  for (const SourceCopies::Copy& copy : copies.all())
    if (!copy.is_include) words.text(copy.text);
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, checksum(words.take()), 16);
  return {digits, end};
}

std::optional<CachedPlan> PlanCache::find(SourceCopies& copies) {
  if (request_.empty()) return std::nullopt;
  for (const std::string& file : files_)
    if (!copies.read(file, false)) return std::nullopt;
  name_ = name_of(copies);
  const std::optional<CacheDirectory> directory = CacheDirectory::open();
  const std::optional<std::string> content = directory ? directory->read(name_) : std::nullopt;
  if (!content) return std::nullopt;
  Reader entry(*content);
  if (entry.text() != request_ || !has_same_sources(entry, copies)) return std::nullopt;
  CachedPlan plan;
  plan.start = static_cast<StartPoint>(entry.number());
  for (bool* flag : {&plan.listener, &plan.notifies, &plan.can_kill, &plan.has_other_lines})
    *flag = entry.number() != 0;
  for (uint64_t count = entry.number(); count > 0 && entry.whole(); --count) {
    const auto flags = static_cast<uint32_t>(entry.number());
    std::optional<bpf::Program> program = program_of(entry.text());
    if (!program) return std::nullopt;
    plan.filters.push_back({std::move(*program), flags});
  }
  return entry.at_end() && !plan.filters.empty() ? std::optional(std::move(plan)) : std::nullopt;
}

void PlanCache::keep(const CachedPlan& plan, const SourceCopies& copies) const {
  if (name_.empty()) return;
  Writer entry;
  entry.text(request_);
  entry.number(copies.all().size());
  for (const SourceCopies::Copy& copy : copies.all()) {
    entry.number(copy.is_include);
    entry.text(copy.path);
    entry.text(copy.text);
  }
  entry.number(static_cast<uint64_t>(plan.start));
  for (const bool flag : {plan.listener, plan.notifies, plan.can_kill, plan.has_other_lines}) entry.number(flag);
  entry.number(plan.filters.size());
  for (const FilterSpec& filter : plan.filters) {
    entry.number(filter.flags);
    entry.text(bytes_of(filter.program));
  }
  if (const auto directory = CacheDirectory::make()) directory->write(name_, entry.take());
}

RunPlan plan_of(const CachedPlan& kept, const Policies& policies, const ProofOptions& proof) {
  RunPlan plan;
  plan.filters = kept.filters;
  plan.listener = kept.listener;
  plan.notifies = kept.notifies;
  plan.can_kill = kept.can_kill;
  plan.find_meaning = [&policies] { return meaning_of(policies.all()); };
  plan.proof = proof;
  return plan;
}

void keep(const RunPlan& plan, StartPoint start, const std::vector<Loaded>& policies, const PlanCache& cache,
          const SourceCopies& copies) {
  CachedPlan kept{.start = start,
                  .listener = plan.listener,
                  .notifies = plan.notifies,
                  .can_kill = plan.can_kill,
                  .filters = plan.filters};
  for (const Loaded& loaded : policies) {
    if (!loaded.policy) return;
    kept.has_other_lines |= !loaded.policy->sandbox.empty();
  }
  cache.keep(kept, copies);
}

}  // namespace cordon::cli
