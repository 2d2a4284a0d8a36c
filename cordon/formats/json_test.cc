#include "cordon/formats/json.h"

#include <gtest/gtest.h>

#include <string>

namespace cordon::formats {
namespace {

struct Read {
  JsonRead json;
  Diagnostics found;
};

Read read(std::string_view text, JsonOptions options = {}) {
  Sources sources;
  SourceId id = sources.add("f.json", std::string(text));
  ProfileReporter report(sources);
  JsonRead json = parse_json(sources, id, options, report);
  return {std::move(json), std::move(report).take()};
}

// "1:3 error message" for each diagnostic, joined by newlines.
std::string told(const Diagnostics& found) {
  std::string lines;
  for (const Diagnostic& item : found) {
    if (!lines.empty()) lines += "\n";
    lines += std::to_string(item.place.line) + ":" + std::to_string(item.place.column) +
             (item.severity == Severity::error ? " error " : " warning ") + item.message;
  }
  return lines;
}

struct Row {
  const char* name;
  std::string_view text;
  const char* expected;
};

TEST(Json, TellsEveryFaultWithItsPlace) {
  const Row rows[] = {
      {"missing comma in an array", "[1 2]", "1:3 error expected ',' between array elements"},
      {"missing comma in an object", "{\"a\": 1\n \"b\": 2}", "1:8 error expected ',' between object members"},
      {"trailing comma in an array", "[1,]", "1:3 error trailing comma before ']'"},
      {"trailing comma in an object", "{\"a\":1 , }", "1:8 error trailing comma before '}'"},
      {"a comma first", "[,1]", "1:2 error expected a value before ','"},
      {"two commas", "[1,,2]", "1:4 error expected a value between two commas"},
      {"line comment", "// x\n1", "1:1 error JSON has no comments"},
      {"block comment", "[/* x */1]", "1:2 error JSON has no comments"},
      {"open comment", "[1 /* x", "1:4 error the comment that begins here is not closed"},
      {"missing colon", "{\"a\" 1}", "1:5 error expected ':' after the key"},
      {"equals sign for a colon", "{\"a\" = 1}", "1:5 error expected ':' after the key"},
      {"key without quotes", "{a: 1}", "1:2 error a key must be in double quotes"},
      {"key in single quotes", "{'a': 1}", "1:2 error a key must be in double quotes"},
      {"number for a key", "{[1]}",
       "1:2 error expected a key in double quotes, found '['\n"
       "1:2 error expected ':' after the key"},
      {"no value", "{\"a\": }", "1:7 error expected a JSON value, found '}'"},
      {"no value before a comma", "{\"a\": , \"b\": 1}", "1:7 error expected a JSON value, found ','"},
      {"wrong word", "[True]", "1:2 error expected a JSON value, found 'True'"},
      {"word without quotes", "{\"a\": SCMP_ACT_ALLOW}", "1:7 error expected a JSON value, found 'SCMP_ACT_ALLOW'"},
      {"string in single quotes", "['a']", "1:2 error a string must be in double quotes"},
      {"empty string in single quotes", "['']", "1:2 error a string must be in double quotes"},
      {"open array", "[1", "1:1 error the array that begins here is not closed"},
      {"open object", "{\"a\": 1", "1:1 error the object that begins here is not closed"},
      {"open object in an array is told once", "[{\"a\": 1", "1:2 error the object that begins here is not closed"},
      {"array closed by its object's brace", "{\"a\": [1}", "1:9 error expected ']' before '}'"},
      {"array closed by a brace", "[1}", "1:3 error expected ']' before '}'"},
      {"text after the value", "{} x", "1:4 error unexpected 'x' after the end of the JSON value"},
      {"empty", "", "1:1 error the file holds no JSON value"},
      {"only blanks", " \n ", "2:2 error the file holds no JSON value"},
      {"no JSON", "#!/bin/sh",
       "1:1 error expected a JSON value, found '#'\n"
       "1:2 error unexpected '!' after the end of the JSON value"},
      {"open string", "[\"ab\n]", "1:2 error the string is not closed before the end of the line"},
      {"open string at the end", "\"ab", "1:1 error the string is not closed before the end of the line"},
      {"open string, Windows line", "[\"ab\r\n]", "1:2 error the string is not closed before the end of the line"},
      {"tab in a string", "\"a\tb\"", "1:3 error control character 0x9 in a string"},
      {"unknown escape", "\"\\q\"", "1:2 error unknown escape in a string"},
      {"short \\u", "\"\\u12\"", "1:2 error expected four hexadecimal digits after \\u"},
      {"signed \\u", "\"\\u-123\"", "1:2 error expected four hexadecimal digits after \\u"},
      {"high surrogate alone", "\"\\ud800x\"", "1:2 error half of a surrogate pair"},
      {"two high surrogates", "\"\\ud800\\ud800\"", "1:2 error half of a surrogate pair"},
      {"low surrogate alone", "\"\\udc00\"", "1:2 error half of a surrogate pair"},
      {"invalid UTF-8", "\"a\xff\xfe\"", "1:3 error invalid UTF-8: byte 0xff in a string"},
      {"overlong UTF-8", "\"\xc0\x80\"", "1:2 error invalid UTF-8: byte 0xc0 in a string"},
      {"overlong in three bytes", "\"\xe0\x80\x80\"", "1:2 error invalid UTF-8: byte 0xe0 in a string"},
      {"surrogate in UTF-8", "\"\xed\xa0\x80\"", "1:2 error invalid UTF-8: byte 0xed in a string"},
      {"UTF-8 beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", "1:2 error invalid UTF-8: byte 0xf4 in a string"},
      {"cut UTF-8", "\"\xe2\x82\"", "1:2 error invalid UTF-8: byte 0xe2 in a string"},
      {"byte order mark", "\xef\xbb\xbf{}",
       "1:1 error the file begins with a byte order mark, which JSON does not allow"},
      {"UTF-16", std::string_view("\xff\xfe{\0}\0", 6), "1:1 error the file is UTF-16, JSON is UTF-8"},
      {"hexadecimal", "[0x10]", "1:2 error JSON has no hexadecimal numbers"},
      {"octal", "[0777]", "1:2 error JSON numbers have no leading zeros and no octal form"},
      {"minus alone", "[-]", "1:2 error expected a digit after '-'"},
      {"no digit after the dot", "[1.]", "1:2 error expected a digit after '.'"},
      {"no digit in the exponent", "[1e+]", "1:2 error expected a digit in the exponent"},
      {"two dots", "[1.2.3]", "1:2 error unexpected '.' in a number"},
      {"plus sign", "[+1]", "1:2 error expected a JSON value, found '+1'"},
  };
  for (const Row& row : rows) EXPECT_EQ(told(read(row.text).found), row.expected) << row.name;
}

TEST(Json, NamesTheCure) {
  const Row rows[] = {
      {"missing comma", "[1 2]", "add a comma here"},
      {"trailing comma", "[1,]", "remove the comma"},
      {"octal", "[0777]", "write 511"},
      {"hexadecimal", "[0x7e020000]", "write 2114060288"},
      {"open array inside an object", "{\"a\": [1}", "add ']'"},
      {"array closed by a brace", "[1}", "replace it by ']'"},
  };
  for (const Row& row : rows) {
    Read result = read(row.text);
    ASSERT_FALSE(result.found.empty()) << row.name;
    EXPECT_EQ(result.found.begin()->hint, row.expected) << row.name;
    EXPECT_EQ(result.found.begin()->code, "json-syntax") << row.name;
  }
}

TEST(Json, AcceptsCommaFaultsAndCommentsLenientlyWithWarnings) {
  const Row rows[] = {
      {"missing comma", "[1 2]", "1:3 warning expected ',' between array elements"},
      {"trailing comma", "[1,]", "1:3 warning trailing comma before ']'"},
      {"line comment", "[1] // x", "1:5 warning JSON has no comments"},
      {"block comment", "[/* x\n */1]", "1:2 warning JSON has no comments"},
      {"a doubled comma stays an error", "[1,,2]", "1:4 error expected a value between two commas"},
  };
  for (const Row& row : rows) EXPECT_EQ(told(read(row.text, {.lenient = true}).found), row.expected) << row.name;
}

TEST(Json, ReadsWhatTheWriterMeantAfterACertainFault) {
  Read result = read("{\"a\": [1 2,] \"b\": 3}");
  ASSERT_TRUE(result.json.root);
  EXPECT_TRUE(result.json.is_certain);
  ASSERT_EQ(result.json.root->members.size(), 2u);
  EXPECT_EQ(result.json.root->members[0].value.items.size(), 2u);
  EXPECT_EQ(result.json.root->members[1].value.integer, 3u);
  EXPECT_FALSE(read("[True]").json.is_certain);
  EXPECT_FALSE(read("[1").json.is_certain);
}

TEST(Json, KeepsThePlaceOfEveryValueAndKey) {
  std::string text = "{\"key\": [true, \"s\", {}], \"n\": -12}";
  Read result = read(text);
  ASSERT_TRUE(result.found.empty());
  auto written = [&](Span span) { return text.substr(span.begin, span.end - span.begin); };
  const JsonValue& root = *result.json.root;
  EXPECT_EQ(written(root.span), text);
  EXPECT_EQ(written(root.members[0].key_span), "\"key\"");
  EXPECT_EQ(written(root.members[0].value.span), "[true, \"s\", {}]");
  EXPECT_EQ(written(root.members[0].value.items[0].span), "true");
  EXPECT_EQ(written(root.members[0].value.items[1].span), "\"s\"");
  EXPECT_EQ(written(root.members[0].value.items[2].span), "{}");
  EXPECT_EQ(written(root.members[1].value.span), "-12");
}

TEST(Json, KeepsRepeatedKeysInOrder) {
  Read result = read("{\"a\": 1, \"a\": 2}");
  ASSERT_EQ(result.json.root->members.size(), 2u);
  EXPECT_EQ(result.json.root->members[0].value.integer, 1u);
  EXPECT_EQ(result.json.root->members[1].value.integer, 2u);
}

TEST(Json, DecodesEveryEscape) {
  Read result = read(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00\u0000")");
  ASSERT_TRUE(result.found.empty()) << told(result.found);
  EXPECT_EQ(result.json.root->text, std::string("\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0", 19));
}

TEST(Json, TellsWhatKindOfNumberIsWritten) {
  using Form = JsonValue::NumberForm;
  struct {
    const char* text;
    Form form;
    uint64_t integer;
  } rows[] = {
      {"0", Form::integer, 0},
      {"18446744073709551615", Form::integer, UINT64_MAX},
      {"18446744073709551616", Form::too_large, 0},
      {"9007199254740993", Form::integer, 9007199254740993u},
      {"-1", Form::negative, 0},
      {"-0", Form::negative, 0},
      {"1.0", Form::fraction, 0},
      {"1e3", Form::exponent, 0},
      {"1.5E-3", Form::exponent, 0},
  };
  for (const auto& row : rows) {
    Read result = read(row.text);
    ASSERT_TRUE(result.found.empty()) << row.text;
    EXPECT_EQ(result.json.root->form, row.form) << row.text;
    EXPECT_EQ(result.json.root->text, row.text);
    EXPECT_EQ(result.json.root->integer, row.integer) << row.text;
  }
}

TEST(Json, RefusesNestingBeyondItsLimit) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(read(nested(kMaxJsonDepth)).found.empty());
  EXPECT_EQ(told(read(nested(kMaxJsonDepth + 1)).found), "1:129 error nested deeper than 128 levels");
  EXPECT_EQ(read(std::string(1000000, '[')).found.size(), 1u);
}

TEST(Json, StopsAfterTwentyErrors) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "1 ";
  EXPECT_EQ(read(text + "]").found.size(), ProfileReporter::kMaxErrors);
}

}  // namespace
}  // namespace cordon::formats
