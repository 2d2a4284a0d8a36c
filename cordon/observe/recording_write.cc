#include <charconv>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/observe/recording.h"
#include "cordon/observe/recording_builder.h"

namespace cordon::observe {
namespace {

Diagnostics refusal(std::string code, std::string message, std::string hint) {
  Diagnostics diagnostics;
  diagnostics.error(std::move(code), {}, std::move(message), std::move(hint));
  return diagnostics;
}

void append_number(std::string& out, uint64_t number) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// Printable ASCII stands for itself, everything else as \xHH: one line stays one line.
void append_quoted(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  out += '"';
}

std::string_view start_name(StartPoint start) {
  switch (start) {
    case StartPoint::before_exec: return "before_exec";
    case StartPoint::exec: return "exec";
    case StartPoint::entry: return "entry";
  }
  return "before_exec";
}

void append_call_head(std::string& out, const RecordedCall& call, uint64_t count, uint64_t first_seen_ns) {
  std::string_view name = abi::name_of(call.nr, call.arch);
  out += "call ";
  append_number(out, call.program);
  out += ' ';
  out += abi::name(call.arch);
  out += ' ';
  append_number(out, call.nr);
  out += ' ';
  out += name.empty() ? std::string_view("?") : name;
  out += ' ';
  append_number(out, count);
  out += ' ';
  append_number(out, first_seen_ns);
}

void append_call(std::string& out, const RecordedCall& call) {
  if (call.slot_count == 0) {
    append_call_head(out, call, call.count, call.first_seen_ns);
    out += call.too_many_values ? " ...\n" : "\n";
    return;
  }
  for (const RecordedValues& values : call.values) {
    append_call_head(out, call, values.count, values.first_seen_ns);
    for (size_t i = 0; i < call.slot_count; ++i) {
      out += " arg";
      append_number(out, call.slots[i]);
      out += '=';
      out += base::hex(values.values[i]);
    }
    out += '\n';
  }
}

void append_counter(std::string& out, std::string_view name, uint64_t value) {
  out += name;
  out += ' ';
  append_number(out, value);
  out += '\n';
}

}  // namespace

std::string write_recording(const Recording& recording) {
  std::string out = "cordon-trace 1\ncommand";
  for (const std::string& word : recording.argv) {
    out += ' ';
    append_quoted(out, word);
  }
  out += "\nstart ";
  out += start_name(recording.start);
  out += "\nkernel ";
  out += abi::to_string(recording.kernel);
  out += '\n';
  for (size_t i = 0; i < recording.programs.size(); ++i) {
    out += "program ";
    append_number(out, i);
    out += ' ';
    if (recording.programs[i].is_launch) {
      out += "launch";
    } else {
      append_quoted(out, recording.programs[i].path);
    }
    out += '\n';
  }
  for (const RecordedCall& call : recording.calls) append_call(out, call);
  append_counter(out, "lost", recording.lost);
  append_counter(out, "interrupted", recording.interrupted);
  append_counter(out, "unattributed", recording.unattributed);
  // Three words, as "no" has two reasons: the last task lived on, or calls were lost (the counter says so).
  out += recording.finished ? (recording.lost == 0 ? "complete yes\n" : "complete no\n") : "complete cut-short\n";
  return out;
}

Result<Recording> merge_recordings(std::span<const Recording> recordings) {
  if (recordings.empty()) {
    return refusal("no-recordings", "there is no recording to merge", "name at least one");
  }
  RecordingBuilder builder;
  bool finished = true;
  KernelVersion kernel;
  for (const Recording& recording : recordings) {
    if (recording.start != recordings[0].start) {
      return refusal("different-starts", "the recordings begin at different points of the program's start",
                     "record each with the same --start");
    }
    std::vector<uint32_t> indices;
    for (const RecordedProgram& program : recording.programs) {
      indices.push_back(program.is_launch ? builder.launch_program() : builder.program(program.path));
    }
    for (const RecordedCall& call : recording.calls) builder.add(call, indices[call.program]);
    builder.note_lost(recording.lost);
    builder.note_interrupted(recording.interrupted);
    builder.note_unattributed(recording.unattributed);
    finished = finished && recording.finished;
    kernel = std::max(kernel, recording.kernel);
  }
  Recording merged = std::move(builder).finish();
  merged.argv = recordings[0].argv;
  merged.start = recordings[0].start;
  merged.kernel = kernel;
  merged.finished = finished;
  return merged;
}

}  // namespace cordon::observe
