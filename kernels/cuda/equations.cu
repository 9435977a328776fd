#include "cuda/equations.hpp"

#include "cuda/handles.hpp"
#include "cuda/launch.cuh"
#include "cuda/threads.cuh"
#include "lnn/range.hpp"
#include "many.hpp"

namespace lnn::cuda {
namespace {

template <class Model, int N, class T>
__global__ void __launch_bounds__(grid_threads, 1)
    jacobian_kernel(const __grid_constant__ JacobianJob<T> job, const __grid_constant__ MlpShape shape, int models,
                    T* scratch) {
    jacobian_many<Model, N>(ThreadGrid(), job, shape, models, thread_scratch(scratch));
}

template <class T>
__global__ void __launch_bounds__(grid_threads, 1) add_kernel(std::int64_t count, const T* x, double* sum) {
    add_many(ThreadGrid(), count, x, sum);
}

template <class T>
void add(const Card& card, const DeviceBuffer<T>& x, double* sum) {
    const SampleGrid<T> grid(card, add_kernel<T>, std::int64_t(x.size()), 0);
    launch(add_kernel<T>, grid.shape(), std::int64_t(x.size()), x.get(), sum);
}

// A lower triangle by rows is an upper one by columns, as these libraries see it.
constexpr cublasFillMode_t triangle = CUBLAS_FILL_MODE_UPPER;

}  // namespace

void require_least_squares() {
    cublas_handle();
    cusolver_handle();
}

template <class T>
void add_products(const Card& card, const JacobianJob<T>& job, int models, double share, double* matrix,
                  double* right) {
    const MlpShape shape = model_shape(job.spec);
    const int parameters = shape.parameters, rows = int(job.samples) * job.spec.dof;
    {
        const Range range("jacobian");
        with_model(job.spec, [&]<class Model, int N>() {
            using Pass = ThreadPass<Model, N, T, Tape::regular>;
            const SampleGrid<T> grid(card, jacobian_kernel<Model, N, T>, models * job.samples,
                                     jacobian_reals<Pass>(shape, job.spec.dof));
            launch(jacobian_kernel<Model, N, T>, grid.shape(), job, shape, models, grid.scratch());
            check(cudaDeviceSynchronize(), "computing rows of the Jacobian");  // before its scratch is given back
        });
    }
    const Range range("products");
    const auto syrk = [] {
        if constexpr (std::is_same_v<T, float>)
            return LNN_CUBLAS(cublasSsyrk_v2);
        else
            return LNN_CUBLAS(cublasDsyrk_v2);
    }();
    const auto gemv = [] {
        if constexpr (std::is_same_v<T, float>)
            return LNN_CUBLAS(cublasSgemv_v2);
        else
            return LNN_CUBLAS(cublasDgemv_v2);
    }();
    const T alpha = T(share), zero = 0;
    const std::int64_t square = std::int64_t(parameters) * parameters;
    DeviceBuffer<T> product(square);
    const DeviceBuffer<T> projection(parameters);
    product.clear();  // its other triangle is nobody's
    for (int m = 0; m < models; ++m) {
        const T *const own = job.rows + std::int64_t(m) * parameters * rows, *const residuals =
                                                                                 job.residuals + std::int64_t(m) * rows;
        const TimedWork timed;
        check_cublas(syrk(cublas_handle(), triangle, CUBLAS_OP_T, parameters, rows, &alpha, own, rows, &zero,
                          product.get(), parameters));
        check_cublas(gemv(cublas_handle(), CUBLAS_OP_T, rows, parameters, &alpha, own, rows, residuals, 1, &zero,
                          projection.get(), 1));
        add(card, product, matrix + m * square);
        add(card, projection, right + std::int64_t(m) * parameters);
    }
    check(cudaDeviceSynchronize(), "multiplying rows of the Jacobian");
}
template void add_products(const Card&, const JacobianJob<float>&, int, double, double*, double*);
template void add_products(const Card&, const JacobianJob<double>&, int, double, double*, double*);

std::vector<bool> solve_definite(int parameters, int models, double* matrix, double* right) {
    const Range range("factorise");
    const std::int64_t square = std::int64_t(parameters) * parameters;
    std::vector<double*> matrices, rights;
    for (int m = 0; m < models; ++m) {
        matrices.push_back(matrix + m * square);
        rights.push_back(right + std::int64_t(m) * parameters);
    }
    DeviceBuffer<int> info(models + 1);
    info.clear();
    if (models > 1) {
        const DeviceBuffer<double*> a{std::span<double*const>(matrices)}, b{std::span<double*const>(rights)};
        {
            const TimedWork timed;
            check_cusolver(LNN_CUSOLVER(cusolverDnDpotrfBatched)(cusolver_handle(), triangle, parameters, a.get(),
                                                                 parameters, info.get(), models));
            check_cusolver(LNN_CUSOLVER(cusolverDnDpotrsBatched)(cusolver_handle(), triangle, parameters, 1, a.get(),
                                                                 parameters, b.get(), parameters, info.get() + models,
                                                                 models));
        }
        check(cudaDeviceSynchronize(), "solving normal equations");
    } else {
        int words = 0;
        check_cusolver(LNN_CUSOLVER(cusolverDnDpotrf_bufferSize)(cusolver_handle(), triangle, parameters, matrix,
                                                                 parameters, &words));
        const DeviceBuffer<double> work(words);
        {
            const TimedWork timed;
            check_cusolver(LNN_CUSOLVER(cusolverDnDpotrf)(cusolver_handle(), triangle, parameters, matrix, parameters,
                                                          work.get(), words, info.get()));
            check_cusolver(LNN_CUSOLVER(cusolverDnDpotrs)(cusolver_handle(), triangle, parameters, 1, matrix,
                                                          parameters, right, parameters, info.get() + models));
        }
        check(cudaDeviceSynchronize(), "solving normal equations");
    }
    std::vector<int> found(models + 1);
    info.download(found);
    std::vector<bool> definite;
    for (int m = 0; m < models; ++m) definite.push_back(found[m] == 0);
    return definite;
}

}  // namespace lnn::cuda
