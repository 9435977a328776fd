#include "sweep/sweep.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "backends.hpp"
#include "config/schema.hpp"
#include "config/write.hpp"
#include "dry_run.hpp"
#include "evaluation.hpp"
#include "files/atomic_file.hpp"
#include "files/run_directory.hpp"
#include "problem.hpp"
#include "progress.hpp"
#include "record.hpp"
#include "session.hpp"
#include "sweep/page.hpp"
#include "sweep/units.hpp"

namespace lnn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t card_models = 1024;  // of a piece on a card; on the CPU a thread takes one at a time
constexpr std::size_t best_shown = 5;

fs::path model_path(const fs::path& sweep, std::int64_t id) { return sweep / "models" / fmt::format("{:06}.safetensors", id); }

Json row_of(const Plan& plan, int rung, const UnitResult& unit) {
    Json settings = Json::object();
    const Json config = config_to_json(plan.config(unit.id));
    for (const std::string& key : plan.keys()) {
        std::string path = "/" + key;
        std::replace(path.begin(), path.end(), '.', '/');
        settings[key] = config.at(Json::json_pointer(path));
    }
    const bool failed = unit.failed_at >= 0;
    return {{"id", unit.id},
            {"settings", settings},
            {"rung", rung},
            {"seed", plan.seed(unit.id)},
            {"status", failed ? "failed" : "ok"},
            {"failed_at", failed ? Json(unit.failed_at) : Json(nullptr)},
            {"skipped", unit.skipped},
            {"rolled_back", unit.rolled_back},
            {"truncated", unit.truncated},
            {"loss", finite_or_null(unit.loss)},
            {"error", finite_or_null(unit.error)},
            {"relative_error", finite_or_null(unit.relative_error)}};
}

std::string cell(const Json& value) {
    if (value.is_null()) return "";
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (text.find_first_of(",\"\n") == text.npos) return text;
    for (std::size_t at = 0; (at = text.find('"', at)) != text.npos; at += 2) text.insert(at, 1, '"');
    return '"' + text + '"';
}

std::string table_csv(const Plan& plan, const std::vector<Json>& rows) {
    const char* const figures[] = {"rung",        "seed",        "status",    "failed_at", "skipped",       "rolled_back",
                                   "truncated", "loss",      "error",     "relative_error"};
    std::string text = fmt::format("id,{},{}\n", fmt::join(plan.keys(), ","), fmt::join(figures, ","));
    for (const Json& row : rows) {
        text += row["id"].dump();
        for (const std::string& key : plan.keys()) text += "," + cell(row["settings"][key]);
        for (const char* name : figures) text += "," + cell(row[name]);
        text += '\n';
    }
    return text;
}

// rows with a finite error, the best first
std::vector<Json> ranked(const std::vector<Json>& rows) {
    std::vector<Json> best;
    for (const Json& row : rows)
        if (row["relative_error"].is_number()) best.push_back(row);
    std::stable_sort(best.begin(), best.end(), [](const Json& a, const Json& b) {
        return a["relative_error"].get<double>() < b["relative_error"].get<double>();
    });
    return best;
}

Json summary_of(const std::vector<Json>& rows) {
    std::int64_t failed = 0, worse = 0, skipping = 0, rolling_back = 0;
    for (const Json& row : rows) {
        skipping += row["skipped"] > 0;
        rolling_back += row["rolled_back"] > 0;
        failed += row["status"] == "failed";
        worse += row["relative_error"].is_number() && row["relative_error"].get<double>() >= 1;
    }
    std::vector<Json> best = ranked(rows);
    const std::int64_t models = std::int64_t(rows.size());
    Json summary = {{"models", models},
                    {"ok", models - failed},
                    {"failed", failed},
                    {"failed_share", models ? Json(double(failed) / double(models)) : Json(nullptr)},
                    {"not_finite", models - failed - std::int64_t(best.size())},
                    {"worse_than_zero", worse},
                    {"skipped_steps", skipping},
                    {"rolled_back", rolling_back}};
    best.resize(std::min(best.size(), best_shown));
    summary["best"] = best;
    return summary;
}

