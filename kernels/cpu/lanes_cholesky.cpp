// Compiled once for each instruction set (LNN_ISA): a damped step of least squares, (A + mu D) x = b, by
// Cholesky's factorisation of tiles, left-looking; always in float64. See lanes.hpp.
//
// Tile (i, j) of L is (A_ij - sum over k < j of L_ik L_jk^T) L_jj^-T: two sums of dot products of rows, with
// the inverse of the small triangle L_jj held beside it.
#include "cpu/lanes.hpp"
#include "cpu/products.hpp"

namespace lnn::inline LNN_ISA {
namespace {

constexpr int native = register_bytes / int(sizeof(double));
using Wide = Pack<double, native>;
constexpr int tile = 64;

int rows(int parameters) { return (parameters + tile - 1) / tile * tile; }  // of L: whole tiles
int stride(int parameters) { return (rows(parameters) / native) | 1; }      // Reals of a row of L

// L, the inverse of its current diagonal tile, a tile for each thread, and whether all
// pivots are good
std::size_t bytes(int parameters, int threads) {
    return (std::size_t(rows(parameters)) * stride(parameters) + std::size_t(threads + 1) * tile * (tile / native) +
            1) *
           sizeof(Wide);
}

double dot(const double* a, const double* b, int n) {
    Wide sum[4] = {Wide(0), Wide(0), Wide(0), Wide(0)};
    int k = 0;
    for (; k + 4 * native <= n; k += 4 * native)
        for (int i = 0; i < 4; ++i)
            sum[i] = mul_add(load<Wide>(a + k + i * native), load<Wide>(b + k + i * native), sum[i]);
    double total = sum_of_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; k < n; ++k) total = mul_add(a[k], b[k], total);
    return total;
}

// lower triangle of a tile in place to its factor; false where a pivot is not above zero (or is no number)
bool factor_tile(double* a, int row) {
    for (int i = 0; i < tile; ++i) {
        for (int j = 0; j < i; ++j)
            a[i * row + j] = (a[i * row + j] - dot(a + i * row, a + j * row, j)) / a[j * row + j];
        const double pivot = a[i * row + i] - dot(a + i * row, a + i * row, i);
        if (!(pivot > 0) || !std::isfinite(pivot)) return false;
        a[i * row + i] = std::sqrt(pivot);
    }
    return true;
}

// inverse of a lower triangular tile, full rows with zeros above the diagonal
void invert_tile(const double* l, int row, double* inverse) {
    for (int i = 0; i < tile; ++i) {
        double* const to = inverse + i * tile;
        for (int j = 0; j < tile; ++j) to[j] = i == j ? 1 : 0;
        for (int k = 0; k < i; ++k)
            for (int j = 0; j <= k; ++j) to[j] = mul_add(-l[i * row + k], inverse[k * tile + j], to[j]);
        for (int j = 0; j <= i; ++j) to[j] = to[j] / l[i * row + i];
    }
}

// Barriers: after the copy; then, for each column of tiles, after its sums with the factor of the diagonal,
// and after the products with the inverse. Each tile has one writer in between.
void damped_step(const StepJob& job, const Team& team) {
    const int parameters = job.parameters, wide = stride(parameters), row = wide * native, all = rows(parameters);
    double* const l = job.factor;
    double* const inverse = l + std::size_t(all) * row;
    double* const own = inverse + (1 + team.index) * tile * tile;
    double& good = inverse[(1 + team.size) * tile * tile];
    const auto packs = [](const double* p) { return reinterpret_cast<const Wide*>(p); };

    // A with its diagonal raised; beyond the last parameter, the identity
    double largest = 0;
    for (int i = 0; i < parameters; ++i) largest = maximum(job.matrix[std::int64_t(i) * parameters + i], largest);
    for (int i = team.index; i < all; i += team.size) {
        double* const to = l + std::int64_t(i) * row;
        const double* const from = job.matrix + std::int64_t(i) * parameters;
        for (int j = 0; j <= i; ++j) to[j] = i < parameters ? from[j] : 0;
        to[i] = i < parameters ? from[i] + job.damping * (from[i] + damping_floor * largest) : 1;
    }
    if (team.index == 0) good = 1;
    team.sync();

    for (int j = 0; j < all / tile; ++j) {
        const std::int64_t column = j * tile;
        for (int i = j + team.index; i < all / tile; i += team.size) {
            double* const to = l + i * tile * std::int64_t(row) + column;
            tile_products(packs(l + i * tile * std::int64_t(row)), wide, tile, packs(l + column * row), wide, tile,
                          int(column / native), [&](int r, int c, double sum) { to[r * row + c] -= sum; });
            if (i > j) continue;
            if (!factor_tile(to, row))
                good = 0;
            else
                invert_tile(to, row, inverse);
        }
        team.sync();
        if (good == 0) break;
        for (int i = j + 1 + (team.index + team.size - 1) % team.size; i < all / tile; i += team.size) {
            double* const to = l + i * tile * std::int64_t(row) + column;
            tile_products(packs(to), wide, tile, packs(inverse), tile / native, tile, tile / native,
                          [&](int r, int c, double sum) { own[r * tile + c] = sum; });
            for (int r = 0; r < tile; ++r)
                for (int c = 0; c < tile; ++c) to[r * row + c] = own[r * tile + c];
        }
        team.sync();
    }
    if (team.index > 0) return;
    *job.solved = good != 0;
    if (!*job.solved) return;
    double* const x = job.step;
    for (int i = 0; i < parameters; ++i) {
        const double* const li = l + std::int64_t(i) * row;
        x[i] = (job.right[i] - dot(li, x, i)) / li[i];
    }
    for (int i = parameters - 1; i >= 0; --i) {
        const double* const li = l + std::int64_t(i) * row;
        x[i] = x[i] / li[i];
        for (int k = 0; k < i; ++k) x[k] = mul_add(-li[k], x[i], x[k]);
    }
    for (int i = 0; i < parameters; ++i) *job.solved &= std::isfinite(x[i]);
}

}  // namespace

extern const CholeskyLanes lanes_cholesky;
const CholeskyLanes lanes_cholesky = {bytes, damped_step};

}  // namespace lnn::inline LNN_ISA
