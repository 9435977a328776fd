// What a sweep reads of its own files is what it can have written; anything else is one line that names file and field.
#include "sweep/directory.hpp"

#include <fmt/format.h>

#include "files/scratch.hpp"
#include "sweep/plans.hpp"

namespace lnn {
namespace {

using Json = nlohmann::ordered_json;

const std::string two = "train.lr=0.1,0.01";

Json record_of(Json shard) {
    return {{"status", "started"}, {"command", "sweep"}, {"backend", "cpu"}, {"shard", std::move(shard)}};
}

SweepRecord parsed(const Json& json) { return parse_sweep_record(json.dump(), "s/run.json"); }

TEST(SweepRecord, IsReadAsItWasWritten) {
    const SweepRecord record = parsed(record_of({{"index", 2}, {"count", 3}}));
    EXPECT_EQ(record.shard.index, 2);
    EXPECT_EQ(record.shard.count, 3);
    EXPECT_EQ(record.backend, "cpu");
    EXPECT_EQ(record.isa, "");
    EXPECT_FALSE(record.complete);
    Json complete = record_of({{"index", 0}, {"count", 1}});
    complete["status"] = "complete";
    EXPECT_TRUE(parsed(complete).complete);
}

TEST(SweepRecord, NamesWhatIsWrong) {
    const auto wrong = [](const Json& json, const std::string& field) {
        expect_error(Exit::file, {"s/run.json: ", field, "; "}, [&] { parsed(json); });
    };
    for (const Json& count : {Json(0), Json(-1), Json(1'000'001), Json(1e12), Json("x"), Json(nullptr)})
        wrong(record_of({{"index", 0}, {"count", count}}), "'shard/count' is ");
    for (const Json& index : {Json(-1), Json(3), Json(9223372036854775808u), Json(Json::array())})
        wrong(record_of({{"index", index}, {"count", 3}}), "'shard/index' is ");
    wrong(record_of({{"count", 3}}), "'shard/index' is missing");
    wrong(record_of({{1}}), "'shard' is a list");
    for (const char* key : {"status", "command", "backend"})
        for (const Json& value : {Json(3), Json(nullptr), Json({{"a", 1}})}) {
            Json json = record_of({{"index", 0}, {"count", 1}});
            json[key] = value;
            wrong(json, fmt::format("'{}' is ", key));
        }
    for (const char* key : {"status", "command", "shard"}) {
        Json json = record_of({{"index", 0}, {"count", 1}});
        json.erase(key);
        wrong(json, fmt::format("'{}' is missing", key));
    }
    Json run = record_of({{"index", 0}, {"count", 1}});
    run["command"] = "run";
    wrong(run, "not of a sweep; check the path");
}

class Pieces : public testing::Test {
  protected:
    Scratch sweep;
    Plan plan = lnn::plan(two);
    Json good;

    Pieces() {
        make_places(sweep.path());
        Row row;
        row.settings = plan.settings(0);
        row.loss = row.error = row.relative_error = 0.5;
        write_piece(sweep.path(), {row});
        good = Json::parse(slurp(file()));
    }
    std::filesystem::path file() const { return sweep / "results/0-000000.json"; }
    void damaged(const std::string& pointer, const Json& value, const std::string& line) {
        Json json = good;
        json[Json::json_pointer(pointer)] = value;
        spill(file(), json.dump());
        expect_error(Exit::file, {file().string() + ": ", line, "remove it"}, [&] { read_pieces(sweep.path(), plan); });
    }
};

TEST_F(Pieces, AreReadAsTheyWereWritten) { EXPECT_EQ(Json(read_pieces(sweep.path(), plan).at(0)), good[0]["row"]); }

TEST_F(Pieces, NameWhatIsWrong) {
    for (const Json& id : {Json(-1), Json(1e12), Json("x"), Json(nullptr), Json(9223372036854775808u)})
        damaged("/0/row/id", id, "'0/row/id' is ");
    damaged("/0/row/rung", 16, "'0/row/rung' is 16");
    damaged("/0/row/skipped", -1, "'0/row/skipped' is -1");
    damaged("/0/row/failed_at", "x", "'0/row/failed_at' is \"x\"");
    damaged("/0/row/loss", "x", "'0/row/loss' is \"x\"");
    damaged("/0/row/settings", 1, "'0/row/settings' is 1");
    damaged("/0/seconds", -1, "'0/seconds' is -1");
    damaged("/0", 3, "'0' is 3");
}

// which would be a row of another table
TEST_F(Pieces, AreOfThePlan) {
    damaged("/0/row/id", 2, "model 2 on rung 0 is none of this sweep");
    damaged("/0/row/rung", 1, "model 0 on rung 1 is none of this sweep");
    damaged("/0/row/seed", 5, "none of this sweep");
    damaged("/0/row/settings", Json::object(), "none of this sweep");
    damaged("/0/row/settings", {{"train.batch", 4}}, "none of this sweep");
    damaged("/0/row/settings", {{"train.lr", 0.1}, {"train.batch", 4}}, "none of this sweep");
}

}  // namespace
}  // namespace lnn
