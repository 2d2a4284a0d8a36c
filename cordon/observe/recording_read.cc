#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/observe/recording.h"

namespace cordon::observe {
namespace {

struct Word {
  std::string_view text;
  Span span;
  bool is_quoted = false;
};

template <class Number>
std::optional<Number> parse(std::string_view text, int base) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  // One spelling per number, so that reading and writing give the same bytes.
  bool has_leading_zero = text.size() > 1 && text[0] == '0';
  if (error != std::errc{} || end != text.data() + text.size() || has_leading_zero) return std::nullopt;
  return number;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The lines stand in a fixed order; each section method consumes the lines it is about.
class Reader {
 public:
  Reader(std::string_view text, std::string_view name) {
    source_ = sources_.add(std::string(name), std::string(text));
    text_ = sources_.text(source_);
  }

  Result<Recording> read() {
    next_line();
    bool ok = read_version() && read_command() && read_start() && read_kernel() && read_programs() && read_calls() &&
              read_counter("lost", recording_.lost) && read_counter("interrupted", recording_.interrupted) &&
              read_counter("unattributed", recording_.unattributed) && read_complete();
    if (!ok) return diagnostics_;
    return std::move(recording_);
  }

 private:
  bool fail(Span span, std::string message, std::string hint = {}) {
    diagnostics_.error("bad-trace", sources_.locate(span), std::move(message), std::move(hint));
    return false;
  }
  bool fail_line(std::string message, std::string hint = {}) {
    return fail(line_, std::move(message), std::move(hint));
  }

  // Splits the next line into words; `words_` is empty at the end of the text or if the line is no line.
  void next_line() {
    words_.clear();
    line_begin_ = at_;
    size_t end = text_.find('\n', at_);
    is_cut_ = end == std::string_view::npos;
    line_end_ = is_cut_ ? text_.size() : end;
    line_ = span(line_begin_, line_end_);
    at_ = is_cut_ ? text_.size() : end + 1;
    if (is_cut_) return;
    for (size_t i = line_begin_; i < line_end_;) i = take_word(i);
  }

  size_t take_word(size_t begin) {
    size_t end = begin;
    bool is_quoted = text_[begin] == '"';
    if (is_quoted) {
      for (++end; end < line_end_ && text_[end] != '"'; ++end) end += text_[end] == '\\' ? 1 : 0;
      end = std::min(end + 1, line_end_);
    } else {
      while (end < line_end_ && text_[end] != ' ') ++end;
    }
    words_.push_back({text_.substr(begin, end - begin), span(begin, end), is_quoted});
    if (end >= line_end_) return end;
    // Anything but one blank and another word makes an empty word, which no section accepts.
    if (text_[end] != ' ' || end + 1 == line_end_) words_.push_back({{}, span(end, end + 1), false});
    return end + 1;
  }

