// The door on CPU lanes: cuts jobs into pieces for the threads, owns their memory.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include "cpu/equations.hpp"
#include "cpu/evaluate.hpp"
#include "cpu/instruction_sets.hpp"
#include "cpu/parallel.hpp"
#include "cpu/scratch.hpp"
#include "lnn/random.hpp"
#include "lnn/range.hpp"
#include "shapes.hpp"

namespace lnn {
namespace {

// everything a model in training owns on this side of the door, in precision T; kept for the next one
template <class T>
struct ModelMemory {
    std::vector<T> weights, first, second, average, gradient, partial;
    std::vector<double> norms, chunk_loss;
    std::vector<std::int64_t> counts;
    TrainModel<T> model;

    ModelMemory(std::size_t parameters, int chunks)
        : weights(parameters),
          first(parameters),
          second(parameters),
          average(parameters),
          gradient(parameters),
          partial(parameters * chunks),
          norms(norm_blocks(int(parameters))),
          chunk_loss(chunks),
          counts(std::size_t(chunks) * (condition_bins + 1)),
          model() {}
};

// seconds that this thread has run, so that other programs do not count
double core_seconds() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

class CpuBackend final : public Backend {
  public:
    explicit CpuBackend(const BackendOptions& options)
        : lanes_(lanes_of(options.isa)),
          threads_{options.threads > 0 ? options.threads : std::max(1, int(std::thread::hardware_concurrency())),
                   options.fewer_threads} {}

    BackendInfo info() const override { return {"cpu", processor_name(), lanes_.name, threads_.count, ""}; }

    double peak(Precision precision, double seconds) override {
        double rate = 0;
        with_precision(precision, [&]<class T>(const LaneKernels<T>& kernels) {
            double done = 0, sink = 0;
            const double start = core_seconds();
            while (core_seconds() - start < seconds) done += kernels.fma_chains(10000, &sink);
            rate = done / (core_seconds() - start);
        });
        return rate;
    }

    void accelerate(const SystemSpec& system, std::span<const double> states, std::span<double> accelerations,
                    std::span<double> energies, std::span<const double> inputs) override {
        ask_system(system, states, inputs, {}, accelerations, energies);
    }
    void forces(const SystemSpec& system, std::span<const double> states, std::span<const double> accelerations,
                std::span<double> forces) override {
        require_given(accelerations, system.dof, require_states(states, system.dof));
        ask_system(system, states, {}, accelerations, forces, {});
    }

    void accelerate(const Models& models, const SolveSpec& solve, Precision precision, std::span<const double> states,
                    std::span<double> accelerations, std::span<double> energies, std::span<double> lagrangians,
                    std::span<const double> inputs) override {
        with_precision(precision, [&]<class T>(const LaneKernels<T>& kernels) {
            ask_models(kernels, models, solve, states, inputs, {}, accelerations, energies, lagrangians);
        });
    }
    void forces(const Models& models, Precision precision, std::span<const double> states,
                std::span<const double> accelerations, std::span<double> forces) override {
        require_given(models, accelerations, states);
        with_precision(precision, [&]<class T>(const LaneKernels<T>& kernels) {
            ask_models(kernels, models, {}, states, {}, accelerations, forces, {}, {});
        });
    }

    void gradient(const Models& models, const SolveSpec& solve, const LossSpec& loss, Precision precision,
                  std::span<const double> states, std::span<const double> targets, std::span<double> losses,
                  std::span<double> gradient) override {
        with_precision(precision, [&]<class T>(const LaneKernels<T>& kernels) {
            gradient_of_models(kernels, models, solve, loss, states, targets, losses, gradient);
        });
    }

    void draw(const Draw& draw, int dof, std::int64_t first, std::int64_t count, std::span<double> states) override {
        require_draw(dof, count, states);
        in_pieces(threads_, count, piece_samples, [&](int, std::int64_t begin, std::int64_t n) {
            for (std::int64_t s = begin; s < begin + n; ++s)
                lanes_.systems->draw(draw, Stream::states, dof, first, count, s, states.data());
        });
    }