void print_summary(const Json& summary, const fs::path& path, const Options& options) {
    if (options.json) {
        fmt::print("{}\n", summary.dump(2));
        return;
    }
    fmt::print("{} models: {} ok, {} failed, {} not finite, {} worse than predicting zero\n", summary["models"].dump(),
               summary["ok"].dump(), summary["failed"].dump(), summary["not_finite"].dump(), summary["worse_than_zero"].dump());
    for (const Json& row : summary["best"])
        fmt::print("{:>7}  relative error {:.4g}  seed {}  {}\n", row["id"].dump(), row["relative_error"].get<double>(),
                   row["seed"].dump(), row["settings"].dump());
    fmt::print("{}\n", (path / "table.csv").string());
}

void sort_units(std::vector<Json>& units) {
    std::sort(units.begin(), units.end(), [](const Json& a, const Json& b) {
        const Json &x = a["row"], &y = b["row"];
        return x["id"] != y["id"] ? x["id"] < y["id"] : x["rung"] < y["rung"];
    });
}

// each {row, seconds}, by number, then by rung
std::vector<Json> finished(const fs::path& sweep) {
    std::vector<Json> all;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(sweep / "results", absent)) {
        if (entry.path().filename().string().starts_with(".")) continue;
        const Json piece = Json::parse(read_file(entry.path()), nullptr, false);
        if (!piece.is_array())
            throw Error(Exit::file, fmt::format("{}: not JSON; remove it, and its models are trained again with --resume",
                                                entry.path().string()));
        for (const Json& unit : piece) all.push_back(unit);
    }
    sort_units(all);
    return all;
}

// of each model the highest rung it came to
std::vector<Json> last_rungs(const std::vector<Json>& units) {
    std::vector<Json> last;
    for (const Json& unit : units) {
        if (!last.empty() && last.back()["row"]["id"] == unit["row"]["id"]) last.pop_back();
        last.push_back(unit);
    }
    return last;
}

// the better half of those that were on a rung, by number
std::vector<std::int64_t> better_half(const std::vector<Json>& units, int rung) {
    std::vector<Json> rows;
    for (const Json& unit : units)
        if (unit["row"]["rung"] == rung) rows.push_back(unit["row"]);
    const std::vector<Json> best = ranked(rows);
    std::vector<std::int64_t> ids;
    for (std::size_t k = 0; k < std::min(best.size(), (rows.size() + 1) / 2); ++k) ids.push_back(best[k]["id"]);
    std::sort(ids.begin(), ids.end());
    return ids;
}

// everything that is made of the rows; `record` is complete thereafter
Exit finish(const Plan& plan, const fs::path& path, const std::vector<Json>& units, Json record, const Options& options) {
    std::vector<Json> rows;
    std::string timings = "id,rung,seconds\n";
    for (const Json& unit : units)
        timings += fmt::format("{},{},{:.3f}\n", unit["row"]["id"].dump(), unit["row"]["rung"].dump(), unit["seconds"].get<double>());
    for (const Json& unit : last_rungs(units)) rows.push_back(unit["row"]);
    const Json summary = summary_of(rows);
    write_file(path / "table.csv", table_csv(plan, rows), true);
    write_file(path / "table.json", Json(rows).dump(2) + "\n", true);
    write_file(path / "summary.json", summary.dump(2) + "\n", true);
    write_file(path / "timings.csv", timings, true);
    std::set<fs::path> kept;
    for (const Json& row : ranked(rows))
        if (std::int64_t(kept.size()) < plan.base().sweep.keep) kept.insert(model_path(path, row["id"]));
    std::vector<fs::path> others;
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(path / "models", absent))
        if (!kept.contains(entry.path())) others.push_back(entry.path());
    for (const fs::path& other : others) remove_tree(other);
    record["status"] = run_complete;
    record["finished"] = now_text();
    write_record_file(path, record);
    if (!rows.empty())  // a shard of a sweep that has fewer models than shards
        for (const std::string& note : write_sweep_page(path, plan.keys(), rows, summary)) say(!options.quiet, note);
    print_summary(summary, path, options);
    return Exit::ok;
}

