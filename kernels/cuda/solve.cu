#include "cuda/solve.hpp"

#include "cuda/handles.hpp"
#include "cuda/launch.cuh"
#include "cuda/threads.cuh"
#include "lnn/range.hpp"
#include "separate.hpp"

namespace lnn::cuda {
namespace {

template <class Model, int N, class S, class T>
__global__ void __launch_bounds__(grid_threads, 1)
    terms_kernel(const __grid_constant__ TermsJob<T, S> job, const __grid_constant__ MlpShape shape, int models,
                 T* scratch) {
    terms_many<Model, N>(ThreadGrid(), job, shape, models, thread_scratch(scratch));
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

template <class S>
__global__ void __launch_bounds__(grid_threads, 1) start_kernel(int models, std::int64_t samples, const double* initial,
                                                                const __grid_constant__ StageStates<S> states) {
    start_stages(ThreadGrid(), models, samples, initial, states);
}

template <class S, class T>
__global__ void __launch_bounds__(grid_threads, 1)
    stage_kernel(const __grid_constant__ ButcherTable table, int models, std::int64_t samples, int stage, double h,
                 const T* a, const __grid_constant__ StageStates<S> states) {
    stage_many(ThreadGrid(), table, models, samples, stage, h, a, states);
}

template <class S>
__global__ void __launch_bounds__(grid_threads, 1)
    record_kernel(int models, std::int64_t samples, std::int64_t rows, const __grid_constant__ StageStates<S> states,
                  double* out) {
    record_stages(ThreadGrid(), models, samples, rows, states, out);
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
            check_cusolver(gesvdj(handle, CUSOLVER_EIG_MODE_VECTOR, n, n, mass, n, d.s, d.u, n, d.v, n, work.get(),
                                  words, d.failed, info_, count));
        }
        check(cudaDeviceSynchronize(), "decomposing matrices");
    }

  private:
    gesvdjInfo_t info_ = nullptr;
};

// M^+ f of networks at states of type S: a (models, samples, n)
template <class Model, int N, class S, class T>
class Accelerations {
  public:
    Accelerations(const Card& card, const TermsJob<T, S>& job, int models)
        : card_(card),
          job_(job),
          models_(models),
          n_(job.spec.dof),
          shape_(Model::shape(job.spec)),
          grid_(card, terms_kernel<Model, N, S, T>, models * job.samples, ThreadPass<Model, N, T>::scratch(shape_, n_)),
          mass_(models * job.samples * n_ * n_),
          force_(models * job.samples * n_) {
        job_.mass = mass_.get();
        job_.force = force_.get();
    }
    const T* compute(const SolveSpec& solve) {
        {
            const Range range("forward");
            launch(terms_kernel<Model, N, S, T>, grid_.shape(), job_, shape_, models_, grid_.scratch());
        }
        const Range range("solve");
        pseudo_inverses(card_, n_, models_ * job_.samples, solve, mass_.get(), force_.get());
        return force_.get();
    }

  private:
    const Card& card_;
    TermsJob<T, S> job_;
    int models_, n_;
    MlpShape shape_;
    SampleGrid<T> grid_;
    DeviceBuffer<T> mass_, force_;
};

template <class Model, int N, class S, class T>
void rollout_in_stages(const Card& card, const RolloutJob<T>& job, int models) {
    const int n = job.spec.dof, stages = job.table.stages;
    const std::int64_t samples = job.samples, numbers = models * 2 * n * samples,
                       rows = (job.integration.instants + 1) * 2 * n;
    const DeviceBuffer<S> x(numbers), y(numbers), k(stages * numbers);
    const StageStates<S> states{n, x.get(), y.get(), k.get()};
    Accelerations<Model, N, S, T> accelerations(
        card, {job.spec, samples, job.weights, y.get(), 2 * n * samples, nullptr, nullptr}, models);
    const SampleGrid<T> grid(card, stage_kernel<S, T>, models * samples, 0);
    launch(start_kernel<S>, grid.shape(), models, samples, job.initial, states);
    const auto record = [&](std::int64_t instant) {
        launch(record_kernel<S>, grid.shape(), models, samples, rows, states, job.out + instant * 2 * n * samples);
    };
    record(0);
    for (std::int64_t instant = 1; instant <= job.integration.instants; ++instant) {
        for (int s = 0; s < job.integration.substeps; ++s)
            for (int stage = 0; stage < stages; ++stage) {
                const T* const a = accelerations.compute(job.solve);
                launch(stage_kernel<S, T>, grid.shape(), job.table, models, samples, stage,
                       job.integration.dt / job.integration.substeps, a, states);
            }
        record(instant);
    }
    check(cudaDeviceSynchronize(), "integrating");
}

// with_model for those that have a mass matrix; others never come here (shapes.hpp)
template <class F>
void with_lagrangian(const ModelSpec& spec, F&& f) {
    with_model(spec, [&]<class Model, int N>() {
        if constexpr (Model::table.lagrangian) f.template operator()<Model, N>();
    });
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
    with_lagrangian(job.spec, [&]<class Model, int N>() {
        Accelerations<Model, N, double, T> accelerations(
            card, {job.spec, job.samples, job.weights, job.states, 0, nullptr, nullptr, job.inputs}, models);
        const SampleGrid<T> grid(card, rows_kernel<T>, models * job.samples, 0);
        launch(rows_kernel<T>, grid.shape(), models, job.samples, job.spec.dof, accelerations.compute(job.solve),
               job.accelerations);
        check(cudaDeviceSynchronize(), "computing accelerations");
    });
}
template void accelerate_separately(const Card&, const AccelerateJob<float>&, int);
template void accelerate_separately(const Card&, const AccelerateJob<double>&, int);

template <class T>
void rollout_separately(const Card& card, const RolloutJob<T>& job, bool state64, int models) {
    with_lagrangian(job.spec, [&]<class Model, int N>() {
        if (state64)
            rollout_in_stages<Model, N, double>(card, job, models);
        else
            rollout_in_stages<Model, N, float>(card, job, models);
    });
}
template void rollout_separately(const Card&, const RolloutJob<float>&, bool, int);
template void rollout_separately(const Card&, const RolloutJob<double>&, bool, int);

std::size_t separate_bytes(int dof) { return (3 * dof * dof + 3 * dof + 2 * dof * (2 + most_stages)) * sizeof(double); }

}  // namespace lnn::cuda
