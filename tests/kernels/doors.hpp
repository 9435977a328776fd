// The doors there are (instruction sets of this processor and a card, each in two precisions), and small jobs to put
// through them.
#pragma once

#include <iostream>
#include <memory>

#include "core/lagrangian_oracle.hpp"
#include "lnn/backend.hpp"
#include "lnn/loss.hpp"

namespace lnn {

using Numbers = std::vector<double>;

// the instruction sets of this processor; the others are left out, with a line
inline const std::vector<std::string>& instruction_sets() {
    static const std::vector<std::string> present = [] {
        std::vector<std::string> found;
        for (const char* isa : {"portable", "avx2", "avx512"}) try {
                make_cpu_backend({.threads = 1, .isa = isa});
                found.push_back(isa);
            } catch (const Error& error) {
                std::cout << "skipped: " << error.what() << "\n";
            }
        return found;
    }();
    return present;
}

inline std::unique_ptr<Backend> door(const std::string& isa, int threads = 1) {
    if (isa == "cuda") return make_cuda_backend({});
    return make_cpu_backend({.threads = threads, .isa = isa});
}

// why there is no card; empty where there is one
inline const std::string& missing_card() {
    static const std::string why = [] {
        try {
            make_cuda_backend({});
            return std::string();
        } catch (const Error& error) {
            return std::string(error.what());
        }
    }();
    return why;
}

// a test that needs a card is skipped where there is none, but fails where LNN_REQUIRE_GPU is 1
#define LNN_NEEDS_CARD()                                                        \
    if (!missing_card().empty()) {                                              \
        const char* required = std::getenv("LNN_REQUIRE_GPU");                  \
        if (required && std::string(required) == "1") FAIL() << missing_card(); \
        GTEST_SKIP() << missing_card();                                         \
    }

inline std::vector<std::string> doors() {
    std::vector<std::string> all = instruction_sets();
    all.push_back("cuda");
    return all;
}

using Way = std::tuple<std::string, Precision>;
struct EachDoor : testing::TestWithParam<Way> {
    const std::string isa = std::get<0>(GetParam());
    const Precision precision = std::get<1>(GetParam());
    std::unique_ptr<Backend> backend;

