// The rows of a sweep: what is told of them, and that they are the same after a file.
#include "sweep/table.hpp"

#include <gtest/gtest.h>

namespace lnn {
namespace {

Row row(std::int64_t id, int rung, double relative_error) {
    Row row{.id = id, .settings = {{"train.lr", 0.1}}, .rung = rung, .seed = 7};
    row.loss = row.error = 1;
    row.relative_error = relative_error;
    return row;
}

std::vector<std::int64_t> ids_of(const std::vector<Row>& rows) {
    std::vector<std::int64_t> ids;
    for (const Row& row : rows) ids.push_back(row.id);
    return ids;
}

using Ids = std::vector<std::int64_t>;

TEST(Table, ARowReadsBackAsItWas) {
    Row failed = row(3, 1, NAN);
    failed.failed_at = 12;
    for (const Row& written : {row(2, 0, 0.25), failed}) {
        const nlohmann::ordered_json json = written;
        const Row back = row_of({json, "piece.json", ""});
        EXPECT_EQ(nlohmann::ordered_json(back), json);
        EXPECT_EQ(back.failed(), written.failed());
        EXPECT_EQ(std::isnan(back.relative_error), std::isnan(written.relative_error));
    }
}

TEST(Table, TheBestStandFirst) {
    EXPECT_EQ(ids_of(ranked({row(0, 0, 0.9), row(1, 0, 0.1), row(2, 0, NAN), row(3, 0, 0.2)})), (Ids{1, 3, 0}));
}

TEST(Table, OfEachModelTheLastRungCounts) {
    std::vector<Row> rows = {row(1, 1, 0.3), row(0, 0, 0.9), row(1, 0, 0.1)};
    sort_rows(rows);
    const std::vector<Row> last = last_rungs(rows);
    EXPECT_EQ(ids_of(last), (Ids{0, 1}));
    EXPECT_EQ(last[1].rung, 1);
}

TEST(Table, ACellWithACommaIsQuoted) {
    Row listed = row(0, 0, 0.5);
    listed.settings = {{"model.hidden", {8, 8}}};
    EXPECT_EQ(table_csv({"model.hidden"}, {listed}),
              "id,model.hidden,rung,seed,status,failed_at,skipped,rolled_back,truncated,loss,error,relative_error\n"
              "0,\"[8,8]\",0,7,ok,,0,0,0,1.0,1.0,0.5\n");
}

TEST(Table, TheSummaryCountsEveryFate) {
    Row failed = row(3, 0, NAN);
    failed.failed_at = 12;
    const auto summary = summary_of({row(0, 0, 0.5), row(1, 0, 2), row(2, 0, NAN), failed});
    EXPECT_EQ(summary["models"], 4);
    EXPECT_EQ(summary["failed"], 1);
    EXPECT_EQ(summary["not_finite"], 1);
    EXPECT_EQ(summary["worse_than_zero"], 1);
    EXPECT_EQ(summary["best"].size(), 2u);
}

}  // namespace
}  // namespace lnn
