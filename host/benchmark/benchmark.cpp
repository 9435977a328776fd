#include "benchmark/benchmark.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/json.hpp"
#include "files/version.hpp"
#include "problem/backends.hpp"
#include "problem/initialise.hpp"
#include "problem/network.hpp"
#include "problem/problem.hpp"
#include "settings/load.hpp"
#include "training/training_data.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double wall_seconds(const std::function<void()>& job) {
    const auto start = Clock::now();
    job();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// CPU time of this thread alone: what other programs take from the machine does not count
double core_seconds(const std::function<void()>& job) {
    timespec before, after;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    job();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    return double(after.tv_sec - before.tv_sec) + 1e-9 * double(after.tv_nsec - before.tv_nsec);
}

double median(std::vector<double> x) {
    std::sort(x.begin(), x.end());
    return x.size() % 2 ? x[x.size() / 2] : (x[x.size() / 2 - 1] + x[x.size() / 2]) / 2;
}

// a network of the field, with states for it
struct Case {
    const char* name;
    std::vector<int> hidden;
    bool angles;
    std::int64_t samples;  // of a batch of accelerations
};
const Case narrow = {"4-16-16-16-1", {16, 16, 16}, false, 131072};
const Case seed_class = {"4-256-256-1", {256, 256}, false, 16384};
const Case standard = {"6-64-64-64-1", {64, 64, 64}, true, 65536};
const Case second_order = {"6-32-32-32-1", {32, 32, 32}, true, 65536};

struct Fixture {
    ModelSpec spec;
    std::vector<double> weights, states, accelerations;
    std::int64_t samples;
    double products = 0;  // multiply-adds of one column through all weight matrices

    Fixture(Backend& backend, const Case& c, std::int64_t count, int dof = 2) : samples(count) {
        spec.dof = dof;
        spec.depth = int(c.hidden.size());
        std::copy(c.hidden.begin(), c.hidden.end(), spec.hidden.begin());
        spec.angles = c.angles ? 3 : 0;
        weights = initial_weights(spec, 0, 0);
        Draw draw;
        for (int i = 0; i < 2 * dof; ++i) draw.low[i] = -1, draw.high[i] = 1;
        states.resize(2 * dof * count);
        accelerations.resize(dof * count);  // of others than the double pendulum: at rest
        backend.draw(draw, dof, 0, count, states);
        if (dof == 2) backend.accelerate(SystemSpec{0, 2, {1, 1, 1, 1, 9.8}}, states, accelerations, {});
        int in = input_count(spec);
        for (int width : c.hidden) products += double(in) * width, in = width;
        products += in;
    }
    Models models() const { return {spec, 1, weights}; }
};

class Bench {
  public:
    Bench(const Config& config, double seconds) : seconds_(seconds) {
        Config one_config = config;
        one_config.run.threads = 1;
        one_ = open_backend(one_config);
        all_ = open_backend(config);
        card_ = all_->info().name == "cuda";
    }

    Json run() {
        for (const Case* c : {&narrow, &standard, &seed_class})
            for (const Precision precision : {Precision::f32, Precision::f64}) accelerations(*c, precision);
        for (const Precision precision : {Precision::f32, Precision::f64}) {
            training(narrow, precision, 4);
            training(standard, precision, 64);
        }
        training(seed_class, Precision::f32, 64);
        for (const Precision precision : {Precision::f32, Precision::f64}) normal_equations(precision);
        damped_step();
        for (const int dof : {1, 2, 3, 4, 5, 8, 12, 32}) gradients(dof);
        rollouts(1000, 100);
        if (card_) {
            for (const std::int64_t count : {10000, 100000, 1000000}) rollouts(count, 20);
            for (const int models : {64, 1024, 4096}) training(narrow, Precision::f32, 4, models);
            for (const int models : {64, 256}) training(standard, Precision::f32, 64, models);
        }
        evaluation(card_ ? 1000000 : 4000);
        long_rollout();
        for (const int models : {1, card_ ? 1024 : 8}) sweetspot(models);
        const BackendInfo info = all_->info();
        const std::string of = card_ ? "" : "_one_core";
        return {{"machine",
                 {{"backend", info.name},
                  {"device", info.device},
                  {"isa", info.isa},
                  {"threads", info.threads},
                  {"version", version()},
                  {"git", git_description()},
                  {"peak_gflops_f32" + of, 2e-9 * one_->peak(Precision::f32, 0.2)},
                  {"peak_gflops_f64" + of, 2e-9 * one_->peak(Precision::f64, 0.2)}}},
                {"rows", rows_}};
    }

