// Compiled once for each instruction set (LNN_ISA) and precision (LNN_REAL, into LNN_TABLE): see lanes.hpp.
#include "cpu/lanes.hpp"

#include "cpu/outer.hpp"
#include "dispatch.hpp"
#include "gradient.hpp"
#include "lnn/range.hpp"
#include "peak.hpp"
#include "rollout.hpp"
#include "step.hpp"

namespace lnn::inline LNN_ISA {
namespace {

using T = LNN_REAL;
constexpr int native = register_bytes / int(sizeof(T));
using Wide = Pack<T, native>;
using Narrow = Pack<T, (native < 4 ? native : 4)>;  // for batches that would leave most lanes of a Wide empty

std::size_t scratch_bytes(const ModelSpec& spec) {
    std::size_t n = 0;
    with_dof(spec.dof, [&]<int N>() { n = lnn_scratch<N, 0>(lnn_shape(spec)); });
    return n * sizeof(Wide);
}

void accelerate(const AccelerateJob<T>& job, std::int64_t first, std::int64_t count, void* scratch) {
    with_dof(job.spec.dof, [&]<int N>() {
        const MlpShape shape = lnn_shape(job.spec);
        const LnnView<T, N> net(shape, job.spec, job.weights);
        for (std::int64_t i = first; i < first + count; i += native)
            accelerate_model<Wide, N, T>(job, net, i, static_cast<Wide*>(scratch));
    });
}

template <class State, int N>
void rollout_states(const RolloutJob<T>& job, std::int64_t first, std::int64_t count, void* scratch) {
    const MlpShape shape = lnn_shape(job.spec);
    const LnnView<T, N> net(shape, job.spec, job.weights);
    const ModelField<State, Wide, N, T, Wide*> field{net, job.solve, static_cast<Wide*>(scratch)};
    with_integrator(job.integration, [&]<Integrator I>() {
        for (std::int64_t i = first; i < first + count; i += native)
            rollout<State, I>(field, job.integration, job.samples, job.initial, job.out, i);
    });
}

void rollout_model(const RolloutJob<T>& job, bool state64, std::int64_t first, std::int64_t count, void* scratch) {
    with_dof(job.spec.dof, [&]<int N>() {
        if (state64)
            rollout_states<Pack<double, native>, N>(job, first, count, scratch);
        else
            rollout_states<Pack<float, native>, N>(job, first, count, scratch);
    });
}

template <class State, class System>
void score_states(const ScoreJob<T>& job, std::int64_t first, std::int64_t count, void* scratch) {
    constexpr int N = System::dof;
    const MlpShape shape = lnn_shape(job.spec);
    const LnnView<T, N> net(shape, job.spec, job.weights);
    const ModelField<State, Wide, N, T, Wide*> field{net, job.job.solve, static_cast<Wide*>(scratch)};
    with_integrator(job.job.integration, [&]<Integrator I>() {
        for (std::int64_t i = first; i < first + count; i += native) {
            ScoreState<State, N> score;
            start_score<System>(job.job, job.first, job.count, i, score);
            advance_score<System, I>(field, job.job, 0, job.job.integration.instants, score);
            finish_score<System>(job.job, score, job.count, i, job.scores);
        }
    });
}

void score_model(const ScoreJob<T>& job, std::int64_t first, std::int64_t count, void* scratch) {
    Systems::visit(job.job.system.kind, [&]<class System>() {
        if (job.job.state == Precision::f64)
            score_states<Pack<double, native>, System>(job, first, count, scratch);
        else
            score_states<Pack<float, native>, System>(job, first, count, scratch);
    });
}

// scratch of a chunk: a pass and the factors of its packs, then the same for one truncated sample
template <class R, int N>
std::size_t chunk_reals(const MlpShape& s) {
    constexpr int packs = chunk_samples / width_of<R>;
    return lnn_scratch<N, 1>(s) + std::size_t(s.left_units() + s.right_units()) * packs * factor_columns<1>;
}
template <int N>
std::size_t truncated_scalars(const MlpShape& s) {
    return lnn_scratch<N, truncated_pairs<N>>(s) +
           std::size_t(s.left_units() + s.right_units()) * factor_columns<truncated_pairs<N>>;
}

std::size_t train_scratch_bytes(const ModelSpec& spec) {
    std::size_t bytes = 0;
    const MlpShape s = lnn_shape(spec);
    with_dof(spec.dof, [&]<int N>() {
        const std::size_t wide = chunk_reals<Wide, N>(s) * sizeof(Wide);
        const std::size_t narrow = chunk_reals<Narrow, N>(s) * sizeof(Narrow);
        bytes = (wide > narrow ? wide : narrow) + truncated_scalars<N>(s) * sizeof(T);
    });
    return bytes;
}

template <class R, int N>
void chunk_gradient(const TrainShape& job, const Batch& batch, int chunk, const T* weights, T* partial, double* loss,
                    std::int64_t* counts, void* memory) {
    constexpr int W = width_of<R>, F = factor_columns<1>;
    const MlpShape s = lnn_shape(job.spec);
    const LnnView<T, N> net(s, job.spec, weights);
    const int begin = chunk * chunk_samples;
    const int size = batch.size - begin < chunk_samples ? batch.size - begin : chunk_samples;
    const int packs = (size + W - 1) / W;
    R* const scratch = static_cast<R*>(memory);
    R* const left = scratch + lnn_scratch<N, 1>(s);
    R* const right = left + std::size_t(s.left_units()) * packs * F;
    T* const truncated_memory = reinterpret_cast<T*>(scratch + chunk_reals<R, N>(s));
    const T share = T(1.0 / batch.size);

    R loss_lanes(0);
    int truncated[chunk_samples], truncations = 0;
    T rows[3 * N][chunk_samples];
    Range range("forward", job.ranges);
    for (int pack = 0; pack < packs; ++pack) {
        if (pack > 0) range.next("forward");
        R x[3 * N];
        for (int w = 0; w < W; ++w) {
            const int i = pack * W + w < size ? pack * W + w : size - 1;
            const std::int64_t at = batch.order ? batch.order[begin + i] : batch.offset + begin + i;
            for (int d = 0; d < 2 * N; ++d) rows[d][pack * W + w] = T(batch.states[d * batch.samples + at]);
            for (int d = 0; d < N; ++d) rows[2 * N + d][pack * W + w] = T(batch.accelerations[d * batch.samples + at]);
        }
        for (int d = 0; d < 3 * N; ++d) x[d] = load<R>(rows[d] + pack * W);
        T number[W];
        for (int w = 0; w < W; ++w) number[w] = T(pack * W + w);
        const auto active = load<R>(number) < R(T(size));

        LnnPass<R, N, 1, T, R*> pass(net, scratch, {left + pack * F, right + pack * F, packs * F});
        LnnInputs<R, N> inputs;
        const auto terms = pass.terms(x, x + N, inputs);
        range.next("solve");
        Directions<R, N, 1> along;
        const auto result = directions(terms, job.solve, job.loss, x + 2 * N, active, R(share), along);
        range.next("backward");
        pass.factors(inputs, along);
        loss_lanes = loss_lanes + result.loss;
        for (int w = 0; w < W && pack * W + w < size; ++w) {
            ++counts[condition_bin(lane(result.condition, w))];
            if (lane(result.truncated, w)) truncated[truncations++] = pack * W + w;
        }
    }
    *loss = double(sum_of_lanes(loss_lanes));
    outer_products(s, F, packs * F, left, right, false, partial);

    // truncated samples: one by one, outside the hot loop
    counts[condition_bins] += truncations;
    constexpr int more = factor_columns<truncated_pairs<N>>;
    T* const truncated_left = truncated_memory + lnn_scratch<N, truncated_pairs<N>>(s);
    T* const truncated_right = truncated_left + std::size_t(s.left_units()) * more;
    for (int k = 0; k < truncations; ++k) {
        T x[3 * N];
        for (int d = 0; d < 3 * N; ++d) x[d] = rows[d][truncated[k]];
        LnnPass<T, N, truncated_pairs<N>, T, T*> pass(net, truncated_memory, {truncated_left, truncated_right, more});
        truncated_factors(pass, job.solve, job.loss, x, x + N, x + 2 * N, share);
        outer_products(s, more, more, truncated_left, truncated_right, true, partial);
    }
}

void gradient(const TrainShape& job, const Batch& batch, int chunk, const T* weights, T* partial, double* loss,
              std::int64_t* counts, void* scratch) {
    with_dof(job.spec.dof, [&]<int N>() {
        if (batch.size <= width_of<Narrow>)
            chunk_gradient<Narrow, N>(job, batch, chunk, weights, partial, loss, counts, scratch);
        else
            chunk_gradient<Wide, N>(job, batch, chunk, weights, partial, loss, counts, scratch);
    });
}

// sum of the chunks' partial gradients over one block of parameters, and the square of its norm
double sum_chunks(const T* partial, int chunks, int parameters, int begin, int end, T* gradient) {
    const auto sum = [&]<class R>(int p, auto& square, R) {
        R g = load<R>(partial + p);
        for (int c = 1; c < chunks; ++c) g = g + load<R>(partial + std::int64_t(c) * parameters + p);
        store(gradient + p, g);
        const auto wide = convert<WithScalar<R, double>>(g);
        square = mul_add(wide, wide, square);
    };
    WithScalar<Wide, double> squares[norm_strands / native];
    for (auto& square : squares) square = WithScalar<Wide, double>(0);
    int p = begin;
    for (; p + norm_strands <= end; p += norm_strands)
        for (int i = 0; i < norm_strands / native; ++i) sum(p + i * native, squares[i], Wide(0));
    double strands[norm_strands];
    for (int i = 0; i < norm_strands / native; ++i) store(strands + i * native, squares[i]);
    for (int i = 0; p + i < end; ++i) sum(p + i, strands[i], T(0));
    return sum_of_strands(strands);
}

void adam_block(const AdamStep<T>& step, T scale, TrainModel<T>& m, int begin, int end) {
    const auto update = [&]<class R>(int p, R) {
        R w = load<R>(m.weights + p), first = load<R>(m.first + p), second = load<R>(m.second + p),
          average = load<R>(m.average + p);
        step.update(load<R>(m.gradient + p) * R(scale), w, first, second, average);
        store(m.weights + p, w);
        store(m.first + p, first);
        store(m.second + p, second);
        store(m.average + p, average);
    };
    int p = begin;
    for (; p + native <= end; p += native) update(p, Wide(0));
    for (; p < end; ++p) update(p, T(0));
}

// Barriers: after the chunks, after the norms, after the update; between them each chunk or block has one writer.
void train(const TrainShape& job, TrainModel<T>& m, const Team& team, void* scratch) {
    const int parameters = lnn_shape(job.spec).parameters;
    const int chunks = (job.batch + chunk_samples - 1) / chunk_samples;
    const int blocks = norm_blocks(parameters);
    TrainProgress progress = m.progress;
    for (std::int64_t k = 0; k < job.count; ++k) {
        if (progress.failed >= 0) {
            if (team.index == 0) m.loss[k] = m.grad_norm[k] = NAN;
            continue;
        }
        const Range whole("step", job.ranges);
        const Batch batch{job.samples,   m.states, m.accelerations, m.order ? m.order + k * job.batch : nullptr,
                          k * job.batch, job.batch};
        for (int c = team.index; c < chunks; c += team.size)
            gradient(job, batch, c, m.weights, m.partial + std::int64_t(c) * parameters, m.chunk_loss + c,
                     m.counts + std::int64_t(c) * (condition_bins + 1), scratch);
        team.sync();
        const Range adam("adam", job.ranges);
        for (int b = team.index; b < blocks; b += team.size) {
            const int begin = b * block_parameters, end = begin + block_parameters;
            m.norms[b] =
                sum_chunks(m.partial, chunks, parameters, begin, end < parameters ? end : parameters, m.gradient);
        }
        team.sync();

        double norm = 0, loss = 0;
        for (int b = 0; b < blocks; ++b) norm += m.norms[b];
        for (int c = 0; c < chunks; ++c) loss += m.chunk_loss[c];
        norm = std::sqrt(norm);
        const auto step = decide<T>(m.adam, job.first + k, norm, loss, progress);
        for (int b = team.index; step.update && b < blocks; b += team.size) {
            const int begin = b * block_parameters, end = begin + block_parameters;
            adam_block(step.adam, step.scale, m, begin, end < parameters ? end : parameters);
        }
        if (team.index == 0) {
            m.loss[k] = loss;
            m.grad_norm[k] = norm;
        }
        team.sync();
    }
    team.sync();  // everybody has read what is written now
    if (team.index == 0) m.progress = progress;
}

}  // namespace

extern const LaneKernels<T> LNN_TABLE;
const LaneKernels<T> LNN_TABLE = {native,        scratch_bytes, accelerate,
                                  rollout_model, score_model,   train_scratch_bytes,
                                  gradient,      train,         fma_chains<Wide>};

}  // namespace lnn::inline LNN_ISA