    void rollout(const SystemSpec& system, const Integration& run, std::span<const double> initial,
                 std::span<double> out) override {
        require_system(system);
        const std::int64_t samples = require_states(initial, system.dof);
        require_trajectories(run, initial, 1, out);
        const SystemRolloutJob job{system, run, table_of(run), samples, initial.data(), out.data()};
        in_pieces(threads_, samples, lanes_.systems->width,
                  [&](int, std::int64_t first, std::int64_t count) { lanes_.systems->rollout(job, first, count); });
    }

    void rollout(const Models& models, const SolveSpec& solve, const Integration& run, Precision precision,
                 Precision state, std::span<const double> initial, std::span<double> out) override {
        with_precision(precision, [&]<class T>(const LaneKernels<T>& kernels) {
            require_fused(solve);
            const std::size_t parameters = require_models(models), size = initial.size() * (run.instants + 1);
            const std::int64_t samples = require_states(initial, models.spec.dof);
            require_trajectories(run, initial, models.count, out);
            for (int m = 0; m < models.count; ++m) {
                const auto weights = narrowed<T>(models.weights.subspan(m * parameters, parameters));
                const RolloutJob<T> job{
                    models.spec,          solve, run, table_of(run), samples, weights.data(), initial.data(),
                    out.data() + m * size};
                const auto scratch = thread_scratch(kernels.scratch_bytes(models.spec));
                in_pieces(threads_, samples, kernels.width, [&](int thread, std::int64_t first, std::int64_t count) {
                    kernels.rollout(job, state == Precision::f64, first, count, scratch[thread]->get());
                });
            }
        });
    }

    TrainReport train(const TrainJob& job, const TrainData& data, TrainState& state, std::int64_t first,
                      std::int64_t count) override {
        TrainReport report;
        with_precision(job.precision, [&]<class T>(const LaneKernels<T>& kernels) {
            report = train_models(kernels, job, data, state, first, count);
        });
        return report;
    }

    void normal_equations(const Models& models, const SolveSpec& solve, const RobustSpec& robust, Precision precision,
                          std::span<const double> states, std::span<const double> targets,
                          NormalEquations& out) override {
        const auto with = [&]<class T>(const EquationLanes<T>& kernels) {
            normal_equations_of_models(kernels, threads_, models, solve, robust, states, targets, out);
        };
        if (precision == Precision::f32)
            with(*lanes_.equations_f32);
        else
            with(*lanes_.equations_f64);
    }

    std::vector<bool> damped_steps(const NormalEquations& equations, std::span<const double> damping,
                                   std::span<double> steps) override {
        return damped_steps_of_models(*lanes_.cholesky, threads_, factors_, equations, damping, steps);
    }

    void evaluate(const Models& models, const EvaluateJob& job, std::int64_t first,
                  std::span<TrajectoryScore> scores) override {
        require_evaluation(models, job, scores);
        with_precision(job.precision, [&]<class T>(const LaneKernels<T>& kernels) {
            const auto weights = narrowed<T>(models.weights);
            const std::int64_t count = scores.size() / models.count;
            const auto scratch = thread_scratch(kernels.scratch_bytes(models.spec));
            in_pieces(threads_, count, kernels.width, [&](int thread, std::int64_t begin, std::int64_t n) {
                score_piece(kernels, lanes_, models, weights.data(), job, first + begin, n, scratch[thread]->get(),
                            [&](int m) { return scores.data() + m * count + begin; });
            });
        });
    }

    void evaluate(const Models& models, const EvaluateJob& job, std::int64_t first, std::int64_t count,
                  std::span<TrajectorySums> sums) override {
        require_sums(models, job, count, sums);
        constexpr std::int64_t together = 8192;
        std::vector<TrajectoryScore> scores;
        for (std::int64_t begin = 0; begin < count; begin += together) {
            const std::int64_t n = std::min(together, count - begin);
            scores.resize(models.count * n);
            evaluate(models, job, first + begin, scores);
            for (std::size_t i = 0; i < scores.size(); ++i) sums[i / n] = sums[i / n] + sums_of(scores[i]);
        }
    }

  private:
    static constexpr std::int64_t piece_samples = 1024;  // so many accelerations a thread takes at once

    const Lanes& lanes_;
    Threads threads_;
    KeptMemory factors_;  // memory of the factors of damped steps

