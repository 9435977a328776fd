// What does not fit together does not get through the door.
#include "doors.hpp"

namespace lnn {
namespace {

const Nets net = nets(2, 2);

struct Shapes : EachDoor {
    const std::size_t samples = 3, parameters = net.parameters();
};
LNN_EACH_DOOR(Shapes);

TEST_P(Shapes, OfTheTruth) {
    Numbers x(4 * samples), a(2 * samples), e(samples), odd(4 * samples + 1), path(8 * samples);
    backend->accelerate(double_pendulum, x, a, e);
    refused([&] { backend->accelerate(double_pendulum, odd, a, e); }, "states");
    refused([&] { backend->accelerate(double_pendulum, x, e, e); }, "accelerations");
    refused([&] { backend->accelerate(double_pendulum, x, a, a); }, "energies");
    refused([&] { backend->rollout(double_pendulum, {.instants = 2}, x, path); }, "trajectories");
    refused([&] { backend->rollout(double_pendulum, {.instants = -1}, x, {}); }, "instants");
    refused([&] { backend->rollout(double_pendulum, {.substeps = 0, .instants = 1}, x, path); }, "substeps");
    for (const int wrong : {99, -1})
        refused([&] { backend->rollout(double_pendulum, {.instants = 1, .integrator = wrong}, x, path); },
                "integrator of the list");
    for (const SystemSpec& wrong : {SystemSpec{99, 2, {}}, SystemSpec{99, 0, {}}, SystemSpec{-2, 2, {}},
                                    SystemSpec{-2, 0, {}}, SystemSpec{0, 1, {}}, SystemSpec{0, 0, {}}}) {
        refused([&] { backend->accelerate(wrong, x, a, e); }, "system of the list");
        refused([&] { backend->rollout(wrong, {.instants = 1}, x, path); }, "system of the list");
    }
    SystemSpec text{text_system, 2, {}};
    refused([&] { backend->accelerate(text, x, a, e); }, "program");
    text.program.size = 1;
    for (const Instruction& wrong : {Instruction{Op::variable, 0, 4, 0}, Instruction{Op::sin, max_registers, 0, 0},
                                     Instruction{Op::add, 0, max_registers, 0}, Instruction{Op(99), 0, 0, 0}}) {
        text.program.code[0] = wrong;
        refused([&] { backend->accelerate(text, x, a, e); }, "instructions of a program");
    }
    text.program.code[0] = {Op::variable, 0, 0, 0};
    text.dof = 9;
    refused([&] { backend->accelerate(text, x, a, e); }, "1 to 8 degrees");
    refused([&] { backend->draw({}, 2, 0, 4, x); }, "states");
    refused([&] { backend->draw({}, 5, 0, 1, x); }, "states");
    refused([&] { backend->draw({}, 2, 0, -3, x); }, "states");
}

TEST_P(Shapes, OfModels) {
    Numbers x(4 * samples), a(4 * samples), e(2 * samples), odd(4 * samples + 2), path(16 * samples),
        few(net.weights.size() - 1);
    const auto go = [&](const Models& m, const Numbers& s, Numbers& acc, Numbers& en, Numbers& la) {
        backend->accelerate(m, {}, precision, s, acc, en, la);
    };
    go(net.models(), x, a, e, e);
    refused([&] { go(net.models(), odd, a, e, e); }, "states");
    refused([&] { go(net.models(), x, e, e, e); }, "accelerations");
    refused([&] { go(net.models(), x, a, a, e); }, "energies");
    refused([&] { go(net.models(), x, a, e, a); }, "lagrangians");
    refused([&] { go({net.spec, 2, few}, x, a, e, e); }, "weights");
    refused([&] { go({net.spec, 1, net.weights}, x, a, e, e); }, "weights");
    refused([&] { go({net.spec, 0, {}}, x, a, e, e); }, "weights");
    Numbers short_path(path.size() - 1);
    const auto roll = [&](const Integration& run, Numbers& out) {
        backend->rollout(net.models(), {}, run, precision, Precision::f64, x, out);
    };
    roll({.instants = 1}, path);
    refused([&] { roll({.instants = 1}, short_path); }, "trajectories");
    for (const int wrong : {99, -1})
        refused([&] { roll({.instants = 1, .integrator = wrong}, path); }, "integrator of the list");
    for (int wrong : {0, 33}) {
        ModelSpec spec = net.spec;
        spec.dof = wrong;
        refused([&] { go({spec, 2, net.weights}, x, a, e, e); }, "degrees of freedom");
        spec = net.spec;
        spec.depth = wrong ? 9 : -1;
        refused([&] { go({spec, 2, net.weights}, x, a, e, e); }, "hidden");
    }
    // of no unit, and of so many that no int counts the parameters
    for (const int width : {0, -1, 65536, INT32_MAX}) {
        ModelSpec spec = net.spec;
        spec.hidden.fill(width);
        refused([&] { go({spec, 2, net.weights}, x, a, e, e); }, "hidden");
    }
}

TEST_P(Shapes, OfGradients) {
    Numbers x(4 * samples), a(2 * samples), l(2), g(net.weights.size());
    const auto go = [&](const Numbers& s, const Numbers& acc, Numbers& los, Numbers& grad) {
        backend->gradient(net.models(), {}, {}, precision, s, acc, los, grad);
    };
    go(x, a, l, g);
    refused([&] { go(Numbers(4 * samples + 1), a, l, g); }, "states");
    refused([&] { go(x, Numbers(2 * samples - 1), l, g); }, "targets");
    refused([&] { go({}, {}, l, g); }, "samples");
    Numbers one(1), few(3);
    refused([&] { go(x, a, one, g); }, "losses");
    refused([&] { go(x, a, l, few); }, "gradient");
}

TEST_P(Shapes, OfTraining) {
    const Training good(*backend, net, 4, 3, precision);
    Training fits = good;
    fits.run(*backend, 0, 3);
    const auto broken = [&](const char* named, auto&& breaks) {
        Training bad = good;
        breaks(bad);
        refused([&] { bad.run(*backend, 0, 3); }, named);
    };
    broken("weights", [](Training& t) { t.weights.pop_back(); });
    broken("first", [](Training& t) { t.first.pop_back(); });
    broken("second", [](Training& t) { t.second.pop_back(); });
    broken("average", [](Training& t) { t.average.pop_back(); });
    broken("applied", [](Training& t) { t.applied.pop_back(); });
    broken("failed", [](Training& t) { t.failed.pop_back(); });
    broken("adam", [](Training& t) { t.adam.pop_back(); });
    broken("states", [](Training& t) { t.states.pop_back(); });
    broken("targets", [](Training& t) { t.targets.pop_back(); });
    broken("order", [](Training& t) { t.order[5] = std::int32_t(t.samples); });
    broken("order", [](Training& t) { t.order[5] = -1; });
    // no order: enough samples for the slice
    Training bad = good;
    TrainState state{bad.weights, bad.first, bad.second, bad.average, bad.applied, bad.failed};
    const TrainJob job{net.spec, 2, 4, precision, {}, {}, bad.adam};
    refused([&] { backend->train(job, {bad.samples, bad.states, bad.targets, {}}, state, 0, 3); }, "order");
    refused([&] { backend->train(job, {bad.samples, bad.states, bad.targets, {}}, state, 0, -1); }, "steps");
    TrainJob empty = job;
    empty.batch = 0;
    refused([&] { backend->train(empty, {bad.samples, bad.states, bad.targets, {}}, state, 0, 1); }, "batch");
}

TEST_P(Shapes, OfEvaluations) {
    EvaluateJob job = pendulum_job(precision, 2);
    std::vector<TrajectoryScore> scores(4), odd(5);
    backend->evaluate(net.models(), job, 0, scores);
    refused([&] { backend->evaluate(net.models(), job, 0, odd); }, "scores");
    refused([&] { backend->evaluate(Models{net.spec, 0, {}}, job, 0, scores); }, "weights");
    job.integration.instants = 0;
    refused([&] { backend->evaluate(net.models(), job, 0, scores); }, "instants");
    job.integration.instants = 2;
    std::vector<TrajectorySums> sums(2);
    for (const int wrong : {99, -1}) {
        job.integration.integrator = wrong;
        refused([&] { backend->evaluate(net.models(), job, 0, scores); }, "integrator of the list");
        refused([&] { backend->evaluate(net.models(), job, 0, 4, sums); }, "integrator of the list");
    }
    job.integration.integrator = 0;
    job.system = {3, 1, {1, 1, 1}};
    refused([&] { backend->evaluate(net.models(), job, 0, scores); }, "degrees of freedom");
}

}  // namespace
}  // namespace lnn
