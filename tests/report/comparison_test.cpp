// Several runs on one page.
#include "report/run.hpp"

namespace lnn {
namespace {

class Comparison : public Report {
  protected:
    fs::path first = run, second = scratch / "other", target = scratch / "both.html";

    // `run` is the one that the fixture writes
    void in(const fs::path& directory, const std::string& kind = "double_pendulum",
            const std::vector<std::string>& names = {"theta1", "theta2"}) {
        run = directory;
        fs::create_directories(run / "eval");
        write_all(kind, names.size(), names);
    }
    std::string compared(const std::vector<fs::path>& runs) {
        EXPECT_TRUE(write_comparison(runs, target, true).empty());
        const std::string page = slurp(target);
        expect_balanced(page);
        expect_self_contained(page);
        return page;
    }
    // rows of a figure's .csv as text
    std::vector<std::string> lines(const std::string& name) const {
        std::istringstream text(slurp(scratch / "both-figures" / name));
        std::vector<std::string> all;
        for (std::string line; std::getline(text, line);) all.push_back(line);
        return all;
    }
};

TEST_F(Comparison, ResultsSideBySide) {
    in(first), in(second);
    Json summary = summary_of({"theta1", "theta2"});
    summary["mse"]["theta1"]["median"] = 0.125;
    summary["mse"]["theta2"]["median"] = 0.375;
    summary["diverged"] = 17;
    spill(second / "eval/summary.json", summary.dump());
    std::string toml = slurp(second / "config.toml");
    toml.replace(toml.find("lr = 0.0625"), 11, "lr = 0.0312");
    spill(second / "config.toml", toml);

    const std::string page = compared({first, second});
    for (const char* part : {"2 runs side by side", "<th scope=\"col\">run</th><th scope=\"col\">other</th>",
                             "<th scope=\"row\">theta1: median squared error</th><td>0.25</td><td>0.125</td>",
                             "<th scope=\"row\">diverged</th><td>3 of 4000</td><td>17 of 4000</td>",
                             "<th scope=\"row\">training, s</th><td>12.5</td><td>12.5</td>",
                             "lowest for theta1 in other (0.125), for theta2 in run (0.25).</p>",
                             "<tr><th scope=\"row\">train.lr</th><td>0.0625</td><td>0.0312</td></tr>"})
        expect_has(page, part);
    EXPECT_EQ(count(page, "<th scope=\"row\">train."), 1u);  // what is the same is not there
    EXPECT_EQ(pictures(page), 3u);
    for (const char* name : {"loss", "errors_1", "errors_2"})
        for (const char* kind : {".csv", ".gp", ".svg"})
            EXPECT_GT(fs::file_size(scratch / "both-figures" / (std::string(name) + kind)), 100u) << name << kind;
}

// of several seeds the median; a run whose intervals are others leaves no gap in a line
TEST_F(Comparison, LossesOverlaid) {
    in(first), in(second);
    std::vector<Metrics> rows;
    for (int k : {1, 2, 3})
        rows.push_back({.step = 15 * k, .seed = 7, .loss = 5.0 * k, .lr = 1, .grad_norm = 1, .cond_p99 = 8});
    spill(second / "metrics.csv", metrics_csv(rows));
    rows = metrics(2);
    rows[0].loss = 3;  // step 10, seed 7; seed 8 has 1
    spill(first / "metrics.csv", metrics_csv(rows));
    compared({first, second});
    EXPECT_EQ(lines("loss.csv"),
              (std::vector<std::string>{"step,run,other", "10,2,", "15,,5", "20,0.5,", "30,,10", "45,,15"}));
    fs::remove(first / "metrics.csv");  // the other run keeps its colour
    write_comparison({first, second}, target, true);
    expect_has(slurp(scratch / "both-figures/loss.gp"), "linecolor rgb '#a05fc0' title 'other'");
}

TEST_F(Comparison, OtherSystemsAndRunsWithoutResults) {
    const fs::path third = scratch / "stopped";
    in(first), in(second, "harmonic_oscillator", {"x"}), in(third);
    fs::remove_all(third / "eval");
    fs::remove(third / "run.json");
    const std::string page = compared({first, second, third});
    expect_has(page, "<th scope=\"row\">theta2: median squared error</th><td>0.25</td><td>-</td><td>-</td>");
    expect_has(page, "<th scope=\"row\">x: median squared error</th><td>-</td><td>0.25</td><td>-</td>");
    expect_has(page, "<th scope=\"row\">system.kind</th><td>double_pendulum</td><td>harmonic_oscillator</td>");
    expect_has(page, "stopped: eval/per_trajectory.csv is not there");
    EXPECT_EQ(pictures(page), 4u);
    EXPECT_EQ(count(page, "squared error is lowest for"), 0u);  // none has another to be better than
    // a run keeps its colour: the errors of x are those of the second
    const std::string second_colour = "#a05fc0", script = slurp(scratch / "both-figures/errors_3.gp");
    EXPECT_EQ(count(script, second_colour), 3u);
    EXPECT_EQ(count(script, "linecolor rgb"), 5u);  // and of grid and border
}

TEST_F(Comparison, EqualAndHostileNames) {
    const fs::path hostile = scratch / "it's <b>, \"$(mine)\"";
    in(hostile), in(scratch / "a/same"), in(scratch / "b/same");
    expect_has(compared({hostile, scratch / "a/same/"}),
               "it&#39;s &lt;b&gt;, &quot;$(mine)&quot;</th><th scope=\"col\">same</th>");
    EXPECT_EQ(pictures(slurp(target)), 3u);
    expect_has(compared({scratch / "a/same", scratch / "b/same"}), (scratch / "b/same").string() + "</th>");
}

TEST_F(Comparison, NothingIsOverwritten) {
    in(first), in(second);
    spill(target, "mine");
    expect_error(Exit::usage, {target.string()}, [&] { write_comparison({first, second}, target, false); });
    EXPECT_EQ(slurp(target), "mine");
    EXPECT_FALSE(fs::exists(scratch / "both-figures"));
}

}  // namespace
}  // namespace lnn
