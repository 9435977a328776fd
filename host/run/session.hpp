// One run directory being worked in: its configuration, its backend, its record (run.json), and the stages that
// `run`, `train`, `eval` and `report` are made of. Each stage leaves its files behind, so that the next can be
// started from them by another process.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "files/run_directory.hpp"
#include "lnn/backend.hpp"
#include "problem/network.hpp"
#include "run/options.hpp"
#include "run/work.hpp"
#include "settings/config.hpp"
#include "terminal/signals.hpp"

namespace lnn {

struct RunModels;

class Session {
  public:
    // a new run of `command` ("run", "train") in --out or the next free directory under runs/
    static Session start(const std::string& command, Config, const Options&, const std::string& init_from = "");
    // a run that is there; its own configuration, backend, threads, precision and seed
    static Session open(const std::filesystem::path& run, const Options&);

    // Training, then, in a `run`, evaluation and report; nothing where it is complete. ok, stopped or interrupted;
    // Exit::numerics is thrown if no model survived.
    Exit work(const Work&);
    // Stages, each from the files of the one before
    Exit train(const Work&);
    Exit evaluate(const Work&);
    void report();

    const Config& config() const { return config_; }
    const std::filesystem::path& path() const { return directory_.path(); }
    bool complete() const { return record_.value("status", "") == run_complete; }
    std::string init_from() const { return record_.value("init_from", ""); }  // first weights; "": fresh ones
    const std::string& results() const { return results_; }                   // tables of what was evaluated
    nlohmann::ordered_json json() const;                                      // the same for --json

  private:
    Config config_;
    Options options_;
    RunDirectory directory_;
    std::unique_ptr<Backend> backend_;
    nlohmann::ordered_json record_;  // run.json
    std::string results_;

    Session(Config, const Options&, std::unique_ptr<Backend>, RunDirectory);
    void record_backend(const std::string& note);
    Exit stopped(Stop, const std::string& where);
    void write_record();
    bool is_whole() const { return record_.value("command", "") == "run"; }  // to the report, not training alone
    Talk talk() const { return options_.talk(); }
    void compare_with_held_out(const RunModels&, const Work&);   // what was measured
    Exit compare_with_system(const RunModels&, const Problem&);  // the true equations
    void save_models(const std::vector<Network>&, const std::vector<std::int64_t>& failed, bool f64);
};

void print_results(const Session&, const Options&);  // on stdout

// the models of a run: by seed, those that survived
struct RunModels {
    std::vector<Network> networks;
    std::vector<bool> alive;

    std::int64_t count() const { return std::count(alive.begin(), alive.end(), true); }
    const Network& first() const { return networks[std::find(alive.begin(), alive.end(), true) - alive.begin()]; }
};
Config run_config(const std::filesystem::path& run, const Options&);
RunModels load_run_models(const std::filesystem::path& run, const Config&);

}  // namespace lnn
