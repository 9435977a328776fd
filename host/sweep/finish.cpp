#include "sweep/finish.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/atomic_file.hpp"
#include "files/record.hpp"
#include "files/run_directory.hpp"
#include "files/run_files.hpp"
#include "sweep/directory.hpp"
#include "sweep/page.hpp"
#include "sweep/table.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

void print_summary(const Json& summary, const fs::path& path, const Options& options) {
    if (options.json) {
        print_json(summary);
        return;
    }
    fmt::print("{} models: {} ok, {} failed, {} not finite, {} worse than predicting zero\n", summary["models"].dump(),
               summary["ok"].dump(), summary["failed"].dump(), summary["not_finite"].dump(),
               summary["worse_than_zero"].dump());
    for (const Json& row : summary["best"])
        fmt::print("{:>7}  relative error {:.4g}  seed {}  {}\n", row["id"].dump(), row["relative_error"].get<double>(),
                   row["seed"].dump(), row["settings"].dump());
    fmt::print("{}\n", (path / run_files::table).string());
}

void finish_sweep(const Plan& plan, const fs::path& path, const Options& options) {
    const std::vector<Row> all = read_pieces(path, plan), rows = last_rungs(all);
    const Json summary = summary_of(rows);
    write_file(path / run_files::table, table_csv(plan.keys(), rows), true);
    write_file(path / run_files::rows, text_of(rows) + "\n", true);
    write_file(path / run_files::sweep_summary, text_of(summary) + "\n", true);
    write_file(path / run_files::timings, timings_csv(all), true);
    std::set<std::int64_t> kept;
    for (const Row& row : ranked(rows))
        if (std::int64_t(kept.size()) < plan.base().sweep.keep) kept.insert(row.id);
    keep_models(path, kept);
    if (!rows.empty())  // a shard of a sweep that has fewer models than shards
        for (const std::string& note : write_sweep_page(path, plan.keys(), rows, summary))
            options.talk().say("{}", note);
    Json record = read_sweep_record(path).json;
    record["status"] = run_complete;
    record["finished"] = now_text();
    write_record_file(path, record);
    print_summary(summary, path, options);
}

}  // namespace lnn
