// Compiled once for each instruction set (LNN_ISA) and precision (LNN_REAL, into LNN_TABLE): normal equations
// of least squares. See lanes.hpp.
#include "cpu/lanes.hpp"
#include "cpu/products.hpp"
#include "dispatch.hpp"
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
int chunk_packs(int dof) { return chunk_rows / (dof * native); }
int row_stride(int dof) { return (chunk_packs(dof) * dof) | 1; }

template <int N>
int scratch_reals(const MlpShape& s) {
    return lnn_scratch<N, 1>(s) + (s.left_units() + s.right_units()) * factor_columns<1>;
}
std::size_t scratch_bytes(const ModelSpec& spec) {
    std::size_t n = 0;
    with_dof(spec.dof, [&]<int N>() { n = scratch_reals<N>(lnn_shape(spec)); });
    return n * sizeof(Wide);
}
std::size_t rows_bytes(const ModelSpec& spec) {
    return std::size_t(lnn_shape(spec).parameters + 1) * row_stride(spec.dof) * sizeof(Wide);
}

// pack `pack` of a chunk of `count` samples from `begin` on; returns the samples left out
template <int N>
int pack_rows(const EquationsJob<T>& job, const LnnView<T, N>& net, std::int64_t begin, int count, int pack,
              Wide* scratch) {
    const MlpShape& s = net.shape;
    const std::int64_t at = begin + pack * native;
    Wide q[N], v[N], a[N];
    for (int i = 0; i < N; ++i) {
        q[i] = convert<Wide>(load_row<WithScalar<Wide, double>>(job.states + i * job.samples, at, job.samples));
        v[i] = convert<Wide>(load_row<WithScalar<Wide, double>>(job.states + (N + i) * job.samples, at, job.samples));
        a[i] = convert<Wide>(load_row<WithScalar<Wide, double>>(job.accelerations + i * job.samples, at, job.samples));
    }
    T number[native];
    for (int w = 0; w < native; ++w) number[w] = T(pack * native + w);
    const auto active = load<Wide>(number) < Wide(T(count));

    constexpr int F = factor_columns<1>;
    Wide* const left = scratch + lnn_scratch<N, 1>(s);
    Wide* const right = left + s.left_units() * F;
    Wide* const rows = reinterpret_cast<Wide*>(job.rows);
    const std::int64_t stride = row_stride(N);
    const auto out =
        jacobian_rows<Wide, N>(net, job.solve, job.robust, q, v, a, active, scratch, Factors<Wide*>{left, right, F},
                               rows + pack * N, stride, rows + s.parameters * stride + pack * N);
    int left_out = 0;
    for (int w = 0; w < native; ++w) left_out += lane(out, w);
    return left_out;
}

// Chunk by chunk: each pack's rows have one writer, then each tile of the matrix; a barrier after each. So
// the bits do not depend on the team.
template <int N>
void equations(const EquationsJob<T>& job, const Team& team, Wide* scratch) {
    const MlpShape s = lnn_shape(job.spec);
    const LnnView<T, N> net(s, job.spec, job.weights);
    const int parameters = s.parameters, tiles = (parameters + tile - 1) / tile,
              chunk_samples_of_n = chunk_packs(N) * native;
    const std::int64_t stride = row_stride(N);
    const double share = 1.0 / (double(job.samples) * N);
    const Wide* const rows = reinterpret_cast<const Wide*>(job.rows);
    job.left_out[team.index] = 0;
    for (std::int64_t begin = 0; begin < job.samples; begin += chunk_samples_of_n) {
        const std::int64_t rest = job.samples - begin;
        const int count = int(rest < chunk_samples_of_n ? rest : chunk_samples_of_n);
        const int packs = (count + native - 1) / native, items = packs * N;
        for (int pack = team.index; pack < packs; pack += team.size)
            job.left_out[team.index] += pack_rows(job, net, begin, count, pack, scratch);
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
    with_dof(job.spec.dof, [&]<int N>() { equations<N>(job, team, static_cast<Wide*>(scratch)); });
}

}  // namespace

extern const EquationLanes<T> LNN_TABLE;
const EquationLanes<T> LNN_TABLE = {scratch_bytes, rows_bytes, normal_equations};

}  // namespace lnn::inline LNN_ISA
