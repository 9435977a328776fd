// What the threads of a whole grid do: every sample of every model, one a thread, with scratch of the thread's own.
// `grid.for_each(n, f)` is that of a block (block.hpp), without a barrier. Arrays of several models lie one behind
// another.
#pragma once

#include "jacobian.hpp"
#include "rollout.hpp"
#include "score.hpp"

namespace lnn::inline LNN_ISA {

// f(model, sample) for each
template <class Grid, class F>
LNN_HD void for_samples(const Grid& grid, int models, std::int64_t samples, F&& f) {
    grid.for_each(models * samples, [&](std::int64_t i) { f(int(i / samples), i % samples); });
}

template <class System, class Grid>
LNN_HD void accelerate_many(const Grid& grid, const SystemAccelerateJob& job) {
    grid.for_each(job.samples, [&](std::int64_t sample) { accelerate_system<System, double>(job, sample); });
}

template <class Model, int N, class T, class Grid, class Ptr>
LNN_HD void accelerate_many(const Grid& grid, const AccelerateJob<T>& job, const MlpShape& shape, int models,
                            Ptr scratch) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) {
        AccelerateJob<T> own = job;
        own.accelerations += m * job.spec.dof * job.samples;
        if (job.energies) own.energies += m * job.samples;
        if (job.lagrangians) own.lagrangians += m * job.samples;
        const NetworkView<T> net(shape, job.spec, job.weights + std::int64_t(m) * shape.parameters);
        accelerate_model<Model, N, T>(own, net, sample, scratch);
    });
}

// a stretch of a trajectory: instants from + 1 .. to of `out`; at 0 it begins with `initial`, else where `out` has come
struct Stretch {
    std::int64_t from, to;
};

LNN_HD Integration over(Stretch stretch, Integration run) {
    run.instants = stretch.to - stretch.from;
    return run;
}

template <class System, class Grid>
LNN_HD void rollout_many(const Grid& grid, const SystemRolloutJob& job, Stretch stretch) {
    grid.for_each(job.samples, [&](std::int64_t sample) {
        double* const out = job.out + stretch.from * 2 * job.system.dof * job.samples;
        const SystemField<System, double> field{job.system};
        rollout<double>(job.table, field, over(stretch, job.integration), job.samples,
                        stretch.from == 0 ? job.initial : out, out, job.steps, sample);
    });
}

template <class Model, int N, class S, class T, class Grid, class Ptr>
LNN_HD void rollout_many(const Grid& grid, const RolloutJob<T>& job, const MlpShape& shape, int models, Stretch stretch,
                         Ptr scratch) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) {
        const std::int64_t row = 2 * job.spec.dof * job.samples;
        double* const out = job.out + (m * (job.integration.instants + 1) + stretch.from) * row;
        const NetworkView<T> net(shape, job.spec, job.weights + std::int64_t(m) * shape.parameters);
        const ModelField<Model, N, S, T, T, Ptr> field{net, job.solve, scratch};
        rollout<S>(job.table, field, over(stretch, job.integration), job.samples,
                   stretch.from == 0 ? job.initial + m * job.model_initial : out, out, job.steps, sample);
    });
}

// states first .. first + count - 1 of the stream: states (2n, count)
template <class Grid>
LNN_HD void draw_many(const Grid& grid, const Draw& draw, Stream stream, int dof, std::int64_t first,
                      std::int64_t count, double* states) {
    grid.for_each(count, [&](std::int64_t s) { draw_column(draw, stream, dof, first, count, s, states); });
}

template <class Grid>
LNN_HD void start_many(const Grid& grid, const StartJob& job, int models) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) { start_sample(job, m, sample); });
}
template <class Grid>
LNN_HD void compare_many(const Grid& grid, const CompareJob& job, int models) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) { compare_sample(job, m, sample); });
}
template <class Grid>
LNN_HD void finish_many(const Grid& grid, const FinishJob& job, int models) {
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) { finish_sample(job, m, sample); });
}

template <class Model, int N, class T, class Grid, class Ptr>
LNN_HD void jacobian_many(const Grid& grid, const JacobianJob<T>& job, const MlpShape& shape, int models, Ptr scratch) {
    const int n = dof_of<N>(job.spec.dof);
    for_samples(grid, models, job.samples, [&](int m, std::int64_t sample) {
        T x[3 * most_dof<N>];  // q, v, target
        for (int i = 0; i < 2 * n; ++i) x[i] = T(job.states[(m * 2 * n + i) * job.samples + sample]);
        for (int i = 0; i < n; ++i) x[2 * n + i] = T(job.targets[(m * n + i) * job.samples + sample]);
        const std::int64_t stride = job.samples * n;
        const NetworkView<T> net(shape, job.spec, job.weights + std::int64_t(m) * shape.parameters);
        job.left_out[m * job.samples + sample] = jacobian_rows<Model, N, T>(
            net, job.solve, job.robust, x, x + n, x + 2 * n, true, scratch,
            job.rows + m * shape.parameters * stride + sample * n, stride, job.residuals + m * stride + sample * n);
    });
}

// sum[i] += x[i]
template <class T, class Grid>
LNN_HD void add_many(const Grid& grid, std::int64_t count, const T* x, double* sum) {
    grid.for_each(count, [&](std::int64_t i) { sum[i] += double(x[i]); });
}

// gradients of chunks, (models, chunks, parameters), added in their order to (models, parameters)
template <class T, class Grid>
LNN_HD void sum_chunks(const Grid& grid, int models, int chunks, int parameters, const T* partial, double* gradient) {
    grid.for_each(std::int64_t(models) * parameters, [&](std::int64_t i) {
        const T* const from = partial + i / parameters * chunks * parameters + i % parameters;
        double sum = gradient[i];
        for (int c = 0; c < chunks; ++c) sum += double(from[std::int64_t(c) * parameters]);
        gradient[i] = sum;
    });
}

}  // namespace lnn::inline LNN_ISA