    template <class F>
    void with_precision(Precision precision, F&& f) {
        if (precision == Precision::f32)
            f(*lanes_.f32);
        else
            f(*lanes_.f64);
    }

    std::vector<std::unique_ptr<Scratch>> thread_scratch(std::size_t bytes) const {
        return pieces_of_memory(threads_.count, bytes);
    }

    // accelerations, or the forces that `given` ones need, to `answers` (n, samples)
    void ask_system(const SystemSpec& system, std::span<const double> states, std::span<const double> inputs,
                    std::span<const double> given, std::span<double> answers, std::span<double> energies) {
        const std::int64_t samples = require_accelerations(system, states, answers, energies);
        require_inputs(inputs, system.dof, samples);
        const SystemAccelerateJob job{system,          samples,       states.data(), answers.data(), data_of(energies),
                                      data_of(inputs), data_of(given)};
        in_pieces(threads_, samples, piece_samples,
                  [&](int, std::int64_t first, std::int64_t count) { lanes_.systems->accelerate(job, first, count); });
    }

    // the same of models, to `answers` (models, n, samples)
    template <class T>
    void ask_models(const LaneKernels<T>& kernels, const Models& models, const SolveSpec& solve,
                    std::span<const double> states, std::span<const double> inputs, std::span<const double> given,
                    std::span<double> answers, std::span<double> energies, std::span<double> lagrangians) {
        require_fused(solve);
        const std::size_t parameters = require_models(models);
        const std::int64_t samples = require_accelerations(models, states, answers, energies, lagrangians);
        require_inputs(models, inputs, samples);
        const auto scratch = thread_scratch(kernels.scratch_bytes(models.spec));
        for (int m = 0; m < models.count; ++m) {
            const auto weights = narrowed<T>(models.weights.subspan(m * parameters, parameters));
            const AccelerateJob<T> job{models.spec,
                                       solve,
                                       samples,
                                       weights.data(),
                                       states.data(),
                                       answers.data() + m * samples * models.spec.dof,
                                       energies.empty() ? nullptr : energies.data() + m * samples,
                                       lagrangians.empty() ? nullptr : lagrangians.data() + m * samples,
                                       data_of(inputs),
                                       data_of(given)};
            in_pieces(threads_, samples, piece_samples, [&](int thread, std::int64_t first, std::int64_t count) {
                kernels.accelerate(job, first, count, scratch[thread]->get());
            });
        }
    }

    // chunks are computed a group at a time and added in their order
    template <class T>
    void gradient_of_models(const LaneKernels<T>& kernels, const Models& models, const SolveSpec& solve,
                            const LossSpec& loss, std::span<const double> states, std::span<const double> targets,
                            std::span<double> losses, std::span<double> gradient) {
        constexpr std::int64_t group = 64;
        const std::size_t parameters = require_gradient(models, solve, states, targets, losses, gradient);
        const std::int64_t samples = std::int64_t(states.size()) / (2 * models.spec.dof);
        const std::int64_t chunks = chunks_of(samples);
        const auto scratch = thread_scratch(kernels.train_scratch_bytes(models.spec));
        std::vector<T> partial(group * parameters);
        std::vector<double> chunk_loss(group);
        std::vector<std::int64_t> counts(group * (condition_bins + 1));
        const TrainShape shape{models.spec, solve, loss, int(samples), samples, 0, 1};
        const Batch batch{samples, states.data(), targets.data(), nullptr, 0, int(samples)};
        for (int m = 0; m < models.count; ++m) {
            const auto weights = narrowed<T>(models.weights.subspan(m * parameters, parameters));
            const auto sum = gradient.subspan(m * parameters, parameters);
            losses[m] = 0;
            std::fill(sum.begin(), sum.end(), 0.0);
            for (std::int64_t begin = 0; begin < chunks; begin += group) {
                const std::int64_t n = std::min(group, chunks - begin);
                in_pieces(threads_, n, 1, [&](int thread, std::int64_t c, std::int64_t) {
                    kernels.gradient(shape, batch, int(begin + c), weights.data(), partial.data() + c * parameters,
                                     &chunk_loss[c], &counts[c * (condition_bins + 1)], scratch[thread]->get());
                });
                for (std::int64_t c = 0; c < n; ++c) {
                    losses[m] += chunk_loss[c];
                    for (std::size_t p = 0; p < parameters; ++p) sum[p] += double(partial[c * parameters + p]);
                }
            }
        }
    }

