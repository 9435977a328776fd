// One small job for each function of the door that goes to a device.
#pragma once

#include <functional>

#include "device.hpp"
#include "kernels/doors.hpp"

namespace lnn {

struct Job {
    std::string name;
    std::function<Numbers(Backend&)> run;  // everything it leaves
};

// weights and states of a training, which a job that fails may not change
inline Numbers state_of(const Training& t) {
    Numbers all;
    append(all, t.weights), append(all, t.first), append(all, t.second), append(all, t.average);
    append(all, Numbers(t.applied.begin(), t.applied.end())), append(all, Numbers(t.failed.begin(), t.failed.end()));
    return all;
}

inline Numbers equations(Backend& backend, const Nets& net, std::vector<bool>* solved = nullptr) {
    constexpr int samples = 40;
    const std::size_t parameters = net.parameters(), square = parameters * parameters, models = net.count;
    Numbers x, targets;
    for (int m = 0; m < net.count; ++m) {
        const Numbers own = states(net.spec.dof, samples, 5 + m);
        append(x, own), append(targets, truth(backend, double_pendulum, own));
    }
    Numbers matrix(models * square), right(models * parameters), steps(models * parameters);
    std::vector<std::int64_t> left_out(models);
    NormalEquations all{matrix, right, left_out};
    backend.normal_equations(net.models(), {}, {.delta = 1}, Precision::f64, x, targets, all);
    const auto found = backend.damped_steps(all, Numbers(models, 1e-3), steps);
    if (solved) *solved = found;
    append(matrix, right), append(matrix, steps);
    return matrix;
}

inline std::vector<Job> jobs() {
    const Nets net = nets(2, 3);
    const Numbers x = states(2, 150);
    const SolveSpec cusolver{.rcond = 1e-15, .pinv = Pinv::cusolver};
    const Integration short_run{.dt = 0.02, .substeps = 2, .instants = 5};
    return {
        {"accelerate_system", [=](Backend& b) { return truth(b, double_pendulum, x); }},
        {"accelerate", [=](Backend& b) { return accelerate(b, net, Precision::f32, x).accelerations; }},
        {"accelerate_cusolver",
         [=](Backend& b) { return accelerate(b, net, Precision::f32, x, cusolver).accelerations; }},
        {"gradient",
         [=](Backend& b) { return gradients(b, net, Precision::f32, {}, x, truth(b, double_pendulum, x)).gradient; }},
        {"draw",
         [=](Backend& b) {
             Numbers drawn(4 * 50);
             b.draw(pendulum_job(Precision::f32, 1).draw, 2, 3, 50, drawn);
             return drawn;
         }},
        {"rollout_system",
         [=](Backend& b) {
             Numbers out(6 * x.size());
             b.rollout(double_pendulum, short_run, x, out);
             return out;
         }},
        {"rollout", [=](Backend& b) { return rollout(b, net, Precision::f32, Precision::f64, short_run, x); }},
        {"train",
         [=](Backend& b) {
             Training training(b, net, 40, 6, Precision::f32);
             training.run(b, 0, 6);
             return training.left();
         }},
        {"least_squares", [=](Backend& b) { return equations(b, net); }},
        {"evaluate",
         [=](Backend& b) {
             std::vector<TrajectoryScore> scores(3 * 20);
             b.evaluate(net.models(), pendulum_job(Precision::f32, 10), 0, scores);
             Numbers all;
             for (const auto& s : scores) append(all, {s.mse[0], s.mse[1], s.energy_error, s.valid_time});
             return all;
         }},
        {"evaluate_sums",
         [=](Backend& b) {
             std::vector<TrajectorySums> sums(3);
             b.evaluate(net.models(), pendulum_job(Precision::f32, 10), 0, 20, sums);
             Numbers all;
             for (const auto& s : sums) append(all, {s.sum.mse[0], s.sum.mse[1], s.sum.energy_error});
             return all;
         }},
    };
}

}  // namespace lnn