  private:
    double seconds_;
    std::unique_ptr<Backend> one_, all_;
    bool card_ = false;
    Json rows_ = Json::array();

    static const char* word(Precision p) { return p == Precision::f32 ? "f32" : "f64"; }

    // `job(backend)` does `units` of work of `products` multiply-adds each: on one core, on the bound, on all cores in
    // turn; a card is all there is, and is timed from outside, copies included, and by its own clock without them
    void row(const std::string& name, Precision precision, double units, double products,
             const std::function<void(Backend&)>& job) {
        std::vector<double> one, share, speedup, device;
        double spent = 0;
        while (one.size() < 5 || spent < seconds_) {
            const double before = one_->peak(precision, 0.01);
            double t = 0;
            one_->device_seconds();
            const double wall = wall_seconds([&] { t = core_seconds([&] { job(*one_); }); });
            device.push_back(one_->device_seconds());
            const double after = one_->peak(precision, 0.01);
            one.push_back(card_ ? wall : t);
            share.push_back(units * products / one.back() / ((before + after) / 2));
            spent += wall;
            if (card_) continue;
            const double all = wall_seconds([&] { job(*all_); });
            speedup.push_back(wall / all);
            spent += all;
        }
        const double t = median(one);
        rows_.push_back({{"name", fmt::format("{} {}", name, word(precision))},
                         {"unit", "1/s"},
                         {"value", units / t},
                         {"ns_each", 1e9 * t / units},
                         {"gflops", 2e-9 * units * products / t},
                         {"share_of_peak", median(share)}});
        if (card_) {
            rows_.back()["ns_each_without_copies"] = 1e9 * median(device) / units;
            rows_.back()["share_of_peak_without_copies"] = median(share) * t / median(device);
        } else {
            rows_.back()["speedup_all_cores"] = median(speedup);
        }
    }

    void accelerations(const Case& c, Precision precision) {
        const Fixture f(*one_, c, card_ ? 8 * c.samples : c.samples);
        std::vector<double> out(2 * f.samples);
        row(fmt::format("acceleration {}", c.name), precision, double(f.samples), 5 * f.products,
            [&](Backend& backend) { backend.accelerate(f.models(), SolveSpec{}, precision, f.states, out, {}, {}); });
    }

    // `models` side by side, each on the same samples
    void training(const Case& c, Precision precision, int batch, int models = 1) {
        const Fixture f(*one_, c, models == 1 ? 16384 : 64 * batch);
        const auto repeated = [models](const std::vector<double>& x) {
            std::vector<double> all;
            for (int m = 0; m < models; ++m) all.insert(all.end(), x.begin(), x.end());
            return all;
        };
        const std::vector<double> states = repeated(f.states), accelerations = repeated(f.accelerations);
        std::vector<double> weights = repeated(f.weights), first(weights.size()), second(weights.size());
        std::vector<std::int64_t> applied(models), failed(models, -1);
        std::vector<AdamSpec> adam(models);
        for (AdamSpec& spec : adam) spec.schedule = {ScheduleKind::step, 1e-6, 1 << 30, 1, 1, 0, 0};
        const std::int64_t steps = std::min<std::int64_t>(f.samples / batch, 1024);
        const std::string side = models == 1 ? "" : fmt::format(", {} models", models);
        row(fmt::format("training sample {}, batch {}{}", c.name, batch, side), precision,
            double(models * steps * batch), 13 * f.products, [&](Backend& backend) {
                TrainState state{weights, first, second, {}, applied, failed};
                const TrainJob job{f.spec, models, batch, precision, {}, {}, adam};
                backend.train(job, {f.samples, states, accelerations, {}}, state, 0, steps);
            });
    }

