// A run directory to report on, and what every page must be.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/npy.hpp"
#include "files/scratch.hpp"
#include "report/report.hpp"
#include "settings/load.hpp"
#include "settings/write.hpp"
#include "training/trainer.hpp"

namespace lnn {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr const char* figure_names[] = {"loss",        "gradient", "energy", "motion",
                                               "coordinates", "phase",    "errors", "pairs"};

inline Json quantiles(double scale) {
    return {{"mean", 4 * scale},
            {"median", scale},
            {"p05", 0.1 * scale},
            {"p95", 9 * scale},
            {"ci95_median", {0.9 * scale, 1.1 * scale}}};
}

inline Json one_summary(const std::vector<std::string>& names, double scale) {
    Json s;
    for (const std::string& name : names) {
        s["mse"][name] = quantiles(scale);
        s["mse"][name]["per_repeat_mean"] = {1.25 * scale, 2.25 * scale, nullptr, 4.25 * scale};
    }
    s["paired"] = {{"second_worse", 0.83}, {"trajectories", 4000}, {"p_value", 1e-9}};
    s["energy_error"] = quantiles(0.01);
    s["integrator_drift"] = quantiles(1e-9);
    s["valid_time"] = quantiles(0.7);
    s["twin_valid_time"] = quantiles(0.8);
    s["lyapunov_exponent"] = nullptr;
    s["valid_time_lyapunov"] = nullptr;
    s["diverged"] = 3;
    return s;
}

inline Json summary_of(const std::vector<std::string>& names) {
    Json first = {{"seed", 7}, {"failed", false}}, s = {{"protocol", "trajectories"}, {"system", "x"}};
    s.update(Json{{"trajectories", 1000}, {"repeats", 4}, {"models_evaluated", 1}, {"t_end", 1.0}, {"dt", 0.01}});
    first.update(one_summary(names, 0.5));
    s.update(one_summary(names, 0.25));
    s["models"] = {first, {{"seed", 8}, {"failed", true}}};
    return s;
}

class Report : public testing::Test {
  protected:
    Scratch scratch;
    fs::path run = scratch / "run";

    Report() { fs::create_directories(run / "eval"); }

    void write_config(const std::string& kind) {
        Sources sources;
        sources.environment = false;
        sources.flags = {{"system.kind", kind, "test"}, {"train.lr", "0.0625", "test"}};
        spill(run / "config.toml", config_to_toml(load(sources)));
    }

    // two seeds, `steps` intervals
    static std::vector<Metrics> metrics(int steps) {
        std::vector<Metrics> rows;
        for (int k = 1; k <= steps; ++k)
            for (std::uint64_t seed : {7, 8})
                rows.push_back({.step = 10 * k,
                                .epoch = 0.1 * k,
                                .seed = seed,
                                .loss = 1.0 / k,
                                .lr = 1e-3,
                                .grad_norm = 2.0 / k,
                                .cond_p99 = 8,
                                .seconds = 0.1 * k});
        return rows;
    }

    // coordinates and velocities that only their place in the array decides
    void write_samples(
        std::size_t dof, std::size_t instants = 20, double (*f)(double) = [](double x) { return x; }) {
        Array a{{2, 3, instants, 2 * dof}, {}};
        for (std::size_t i = 0; i < 2 * 3 * instants * 2 * dof; ++i)
            a.values.push_back(f(std::sin(0.01 * double(i * i % 1009))));
        write_npy(run / "eval/trajectories.npy", a, true);
    }

    // errors of 300 trajectories, those of a coordinate ten times those of the one before
    void write_scores(const std::vector<std::string>& names) {
        std::string text = "seed,repeat,trajectory";
        for (const std::string& name : names) text += ",mse_" + name;
        text += ",energy_error,energy_drift,valid_time,diverged\n";
        for (int k = 0; k < 300; ++k) {
            text += fmt::format("7,{},{}", k / 100, k % 100);
            for (std::size_t i = 0; i < names.size(); ++i)
                text += fmt::format(",{}", 1e-3 * (k + 1) * std::pow(10.0, double(i)));
            text += ",0.1,1e-9,1,0\n";
        }
        spill(run / "eval/per_trajectory.csv", text);
    }

    void write_all(const std::string& kind, std::size_t dof, const std::vector<std::string>& names) {
        write_config(kind);
        spill(run / "run.json",
              R"({"status": "complete", "started": "2026-01-02 03:04:05", "argv": ["lnn_gpu", "run"],)"
              R"( "timings": {"train": 12.5}})");
        spill(run / "metrics.csv", metrics_csv(metrics(12)));
        spill(run / "eval/summary.json", summary_of(names).dump());
        write_samples(dof);
        write_scores(names);
    }
    void write_all() { write_all("double_pendulum", 2, {"theta1", "theta2"}); }

    std::string html() const { return slurp(run / "report.html"); }
    std::string figure(const std::string& name) const { return slurp(run / "figures" / name); }
    // rows of a figure's .csv, without the names
    std::vector<std::vector<double>> numbers(const std::string& name) const {
        std::istringstream text(figure(name));
        std::vector<std::vector<double>> rows;
        std::string line, cell;
        std::getline(text, line);
        while (std::getline(text, line)) {
            rows.emplace_back();
            std::istringstream cells(line);
            while (std::getline(cells, cell, ',')) rows.back().push_back(std::stod(cell));
        }
        return rows;
    }
};

inline std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

// those that gnuplot drew
inline std::size_t pictures(const std::string& html) { return count(html, "<svg viewBox=\"0 0 540 "); }

inline void expect_has(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), text.npos) << "lacks: " << part;
}

// every element that is opened is closed, in order; by hand, since std::regex takes a stack frame for each
// character of a long attribute
inline void expect_balanced(const std::string& html) {
    std::vector<std::string> open;
    for (std::size_t at = html.find("</style>") + 8; (at = html.find('<', at)) != html.npos; ++at) {
        const bool closes = html[at + 1] == '/';
        std::size_t end = at + 1 + closes;
        if (!std::isalpha(static_cast<unsigned char>(html[end]))) continue;
        const std::size_t begin = end;
        while (std::isalnum(static_cast<unsigned char>(html[end]))) ++end;
        const std::string name = html.substr(begin, end - begin);
        while (end < html.size() && html[end] != '>')  // quotes may hold anything
            end = html[end] == '"' || html[end] == '\'' ? html.find(html[end], end + 1) + 1 : end + 1;
        const bool empty = name == "meta" || name == "input" || html[end - 1] == '/';
        at = end;
        if (closes && !open.empty() && open.back() == name) {
            open.pop_back();
        } else if (closes && name != "head" && name != "html") {
            ADD_FAILURE() << "</" << name << "> closes " << (open.empty() ? "nothing" : open.back());
            return;
        } else if (!closes && !empty) {
            open.push_back(name);
        }
        // the text of a script is no markup
        if (!closes && name == "script") at = html.find("</script>", at) - 1;
    }
    EXPECT_TRUE(open.empty()) << "never closed: " << open.back();
}

// a page that fetches nothing, and runs no script but its own; the film's data are another
inline void expect_self_contained(const std::string& html) {
    for (const char* part : {"<link", "src=", "url(", "@import", "<iframe", "xlink:href=\"http", "fetch("})
        EXPECT_EQ(html.find(part), html.npos) << part;
    EXPECT_EQ(count(html, "<script"), 1 + count(html, "<script type=\"application/json\">"));
    EXPECT_EQ(count(html, "</script>"), count(html, "<script"));
}

}  // namespace lnn
