// JSON of a file: what is wrong is one line with the file, the field and how to mend it, however it is damaged.
#include "files/json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "files/scratch.hpp"

namespace lnn {
namespace {

using Json = nlohmann::ordered_json;

JsonField field_of(const Json& json) { return {json, "r/run.json", "mend it"}; }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, RefusesWhatIsNone) {
    for (const char* text : {"", "{", "[1,", "{\"a\": 1}}", "nan", "1e999", "{\"a\": \"\xff\"}", "\x01"})
        expect_error(Exit::file, {"r/run.json: not JSON", "; mend it"},
                     [&] { parse_json(text, "r/run.json", "mend it"); });
    EXPECT_EQ(parse_json(" [1, 2]\n", "r/run.json"), Json({1, 2}));
}

// none of which may recurse: 30 000 deep is the end of a stack
TEST(Json, RefusesDeepNesting) {
    for (const std::size_t depth : {65, 30'000, 5'000'000})
        expect_error(Exit::file, {"r/run.json: nests more than 64 deep", "mend it"},
                     [&] { parse_json(nested(depth), "r/run.json", "mend it"); });
    expect_error(Exit::file, {"nests more than 64 deep"}, [&] {
        std::string text;
        for (int i = 0; i < 30'000; ++i) text += "{\"a\":";
        parse_json(text, "x");
    });
    EXPECT_EQ(parse_json(nested(64), "x").dump(), nested(64));
    const std::string quoted = "[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]";
    EXPECT_EQ(parse_json(quoted, "x").dump(), quoted) << "brackets of a text are none";
    const std::string flat = "[" + nested(1) + std::string(1000, ' ') + [] {
        std::string all;
        for (int i = 0; i < 1000; ++i) all += ",[]";
        return all;
    }() + "]";
    EXPECT_EQ(parse_json(flat, "x").size(), 1001u) << "beside each other is not within each other";
}

TEST(Json, NamesFileAndField) {
    const Json json = {{"shard", {{"count", 0}}}, {"rows", {{{"id", "x"}}}}, {"none", nullptr}};
    const JsonField field = field_of(json);
    expect_error(Exit::file, {"r/run.json: 'shard/count' is 0, but has to be a whole number from 1 to 9; mend it"},
                 [&] { field.at("shard").at("count").integer(1, 9); });
    expect_error(Exit::file, {"r/run.json: 'shard/index' is missing; mend it"}, [&] { field.at("shard").at("index"); });
    expect_error(Exit::file, {"'rows/0/id' is \"x\", but has to be a number"},
                 [&] { field.at("rows").items()[0].at("id").number(); });
    expect_error(Exit::file, {"'shard' is an object, but has to be text"}, [&] { field.at("shard").text(); });
    expect_error(Exit::file, {"'none' is null, but has to be an object"}, [&] { field.at("none").at("x"); });
    expect_error(Exit::file, {"what it holds is 3, but has to be an object"}, [&] { field_of(3).at("x"); });
    EXPECT_FALSE(field.find("absent"));
    EXPECT_TRUE(field.find("none")->is_null());
    const Json endless = std::string(100'000, '\n');
    expect_error(Exit::file, {"what it holds is \"\\n"}, [&] { field_of(endless).number(); });
}

TEST(Json, IntegersAreWholeAndInRange) {
    const auto integer = [](const Json& json) { return field_of(json).integer(-2, 100); };
    EXPECT_EQ(integer(-2), -2);
    EXPECT_EQ(integer(100u), 100);
    for (const Json& wrong : {Json(-3), Json(101), Json(1.0), Json(1e12), Json("1"), Json(true), Json(nullptr),
                              Json(9223372036854775808u), Json(18446744073709551615u), Json(INT64_MIN)})
        expect_error(Exit::file, {"a whole number from -2 to 100"}, [&] { integer(wrong); });
    EXPECT_EQ(field_of(Json(18446744073709551615u)).unsigned_integer(), 18446744073709551615u);
    expect_error(Exit::file, {"is -1"}, [] { field_of(Json(-1)).unsigned_integer(); });
}

TEST(Json, ListsAreOfTheirLength) {
    EXPECT_EQ(field_of({1, 2}).counts(2), (std::vector<std::int64_t>{1, 2}));
    expect_error(Exit::file, {"is a list of 2, but has to be one of 3"}, [] {
        const Json json = {{"steps", {1, 2}}};
        field_of(json).at("steps").counts(3);
    });
    expect_error(Exit::file, {"'steps/1' is -1"}, [] {
        const Json json = {{"steps", {1, -1}}};
        field_of(json).at("steps").counts(2);
    });
    expect_error(Exit::file, {"a list"}, [] { field_of(7).counts(1); });
}

TEST(Json, BitsHoldWhatJsonHasNoWordFor) {
    const std::vector<double> values = {0.1, -0.0, INFINITY, NAN};
    const Json json = bits_of(values);
    EXPECT_EQ(bits_of(field_of(json).bits(4)), bits_of(values));
    expect_error(Exit::file, {"a whole number of at least 0"}, [] { field_of({1, 0.5}).bits(2); });
}

}  // namespace
}  // namespace lnn
