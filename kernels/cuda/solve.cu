#include "cuda/solve.hpp"

#include "cuda/handles.hpp"
#include "cuda/launch.cuh"
#include "cuda/threads.cuh"
#include "dispatch.hpp"
#include "lnn/range.hpp"
#include "separate.hpp"

namespace lnn::cuda {
namespace {

template <class S, class T, int N>
__global__ void __launch_bounds__(grid_threads, 1)
    terms_kernel(const __grid_constant__ TermsJob<T, S> job, const __grid_constant__ MlpShape shape, int models,
                 T* scratch) {
    terms_many<T, N>(ThreadGrid(), job, shape, models, thread_scratch(scratch));
}

template <class T>
__global__ void __launch_bounds__(grid_threads, 1)
    apply_kernel(const __grid_constant__ Decompositions<T> d, const __grid_constant__ SolveSpec solve, T* y) {
    apply_decompositions(ThreadGrid(), d, solve, y, y);
}

template <class T>
__global__ void __launch_bounds__(grid_threads, 1)
    rows_kernel(int models, std::int64_t samples, int n, const T* from, double* to) {
    accelerations_to_rows(ThreadGrid(), models, samples, n, from, to);
}

template <class S, int N>
__global__ void __launch_bounds__(grid_threads, 1) start_kernel(int models, std::int64_t samples, const double* initial,
                                                                const __grid_constant__ StageStates<S> states) {
    start_stages<N>(ThreadGrid(), models, samples, initial, states);
}

template <class S, class T, int N>
__global__ void __launch_bounds__(grid_threads, 1)
    stage_kernel(int models, std::int64_t samples, int stage, double h, const T* a,
                 const __grid_constant__ StageStates<S> states) {
    stage_many<N>(ThreadGrid(), models, samples, stage, h, a, states);
}

template <class S, int N>
__global__ void __launch_bounds__(grid_threads, 1)
    record_kernel(int models, std::int64_t samples, std::int64_t rows, const __grid_constant__ StageStates<S> states,
                  double* out) {
    record_stages<N>(ThreadGrid(), models, samples, rows, states, out);
}

// settings of cuSOLVER's Jacobi, made once and never given back
class Solver {
  public:
    Solver() { check_cusolver(LNN_CUSOLVER(cusolverDnCreateGesvdjInfo)(&info_)); }

    // mass (count, n, n), destroyed
    template <class T>
    void decompose(const Decompositions<T>& d, T* mass) {
        const auto size = [] {
            if constexpr (std::is_same_v<T, float>)
                return LNN_CUSOLVER(cusolverDnSgesvdjBatched_bufferSize);
            else
                return LNN_CUSOLVER(cusolverDnDgesvdjBatched_bufferSize);
        }();
        const auto gesvdj = [] {
            if constexpr (std::is_same_v<T, float>)
                return LNN_CUSOLVER(cusolverDnSgesvdjBatched);
            else
                return LNN_CUSOLVER(cusolverDnDgesvdjBatched);
        }();
        const cusolverDnHandle_t handle = cusolver_handle();
        const int n = d.n, count = int(d.count);
        int words = 0;
        check_cusolver(
            size(handle, CUSOLVER_EIG_MODE_VECTOR, n, n, mass, n, d.s, d.u, n, d.v, n, &words, info_, count));
        const DeviceBuffer<T> work(words);
        {
            const TimedWork timed;
            check_cusolver(gesvdj(handle, CUSOLVER_EIG_MODE_VECTOR, n, n, mass, n, d.s, d.u, n, d.v, n, work.get(), words,
                                  d.failed, info_, count));
        }
        check(cudaDeviceSynchronize(), "decomposing matrices");
    }

  private:
    gesvdjInfo_t info_ = nullptr;
};

// M^+ f of networks at states of type S: a (models, samples, n)
template <class S, class T, int N>
class Accelerations {
  public:
    Accelerations(const Card& card, const TermsJob<T, S>& job, int models)
        : card_(card),
          job_(job),
          models_(models),
          shape_(lnn_shape(job.spec)),
          grid_(card, terms_kernel<S, T, N>, models * job.samples, lnn_scratch<N, 0>(shape_)),
          mass_(models * job.samples * N * N),
          force_(models * job.samples * N) {
        job_.mass = mass_.get();
        job_.force = force_.get();
    }
    const T* compute(const SolveSpec& solve) {
        {
            const Range range("forward");
            launch(terms_kernel<S, T, N>, grid_.shape(), job_, shape_, models_, grid_.scratch());
        }
        const Range range("solve");
        pseudo_inverses(card_, N, models_ * job_.samples, solve, mass_.get(), force_.get());
        return force_.get();
    }

