// Writes JSON, and nothing else: the order of keys is the order of calls.
//
//   JsonWriter json;
//   json.begin_object().key("schema").value("cordon.list/1").key("names").begin_array();
//   for (auto& name : names) json.value(name);
//   json.end_array().end_object();
//   std::string text = std::move(json).take();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cordon {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  JsonWriter& value(uint64_t number);
  JsonWriter& value(int64_t number);
  JsonWriter& value(uint32_t number) { return value(static_cast<uint64_t>(number)); }
  JsonWriter& value(int number) { return value(static_cast<int64_t>(number)); }
  JsonWriter& null();
  // A value that already is JSON.
  JsonWriter& raw(std::string_view json);

  std::string take() &&;  // ends with a newline; every object and array must be closed

 private:
  void separate();
  void newline();

  std::string text_;
  std::vector<char> open_;  // '{' or '['
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace cordon