    // what a degree of freedom costs: n + 11 columns through a network of one shape, and the solve
    void gradients(int dof) {
        const Case c = {"64-64", {64, 64}, false, 0};
        const Fixture f(*one_, c, card_ ? 65536 : 4096, dof);
        std::vector<double> loss(1), gradient(f.weights.size());
        row(fmt::format("gradient sample {}-64-64-1, n = {}", 2 * dof, dof), Precision::f32, double(f.samples),
            (dof + 11) * f.products, [&](Backend& backend) {
                backend.gradient(f.models(), {}, {}, Precision::f32, f.states, f.accelerations, loss, gradient);
            });
    }

    // the normal equations of one model, with room made for them
    struct LeastSquares {
        std::vector<double> matrix, right;
        std::vector<std::int64_t> left_out;

        explicit LeastSquares(std::size_t parameters)
            : matrix(parameters * parameters), right(parameters), left_out(1) {}
        NormalEquations equations() { return {matrix, right, left_out}; }
        void compute(Backend& backend, const Fixture& f, Precision precision) {
            NormalEquations sums = equations();
            backend.normal_equations(f.models(), {}, {}, precision, f.states, f.accelerations, sums);
        }
    };

    // lm's rows (five columns forward, eight back for each component) and their J^T J
    void normal_equations(Precision precision) {
        const Fixture f(*one_, second_order, 4096);
        const double parameters = double(f.weights.size());
        LeastSquares work(f.weights.size());
        row(fmt::format("normal equations {}, a sample", second_order.name), precision, double(f.samples),
            (5 + 2 * 8) * f.products + parameters * (parameters + 1),
            [&](Backend& backend) { work.compute(backend, f, precision); });
    }

    void damped_step() {
        const Fixture f(*one_, second_order, 4096);
        const double parameters = double(f.weights.size());
        LeastSquares work(f.weights.size());
        work.compute(*one_, f, Precision::f64);
        std::vector<double> step(f.weights.size());
        row(fmt::format("damped step {}", second_order.name), Precision::f64, 1,
            parameters * parameters * (parameters / 6 + 1),
            [&](Backend& backend) { backend.damped_steps(work.equations(), std::vector{1.0}, step); });
    }

    // so many steps a time
    void rollouts(std::int64_t count, int steps) {
        const Fixture f(*one_, narrow, count);
        std::vector<double> out(2 * f.states.size());
        const Integration run{0.01 * double(steps), steps, 1};
        row(fmt::format("roll-out step 4-16-16-16-1, {} trajectories", count), Precision::f32, double(count) * steps,
            4 * 5 * f.products, [&](Backend& backend) {
                backend.rollout(f.models(), SolveSpec{}, run, Precision::f32, Precision::f64, f.states, out);
            });
    }

    // trajectories of 100 steps against the truth, summed up
    void evaluation(std::int64_t count) {
        const Fixture f(*one_, narrow, 1);
        EvaluateJob job;
        job.system = {0, 2, {1, 1, 1, 1, 9.8}};
        for (int i = 0; i < 4; ++i) job.draw.low[i] = -1, job.draw.high[i] = 1;
        row(fmt::format("evaluation step 4-16-16-16-1, {} trajectories", count), Precision::f32,
            double(count * job.integration.instants), 4 * 5 * f.products, [&](Backend& backend) {
                std::vector<TrajectorySums> sums(1);
                backend.evaluate(f.models(), job, 0, count, sums);
            });
    }

    void long_rollout() {
        const Fixture f(*one_, narrow, 1000);
        std::vector<double> out(2 * f.states.size());
        const Integration whole{10.0, 1000, 1};
        const double t = wall_seconds(
            [&] { all_->rollout(f.models(), SolveSpec{}, whole, Precision::f32, Precision::f64, f.states, out); });
        rows_.push_back(
            {{"name", "1000 trajectories x 1000 RK4 steps, 4-16-16-16-1, all cores"}, {"unit", "s"}, {"value", t}});
    }