  Span span(size_t begin, size_t end) const {
    return {source_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }

  bool begins(std::string_view keyword) const {
    return !words_.empty() && !words_[0].is_quoted && words_[0].text == keyword;
  }

  // A line of `keyword` and `count` further words.
  bool expect(std::string_view keyword, size_t count) {
    if (is_cut_) {
      return fail_line("the recording ends before its last line", "it was cut; record again");
    }
    if (!begins(keyword)) return fail_line("expected a line '" + std::string(keyword) + " …'");
    if (words_.size() != count + 1) {
      return fail_line("expected " + std::to_string(count) + " words after '" + std::string(keyword) + "', found " +
                       std::to_string(words_.size() - 1));
    }
    return true;
  }

  bool read_version() {
    if (!begins("cordon-trace")) {
      // Whatever the line holds, it says nothing.
      Place place;
      place.file = std::string(sources_.name(source_));
      diagnostics_.error("bad-trace", std::move(place), "this is no recording: its first line is not 'cordon-trace 1'",
                         "cordon learn -o FILE.cordon-trace -- COMMAND makes one");
      return false;
    }
    if (!expect("cordon-trace", 1)) return false;
    if (words_[1].text != "1") {
      return fail(words_[1].span, "this recording has another version of the format than 1",
                  "read it with the cordon that wrote it, or a newer one");
    }
    next_line();
    return true;
  }

  bool read_command() {
    if (!begins("command")) return expect("command", 1);
    for (size_t i = 1; i < words_.size(); ++i) {
      std::optional<std::string> word = unquote(words_[i]);
      if (!word) return false;
      recording_.argv.push_back(std::move(*word));
    }
    next_line();
    return true;
  }

  bool read_start() {
    if (!expect("start", 1)) return false;
    std::string_view word = words_[1].text;
    if (word == "before_exec") {
      recording_.start = StartPoint::before_exec;
    } else if (word == "exec") {
      recording_.start = StartPoint::exec;
    } else if (word == "entry") {
      recording_.start = StartPoint::entry;
    } else {
      return fail(words_[1].span, "expected before_exec, exec or entry");
    }
    next_line();
    return true;
  }

  bool read_kernel() {
    if (!expect("kernel", 1)) return false;
    std::optional<KernelVersion> version = abi::parse_kernel_version(words_[1].text);
    if (!version || abi::to_string(*version) != words_[1].text) {
      return fail(words_[1].span, "expected a kernel version such as 6.1");
    }
    recording_.kernel = *version;
    next_line();
    return true;
  }

  bool read_programs() {
    for (; begins("program"); next_line()) {
      if (!expect("program", 2)) return false;
      if (recording_.programs.size() >= kMaxPrograms) {
        return fail_line("more than " + std::to_string(kMaxPrograms) + " programs",
                         "record parts of the work apart, and give learn --from all recordings");
      }
      if (parse<uint64_t>(words_[1].text, 10) != recording_.programs.size()) {
        return fail(words_[1].span, "expected program " + std::to_string(recording_.programs.size()));
      }
      RecordedProgram program;
      if (!words_[2].is_quoted && words_[2].text == "launch") {
        program.is_launch = true;
      } else if (std::optional<std::string> path = unquote(words_[2])) {
        program.path = std::move(*path);
      } else {
        return false;
      }
      recording_.programs.push_back(std::move(program));
    }
    return true;
  }

  bool read_calls() {
    for (; begins("call"); next_line()) {
      if (!read_call()) return false;
    }
    return true;
  }

  bool read_call() {
    if (words_.size() < 7 || words_.size() > 7 + kMaxWatched) {
      return fail_line("expected 'call PROGRAM ARCH NUMBER NAME COUNT FIRST [argN=VALUE …]'");
    }
    RecordedCall call;
    std::optional<uint32_t> program = parse<uint32_t>(words_[1].text, 10);
    if (!program || *program >= recording_.programs.size()) {
      return fail(words_[1].span, "there is no program of this number in the recording");
    }
    std::optional<Arch> arch = abi::find_arch(words_[2].text);
    if (!arch || abi::name(*arch) != words_[2].text) return fail(words_[2].span, "no architecture has this name");
    std::optional<uint32_t> nr = parse<uint32_t>(words_[3].text, 10);
    if (!nr) return fail(words_[3].span, "expected the number of a call");
    std::string_view name = abi::name_of(*nr, *arch);
    if (words_[4].text != (name.empty() ? std::string_view("?") : name)) {
      return fail(words_[4].span,
                  "call " + std::to_string(*nr) + " of " + std::string(abi::name(*arch)) + " is " +
                      (name.empty() ? "not known here, so its name is '?'" : "'" + std::string(name) + "'"));
    }
    std::optional<uint64_t> count = parse<uint64_t>(words_[5].text, 10);
    if (!count || *count == 0 || *count > kMaxCount) {
      return fail(words_[5].span, "expected a count from 1 to " + std::to_string(kMaxCount));
    }
    std::optional<uint64_t> first = parse<uint64_t>(words_[6].text, 10);
    if (!first) return fail(words_[6].span, "expected nanoseconds since the start");
    call.program = *program;
    call.arch = *arch;
    call.nr = *nr;
    call.count = *count;
    call.first_seen_ns = *first;
    return read_arguments(call) && add(std::move(call));
  }

  bool read_arguments(RecordedCall& call) {
    if (words_.size() == 8 && words_[7].text == "...") {
      call.too_many_values = true;
      return true;
    }
    RecordedValues values{.count = call.count, .first_seen_ns = call.first_seen_ns};
    for (size_t i = 7; i < words_.size(); ++i) {
      std::string_view word = words_[i].text;
      bool has_head =
          word.size() > 7 && word.starts_with("arg") && word[3] >= '0' && word[3] <= '5' && word.substr(4, 3) == "=0x";
      std::optional<uint64_t> value = has_head ? parse<uint64_t>(word.substr(7), 16) : std::nullopt;
      if (!value || base::hex(*value) != word.substr(5)) {
        return fail(words_[i].span, "expected arg0=0x… to arg5=0x…, or one '...'");
      }
      auto slot = static_cast<uint8_t>(word[3] - '0');
      for (size_t k = 0; k < call.slot_count; ++k) {
        if (call.slots[k] == slot) return fail(words_[i].span, "the argument stands twice");
      }
      call.slots[call.slot_count] = slot;
      values.values[call.slot_count++] = *value;
    }
    if (call.slot_count > 0) call.values.push_back(values);
    return true;
  }

  // Lines come sorted; lines that differ in their values only are one call.
  bool add(RecordedCall call) {
    if (recording_.calls.empty()) {
      recording_.calls.push_back(std::move(call));
      return true;
    }
    RecordedCall& last = recording_.calls.back();
    auto key = [](const RecordedCall& c) { return std::tie(c.program, c.arch, c.nr); };
    if (key(last) < key(call)) {
      recording_.calls.push_back(std::move(call));
      return true;
    }
    if (key(call) < key(last)) return fail_line("the calls are not in order of program, architecture and number");
    bool fits = last.slot_count > 0 && last.slot_count == call.slot_count && last.slots == call.slots;
    if (!fits) return fail_line("this line does not fit the one above it about the same call");
    if (!(last.values.back().values < call.values[0].values)) return fail_line("the values are not in order");
    if (last.values.size() == kMaxValues) {
      return fail_line("more than " + std::to_string(kMaxValues) + " values of one call");
    }
    last.count += call.count;
    last.first_seen_ns = std::min(last.first_seen_ns, call.first_seen_ns);
    last.values.push_back(call.values[0]);
    return true;
  }

  bool read_counter(std::string_view keyword, uint64_t& value) {
    if (!expect(keyword, 1)) return false;
    std::optional<uint64_t> number = parse<uint64_t>(words_[1].text, 10);
    if (!number || *number > kMaxCount) {
      return fail(words_[1].span, "expected a number up to " + std::to_string(kMaxCount));
    }
    value = *number;
    next_line();
    return true;
  }

  bool read_complete() {
    if (!expect("complete", 1)) return false;
    std::string_view word = words_[1].text;
    recording_.finished = word != "cut-short";
    bool fits = word == "cut-short" || (word == "yes" && recording_.lost == 0) || (word == "no" && recording_.lost > 0);
    if (!fits) {
      return fail(words_[1].span, "expected yes (nothing lost), no (something lost) or cut-short (ended too early)");
    }
    if (at_ != text_.size()) {
      next_line();
      return fail_line("nothing may follow the line 'complete'");
    }
    return true;
  }

  std::optional<std::string> unquote(const Word& word) {
    std::string out;
    bool ok = word.is_quoted && word.text.size() >= 2 && word.text.back() == '"';
    for (size_t i = 1; ok && i + 1 < word.text.size(); ++i) {
      char c = word.text[i];
      auto byte = static_cast<unsigned char>(c);
      if (c != '\\') {
        ok = byte >= 0x20 && byte < 0x7f && c != '"';
        out += c;
        continue;
      }
      c = word.text[++i];
      if (c == 'x' && i + 3 < word.text.size() && hex_digit(word.text[i + 1]) >= 0 &&
          hex_digit(word.text[i + 2]) >= 0) {
        out += static_cast<char>(hex_digit(word.text[i + 1]) * 16 + hex_digit(word.text[i + 2]));
        i += 2;
      } else {
        // The last character is the closing quote, so an escaped one there is no end.
        ok = (c == '"' || c == '\\') && i + 1 < word.text.size();
        out += c;
      }
    }
    if (ok) return out;
    fail(word.span, "expected a text in double quotes, with \\\" \\\\ and \\xHH inside");
    return std::nullopt;
  }

  Sources sources_;
  SourceId source_ = kNoSource;
  std::string_view text_;
  size_t at_ = 0, line_begin_ = 0, line_end_ = 0;
  Span line_;
  bool is_cut_ = false;
  std::vector<Word> words_;
  Recording recording_;
  Diagnostics diagnostics_;
};

}  // namespace

Result<Recording> read_recording(std::string_view text, std::string_view name) {
  if (text.size() > kMaxTraceBytes) {
    Diagnostics diagnostics;
    diagnostics.error("bad-trace", {std::string(name), 0, 0, 0, {}},
                      "the recording has " + std::to_string(text.size()) + " bytes: at most " +
                          std::to_string(kMaxTraceBytes >> 20) + " MiB are read",
                      "record parts of the work apart, and give learn --from all recordings");
    return diagnostics;
  }
  return Reader(text, name).read();
}

}  // namespace cordon::observe