    void SetUp() override {
        if (isa == "cuda") LNN_NEEDS_CARD();
        backend = door(isa);
    }
};
inline std::string name_of(const testing::TestParamInfo<Way>& info) {
    return std::get<0>(info.param) + (std::get<1>(info.param) == Precision::f32 ? "_f32" : "_f64");
}
#define LNN_EACH_DOOR(Suite)                                                                                         \
    INSTANTIATE_TEST_SUITE_P(                                                                                        \
        Doors, Suite, testing::Combine(testing::ValuesIn(doors()), testing::Values(Precision::f32, Precision::f64)), \
        name_of)

// equal bits, NaN included
inline testing::AssertionResult same_bits(const Numbers& a, const Numbers& b) {
    if (a.size() != b.size()) return testing::AssertionFailure() << a.size() << " and " << b.size() << " numbers";
    for (std::size_t i = 0; i < a.size(); ++i)
        if (bits(a[i]) != bits(b[i]))
            return testing::AssertionFailure() << "number " << i << ": " << a[i] << " and " << b[i];
    return testing::AssertionSuccess();
}
inline void append(Numbers& to, const Numbers& x) { to.insert(to.end(), x.begin(), x.end()); }

// columns first .. first + count - 1 of rows of `samples`
inline Numbers columns(const Numbers& rows, std::size_t samples, std::size_t first, std::size_t count) {
    Numbers out;
    for (std::size_t row = 0; row < rows.size() / samples; ++row)
        for (std::size_t i = 0; i < count; ++i) out.push_back(rows[row * samples + first + i]);
    return out;
}

inline const SystemSpec double_pendulum = {0, 2, {1.0, 1.3, 0.9, 1.1, 9.8}};

// a system that is a program: L = (v1^2 + v2^2) / 2 + cos(q1 - q2)
inline SystemSpec coupled_rotors() {
    SystemSpec spec{text_system, 2, {}, {}};
    const Instruction code[] = {{Op::variable, 0, 2, 0}, {Op::variable, 1, 3, 0}, {Op::multiply, 2, 0, 0},
                                {Op::multiply, 3, 1, 1}, {Op::add, 0, 2, 3},      {Op::multiply_constant, 1, 0, 0},
                                {Op::variable, 2, 0, 0}, {Op::variable, 3, 1, 0}, {Op::subtract, 4, 2, 3},
                                {Op::cos, 5, 4, 0},      {Op::add, 0, 1, 5}};
    for (const Instruction& step : code) spec.program.code[spec.program.size++] = step;
    spec.program.constants[0] = 0.5;
    return spec;
}

// states (2n, samples)
inline Numbers states(int dof, int samples, unsigned seed = 1) {
    return scattered<double>(-1.5, 1.5, 2 * dof * samples, seed);
}

// networks of one shape with a mass matrix that is definite (prior 3) and with damping, side by side
struct Nets {
    ModelSpec spec;
    Numbers weights;
    int count = 0;
    std::size_t parameters() const { return weights.size() / count; }
    Models models() const { return {spec, count, weights}; }
};
inline Nets nets(int dof, int count, std::vector<int> hidden = {6, 5}, unsigned angles = 0b1, double prior = 3,
                 int kind = 0, bool damping = true) {
    Nets all;
    for (int m = 0; m < count; ++m) {
        const Network one = network(dof, angles, hidden, prior, 1 + m, damping, kind);
        all.spec = one.spec;
        append(all.weights, one.weights);
        ++all.count;
    }
    return all;
}

// the same for any model of the list; prior and damping where it has a mass matrix
inline Nets nets_of(int kind, int dof, int count, std::vector<int> hidden = {6, 5}, unsigned angles = 0b1) {
    ModelSpec spec;
    spec.kind = kind;
    const bool lagrangian = model_table(spec).lagrangian;
    return nets(dof, count, std::move(hidden), angles, lagrangian ? 3 : 0, kind, lagrangian);
}

// f(kind) for every model of the list
template <class F>
void for_each_kind(F&& f) {
    for (int kind = 0; kind < ModelKinds::count; ++kind) f(kind);
}

// degrees of freedom with and without code of their own, up to the most there may be
inline const std::vector<int> some_dofs = {1, 2, 3, 4, 5, 6, 7, 8, 12, 32};

// what does not fit together does not get through the door, which names it
template <class F>
void refused(F&& f, const char* named) {
    try {
        f();
        ADD_FAILURE() << "accepted: " << named;
    } catch (const Error& error) {
        EXPECT_EQ(error.exit(), Exit::internal);
        EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
}

struct Accelerations {
    Numbers accelerations, energies, lagrangians;
};
inline Accelerations accelerate(Backend& backend, const Nets& net, Precision precision, const Numbers& x,
                                const SolveSpec& solve = {}) {
    const std::size_t n = net.spec.dof, samples = x.size() / (2 * n);
    Accelerations out{Numbers(net.count * n * samples), Numbers(net.count * samples), Numbers(net.count * samples)};
    backend.accelerate(net.models(), solve, precision, x, out.accelerations, out.energies, out.lagrangians);
    return out;
}

inline Numbers truth(Backend& backend, const SystemSpec& system, const Numbers& x) {
    Numbers a(x.size() / 2);
    backend.accelerate(system, x, a, {});
    return a;
}

inline Numbers rollout(Backend& backend, const Nets& net, Precision precision, Precision state, const Integration& run,
                       const Numbers& x) {
    Numbers out(net.count * x.size() * (run.instants + 1));
    backend.rollout(net.models(), {}, run, precision, state, x, out);
    return out;
}

struct Gradients {
    Numbers losses, gradient;
};
inline Gradients gradients(Backend& backend, const Nets& net, Precision precision, const LossSpec& loss,
                           const Numbers& x, const Numbers& targets, const SolveSpec& solve = {}) {
    Gradients out{Numbers(net.count), Numbers(net.weights.size())};
    backend.gradient(net.models(), solve, loss, precision, x, targets, out.losses, out.gradient);
    return out;
}

// what the first components are divided by; the others by 1
inline PerComponent scales(std::initializer_list<double> first) {
    PerComponent all = ones();
    std::copy(first.begin(), first.end(), all.begin());
    return all;
}

// starts with every coordinate and velocity in [-1, 1]
inline EvaluateJob pendulum_job(Precision precision, std::int64_t instants) {
    EvaluateJob job;
    job.system = double_pendulum;
    job.integration.instants = instants;
    job.precision = precision;
    for (int i = 0; i < 4; ++i) job.draw.low[i] = -1, job.draw.high[i] = 1;
    return job;
}

// some models in training, with all they own
struct Training {
    Nets net;
    int batch = 4;
    Precision precision = Precision::f64;
    SolveSpec solve;
    LossSpec loss{.kind = Losses::place<Huber>};
    std::vector<AdamSpec> adam;
    std::int64_t samples = 0;
    Numbers states, targets;          // (models, 2n | n, samples)
    std::vector<std::int32_t> order;  // (models, all steps, batch)
    std::int64_t steps = 0;           // all steps
    Numbers weights, first, second, average;
    std::vector<std::int64_t> applied, failed;
    TrainReport report;  // of the last slice

    Training(Backend& backend, const Nets& nets, int batch_size, std::int64_t all_steps, Precision p)
        : net(nets),
          batch(batch_size),
          precision(p),
          samples(batch_size + 7),
          steps(all_steps),
          weights(nets.weights),
          first(weights.size()),
          second(weights.size()),
          average(weights),
          applied(nets.count),
          failed(nets.count, -1) {
        std::mt19937_64 engine(5);
        for (int m = 0; m < net.count; ++m) {
            const Numbers x = lnn::states(net.spec.dof, int(samples), 20 + m);
            append(states, x);
            append(targets, net.spec.dof == 2 ? truth(backend, double_pendulum, x)
                                              : scattered<double>(-4, 4, net.spec.dof * samples, 40 + m));
            AdamSpec spec;
            spec.clip = m % 2 ? 0.02 : 0.0;
            spec.ema = 0.9;
            spec.schedule = {.lr = 1e-3 * (1 + m), .every = 3, .gamma = 0.5};
            adam.push_back(spec);
            for (std::int64_t i = 0; i < steps * batch; ++i) order.push_back(std::int32_t(engine() % samples));
        }
    }

    void run(Backend& backend, std::int64_t from, std::int64_t count) {
        std::vector<std::int32_t> slice;
        for (int m = 0; m < net.count; ++m) {
            const auto begin = order.begin() + (m * steps + from) * batch;
            slice.insert(slice.end(), begin, begin + count * batch);
        }
        TrainState state{weights, first, second, average, applied, failed};
        report = backend.train({net.spec, net.count, batch, precision, solve, loss, adam},
                               {samples, states, targets, slice}, state, from, count);
    }
    // everything a slice leaves behind, for one model
    Numbers left_by(int m) const {
        Numbers all;
        const auto part = [&](const auto& x) {
            const std::size_t size = x.size() / net.count;
            all.insert(all.end(), x.begin() + m * size, x.begin() + (m + 1) * size);
        };
        part(weights), part(first), part(second), part(average), part(applied), part(failed);
        part(report.loss), part(report.grad_norm), part(report.skipped), part(report.truncated), part(report.condition);
        return all;
    }
    Numbers left() const {
        Numbers all;
        for (int m = 0; m < net.count; ++m) append(all, left_by(m));
        return all;
    }
};

}  // namespace lnn
