// Pages made from whole, partial and damaged runs, and from text that would rather be markup.
#include "report/run.hpp"

namespace lnn {
namespace {

TEST_F(Report, WholeRun) {
    write_all();
    EXPECT_TRUE(write_report(run).empty());
    const std::string page = html();
    for (const char* part :
         {"Double pendulum, learned by lnn", "2026-01-02 03:04:05", "complete", "timings.train", "12.5", "lnn_gpu run",
          "mean over 1000 trajectories, computed 4 times", "<th scope=\"row\">all theta2</th>", "0.5625", "not finite",
          "failed in training", "0.225 .. 0.275", "83 %", "3 of 4000 diverged"})
        expect_has(page, part);
    // the seed's own four means stand in a row of their own
    expect_has(page,
               "<tr><th scope=\"row\">seed 7 theta1</th><td>0.625</td><td>1.125</td><td>not "
               "finite</td><td>2.125</td>"
               "<td>0.5</td><td>0.45 .. 0.55</td><td>0.05</td><td>4.5</td><td>3</td></tr>");
    // what was changed is told from what was not
    expect_has(page, "<tr class=\"changed\"><th scope=\"row\">lr</th><td>0.0625</td></tr>");
    expect_has(page, "<tr><th scope=\"row\">beta1</th>");
    EXPECT_EQ(pictures(page), 8u);
    EXPECT_EQ(count(page, "<figcaption>"), 9u);  // one is the film's
    for (const std::string name : figure_names)
        for (const char* kind : {".csv", ".gp", ".svg"}) EXPECT_GT(figure(name + kind).size(), 100u) << name << kind;
    expect_balanced(page);
    expect_self_contained(page);
}

TEST_F(Report, NumbersForPeople) {
    write_all();
    Json summary = summary_of({"theta1", "theta2"});
    summary["mse"]["theta2"]["median"] = 2.5e-4;
    summary["energy_error"]["median"] = 3.5e17;
    summary["valid_time"]["median"] = nullptr;
    spill(run / "eval/summary.json", summary.dump());
    EXPECT_TRUE(write_report(run).empty());
    for (const char* part : {"below 0.25 for theta1 and 2.50 × 10⁻⁴ for theta2;",
                             "<dd>2.50 × 10⁻⁴ <small>rad²</small></dd>", "<dd>3.50 × 10¹⁷ <small>J</small></dd>",
                             "<dd>not finite <small>s of 1</small></dd>", "<dd>3 <small>of 4000</small></dd>"})
        expect_has(html(), part);
}

TEST_F(Report, SameFilesGiveTheSamePage) {
    write_all();
    write_report(run);
    const std::string before = html();
    write_report(run);
    EXPECT_EQ(html(), before);
}

TEST_F(Report, EmptyDirectoryIsAPageOfReasons) {
    fs::remove(run / "eval");
    EXPECT_TRUE(write_report(run).empty());
    const std::string page = html();
    for (const char* name : {"config.toml is not there", "run.json is not there", "metrics.csv is not there",
                             "eval/summary.json is not there"})
        expect_has(page, name);
    EXPECT_EQ(pictures(page), 0u);
    expect_balanced(page);
}

TEST_F(Report, EachFileMayBeAbsent) {
    for (const char* name : {"config.toml", "run.json", "metrics.csv", "eval/summary.json", "eval/trajectories.npy",
                             "eval/per_trajectory.csv"}) {
        write_all();
        fs::remove(run / name);
        EXPECT_TRUE(write_report(run).empty()) << name;
        const std::string page = html();
        expect_balanced(page);
        const std::string missing = name;
        const std::size_t figures = missing == "config.toml" || missing == "eval/trajectories.npy" ? 4
                                    : missing.ends_with(".json")                                   ? 8
                                                                                                   : 6;
        EXPECT_EQ(pictures(page), figures) << name;
        EXPECT_EQ(count(page, "class=\"absent\""), missing == "config.toml" ? 2u : 1u) << name;
    }
}

TEST_F(Report, DamagedFilesCostTheirSectionOnly) {
    const std::string row =
        "step,epoch,seed,loss,lr,grad_norm,skipped,rolled_back,truncated,truncated_share,cond_p50,"
        "cond_p99,cond_max,cost,damping,accepted,seconds\n1,2,3\n";
    const std::pair<const char*, std::string> damages[] = {
        {"config.toml", "[train]\nlr = = 3\n"},
        {"config.toml", "[system]\nkind = \"perpetuum_mobile\"\n"},
        {"run.json", "{\"status\": "},
        {"run.json", "[1, 2]"},
        {"metrics.csv", "step;loss\n"},
        {"metrics.csv", row},
        {"metrics.csv", ""},
        {"eval/summary.json", "null"},
        {"eval/summary.json", "{}"},
        {"eval/summary.json", R"({"trajectories": 1, "repeats": "four", "models": [], "t_end": 1, "dt": 1})"},
        {"eval/summary.json", R"({"mse": {"theta1": 3}, "t_end": 1, "trajectories": 1, "repeats": 1, "dt": 1})"},
        {"eval/box.json", "{\"protocol\": \"box\"}"},
        {"eval/box.json", R"({"protocol": "box", "models": []})"},
        {"eval/measured.json", R"({"models": [{"seed": 0, "failed": "no"}]})"},
        {"eval/energy.json", "["},
        {"eval/per_trajectory.csv", ""},
        {"eval/per_trajectory.csv", "seed,repeat,mse_theta1,mse_theta2\n"},
        {"eval/per_trajectory.csv", "seed,repeat\n0,0\n"},
        {"eval/per_trajectory.csv", "seed,mse_theta1\n0,0.5\n0\n"},
        {"eval/per_trajectory.csv", "seed,mse_theta1\n0,half\n"},
        {"eval/summary.json", R"({"paired": 3})"},
        {"eval/summary.json",
         R"({"mse": {}, "valid_time": null, "energy_error": null, "t_end": 1, "diverged": 0,
                                  "trajectories": 1, "repeats": 1, "models_evaluated": 1})"},
        {"eval/trajectories.npy", "\x93NUMPY but not for long"},
        {"eval/trajectories.npy", encode_npy({{2, 2}, {1, 2, 3, 4}})},
        {"eval/trajectories.npy", encode_npy({{2, 1, 2, 2}, std::vector<double>(8, 1.0)})},
        {"eval/trajectories.npy", encode_npy({{2, 0, 2, 4}, {}})},
    };
    for (const auto& [name, bytes] : damages) {
        write_all();
        spill(run / name, bytes);
        const std::vector<std::string> notes = write_report(run);
        EXPECT_GE(notes.size(), 1u) << name << ": " << bytes;
        if (!notes.empty()) expect_has(notes[0], (run / name).string());
        const std::string page = html();
        expect_balanced(page);
        EXPECT_GE(count(page, "class=\"absent\""), 1u) << name << ": " << bytes;
        EXPECT_GE(pictures(page), 4u) << name << ": " << bytes;
        fs::remove(run / name);
    }
}

TEST_F(Report, NoSuchRun) {
    expect_error(Exit::file, {(scratch / "nowhere").string(), "lnn_gpu run"},
                 [&] { write_report(scratch / "nowhere"); });
}

TEST_F(Report, PublishedProtocols) {
    write_all();
    Json box = {{"protocol", "box"}, {"system", "x"}, {"states", 1000}, {"unit", "rad/s^2"}, {"l1", quantiles(0.0125)}};
    box.update(Json{{"mean_size", 41.25}, {"non_finite", 0}, {"published", {{"LNN", 0.0689}}}});
    Json energy = {{"protocol", "energy"}, {"system", "x"},        {"starts", 40},
                   {"t_end", 100.0},       {"energy_scale", 29.4}, {"diverged", 1}};
    energy["relative_error"] = {{"mean", 0.0025}, {"median", nullptr}, {"worst", 0.5}};
    energy["integrator_floor"] = {{"mean", 1e-6}, {"worst", 1e-5}};
    energy["published"] = {{"LNN", 0.0043}};
    spill(run / "eval/box.json", box.dump());
    spill(run / "eval/energy.json", energy.dump());
    EXPECT_TRUE(write_report(run).empty());
    for (const char* part : {"<td>0.05</td><td>0.0125</td>", "0.0689", "41.25",
                             "<td>0.25 %</td><td>not finite</td><td>50 %</td>", "0.43 %"})
        expect_has(html(), part);
    expect_balanced(html());

    // of several models, as eval --protocol writes them
    Json other = box;
    box["seed"] = 7, other["seed"] = 8;
    box["non_finite"] = 2, other["non_finite"] = 3;
    spill(run / "eval/box.json", Json{{"protocol", "box"}, {"models", {box, other}}}.dump());
    EXPECT_TRUE(write_report(run).empty());
    for (const char* part :
         {"<th scope=\"row\">seed 7</th><td>0.05</td>", "<th scope=\"row\">seed 8</th>", "not finite: 5"})
        expect_has(html(), part);
}

TEST_F(Report, HostileTextIsText) {
    write_all();
    const std::string attack = "<script>alert(\"x\" & 'y')</script>";
    spill(run / "run.json", Json{{"status", attack}, {attack, {{"deep", attack}}}, {"argv", {attack, attack}}}.dump());
    Json summary = summary_of({attack, "theta2"});
    spill(run / "eval/summary.json", summary.dump());
    EXPECT_TRUE(write_report(run).empty());
    expect_has(html(), "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;");
    expect_self_contained(html());
    expect_balanced(html());

    spill(run / "config.toml", "[run]\nseed = '" + attack + "'\n");
    write_report(run);
    expect_has(html(), "seed = &#39;&lt;script&gt;");
    expect_self_contained(html());
    expect_balanced(html());
}

TEST_F(Report, NamesWithSpacesAndQuotes) {
    run = scratch / "a 'run' of; $(mine) <b>";
    fs::create_directories(run / "eval");
    write_all();
    EXPECT_TRUE(write_report(run).empty());
    EXPECT_EQ(pictures(html()), 8u);
    expect_has(html(), "a &#39;run&#39; of; $(mine) &lt;b&gt;");
}

}  // namespace
}  // namespace lnn
