// Compiled once for each instruction set (LNN_ISA) and precision (LNN_REAL, into LNN_TABLE): see lanes.hpp.
#include "cpu/lanes.hpp"

#include "cpu/outer.hpp"
#include "gradient.hpp"
#include "lnn/range.hpp"
#include "peak.hpp"
#include "rollout.hpp"
#include "samples.hpp"
#include "step.hpp"

namespace lnn::inline LNN_ISA {
namespace {

using T = LNN_REAL;
constexpr int native = register_bytes / int(sizeof(T));
using Wide = Pack<T, native>;
using Narrow = Pack<T, (native < 4 ? native : 4)>;  // for batches that would leave most lanes of a Wide empty

std::size_t scratch_bytes(const ModelSpec& spec) {
    std::size_t reals = 0;
    with_model(spec, [&]<class Model, int N>() {
        reals = Model::template Pass<Wide, N, Tape::none, T, Wide*>::scratch(Model::shape(spec), spec.dof);
    });
    return reals * sizeof(Wide);
}

void accelerate(const AccelerateJob<T>& job, std::int64_t first, std::int64_t count, void* scratch) {
    with_model(job.spec, [&]<class Model, int N>() {
        const MlpShape shape = Model::shape(job.spec);
        const NetworkView<T> net(shape, job.spec, job.weights);
        for (std::int64_t i = first; i < first + count; i += native)
            accelerate_model<Model, N, Wide>(job, net, i, static_cast<Wide*>(scratch));
    });
}

template <class Model, int N, class State>
void rollout_states(const RolloutJob<T>& job, std::int64_t first, std::int64_t count, void* scratch) {
    using Field = ModelField<Model, N, State, Wide, T, Wide*>;
    const MlpShape shape = Model::shape(job.spec);
    const NetworkView<T> net(shape, job.spec, job.weights);
    const Field field{net, job.solve, static_cast<Wide*>(scratch)};
    const auto take = job.table.adaptive() ? rollout<State, true, Field> : rollout<State, false, Field>;
    for (std::int64_t i = first; i < first + count; i += native)
        take(job.table, field, job.integration, job.samples, job.initial, job.out, job.steps, i);
}

void rollout_model(const RolloutJob<T>& job, bool state64, std::int64_t first, std::int64_t count, void* scratch) {
    with_model(job.spec, [&]<class Model, int N>() {
        if (state64)
            rollout_states<Model, N, Pack<double, native>>(job, first, count, scratch);
        else
            rollout_states<Model, N, Pack<float, native>>(job, first, count, scratch);
    });
}

// a pass with a tape, and the factors that it leaves of some packs of samples
template <class Pass>
std::size_t tape_reals(const MlpShape& s, int n, int packs) {
    return Pass::scratch(s, n) + std::size_t(s.left_units() + s.right_units()) * packs * Pass::factor_columns(n);
}

// scratch of a chunk: a pass and the factors of its packs, then the same for one truncated sample
template <class Model, int N, class R>
std::size_t chunk_reals(const MlpShape& s, int n) {
    return tape_reals<typename Model::template Pass<R, N, Tape::regular, T, R*>>(s, n, chunk_samples / width_of<R>);
}

std::size_t train_scratch_bytes(const ModelSpec& spec) {
    std::size_t bytes = 0;
    with_model(spec, [&]<class Model, int N>() {
        const MlpShape s = Model::shape(spec);
        // packs that are narrower have as many factors and less scratch
        bytes = chunk_reals<Model, N, Wide>(s, spec.dof) * sizeof(Wide);
        if constexpr (Model::table.lagrangian)
            bytes +=
                tape_reals<typename Model::template Pass<T, N, Tape::truncated, T, T*>>(s, spec.dof, 1) * sizeof(T);
    });
    return bytes;
}

// adds the gradient of one truncated sample, x (q, v, target)
template <class Model, int N>
void add_truncated(const TrainShape& job, const NetworkView<T>& net, const T* x, T share, T* memory, T* partial) {
    using Pass = typename Model::template Pass<T, N, Tape::truncated, T, T*>;
    const MlpShape& s = net.shape;
    const int n = dof_of<N>(net.dof), F = Pass::factor_columns(n);
    T* const left = memory + Pass::scratch(s, n);
    T* const right = left + std::size_t(s.left_units()) * F;
    Pass pass(net, memory, {left, right, F});
    typename Pass::Inputs inputs;
    typename Pass::Output output;
    pass.forward(x, x + n, inputs, output);
    const typename Pass::Answer answer(output, job.solve, n);
    T directions[Pass::along_reals(most_dof<N>)];
    const Directions<T*, N> along{directions, n};
    truncated_directions<T, N>(answer, job.loss, x + 2 * n, n, share, along);
    pass.backward(inputs, along);
    outer_products(s, F, Pass::bias_column, F, left, right, true, partial);
}

template <class Model, int N, class R>
void chunk_gradient(const TrainShape& job, const Batch& batch, int chunk, const T* weights, T* partial, double* loss,
                    std::int64_t* counts, void* memory) {
    using Pass = typename Model::template Pass<R, N, Tape::regular, T, R*>;
    constexpr int W = width_of<R>;
    const MlpShape s = Model::shape(job.spec);
    const NetworkView<T> net(s, job.spec, weights);
    const int n = dof_of<N>(net.dof), F = Pass::factor_columns(n);
    const int begin = chunk * chunk_samples;
    const int size = chunk_size(batch, chunk);
    const int packs = (size + W - 1) / W;
    R* const scratch = static_cast<R*>(memory);
    R* const left = scratch + Pass::scratch(s, n);
    R* const right = left + std::size_t(s.left_units()) * packs * F;
    const T share = T(1.0 / batch.size);

    R loss_lanes(0);
    int truncated[chunk_samples], truncations = 0;
    T rows[3 * most_dof<N>][chunk_samples];
    Range range("forward", job.ranges);
    for (int pack = 0; pack < packs; ++pack) {
        if (pack > 0) range.next("forward");
        R x[3 * most_dof<N>];
        for (int w = 0; w < W; ++w) {
            const int i = pack * W + w < size ? pack * W + w : size - 1;
            const std::int64_t at = sample_of(batch, begin, i);
            for (int d = 0; d < 2 * n; ++d) rows[d][pack * W + w] = T(batch.states[d * batch.samples + at]);
            for (int d = 0; d < n; ++d) rows[2 * n + d][pack * W + w] = T(batch.targets[d * batch.samples + at]);
        }
        for (int d = 0; d < 3 * n; ++d) x[d] = load<R>(rows[d] + pack * W);
        const auto active = active_lanes<R>(pack * W, size);

        Pass pass(net, scratch, {left + pack * F, right + pack * F, packs * F});
        typename Pass::Inputs inputs;
        typename Pass::Output output;
        pass.forward(x, x + n, inputs, output);
        range.next("solve");
        const typename Pass::Answer answer(output, job.solve, n);
        R directions[Pass::along_reals(most_dof<N>)];
        const Directions<R*, N> along{directions, n};
        const auto result = loss_and_directions<R, N>(answer, job.loss, x + 2 * n, n, active, R(share), along);
        range.next("backward");
        pass.backward(inputs, along);
        loss_lanes = loss_lanes + result.loss;
        for (int w = 0; w < W && pack * W + w < size; ++w) {
            if constexpr (Model::table.lagrangian) ++counts[condition_bin(lane(result.condition, w))];
            if (lane(result.truncated, w)) truncated[truncations++] = pack * W + w;
        }
    }
    *loss = double(sum_of_lanes(loss_lanes));
    outer_products(s, F, Pass::bias_column, packs * F, left, right, false, partial);

    // truncated samples: one by one, outside the hot loop
    counts[condition_bins] += truncations;
    if constexpr (Model::table.lagrangian) {
        T* const apart = reinterpret_cast<T*>(scratch + chunk_reals<Model, N, R>(s, n));
        for (int k = 0; k < truncations; ++k) {
            T x[3 * most_dof<N>];
            for (int d = 0; d < 3 * n; ++d) x[d] = rows[d][truncated[k]];
            add_truncated<Model, N>(job, net, x, share, apart, partial);
        }
    }
}

void gradient(const TrainShape& job, const Batch& batch, int chunk, const T* weights, T* partial, double* loss,
              std::int64_t* counts, void* scratch) {
    with_model(job.spec, [&]<class Model, int N>() {
        if (batch.size <= width_of<Narrow>)
            chunk_gradient<Model, N, Narrow>(job, batch, chunk, weights, partial, loss, counts, scratch);
        else
            chunk_gradient<Model, N, Wide>(job, batch, chunk, weights, partial, loss, counts, scratch);
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
    const int parameters = model_shape(job.spec).parameters;
    const int chunks = chunks_of(job.batch);
    const int blocks = norm_blocks(parameters);
    TrainProgress progress = m.progress;
    for (std::int64_t k = 0; k < job.count; ++k) {
        if (progress.failed >= 0) {
            if (team.index == 0) m.loss[k] = m.grad_norm[k] = NAN;
            continue;
        }
        const Range whole("step", job.ranges);
        const Batch batch = batch_of(job, m, k);
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
const LaneKernels<T> LNN_TABLE = {native,   scratch_bytes, accelerate,      rollout_model, train_scratch_bytes,
                                  gradient, train,         fma_chains<Wide>};

}  // namespace lnn::inline LNN_ISA