    template <class T>
    TrainReport train_models(const LaneKernels<T>& kernels, const TrainJob& job, const TrainData& data,
                             TrainState& state, std::int64_t first, std::int64_t count) {
        require_training(job, data, state, count);
        const int n = job.spec.dof, models = job.models;
        const std::size_t parameters = model_shape(job.spec).parameters;
        const int chunks = chunks_of(job.batch);
        TrainReport report;
        report.loss.resize(models * count);
        report.grad_norm.resize(models * count);
        report.skipped.assign(models, 0);
        report.truncated.assign(models, 0);
        report.condition.assign(models * condition_bins, 0);
        const TrainShape shape{job.spec, job.solve, job.loss, job.batch, data.samples, first, count, ranges_wanted()};
        Crew crew(threads_, std::int64_t(models) * chunks);
        const Teams all = teams_for(crew.size(), models, chunks);
        const auto scratch = pieces_of_memory(crew.size(), kernels.train_scratch_bytes(job.spec));
        std::vector<ModelMemory<T>> memories(std::size_t(all.count), ModelMemory<T>(parameters, chunks));

        const auto enter = [&](int m, ModelMemory<T>& memory) {
            const auto fetch = [&](std::span<const double> from, std::vector<T>& to) {
                std::copy_n(from.begin() + m * parameters, parameters, to.begin());
            };
            fetch(state.weights, memory.weights);
            fetch(state.first, memory.first);
            fetch(state.second, memory.second);
            fetch(state.average.empty() ? state.weights : state.average, memory.average);
            std::fill(memory.counts.begin(), memory.counts.end(), 0);
            memory.model = TrainModel<T>{job.adam[m],
                                         {state.applied[m], state.failed[m], 0},
                                         data.states.data() + m * 2 * n * data.samples,
                                         data.targets.data() + m * n * data.samples,
                                         data.order.empty() ? nullptr : data.order.data() + m * count * job.batch,
                                         memory.weights.data(),
                                         memory.first.data(),
                                         memory.second.data(),
                                         memory.average.data(),
                                         memory.gradient.data(),
                                         memory.partial.data(),
                                         memory.norms.data(),
                                         memory.chunk_loss.data(),
                                         memory.counts.data(),
                                         report.loss.data() + m * count,
                                         report.grad_norm.data() + m * count};
        };
        const auto leave = [&](int m, const ModelMemory<T>& memory) {
            const auto bring = [&](const std::vector<T>& from, std::span<double> to) {
                std::copy_n(from.begin(), parameters, to.begin() + m * parameters);
            };
            bring(memory.weights, state.weights);
            bring(memory.first, state.first);
            bring(memory.second, state.second);
            if (!state.average.empty()) bring(memory.average, state.average);
            state.applied[m] = memory.model.progress.applied;
            state.failed[m] = memory.model.progress.failed;
            report.skipped[m] = memory.model.progress.skipped;
            for (int c = 0; c < chunks; ++c) {
                const std::int64_t* counts = memory.counts.data() + std::size_t(c) * (condition_bins + 1);
                for (int b = 0; b < condition_bins; ++b) report.condition[m * condition_bins + b] += counts[b];
                report.truncated[m] += counts[condition_bins];
            }
        };

        const auto start = std::chrono::steady_clock::now();
        in_teams(crew, all, models, [&](int m, int number, const Team& team) {
            ModelMemory<T>& memory = memories[std::size_t(number)];
            if (team.index == 0) enter(m, memory);
            team.sync();
            TrainShape part = shape;
            part.ranges &= team.index == 0;  // a step is one range, however many threads share it
            kernels.train(part, memory.model, team, scratch[number * all.size + team.index]->get());
            if (team.index == 0) leave(m, memory);
        });
        report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return report;
    }
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options) {
    return std::make_unique<CpuBackend>(options);
}

}  // namespace lnn
