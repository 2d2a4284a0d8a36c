#include "cordon/base/json_writer.h"

#include <gtest/gtest.h>

namespace cordon {
namespace {

TEST(JsonWriter, IndentsByTwoAndKeepsTheOrderOfCalls) {
  JsonWriter json;
  json.begin_object().key("schema").value("cordon.list/1").key("names").begin_array().value("b").value("a").end_array();
  json.key("empty").begin_object().end_object().key("none").begin_array().end_array().end_object();
  EXPECT_EQ(std::move(json).take(), R"({
  "schema": "cordon.list/1",
  "names": [
    "b",
    "a"
  ],
  "empty": {},
  "none": []
}
)");
}

TEST(JsonWriter, WritesEveryKindOfValue) {
  JsonWriter json;
  json.begin_array().value(true).value(false).null().value(-1).value(UINT64_MAX).value(INT64_MIN).value(7u);
  json.value("quote \" and \n").raw("{\"a\": 1}").end_array();
  EXPECT_EQ(std::move(json).take(),
            "[\n  true,\n  false,\n  null,\n  -1,\n  18446744073709551615,\n  -9223372036854775808,\n  7,\n"
            "  \"quote \\\" and \\n\",\n  {\"a\": 1}\n]\n");
}

TEST(JsonWriter, EscapesKeys) {
  JsonWriter json;
  json.begin_object().key("a\"b").value(1).end_object();
  EXPECT_EQ(std::move(json).take(), "{\n  \"a\\\"b\": 1\n}\n");
}

TEST(JsonWriter, IndentsAnotherDocumentPutIntoIt) {
  JsonWriter inner;
  inner.begin_array().value(1).end_array();
  JsonWriter outer;
  outer.begin_object().key("inner").raw(std::move(inner).take()).key("after").null().end_object();
  EXPECT_EQ(std::move(outer).take(), "{\n  \"inner\": [\n    1\n  ],\n  \"after\": null\n}\n");
}

TEST(JsonWriter, MayBeASingleValue) {
  JsonWriter json;
  json.value("alone");
  EXPECT_EQ(std::move(json).take(), "\"alone\"\n");
}

TEST(JsonWriterDeathTest, RefusesWhatIsNoDocument) {
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.begin_object().value(1);
      },
      "follows its key");
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.begin_array().key("a");
      },
      "keys stand in objects");
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.begin_array().end_object();
      },
      "only an open object");
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.begin_object();
        std::move(json).take();
      },
      "closed value");
  EXPECT_DEATH(
      {
        JsonWriter json;
        json.value(1).value(2);
      },
      "one value");
}

}  // namespace
}  // namespace cordon
