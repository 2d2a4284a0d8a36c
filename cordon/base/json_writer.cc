#include "cordon/base/json_writer.h"

#include <utility>

#include "cordon/base/assert.h"
#include "cordon/base/text.h"

namespace cordon {

void JsonWriter::newline() {
  text_ += '\n';
  text_.append(2 * open_.size(), ' ');
}

// What stands between the value before and the one that begins.
void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  CORDON_ASSERT(open_.empty() || open_.back() == '[', "a value in an object follows its key");
  CORDON_ASSERT(!open_.empty() || text_.empty(), "a document is one value");
  if (open_.empty()) return;
  if (!first_) text_ += ',';
  newline();
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  text_ += '{';
  open_.push_back('{');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  text_ += '[';
  open_.push_back('[');
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  CORDON_ASSERT(!open_.empty() && open_.back() == '{' && !after_key_, "only an open object can end");
  open_.pop_back();
  if (!first_) newline();
  text_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  CORDON_ASSERT(!open_.empty() && open_.back() == '[', "only an open array can end");
  open_.pop_back();
  if (!first_) newline();
  text_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  CORDON_ASSERT(!open_.empty() && open_.back() == '{' && !after_key_, "keys stand in objects");
  if (!first_) text_ += ',';
  newline();
  text_ += '"' + base::json_escape(name) + "\": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  text_ += '"' + base::json_escape(text) + '"';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) { return raw(truth ? "true" : "false"); }
JsonWriter& JsonWriter::value(uint64_t number) { return raw(std::to_string(number)); }
JsonWriter& JsonWriter::value(int64_t number) { return raw(std::to_string(number)); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  while (!json.empty() && json.back() == '\n') json.remove_suffix(1);
  // A line break within JSON is always between tokens: it may be indented like the rest.
  for (char c : json) {
    if (c == '\n')
      newline();
    else
      text_ += c;
  }
  first_ = false;
  return *this;
}

std::string JsonWriter::take() && {
  CORDON_ASSERT(open_.empty() && !text_.empty(), "a document is one closed value");
  text_ += '\n';
  return std::move(text_);
}

}  // namespace cordon