// trains what is not trained yet of `wanted` on a rung; whether that is all
bool train_rung(const Plan& plan, int rung, const std::vector<std::int64_t>& wanted, const fs::path& path, Backend& backend,
                const Options& options) {
    std::set<std::int64_t> done;
    for (const Json& unit : finished(path))
        if (unit["row"]["rung"] == rung) done.insert(unit["row"]["id"].get<std::int64_t>());
    std::vector<std::int64_t> ids;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(ids), [&](std::int64_t id) { return !done.contains(id); });
    const BackendInfo info = backend.info();
    const bool card = info.name != "cpu";
    const auto jobs = pieces(plan, ids, card ? card_models : 1);
    const int workers = card ? 1 : int(std::clamp<std::size_t>(jobs.size(), 1, std::size_t(info.threads)));
    make_directories(path / "results");
    make_directories(path / "models");
    Progress progress("sweep", "models", std::int64_t(ids.size()), !options.quiet && !options.no_progress);
    std::mutex mutex;
    std::exception_ptr error;
    std::int64_t trained = 0;
    std::atomic<std::size_t> next = 0;
    const auto take = [&](Backend& own) {
        try {
            for (std::size_t j; (j = next++) < jobs.size();) {
                const auto results = train_piece(own, plan, rung, jobs[j]);
                if (!results) return;
                Json piece = Json::array();
                for (const UnitResult& unit : *results) {
                    if (unit.failed_at < 0)
                        write_safetensors(model_path(path, unit.id), network_file(unit.network, weights_in_f64(plan.config(unit.id))), true);
                    piece.push_back({{"row", row_of(plan, rung, unit)}, {"seconds", unit.seconds}});
                }
                // last: with it the piece is done
                write_file(path / "results" / fmt::format("{}-{:06}.json", rung, jobs[j][0]), piece.dump() + "\n", true);
                const std::lock_guard lock(mutex);
                progress.show(trained += std::int64_t(jobs[j].size()));
                if (stop_requested() != Stop::none) return;
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!error) error = std::current_exception();
            next = jobs.size();
        }
    };
    if (card) {
        take(backend);
    } else {
        std::vector<std::jthread> threads;
        for (int w = 0; w < workers; ++w)
            threads.emplace_back([&] {
                BackendOptions one;
                one.threads = std::max(1, info.threads / workers);
                one.isa = info.isa;
                const auto own = make_cpu_backend(one);
                take(*own);
            });
    }
    progress.finish();
    if (error) std::rethrow_exception(error);
    if (trained < std::int64_t(ids.size()))
        say(!options.quiet, fmt::format("stopped with {} of {} models to do{}; go on with: lnn_gpu sweep --resume {}",
                                        std::int64_t(ids.size()) - trained, wanted.size(),
                                        plan.rungs() > 1 ? fmt::format(" on rung {} of {}", rung + 1, plan.rungs()) : "", path.string()));
    return trained == std::int64_t(ids.size());
}

Exit work(const Plan& plan, const RunDirectory& directory, Json record, const Options& options) {
    const fs::path& path = directory.path();
    std::vector<std::int64_t> ids;
    for (std::int64_t id = record["shard"]["index"]; id < plan.units(); id += record["shard"]["count"].get<std::int64_t>())
        ids.push_back(id);
    std::string note;
    const auto backend = open_training_backend(plan.base(), note);
    say(!options.quiet && !note.empty(), note);
    for (int rung = 0; rung < plan.rungs(); ++rung) {
        if (rung > 0) ids = better_half(finished(path), rung - 1);
        if (!train_rung(plan, rung, ids, path, *backend, options))
            return stop_requested() == Stop::interrupt ? Exit::interrupted : Exit::stopped;
    }
    return finish(plan, path, finished(path), std::move(record), options);
}

Json read_record(const fs::path& path) {
    Json record = Json::parse(read_file(path / "run.json"), nullptr, false);
    if (!record.is_object() || record.value("command", "") != "sweep" || !record.contains("shard"))
        throw Error(Exit::file, fmt::format("{} is not a sweep; check the path", path.string()));
    return record;
}

Config base_of(const fs::path& path) {
    Sources sources;
    sources.file = (path / "config.toml").string();
    sources.environment = false;
    return load(sources);
}

}  // namespace

