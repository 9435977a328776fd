// The door against PyTorch: every network, loss and short training of data/golden, on every team of this
// machine.
#include <gtest/gtest.h>

#include "golden.hpp"
#include "lnn/systems/list.hpp"
#include "settings/catalog.hpp"

namespace lnn::golden {
namespace {

class Golden : public testing::TestWithParam<Team> {
  protected:
    std::unique_ptr<Backend> backend = GetParam().make();
    nlohmann::json cases = manifest();
};

// two models at once, the golden one second: a wrong stride between models shows
struct Pair {
    std::vector<double> weights;
    Models models;

    explicit Pair(const Network& network) {
        for (const double weight : network.weights) weights.push_back(0.9 * weight);
        weights.insert(weights.end(), network.weights.begin(), network.weights.end());
        models = {network.spec, 2, weights};
    }
};

std::span<const double> second(const std::vector<double>& both) { return std::span(both).subspan(both.size() / 2); }

struct Values {
    std::vector<double> accelerations, energies, lagrangians, errors;  // errors: of well-conditioned samples
};

Values accelerate(Backend& backend, const std::string& name, double rcond, Precision precision) {
    const Network network = read_network(name);
    const auto arrays = read_npz(path(name + ".npz"));
    const std::vector<double> states = samples_last(arrays.at("states"));
    const std::size_t samples = arrays.at("states").shape[0], n = static_cast<std::size_t>(network.spec.dof);

    Values values{
        std::vector<double>(2 * n * samples), std::vector<double>(2 * samples), std::vector<double>(2 * samples), {}};
    const Pair pair(network);
    backend.accelerate(pair.models, {rcond}, precision, states, values.accelerations, values.energies,
                       values.lagrangians);

    const std::vector<double> expected = samples_last(arrays.at("accelerations"));
    for (std::size_t i = 0; i < samples; ++i)
        if (arrays.at("conditions").values[i] < well_conditioned)
            values.errors.push_back(sample_error(second(values.accelerations), expected, i, samples));
    EXPECT_FALSE(values.errors.empty());
    return values;
}

struct Gradient {
    double loss_error = 0;
    std::vector<double> errors;  // of each parameter tensor, relative to its norm
    double bias_of_output = 0;   // L's constant: its gradient is zero
};

LossSpec loss_spec(const nlohmann::json& entry) {
    LossSpec spec;
    const std::string kind = entry.at("kind"), balance = entry.value("balance", "none");
    spec.kind = int(find_loss(kind) - losses().data());
    spec.delta = entry.value("delta", spec.delta);
    spec.balance = balance == "scale" ? Balance::scale : balance == "large" ? Balance::large : Balance::none;
    const auto scale = entry.value("scale", std::vector<double>());
    std::copy(scale.begin(), scale.end(), spec.scale.begin());
    return spec;
}

Gradient gradient(Backend& backend, const std::string& name, double rcond, const nlohmann::json& losses,
                  std::size_t which, Precision precision) {
    const Network network = read_network(name);
    const auto arrays = read_npz(path(name + ".npz"));
    const std::vector<double> states = samples_last(arrays.at("batch_states"));
    const std::vector<double> targets = samples_last(arrays.at("batch_targets"));

    const Pair pair(network);
    std::vector<double> loss(2), found(pair.weights.size());
    backend.gradient(pair.models, {rcond}, loss_spec(losses[which]), precision, states, targets, loss, found);

    Gradient result;
    const double expected_loss = arrays.at("loss_" + std::to_string(which)).values[0];
    result.loss_error = std::abs(loss[1] / expected_loss - 1);
    const std::span<const double> expected = arrays.at("gradient_" + std::to_string(which)).values;
    const double whole = norm(expected);
    for (std::size_t block = 0; block + 1 < network.blocks.size(); ++block) {
        const auto [begin, end] = network.blocks[block];
        const auto wanted = expected.subspan(begin, end - begin);
        // the scale of L leaves accelerations alone: a single output weight has no gradient but rounding
        const double size = norm(wanted) > 1e-12 * whole ? norm(wanted) : whole;
        result.errors.push_back(distance(second(found).subspan(begin, end - begin), wanted) / size);
    }
    result.bias_of_output = found.back();
    return result;
}

TEST_P(Golden, AccelerationsInDoubleAreExact) {
    for (const char* group : {"networks", "deficient"})
        for (const auto& entry : cases.at(group)) {
            const std::string name = entry.at("name");
            SCOPED_TRACE(name);
            const Values values = accelerate(*backend, name, entry.at("rcond"), Precision::f64);
            EXPECT_LT(quantile(values.errors, 1), 1e-10);

            const auto arrays = read_npz(path(name + ".npz"));
            const auto& energies = arrays.at("energies").values;
            const auto& lagrangians = arrays.at("lagrangians").values;
            // E = p . v - L and L are sums of terms of the size of the sums themselves
            EXPECT_LT(distance(second(values.energies), energies), 1e-12 * norm(energies));
            EXPECT_LT(distance(second(values.lagrangians), lagrangians), 1e-12 * norm(lagrangians));
        }
}

TEST_P(Golden, AccelerationsInSingleAreGood) {
    std::vector<double> errors;
    for (const auto& entry : cases.at("networks")) {
        const Values values = accelerate(*backend, entry.at("name"), entry.at("rcond"), Precision::f32);
        errors.insert(errors.end(), values.errors.begin(), values.errors.end());
    }
    EXPECT_LT(quantile(errors, 0.99), 2e-4);
    EXPECT_GT(quantile(errors, 0.99), 1e-10);  // and it is single precision
}

TEST_P(Golden, GradientsInDoubleAreExact) {
    for (const char* group : {"networks", "deficient"})
        for (const auto& entry : cases.at(group))
            for (std::size_t which = 0; which < entry.at("losses").size(); ++which) {
                const std::string name = entry.at("name");
                SCOPED_TRACE(name + " " + entry.at("losses")[which].dump());
                const Gradient found =
                    gradient(*backend, name, entry.at("rcond"), entry.at("losses"), which, Precision::f64);
                EXPECT_LT(found.loss_error, 1e-10);
                EXPECT_LT(quantile(found.errors, 1), 1e-10);
                EXPECT_EQ(found.bias_of_output, 0);
            }
}

TEST_P(Golden, GradientsInSingleAreGood) {
    std::vector<double> errors;
    for (const auto& entry : cases.at("networks"))
        for (std::size_t which = 0; which < entry.at("losses").size(); ++which) {
            const Gradient found =
                gradient(*backend, entry.at("name"), entry.at("rcond"), entry.at("losses"), which, Precision::f32);
            errors.insert(errors.end(), found.errors.begin(), found.errors.end());
        }
    EXPECT_LT(quantile(errors, 0.99), 5e-4);
}

AdamSpec adam_spec(const nlohmann::json& entry) {
    const auto& rule = entry.at("schedule");
    AdamSpec adam;
    adam.schedule.kind = rule.at("kind") == "cosine" ? ScheduleKind::cosine : ScheduleKind::step;
    adam.schedule.lr = entry.at("lr");
    adam.schedule.every = rule.value("every", 1);
    adam.schedule.gamma = rule.value("gamma", 1.0);
    adam.schedule.total = rule.value("total", 1);
    adam.schedule.warmup = rule.value("warmup", 0);
    adam.schedule.floor = rule.value("floor", 0.0);
    adam.clip = entry.value("clip", 0.0);
    adam.ema = entry.value("ema", 0.0);
    adam.eps = entry.value("eps", 1e-8);
    const auto betas = entry.value("betas", std::vector<double>{0.9, 0.999});
    adam.beta1 = betas[0], adam.beta2 = betas[1];
    return adam;
}

// 3 steps, then 61 more of the same training: a slice goes on where the last one stopped
TEST_P(Golden, AdamFollowsPyTorch) {
    for (const auto& entry : cases.at("adam")) {
        const std::string name = entry.at("name");
        SCOPED_TRACE(name);
        const Network network = read_network(name);
        const auto arrays = read_npz(path(name + ".npz"));
        const std::vector<double> states = samples_last(arrays.at("states"));
        const std::vector<double> targets = samples_last(arrays.at("targets"));
        const auto& rows = arrays.at("order");
        const std::vector<std::int32_t> order(rows.values.begin(), rows.values.end());

        const AdamSpec adam = adam_spec(entry);
        const int batch = static_cast<int>(rows.shape[1]);
        const TrainJob job{.spec = network.spec,
                           .models = 1,
                           .batch = batch,
                           .precision = Precision::f64,
                           .solve = {},
                           .loss = loss_spec(entry),
                           .adam = {&adam, 1}};
        const auto samples = static_cast<std::int64_t>(arrays.at("states").shape[0]);
        std::vector<double> weights = network.weights, first(weights.size()), squares(weights.size()), average;
        if (adam.ema > 0) average = weights;
        std::vector<std::int64_t> applied(1, 0), failed(1, -1);
        TrainState state{weights, first, squares, average, applied, failed};

        std::vector<double> losses, norms;
        for (const auto& [from, to, tolerance] : {std::tuple{0, 3, 1e-8}, std::tuple{3, 64, 1e-6}}) {
            const TrainData data{samples, states, targets, std::span(order).subspan(from * batch, (to - from) * batch)};
            const TrainReport report = backend->train(job, data, state, from, to - from);
            losses.insert(losses.end(), report.loss.begin(), report.loss.end());
            norms.insert(norms.end(), report.grad_norm.begin(), report.grad_norm.end());
            EXPECT_EQ(report.skipped.at(0), 0);
            EXPECT_EQ(applied[0], to);
            EXPECT_EQ(failed[0], -1);
            const auto check = [&](const char* what, std::span<const double> found) {
                const std::span<const double> expected = arrays.at(what + std::to_string(to)).values;
                for (const auto& [begin, end] : network.blocks) {
                    const auto wanted = expected.subspan(begin, end - begin);
                    EXPECT_LT(distance(found.subspan(begin, end - begin), wanted), tolerance * norm(wanted)) << what;
                }
            };
            check("weights_", weights);
            if (adam.ema > 0) check("average_", average);
        }
        const auto& expected_losses = arrays.at("losses").values;
        const auto& expected_norms = arrays.at("grad_norms").values;
        ASSERT_EQ(losses.size(), expected_losses.size());
        ASSERT_EQ(norms.size(), expected_norms.size());
        for (std::size_t step = 0; step < losses.size(); ++step) {
            EXPECT_NEAR(losses[step] / expected_losses[step], 1, 1e-6) << "step " << step;
            EXPECT_NEAR(norms[step] / expected_norms[step], 1, 1e-6) << "step " << step;
        }
    }
}

TEST_P(Golden, SystemsAreTheOnesDerivedByHand) {
    for (const auto& entry : cases.at("systems")) {
        const std::string name = entry.at("name");
        SCOPED_TRACE(name);
        int kind = -1;
        const SystemTable* table = nullptr;
        for (int k = 0; k < Systems::count; ++k)
            Systems::visit(k, [&]<class System>() {
                if (name == System::table.name) kind = k, table = &System::table;
            });
        ASSERT_NE(table, nullptr);
        const auto arrays = read_npz(path("system_" + name + ".npz"));
        const auto& shape = arrays.at("states").shape;  // (parameter sets, N, 2n)
        const std::size_t samples = shape[1], n = shape[2] / 2;

        // one parameter set of an array (sets, N, k), as (k, N)
        const auto slice = [&](const char* key, std::size_t set, std::size_t width) {
            const auto begin = arrays.at(key).values.begin() + static_cast<std::ptrdiff_t>(set * samples * width);
            const auto end = begin + static_cast<std::ptrdiff_t>(samples * width);
            return samples_last({{samples, width}, std::vector<double>(begin, end)});
        };
        for (std::size_t set = 0; set < shape[0]; ++set) {
            SystemSpec spec{kind, static_cast<int>(n), {}, {}};
            std::size_t place = 0;
            for (int row = 0; row < table->rows; ++row)
                for (const double value : entry.at("parameters")[set].at(table->parameters[row].name))
                    spec.parameters.at(place++) = value;

            std::vector<double> accelerations(n * samples), energies(samples);
            backend->accelerate(spec, slice("states", set, 2 * n), accelerations, energies);
            const auto expected = slice("accelerations", set, n);
            const auto expected_energies = slice("energies", set, 1);
            std::vector<double> errors;
            for (std::size_t i = 0; i < samples; ++i)
                errors.push_back(sample_error(accelerations, expected, i, samples));
            EXPECT_LT(quantile(errors, 1), 1e-10);
            EXPECT_LT(distance(energies, expected_energies), 1e-12 * norm(expected_energies));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Teams, Golden, testing::ValuesIn(teams()), [](const auto& team) { return team.param.name; });

}  // namespace
}  // namespace lnn::golden
