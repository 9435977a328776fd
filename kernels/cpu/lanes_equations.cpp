// Compiled once for each instruction set (LNN_ISA) and precision (LNN_REAL, into LNN_TABLE): normal equations
// of least squares. See lanes.hpp.
#include "cpu/lanes.hpp"
#include "cpu/products.hpp"
#include "jacobian.hpp"
#include "samples.hpp"

namespace lnn::inline LNN_ISA {
namespace {

using T = LNN_REAL;
constexpr int native = register_bytes / int(sizeof(T));
using Wide = Pack<T, native>;

constexpr int chunk_rows = 512;  // rows of the Jacobian held at once, about: two tiles of them stay in the L2 cache
constexpr int tile = 48;         // parameters on a side

// packs of samples in a chunk, and Reals from one parameter's rows to the next's: odd, so that rows do not
// share a set of the cache
int chunk_packs(int dof) { return chunk_rows > dof * native ? chunk_rows / (dof * native) : 1; }
int row_stride(int dof) { return (chunk_packs(dof) * dof) | 1; }

std::size_t scratch_bytes(const ModelSpec& spec) {
    std::size_t reals = 0;
    with_model(spec, [&]<class Model, int N>() {
        reals = jacobian_reals<typename Model::template Pass<Wide, N, Tape::regular, T, Wide*>>(Model::shape(spec),
                                                                                                spec.dof);
    });
    return reals * sizeof(Wide);
}
std::size_t rows_bytes(const ModelSpec& spec) {
    return std::size_t(model_shape(spec).parameters + 1) * row_stride(spec.dof) * sizeof(Wide);
}

// pack `pack` of a chunk of `count` samples from `begin` on; returns the samples left out
template <class Model, int N>
int pack_rows(const EquationsJob<T>& job, const NetworkView<T>& net, std::int64_t begin, int count, int pack,
              Wide* scratch) {
    const int n = dof_of<N>(net.dof);
    const std::int64_t at = begin + pack * native;
    const auto row = [&](const double* rows, int i) {
        return convert<Wide>(load_row<WithScalar<Wide, double>>(rows + i * job.samples, at, job.samples));
    };
    Wide q[most_dof<N>], v[most_dof<N>], a[most_dof<N>];
    for (int i = 0; i < n; ++i) {
        q[i] = row(job.states, i);
        v[i] = row(job.states, n + i);
        a[i] = row(job.targets, i);
    }
    const auto active = active_lanes<Wide>(pack * native, count);

    Wide* const rows = reinterpret_cast<Wide*>(job.rows);
    const std::int64_t stride = row_stride(n);
    const auto out =
        jacobian_rows<Model, N, Wide>(net, job.solve, job.robust, q, v, a, active, scratch, rows + pack * n, stride,
                                      rows + net.shape.parameters * stride + pack * n);
    int left_out = 0;
    for (int w = 0; w < native; ++w) left_out += lane(out, w);
    return left_out;
}

// Chunk by chunk: each pack's rows have one writer, then each tile of the matrix; a barrier after each. So
// the bits do not depend on the team.
template <class Model, int N>
void equations(const EquationsJob<T>& job, const Team& team, Wide* scratch) {
    const MlpShape s = Model::shape(job.spec);
    const NetworkView<T> net(s, job.spec, job.weights);
    const int n = dof_of<N>(net.dof), parameters = s.parameters, tiles = (parameters + tile - 1) / tile,
              chunk_samples_of_n = chunk_packs(n) * native;
    const std::int64_t stride = row_stride(n);
    const double share = 1.0 / (double(job.samples) * n);
    const Wide* const rows = reinterpret_cast<const Wide*>(job.rows);
    job.left_out[team.index] = 0;
    for (std::int64_t begin = 0; begin < job.samples; begin += chunk_samples_of_n) {
        const std::int64_t rest = job.samples - begin;
        const int count = int(rest < chunk_samples_of_n ? rest : chunk_samples_of_n);
        const int packs = (count + native - 1) / native, items = packs * n;
        for (int pack = team.index; pack < packs; pack += team.size)
            job.left_out[team.index] += pack_rows<Model, N>(job, net, begin, count, pack, scratch);
        team.sync();

        const bool first = begin == 0;
        const auto put = [first](double& to, T value) { to = first ? double(value) : to + double(value); };
        int number = 0;
        for (int i = 0; i < tiles; ++i)
            for (int j = 0; j <= i; ++j, ++number) {
                if (number % team.size != team.index) continue;
                const int p = i * tile, o = j * tile, tall = parameters - p < tile ? parameters - p : tile,
                          wide = parameters - o < tile ? parameters - o : tile;
                tile_products(rows + p * stride, stride, tall, rows + o * stride, stride, wide, items,
                              [&](int r, int c, T sum) {
                                  put(job.matrix[std::int64_t(p + r) * parameters + o + c], T(share) * sum);
                              });
                if (i == j)
                    tile_products(rows + p * stride, stride, tall, rows + parameters * stride, stride, 1, items,
                                  [&](int r, int, T sum) { put(job.right[p + r], T(share) * sum); });
            }
        team.sync();
    }
}

void normal_equations(const EquationsJob<T>& job, const Team& team, void* scratch) {
    with_model(job.spec, [&]<class Model, int N>() { equations<Model, N>(job, team, static_cast<Wide*>(scratch)); });
}

}  // namespace

extern const EquationLanes<T> LNN_TABLE;
const EquationLanes<T> LNN_TABLE = {scratch_bytes, rows_bytes, normal_equations};

}  // namespace lnn::inline LNN_ISA