Exit start_sweep(const Options& options, Shard shard) {
    Config base = resolve(options);
    read_work(base, "", options);
    if (base.data.is_file())
        base.data.source = fmt::format("{}{}", Config::Data::file_prefix, fs::absolute(base.data.file()).string());
    const Plan plan(base);
    if (plan.rungs() > 1 && shard.count > 1)
        throw Error(Exit::usage, "--shard: halving compares all models, which no shard has; set sweep.halving to 1");
    if (options.dry_run) {
        print_dry_run(base, options);
        if (options.json) return Exit::ok;
        for (std::int64_t id = 0; id < plan.units(); id += base.run.seeds) {
            fmt::print("#");
            for (const Setting& setting : plan.point(id)) fmt::print(" {}={}", setting.key, setting.value);
            fmt::print("\n");
        }
        fmt::print("# {} models in all; the estimate is of the settings above\n", plan.units());
        return Exit::ok;
    }
    std::string note;
    open_training_backend(base, note);
    catch_stop_signals();
    const RunDirectory directory = RunDirectory::create(options.out, options.force);
    Json record = begin_record("sweep", base.run.seed);
    record["shard"] = {{"index", shard.index}, {"count", shard.count}};
    write_record_file(directory.path(), record);
    write_file(directory.path() / "config.toml", config_to_toml(base), true);  // last: now it is a sweep
    return work(plan, directory, std::move(record), options);
}

Exit resume_sweep(const fs::path& path, const Options& options) {
    catch_stop_signals();
    const RunDirectory directory = RunDirectory::open(path);
    const Json record = read_record(path);
    const Plan plan(run_config(path, options));
    if (record["status"] != run_complete) return work(plan, directory, record, options);
    print_summary(Json::parse(read_file(path / "summary.json")), path, options);
    return Exit::ok;
}

bool is_sweep(const fs::path& path) {
    if (!fs::exists(path / "run.json")) return false;
    const Json record = Json::parse(read_file(path / "run.json"), nullptr, false);
    return record.is_object() && record.value("command", "") == "sweep";
}

std::vector<std::string> report_sweep(const fs::path& path) {
    const Plan plan(base_of(path));
    std::vector<Json> rows;
    for (const Json& unit : last_rungs(finished(path))) rows.push_back(unit["row"]);
    if (rows.empty()) throw Error(Exit::file, fmt::format("{0}: no model is trained there; where it is unfinished, go on with: lnn_gpu sweep --resume {0}", path.string()));
    return write_sweep_page(path, plan.keys(), rows, summary_of(rows));
}

Exit merge_sweeps(const std::vector<fs::path>& shards, const Options& options) {
    std::vector<Json> units;
    std::set<std::int64_t> ids;
    const Config base = base_of(shards[0]);
    const Plan plan(base);
    for (const fs::path& path : shards) {
        if (read_record(path)["status"] != run_complete)
            throw Error(Exit::file, fmt::format("{0} is unfinished; go on with: lnn_gpu sweep --resume {0}", path.string()));
        for (const std::string& key : differences(base, base_of(path)))
            if (key != "run.threads" && key != "run.device")
                throw Error(Exit::file, fmt::format("{} and {} differ in {}; merge shards of one sweep", shards[0].string(),
                                                    path.string(), key));
        for (Json& unit : finished(path)) {
            if (!ids.insert(unit["row"]["id"].get<std::int64_t>()).second)
                throw Error(Exit::file, fmt::format("{}: model {} is in another shard, too; name each shard once", path.string(),
                                                    unit["row"]["id"].dump()));
            units.push_back(std::move(unit));
        }
    }
    if (std::int64_t(ids.size()) != plan.units())
        throw Error(Exit::file, fmt::format("{} of {} models are there; name all shards", ids.size(), plan.units()));
    for (const fs::path& path : shards)  // starting anew would take its models away
        if (std::error_code absent; fs::equivalent(path, options.out, absent))
            throw Error(Exit::usage, fmt::format("--out {} is one of the shards; give another directory", options.out));
    sort_units(units);
    const RunDirectory directory = RunDirectory::create(options.out, options.force);
    const fs::path& out = directory.path();
    Json record = begin_record("sweep", base.run.seed);
    record["shard"] = {{"index", 0}, {"count", 1}};
    write_record_file(out, record);
    write_file(out / "config.toml", config_to_toml(base), true);
    make_directories(out / "results");
    make_directories(out / "models");
    for (const fs::path& path : shards)
        for (const std::int64_t id : ids)
            if (fs::exists(model_path(path, id))) write_file(model_path(out, id), read_file(model_path(path, id)), true);
    write_file(out / "results" / "000000.json", Json(units).dump() + "\n", true);
    return finish(plan, out, units, std::move(record), options);
}

}  // namespace lnn