    // the seed's whole schedule: 51 200 steps of batch 4
    void sweetspot(int models) {
        Sources sources;
        sources.preset = "sweetspot";
        sources.environment = false;
        Config config = load(sources);
        config.run.seeds = models;
        const Problem problem = problem_of(config);
        TrainingData data(*all_, problem, problem.seeds());
        std::vector<double> weights;
        for (int m = 0; m < models; ++m) {
            const auto first = initial_weights(problem.model, problem.first_weights, m);
            weights.insert(weights.end(), first.begin(), first.end());
        }
        std::vector<double> first(weights.size()), second(weights.size());
        std::vector<std::int64_t> applied(models), failed(models, -1);
        const std::vector<AdamSpec> adam(models, problem.train.adam_for(data.samples()));
        const TrainJob job{problem.model,      models, problem.train.batch, Precision::f32, problem.arithmetic.solve,
                           problem.train.loss, adam};
        const std::int64_t steps = problem.train.total_steps(data.samples());
        const std::int64_t slice = card_ ? 2048 : steps;  // short launches, as in training
        TrainState state{weights, first, second, {}, applied, failed};
        double t = 0;
        for (std::int64_t k = 0; k < steps; k += slice) {
            const std::int64_t count = std::min(slice, steps - k);
            const TrainData part = data.slice(k, count);
            t += wall_seconds([&] { all_->train(job, part, state, k, count); });
        }
        rows_.push_back(
            {{"name", fmt::format("sweetspot training, {} model{}, all cores", models, models == 1 ? "" : "s")},
             {"unit", "s"},
             {"value", t}});
    }
};

}  // namespace

nlohmann::ordered_json run_benchmarks(const Config& config, double seconds_per_row) {
    return Bench(config, seconds_per_row).run();
}

std::string benchmark_table(const nlohmann::ordered_json& result) {
    const Json& m = result["machine"];
    const bool card = m["backend"] == "cuda";
    const std::string of = card ? "" : "_one_core";
    std::string text = fmt::format("{} {}", m["backend"].get<std::string>(), m["device"].get<std::string>());
    if (!card) text += fmt::format(", {}, {} threads; one core's", m["isa"].get<std::string>(), m["threads"].dump());
    text += fmt::format(" measured peak: {:.1f} GFLOP/s f32, {:.1f} f64\n", m["peak_gflops_f32" + of].get<double>(),
                        m["peak_gflops_f64" + of].get<double>());
    text += fmt::format("{:<62}{:>12}{:>10}{:>9}{:>{}}\n", card ? "copies included" : "one core", "ns each", "GFLOP/s",
                        "of peak", card ? "without copies, of peak" : "all cores", card ? 25 : 11);
    for (const Json& r : result["rows"])
        if (r["unit"] == "s")
            text += fmt::format("{:<62}{:>10.3f} s\n", r["name"].get<std::string>(), r["value"].get<double>());
        else
            text += fmt::format("{:<62}{:>12.1f}{:>10.1f}{:>9.2f}{}\n", r["name"].get<std::string>(),
                                r["ns_each"].get<double>(), r["gflops"].get<double>(), r["share_of_peak"].get<double>(),
                                card ? fmt::format("{:>16.1f}{:>9.2f}", r["ns_each_without_copies"].get<double>(),
                                                   r["share_of_peak_without_copies"].get<double>())
                                     : fmt::format("{:>10.2f}x", r["speedup_all_cores"].get<double>()));
    return text;
}

std::map<std::string, double> parse_benchmark(std::string_view text, const std::string& where) {
    const std::string mend = "name a file that lnn_gpu bench --out wrote";
    const Json json = parse_json(text, where, mend);
    std::map<std::string, double> values;
    for (const JsonField& row : JsonField(json, where, mend).at("rows").items()) {
        const double value = row.at("value").number();
        if (value <= 0) row.at("value").refuse("above 0");
        values[row.at("name").text()] = value;
    }
    return values;
}

std::string comparison_table(const Json& result, const std::map<std::string, double>& old) {
    std::string text = fmt::format("{:<62}{:>10}\n", "against the file", "speed");
    for (const Json& r : result["rows"]) {
        const auto before = old.find(r["name"]);
        if (before == old.end()) continue;
        const double ratio = r["value"].get<double>() / before->second;
        text += fmt::format("{:<62}{:>9.2f}x\n", before->first, r["unit"] == "s" ? 1 / ratio : ratio);
    }
    return text;
}

}  // namespace lnn
