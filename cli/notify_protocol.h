// What cordon and a handler of notified calls say to each other: one JSON object a line, docs/notify.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/policy/call.h"
#include "cordon/sandbox/listener.h"

namespace cordon::cli {

// A text an argument points to, as it was when the call was made.
struct PointedText {
  std::string argument;
  std::string text;
};

// The names and paths among the call's arguments that can be read. What was read is the caller's only if the call
// still waits afterwards.
std::vector<PointedText> read_texts(const Notification& notification);

struct HandlerRequest {
  uint64_t id = 0;
  pid_t pid = 0;  // 0: not visible from here, as for tid
  pid_t tid = 0;
  std::string command;  // the thread's name
  Call call;
  std::vector<PointedText> texts;
  std::string rule;                 // "app.cordon:2: notify mkdir"
  int64_t deadline_ns = INT64_MAX;  // of CLOCK_MONOTONIC: then it has been denied
};

// With the newline.
std::string request_line(const HandlerRequest& request);

struct HandlerAnswer {
  uint64_t id = 0;
  Response response;
};

// Errors for everything that is not exactly an answer.
Result<HandlerAnswer> read_answer(std::string_view line);

}  // namespace cordon::cli
