// What the instruction sets, and a card, have in common. A sample is a lane, and a lane does not know the width of its
// register: with a fused product (avx2, avx512) accelerations, trajectories and scores have the same bits.
// Gradients have not: they are sums over the samples of a chunk, first lane by lane over its packs, then over
// the lanes, so the width of a register is the order of the sum. Without a fused product (portable) each
// product is rounded once more.
#include "doors.hpp"
#include "lnn/systems/list.hpp"

namespace lnn {
namespace {

bool present(const std::string& isa) {
    const auto& all = instruction_sets();
    return std::find(all.begin(), all.end(), isa) != all.end();
}

double distance(const Numbers& a, const Numbers& b) {
    double d = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        d = std::hypot(d, a[i] - b[i]);
        size = std::hypot(size, a[i]);
    }
    return d / size;
}

struct Everything {
    Numbers lanes, coarse, gradient;  // coarse: trajectories whose state is float32
};
Everything everything(const std::string& isa, Precision precision, int n) {
    const auto backend = door(isa);
    const Nets net = nets(n, 1, {17, 9});
    const Numbers x = states(n, 67);
    const auto a = accelerate(*backend, net, precision, x);
    Everything all{a.accelerations, {}, {}};
    append(all.lanes, a.energies);
    append(all.lanes, a.lagrangians);
    const Integration run{.dt = 0.02, .substeps = 2, .instants = 4};
    append(all.lanes, rollout(*backend, net, precision, Precision::f64, run, x));
    all.coarse = rollout(*backend, net, precision, Precision::f32, run, x);
    all.gradient = gradients(*backend, net, precision, {}, x, scattered<double>(-4, 4, n * 67, 3)).gradient;
    if (n == 2) {
        append(all.lanes, truth(*backend, double_pendulum, x));
        std::vector<TrajectoryScore> scores(11);
        backend->evaluate(net.models(), pendulum_job(precision, 10), 0, scores);
        for (const auto& s : scores)
            append(all.lanes, {s.mse[0], s.mse[1], s.energy_error, s.energy_drift, s.valid_time});
    }
    return all;
}

TEST(InstructionSets, WithAFusedProductAgreeBitForBit) {
    if (!present("avx512")) {
        std::cout << "skipped: this processor has no avx512 to compare avx2 with\n";
        return;
    }
    for (const Precision precision : {Precision::f32, Precision::f64})
        for (int n = 1; n <= 4; ++n) {
            const auto narrow = everything("avx2", precision, n), wide = everything("avx512", precision, n);
            EXPECT_TRUE(same_bits(narrow.lanes, wide.lanes)) << n;
            EXPECT_TRUE(same_bits(narrow.coarse, wide.coarse)) << n;
            EXPECT_LT(distance(narrow.gradient, wide.gradient), precision == Precision::f32 ? 1e-5 : 1e-14);
        }
}

TEST(InstructionSets, WithoutOneAgreeWithinRounding) {
    for (const auto& isa : instruction_sets())
        for (const Precision precision : {Precision::f32, Precision::f64})
            for (int n = 1; n <= 4; ++n) {
                const auto plain = everything("portable", precision, n), fused = everything(isa, precision, n);
                // a few hundred roundings of 6e-8 or 1e-16
                EXPECT_LT(distance(plain.lanes, fused.lanes), precision == Precision::f32 ? 1e-4 : 1e-13) << isa << n;
                EXPECT_LT(distance(plain.coarse, fused.coarse), 1e-4) << isa << n;
                EXPECT_LT(distance(plain.gradient, fused.gradient), precision == Precision::f32 ? 1e-4 : 1e-13)
                    << isa << n;
            }
}

// a CUDA thread is a lane too; sums over samples are those of lanes four wide, as the processor's for small batches
TEST(cuda, AgreesBitForBitWithTheProcessor) {
    LNN_NEEDS_CARD();
    ASSERT_TRUE(present("avx2")) << "no processor with a fused product to compare with";
    for (const Precision precision : {Precision::f32, Precision::f64})
        for (int n = 1; n <= 4; ++n) {
            const auto lanes = everything("avx2", precision, n), threads = everything("cuda", precision, n);
            EXPECT_TRUE(same_bits(lanes.lanes, threads.lanes)) << n;
            EXPECT_TRUE(same_bits(lanes.coarse, threads.coarse)) << n;
            EXPECT_LT(distance(lanes.gradient, threads.gradient), precision == Precision::f32 ? 1e-5 : 1e-14);
        }
}

TEST(cuda, TrainsSmallBatchesWithTheBitsOfTheProcessor) {
    LNN_NEEDS_CARD();
    ASSERT_TRUE(present("avx2")) << "no processor with a fused product to compare with";
    const auto lanes = door("avx2"), threads = door("cuda");
    for (const Precision precision : {Precision::f32, Precision::f64})
        for (const int batch : {1, 2, 3, 4})
            for (const auto& net : {nets(2, 3, {7}), nets(2, 3, {16, 16, 16}), nets(2, 3, {5, 9, 17}), nets(1, 2),
                                    nets(3, 2), nets(4, 2)}) {
                Training expected(*lanes, net, batch, 9, precision);
                Training found = expected;
                expected.run(*lanes, 0, 9);
                found.run(*threads, 0, 9);
                EXPECT_TRUE(same_bits(expected.left(), found.left())) << batch << " " << net.spec.dof;
            }
}

// a system with its own parameters
template <class System>
SystemSpec spec_of(int kind) {
    SystemSpec spec{kind, System::dof, {}};
    int at = 0;
    for (int row = 0; row < System::table.rows; ++row)
        for (int i = 0; i < System::table.parameters[row].count; ++i)
            spec.parameters[at++] = System::table.parameters[row].value;
    return spec;
}

TEST(cuda, EverySystemHasTheBitsOfTheProcessor) {
    LNN_NEEDS_CARD();
    ASSERT_TRUE(present("avx2")) << "no processor with a fused product to compare with";
    const auto lanes = door("avx2"), threads = door("cuda");
    const auto all = [&](Backend& backend, const SystemSpec& system, Precision precision, Precision state) {
        constexpr int samples = 9;
        const Numbers x = states(system.dof, samples);
        Numbers found = truth(backend, system, x), path(x.size() * 4);
        backend.rollout(system, {.dt = 0.02, .substeps = 2, .instants = 3}, x, path);
        append(found, path);
        EvaluateJob job = pendulum_job(precision, 4);
        job.system = system;
        job.state = state;
        // where springs have a length
        job.draw.low = {0.5, 0.5, -1, -1}, job.draw.high = {1.5, 1.5, 1, 1};
        std::vector<TrajectoryScore> scores(samples);
        backend.evaluate(nets(system.dof, 1).models(), job, 0, scores);
        for (const auto& s : scores) append(found, {s.mse[0], s.mse[1], s.energy_error, s.energy_drift, s.valid_time});
        return found;
    };
    std::vector<SystemSpec> systems = {coupled_rotors()};
    for (int kind = 0; kind < Systems::count; ++kind)
        Systems::visit(kind, [&]<class System>() { systems.push_back(spec_of<System>(kind)); });
    for (const SystemSpec& system : systems)
        for (const Precision precision : {Precision::f32, Precision::f64})
            for (const Precision state : {Precision::f32, Precision::f64})
                EXPECT_TRUE(same_bits(all(*lanes, system, precision, state), all(*threads, system, precision, state)))
                    << system.kind;
}

TEST(InstructionSets, ProgramsHaveTheirMeaning) {
    const Numbers x = states(2, 9);
    for (const auto& isa : instruction_sets()) {
        const Numbers a = truth(*door(isa), coupled_rotors(), x);
        for (int i = 0; i < 9; ++i) {
            const double torque = std::sin(x[i] - x[9 + i]);
            EXPECT_NEAR(a[i], -torque, 1e-14);
            EXPECT_NEAR(a[9 + i], torque, 1e-14);
        }
    }
}

TEST(InstructionSets, AreNamed) {
    for (const auto& isa : instruction_sets()) EXPECT_EQ(door(isa, 3)->info().isa, isa);
    EXPECT_EQ(door("portable", 3)->info().threads, 3);
    EXPECT_EQ(door("auto")->info().isa, instruction_sets().back());
    EXPECT_GE(door("auto", 0)->info().threads, 1);
    EXPECT_EQ(door("auto")->info().name, "cpu");
    try {
        door("sse9");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.exit(), Exit::usage);
        EXPECT_NE(std::string(error.what()).find("sse9"), std::string::npos);
    }
}

}  // namespace
}  // namespace lnn
