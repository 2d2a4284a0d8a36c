// What is written in another format and read again is the policy it was: every one in the tree, and random ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/formats/minijail_writer.h"
#include "cordon/formats/oci_writer.h"
#include "cordon/formats/read.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "tests/engines/generate.h"
#include "tests/prover/decompile_testing.h"

namespace cordon::engines {
namespace {

namespace fs = std::filesystem;
using formats::SourceFormat;

// More with CORDON_ROUNDS=5000.
unsigned rounds(unsigned usual) {
  const char* wanted = std::getenv("CORDON_ROUNDS");
  return wanted == nullptr ? usual : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

struct Format {
  const char* name;
  SourceFormat read_as;
  formats::FormatBounds bounds;
  formats::MinijailForm minijail = formats::MinijailForm::any;

  Result<std::string> write(CallAnswers& answers, const Policy& policy, bool is_lossy, bool is_apart) const {
    if (read_as == SourceFormat::minijail)
      return formats::write_minijail(answers, policy, {minijail, is_lossy, is_apart});
    return formats::write_oci(answers, policy, {formats::OciForm::docker, policy.filter_flags, is_apart});
  }
};

std::vector<Format> all_formats() {
  std::vector<Format> all{{"oci", SourceFormat::oci, formats::oci_bounds()}};
  using enum formats::MinijailForm;
  for (auto [name, form] : {std::pair("minijail", any), {"minijail-c", c_parser}, {"@denylist", denylist}})
    all.push_back({name, SourceFormat::minijail, formats::minijail_bounds(form), form});
  return all;
}

struct Outcome {
  enum class Kind { written, refused, wrong };
  Kind kind = Kind::wrong;
  std::string text;
};

// One way of writing; wrong unless what is read again is equal, or where there were words about it, stricter.
Outcome outcome_of(const Policy& policy, const ResolvedPolicy& resolved, const Format& format, bool is_lossy,
                   bool is_apart) {
  Result<CallAnswers> answers = formats::fit(policy, resolved, {.bounds = format.bounds, .is_lossy = is_lossy});
  if (!answers) return {Outcome::Kind::refused, answers.error().begin()->message};
  const Result<std::string> text = format.write(*answers, policy, is_lossy, is_apart);
  if (!text) return {Outcome::Kind::refused, text.error().begin()->message};
  formats::ReadOptions reading;
  reading.arch = answers->arches.front();
  reading.minijail_c_dialect = format.minijail == formats::MinijailForm::c_parser;
  const auto source = formats::read_text(*text, "written", format.read_as, reading);
  if (!source) return {Outcome::Kind::wrong, *text + source.error().begin()->message};
  const Result<ResolvedPolicy> again = policy::resolve(std::get<Policy>(source->content), {});
  if (!again) return {Outcome::Kind::wrong, *text + again.error().begin()->message};
  const ResolvedPolicy meant = formats::meaning_of(*answers);
  const prove::Verdict against_source = prove::compare(&resolved, &*again, {}).verdict;
  const prove::Verdict against_answers = prove::compare(&meant, &*again, {}).verdict;
  const bool has_words = !answers.warnings().empty() || !text.warnings().empty();
  // Lossy, socketcall and ipc may get stricter answers than were meant.
  const bool is_as_meant = against_answers == prove::Verdict::equal || is_lossy;
  const bool is_good = against_source == prove::Verdict::equal ||
                       (is_as_meant && (has_words || is_lossy) && prove::is_within(against_source));
  if (is_good) return {Outcome::Kind::written, *text};
  return {Outcome::Kind::wrong, *text + std::string(prove::name(against_source)) + ", to what was meant " +
                                    std::string(prove::name(against_answers))};
}

Outcome outcome_of(const Policy& policy, const ResolvedPolicy& resolved, const Format& format, bool is_lossy) {
  Outcome together = outcome_of(policy, resolved, format, is_lossy, false);
  if (together.kind != Outcome::Kind::wrong) return together;
  Outcome apart = outcome_of(policy, resolved, format, is_lossy, true);
  return apart.kind == Outcome::Kind::written ? apart : together;
}

// With what the format has for other architectures; and for one that has but one, and few default actions, with these.
std::optional<ResolvedPolicy> adapted(Policy& policy, const formats::FormatBounds& bounds) {
  policy.bad_arch = {bounds.bad_arch, {}};
  if (bounds.max_arches == 1) {
    // A deny list is not written where x32's numbers pass it.
    if (bounds.bad_arch.kind == ActionKind::errno_) policy.arches = {Arch::arm64};
    if (policy.arches.empty()) policy.arches.push_back(abi::native_arch());
    policy.arches.resize(1);
    std::erase_if(policy.rules, [&policy](const Rule& rule) {
      return rule.target.arch && *rule.target.arch != policy.arches.front();
    });
    const std::optional<Action> allow = bounds.default_action({ActionKind::allow, 0});
    policy.default_action = {allow.value_or(Action{ActionKind::allow, 0}), {}};
  }
  Result<ResolvedPolicy> resolved = policy::resolve(policy, {});
  return resolved ? std::optional(std::move(*resolved)) : std::nullopt;
}

TEST(Convert, EveryPolicyInTheTreeIsTheSameOrRefused) {
  for (const Format& format : all_formats()) {
    unsigned written = 0;
    for (const char* folder : {"examples", "tests"})
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(CORDON_SOURCE_DIR) / folder)) {
        if (entry.path().extension() != ".cordon") continue;
        Result<Policy> policy = formats::read_cordon(file_text(entry.path()), entry.path().string(), {});
        if (!policy) continue;  // a part that others include
        const auto resolved = adapted(*policy, format.bounds);
        if (!resolved) continue;
        for (bool is_lossy : {false, true}) {
          const Outcome outcome = outcome_of(*policy, *resolved, format, is_lossy);
          EXPECT_NE(outcome.kind, Outcome::Kind::wrong) << format.name << " " << entry.path() << "\n" << outcome.text;
          written += outcome.kind == Outcome::Kind::written ? 1 : 0;
        }
      }
    EXPECT_GE(written, 5u) << format.name;
  }
}

// Lossy, the proof may have to refuse a few: a rule for numbers of x86_64, which has accept of its own, becomes one
// for its name, which on i386 reaches socketcall.
TEST(Convert, RandomPoliciesAreTheSameOrRefused) {
  for (const Format& format : all_formats()) {
    Random random(41);
    unsigned written[2] = {0, 0}, tried = 0, wrong = 0;
    for (unsigned round = 0; round < rounds(120); ++round) {
      Policy policy = random_policy(random);
      const auto resolved = adapted(policy, format.bounds);
      if (!resolved) continue;
      ++tried;
      for (bool is_lossy : {false, true}) {
        const Outcome outcome = outcome_of(policy, *resolved, format, is_lossy);
        written[is_lossy] += outcome.kind == Outcome::Kind::written ? 1 : 0;
        wrong += outcome.kind == Outcome::Kind::wrong ? 1 : 0;
        EXPECT_FALSE(!is_lossy && outcome.kind == Outcome::Kind::wrong) << format.name << ", policy " << round << "\n"
                                                                        << outcome.text << "\n"
                                                                        << formats::write_cordon(policy);
      }
    }
    EXPECT_GE(written[0], tried / 8) << format.name;
    EXPECT_GE(written[1], tried / 4) << format.name;
    EXPECT_LE(wrong, tried / 50) << format.name;
  }
}

}  // namespace
}  // namespace cordon::engines