  private:
    const Card& card_;
    TermsJob<T, S> job_;
    int models_;
    MlpShape shape_;
    SampleGrid<T> grid_;
    DeviceBuffer<T> mass_, force_;
};

template <class S, class T, int N>
void rollout_in_stages(const Card& card, const RolloutJob<T>& job, int models) {
    const std::int64_t samples = job.samples, numbers = models * 2 * N * samples,
                       rows = (job.integration.instants + 1) * 2 * N;
    const DeviceBuffer<S> x(numbers), y(numbers), sum(numbers);
    const StageStates<S> states{x.get(), y.get(), sum.get()};
    Accelerations<S, T, N> accelerations(
        card, {job.spec, samples, job.weights, y.get(), 2 * N * samples, nullptr, nullptr}, models);
    const SampleGrid<T> grid(card, stage_kernel<S, T, N>, models * samples, 0);
    launch(start_kernel<S, N>, grid.shape(), models, samples, job.initial, states);
    const auto record = [&](std::int64_t instant) {
        launch(record_kernel<S, N>, grid.shape(), models, samples, rows, states, job.out + instant * 2 * N * samples);
    };
    record(0);
    for (std::int64_t k = 1; k <= job.integration.instants; ++k) {
        for (int s = 0; s < job.integration.substeps; ++s)
            for (int stage = 0; stage < 4; ++stage) {
                const T* const a = accelerations.compute(job.solve);
                launch(stage_kernel<S, T, N>, grid.shape(), models, samples, stage,
                       job.integration.dt / job.integration.substeps, a, states);
            }
        record(k);
    }
    check(cudaDeviceSynchronize(), "integrating");
}

}  // namespace

template <class T>
void pseudo_inverses(const Card& card, int n, std::int64_t count, const SolveSpec& solve, T* mass, T* y) {
    constexpr std::int64_t together = 1 << 18;  // matrices in one call
    static Solver& solver = *new Solver;
    const std::int64_t most = std::min(together, count);
    const DeviceBuffer<T> s(most * n), u(most * n * n), v(most * n * n), along(most * n);
    const DeviceBuffer<int> failed(most);
    for (std::int64_t first = 0; first < count; first += together) {
        const Decompositions<T> d{
            n, std::min(together, count - first), s.get(), u.get(), v.get(), along.get(), failed.get()};
        solver.decompose(d, mass + first * n * n);
        const SampleGrid<T> grid(card, apply_kernel<T>, d.count, 0);
        launch(apply_kernel<T>, grid.shape(), d, solve, y + first * n);
        check(cudaDeviceSynchronize(), "applying decompositions");
    }
}
template void pseudo_inverses(const Card&, int, std::int64_t, const SolveSpec&, float*, float*);
template void pseudo_inverses(const Card&, int, std::int64_t, const SolveSpec&, double*, double*);

template <class T>
void accelerate_separately(const Card& card, const AccelerateJob<T>& job, int models) {
    with_dof(job.spec.dof, [&]<int N>() {
        Accelerations<double, T, N> accelerations(
            card, {job.spec, job.samples, job.weights, job.states, 0, nullptr, nullptr}, models);
        const SampleGrid<T> grid(card, rows_kernel<T>, models * job.samples, 0);
        launch(rows_kernel<T>, grid.shape(), models, job.samples, N, accelerations.compute(job.solve),
               job.accelerations);
        check(cudaDeviceSynchronize(), "computing accelerations");
    });
}
template void accelerate_separately(const Card&, const AccelerateJob<float>&, int);
template void accelerate_separately(const Card&, const AccelerateJob<double>&, int);

template <class T>
void rollout_separately(const Card& card, const RolloutJob<T>& job, bool state64, int models) {
    with_dof(job.spec.dof, [&]<int N>() {
        if (state64)
            rollout_in_stages<double, T, N>(card, job, models);
        else
            rollout_in_stages<float, T, N>(card, job, models);
    });
}
template void rollout_separately(const Card&, const RolloutJob<float>&, bool, int);
template void rollout_separately(const Card&, const RolloutJob<double>&, bool, int);

std::size_t separate_bytes(int dof) { return (3 * dof * dof + 3 * dof + 6 * dof) * sizeof(double); }

}  // namespace lnn::cuda
