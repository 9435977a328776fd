// The door on a card: cuts jobs into pieces that its memory holds, and moves their numbers there and back.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "cuda/equations.hpp"
#include "cuda/evaluate.hpp"
#include "cuda/launchers.hpp"
#include "cuda/libraries.hpp"
#include "cuda/solve.hpp"
#include "score.hpp"
#include "shapes.hpp"

namespace lnn {
namespace {

using cuda::Card;
using cuda::DeviceBuffer;

template <class T>
DeviceBuffer<T> narrowed(std::span<const double> x) {
    return DeviceBuffer<T>(std::vector<T>(x.begin(), x.end()));
}
template <class T>
std::vector<T> downloaded(const DeviceBuffer<T>& x) {
    std::vector<T> numbers(x.size());
    x.download(numbers);
    return numbers;
}

// the weights of models m .. m + count - 1 on the card
template <class T>
DeviceBuffer<T> weights_of(const Models& models, std::int64_t m, std::int64_t count) {
    const std::size_t parameters = models.weights.size() / models.count;
    return narrowed<T>(models.weights.subspan(m * parameters, count * parameters));
}

// multiply-adds of an acceleration of a physical system, about
constexpr std::size_t system_work = 256;

// how often an integrator takes the accelerations from instant to instant
std::size_t fields_of(const Integration& run) { return std::size_t(table_of(run).stages) * run.substeps; }

// bytes that a job takes on the card: for each model, for each sample that the models share, for each sample of each
struct Cost {
    std::size_t model = 0, sample = 0, pair = 0;
};

// f(first model, models, first sample, samples) in pieces of at most `most` samples over all models and of what the
// card has free: all models, as many as fit, or parts of one. Nothing where there is no model or no sample.
template <class F>
void in_pieces(std::int64_t models, std::int64_t samples, const Cost& cost, std::int64_t most, F&& f) {
    if (models == 0 || samples == 0) return;
    const auto fit = [free = cuda::free_memory()](std::size_t taken, std::size_t each) {
        return taken < free ? std::int64_t((free - taken) / std::max<std::size_t>(each, 1)) : 0;
    };
    const std::int64_t together = std::clamp<std::int64_t>(
        std::min(most / samples, fit(samples * cost.sample, cost.model + samples * cost.pair)), 1, models);
    const std::int64_t piece =
        together > 1 ? samples
                     : std::clamp<std::int64_t>(std::min(most, fit(cost.model, cost.sample + cost.pair)), 1, samples);
    for (std::int64_t m = 0; m < models; m += together)
        for (std::int64_t s = 0; s < samples; s += piece)
            f(m, std::min(together, models - m), s, std::min(piece, samples - s));
}

class CudaBackend final : public Backend {
  public:
    explicit CudaBackend(const BackendOptions& options) : card_(cuda::open_card(options.device)) {
        cuda::require_code();
    }

    BackendInfo info() const override { return {"cuda", card_.name, "", 1, cuda::libraries_present()}; }

    double device_seconds() override { return cuda::kernel_seconds(); }

    double peak(Precision precision, double seconds) override {
        return precision == Precision::f32 ? cuda::peak<float>(card_, seconds) : cuda::peak<double>(card_, seconds);
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
        with_precision(precision, [&]<class T>() {
            ask_models<T>(models, solve, states, inputs, {}, accelerations, energies, lagrangians);
        });
    }
    void forces(const Models& models, Precision precision, std::span<const double> states,
                std::span<const double> accelerations, std::span<double> forces) override {
        require_given(models, accelerations, states);
        with_precision(precision,
                       [&]<class T>() { ask_models<T>(models, {}, states, {}, accelerations, forces, {}, {}); });
    }

    void gradient(const Models& models, const SolveSpec& solve, const LossSpec& loss, Precision precision,
                  std::span<const double> states, std::span<const double> targets, std::span<double> losses,
                  std::span<double> gradient) override {
        with_precision(precision, [&]<class T>() {
            gradient_of_models<T>(models, solve, loss, states, targets, losses, gradient);
        });
    }

    void draw(const Draw& draw, int dof, std::int64_t first, std::int64_t count, std::span<double> states) override {
        require_draw(dof, count, states);
        in_pieces(1, count, {.sample = 2 * dof * sizeof(double)}, in_a_launch(system_work),
                  [&](auto, auto, std::int64_t begin, std::int64_t n) {
                      const DeviceBuffer<double> x(2 * dof * n);
                      cuda::draw(card_, draw, Stream::states, dof, first + begin, n, x.get());
                      x.download_columns(states.data(), 2 * dof, count, begin);
                  });
    }

    void rollout(const SystemSpec& system, const Integration& run, std::span<const double> initial,
                 std::span<double> out) override {
        require_system(system);
        const std::int64_t samples = require_states(initial, system.dof);
        require_trajectories(run, initial, 1, out);
        require_fixed_steps(run);
        const std::int64_t d = 2 * system.dof, rows = d * (run.instants + 1);
        in_pieces(1, samples, {.sample = (rows + d) * sizeof(double)}, in_a_launch(system_work * fields_of(run)),
                  [&](auto, auto, std::int64_t first, std::int64_t count) {
                      DeviceBuffer<double> x(d * count);
                      const DeviceBuffer<double> y(rows * count);
                      x.upload_columns(initial.data(), d, samples, first);
                      cuda::rollout(card_, {system, run, table_of(run), count, x.get(), y.get()});
                      y.download_columns(out.data(), rows, samples, first);
                  });
    }

    void rollout(const Models& models, const SolveSpec& solve, const Integration& run, Precision precision,
                 Precision state, std::span<const double> initial, std::span<double> out) override {
        with_precision(precision, [&]<class T>() {
            const std::size_t parameters = require_models(models);
            require_mass_matrix(models.spec, solve);
            const std::int64_t d = 2 * models.spec.dof, rows = d * (run.instants + 1);
            const std::int64_t samples = require_states(initial, models.spec.dof);
            require_trajectories(run, initial, models.count, out);
            require_fixed_steps(run);
            in_pieces(models.count, samples,
                      {.model = parameters * sizeof(T),
                       .sample = d * sizeof(double),
                       .pair = rows * sizeof(double) + bytes_of(solve, models.spec.dof)},
                      in_a_launch(parameters * fields_of(run)),
                      [&](std::int64_t m, std::int64_t together, std::int64_t first, std::int64_t count) {
                          const auto weights = weights_of<T>(models, m, together);
                          DeviceBuffer<double> x(d * count);
                          const DeviceBuffer<double> y(together * rows * count);
                          x.upload_columns(initial.data(), d, samples, first);
                          const RolloutJob<T> job{models.spec, solve,         run,     table_of(run),
                                                  count,       weights.get(), x.get(), y.get()};
                          const auto integrate =
                              solve.pinv == Pinv::fused ? cuda::rollout<T> : cuda::rollout_separately<T>;
                          integrate(card_, job, state == Precision::f64, int(together));
                          y.download_columns(out.data() + m * rows * samples, together * rows, samples, first);
                      });
        });
    }

    TrainReport train(const TrainJob& job, const TrainData& data, TrainState& state, std::int64_t first,
                      std::int64_t count) override {
        TrainReport report;
        with_precision(job.precision, [&]<class T>() { report = train_models<T>(job, data, state, first, count); });
        return report;
    }

    void normal_equations(const Models& models, const SolveSpec& solve, const RobustSpec& robust, Precision precision,
                          std::span<const double> states, std::span<const double> targets,
                          NormalEquations& out) override {
        with_precision(precision,
                       [&]<class T>() { equations_of_models<T>(models, solve, robust, states, targets, out); });
    }

    std::vector<bool> damped_steps(const NormalEquations& equations, std::span<const double> damping,
                                   std::span<double> steps) override {
        const std::size_t parameters = require_steps(equations, damping, steps), square = parameters * parameters;
        cuda::require_least_squares();
        std::vector<bool> solved;
        in_pieces(
            damping.size(), 1, {.model = (square + parameters) * sizeof(double)}, damping.size(),
            [&](std::int64_t m, std::int64_t together, auto, auto) {
                DeviceBuffer<double> matrix(equations.matrix.subspan(m * square, together * square)),
                    right(equations.right.subspan(m * parameters, together * parameters));
                std::vector<bool> finite;  // of an infinite matrix the factor is infinite, and its step 0
                for (std::int64_t k = 0; k < together; ++k) {
                    const auto own = equations.matrix.subspan((m + k) * square, square);
                    std::vector<double> diagonal(parameters);
                    for (std::size_t p = 0; p < parameters; ++p) diagonal[p] = own[p * parameters + p];
                    const double largest = *std::max_element(diagonal.begin(), diagonal.end());
                    finite.push_back(std::isfinite(largest));
                    const double floor = damping_floor * largest;
                    for (double& d : diagonal) d += damping[m + k] * (d + floor);
                    matrix.upload_diagonal(diagonal, k * square);
                }
                const auto definite = cuda::solve_definite(int(parameters), int(together), matrix.get(), right.get());
                const auto own = steps.subspan(m * parameters, together * parameters);
                right.download(own);
                for (std::int64_t k = 0; k < together; ++k) {
                    const auto step = own.subspan(k * parameters, parameters);
                    solved.push_back(definite[k] && finite[k] &&
                                     std::all_of(step.begin(), step.end(), [](double x) { return std::isfinite(x); }));
                }
            });
        return solved;
    }

    void evaluate(const Models& models, const EvaluateJob& job, std::int64_t first,
                  std::span<TrajectoryScore> scores) override {
        require_evaluation(models, job, scores);
        const std::int64_t all = scores.size() / models.count;
        score(models, job, first, all, [&](const auto& found, std::int64_t m, auto, std::int64_t begin, auto) {
            found.download(scores.subspan(m * all + begin, found.size()));
        });
    }

    void evaluate(const Models& models, const EvaluateJob& job, std::int64_t first, std::int64_t count,
                  std::span<TrajectorySums> sums) override {
        require_sums(models, job, count, sums);
        score(models, job, first, count,
              [&](const auto& found, std::int64_t m, std::int64_t together, auto, std::int64_t n) {
                  for (std::int64_t k = 0; k < together; ++k)
                      sums[m + k] = sums[m + k] + cuda::sum_scores(found.get() + k * n, n);
              });
    }

  private:
    Card card_;

    // Samples, `products` multiply-adds times five columns each, that take a tenth of a second on a small card; on a
    // large one, as many as it has threads for.
    std::int64_t in_a_launch(std::size_t products) const {
        return std::max<std::int64_t>((std::int64_t(1) << 34) / std::int64_t(products), 2048 * card_.multiprocessors);
    }

    // bytes that the solve takes for each sample of each model
    static std::size_t bytes_of(const SolveSpec& solve, int dof) {
        return solve.pinv == Pinv::fused ? 0 : cuda::separate_bytes(dof);
    }

    template <class F>
    void with_precision(Precision precision, F&& f) {
        if (precision == Precision::f32)
            f.template operator()<float>();
        else
            f.template operator()<double>();
    }

    // take(scores on the card, first model, models, first trajectory, trajectories) for each piece of (models, count)
    template <class Take>
    void score(const Models& models, const EvaluateJob& job, std::int64_t first, std::int64_t count, Take&& take) {
        require_fixed_steps(job.integration);
        with_precision(job.precision, [&]<class T>() {
            const std::size_t parameters = require_models(models);
            in_pieces(models.count, count,
                      {.model = parameters * sizeof(T),
                       .sample = cuda::score_sample_bytes(job),
                       .pair = cuda::score_pair_bytes(job) + sizeof(TrajectoryScore)},
                      in_a_launch((parameters + system_work) * fields_of(job.integration)),
                      [&](std::int64_t m, std::int64_t together, std::int64_t begin, std::int64_t n) {
                          const auto weights = weights_of<T>(models, m, together);
                          DeviceBuffer<TrajectoryScore> found(together * n);
                          found.clear();  // padding, too, comes back
                          cuda::score<T>(card_, models.spec, job, first + begin, n, int(together), weights.get(),
                                         found.get());
                          take(found, m, together, begin, n);
                      });
        });
    }

    // columns first .. first + count - 1 of rows that may be empty
    static DeviceBuffer<double> columns_of(std::span<const double> rows, int height, std::int64_t samples,
                                           std::int64_t first, std::int64_t count) {
        DeviceBuffer<double> columns(rows.empty() ? 0 : height * count);
        if (!rows.empty()) columns.upload_columns(rows.data(), height, samples, first);
        return columns;
    }

    // accelerations, or the forces that `given` ones need, to `answers` (n, samples)
    void ask_system(const SystemSpec& system, std::span<const double> states, std::span<const double> inputs,
                    std::span<const double> given, std::span<double> answers, std::span<double> energies) {
        const std::int64_t samples = require_accelerations(system, states, answers, energies);
        require_inputs(inputs, system.dof, samples);
        const int n = system.dof;
        in_pieces(1, samples, {.sample = (5 * n + 1) * sizeof(double)}, in_a_launch(system_work),
                  [&](auto, auto, std::int64_t first, std::int64_t count) {
                      const auto x = columns_of(states, 2 * n, samples, first, count),
                                 u = columns_of(inputs, n, samples, first, count),
                                 a = columns_of(given, n, samples, first, count);
                      DeviceBuffer<double> answer(n * count), e(energies.empty() ? 0 : count);
                      cuda::accelerate(card_, {system, count, x.get(), answer.get(), e.get(), u.get(), a.get()});
                      answer.download_columns(answers.data(), n, samples, first);
                      if (!energies.empty()) e.download(energies.subspan(first, count));
                  });
    }

    // the same of models, to `answers` (models, n, samples)
    template <class T>
    void ask_models(const Models& models, const SolveSpec& solve, std::span<const double> states,
                    std::span<const double> inputs, std::span<const double> given, std::span<double> answers,
                    std::span<double> energies, std::span<double> lagrangians) {
        const std::size_t parameters = require_models(models);
        require_mass_matrix(models.spec, solve);
        const std::int64_t samples = require_accelerations(models, states, answers, energies, lagrangians);
        require_inputs(models, inputs, samples);
        const int n = models.spec.dof;
        in_pieces(models.count, samples,
                  {.model = parameters * sizeof(T),
                   .sample = 4 * n * sizeof(double),
                   .pair = (n + 2) * sizeof(double) + bytes_of(solve, n)},
                  in_a_launch(parameters),
                  [&](std::int64_t m, std::int64_t together, std::int64_t first, std::int64_t count) {
                      const auto weights = weights_of<T>(models, m, together);
                      const auto x = columns_of(states, 2 * n, samples, first, count),
                                 u = columns_of(inputs, n, samples, first, count),
                                 a = columns_of(given, n, samples, first, count);
                      const DeviceBuffer<double> answer(together * n * count),
                          e(energies.empty() ? 0 : together * count), L(lagrangians.empty() ? 0 : together * count);
                      const AccelerateJob<T> job{models.spec,  solve,   count,   weights.get(), x.get(),
                                                 answer.get(), e.get(), L.get(), u.get(),       a.get()};
                      cuda::accelerate<T>(card_, job, int(together));
                      if (solve.pinv == Pinv::cusolver) cuda::accelerate_separately<T>(card_, job, int(together));
                      answer.download_columns(answers.data() + m * n * samples, together * n, samples, first);
                      if (e.size() > 0) e.download_columns(energies.data() + m * samples, together, samples, first);
                      if (L.size() > 0) L.download_columns(lagrangians.data() + m * samples, together, samples, first);
                  });
    }

    // chunks of samples, of all models or of as many as fit
    template <class T>
    void equations_of_models(const Models& models, const SolveSpec& solve, const RobustSpec& robust,
                             std::span<const double> states, std::span<const double> targets, NormalEquations& out) {
        constexpr std::int64_t chunk = 2048;  // samples whose sums may be in T
        const std::size_t parameters = require_equations(models, solve, states, targets, out), n = models.spec.dof,
                          square = parameters * parameters;
        cuda::require_least_squares();
        const std::int64_t samples = states.size() / (models.count * 2 * n);
        std::fill(out.left_out.begin(), out.left_out.end(), 0);
        // a model's weights and matrix, then the rows of some samples of it
        const std::size_t bytes =
            parameters * sizeof(T) + (square + parameters) * (sizeof(double) + sizeof(T)) +
            std::min(samples, chunk) * ((parameters + 1) * n * sizeof(T) + 3 * n * sizeof(double) + 1);
        in_pieces(models.count, 1, {.model = bytes}, models.count,
                  [&](std::int64_t m, std::int64_t together, auto, auto) {
                      const auto weights = weights_of<T>(models, m, together);
                      DeviceBuffer<double> matrix(together * square), right(together * parameters);
                      matrix.clear(), right.clear();
                      for (std::int64_t first = 0; first < samples; first += chunk) {
                          const std::int64_t count = std::min(chunk, samples - first), all = together * count;
                          DeviceBuffer<double> x(all * 2 * n), a(all * n);
                          x.upload_columns(states.data() + m * 2 * n * samples, together * 2 * n, samples, first);
                          a.upload_columns(targets.data() + m * n * samples, together * n, samples, first);
                          const DeviceBuffer<T> rows(all * n * parameters), residuals(all * n);
                          const DeviceBuffer<std::uint8_t> left_out(all);
                          const JacobianJob<T> job{models.spec, solve,   robust,     count,           weights.get(),
                                                   x.get(),     a.get(), rows.get(), residuals.get(), left_out.get()};
                          cuda::add_products(card_, job, int(together), 1.0 / (double(samples) * double(n)),
                                             matrix.get(), right.get());
                          std::vector<std::uint8_t> found(all);
                          left_out.download(found);
                          for (std::int64_t i = 0; i < all; ++i) out.left_out[m + i / count] += found[i];
                      }
                      matrix.download(out.matrix.subspan(m * square, together * square));
                      right.download(out.right.subspan(m * parameters, together * parameters));
                  });
    }

    // chunks are computed a group at a time and added in their order
    template <class T>
    void gradient_of_models(const Models& models, const SolveSpec& solve, const LossSpec& loss,
                            std::span<const double> states, std::span<const double> targets, std::span<double> losses,
                            std::span<double> gradient) {
        const std::size_t parameters = require_gradient(models, solve, states, targets, losses, gradient);
        const std::int64_t samples = std::int64_t(states.size()) / (2 * models.spec.dof);
        const std::int64_t chunks = chunks_of(samples);
        const TrainShape shape{models.spec, solve, loss, int(samples), samples, 0, 1};
        const BlockLayout layout = cuda::gradient_layout<T>(card_, shape);
        const std::size_t counters = condition_bins + 1, n = models.spec.dof;
        std::fill(losses.begin(), losses.end(), 0.0);
        std::fill(gradient.begin(), gradient.end(), 0.0);
        in_pieces(models.count, chunks,
                  {.model = parameters * (sizeof(T) + sizeof(double)),
                   .sample = 3 * n * chunk_samples * sizeof(double),
                   .pair = parameters * sizeof(T) + 8 * (counters + 1) + layout.global_bytes},
                  std::max<std::int64_t>(1, in_a_launch(3 * parameters) / chunk_samples),
                  [&](std::int64_t m, std::int64_t together, std::int64_t first, std::int64_t count) {
                      const std::int64_t blocks = together * count, begin = first * chunk_samples,
                                         some = std::min(count * chunk_samples, samples - begin);
                      const auto weights = weights_of<T>(models, m, together);
                      DeviceBuffer<double> x(2 * n * some), a(n * some);
                      x.upload_columns(states.data(), 2 * n, samples, begin);
                      a.upload_columns(targets.data(), n, samples, begin);
                      const auto own = gradient.subspan(m * parameters, together * parameters);
                      const DeviceBuffer<double> sum{std::span<const double>(own)}, loss_of(blocks);
                      const DeviceBuffer<T> partial(blocks * parameters);
                      const DeviceBuffer<char> memory(blocks * layout.global_bytes);
                      DeviceBuffer<std::int64_t> counts(blocks * counters);
                      counts.clear();
                      // chunks have their numbers in the whole batch, of which the card has a part
                      const GradientJob<T> job{shape,         {some, x.get(), a.get(), nullptr, -begin, int(samples)},
                                               int(together), int(first),
                                               int(count),    weights.get(),
                                               partial.get(), loss_of.get(),
                                               sum.get(),     counts.get()};
                      cuda::gradient(card_, job, layout, memory.get());
                      std::vector<double> found(blocks);
                      loss_of.download(found);
                      for (std::int64_t b = 0; b < blocks; ++b) losses[m + b / count] += found[b];
                      sum.download(own);
                  });
    }

    // As many models at a time as the card holds, a block each. Where the card fails, the state is as it was.
    template <class T>
    TrainReport train_models(const TrainJob& job, const TrainData& data, TrainState& state, std::int64_t first,
                             std::int64_t count) {
        require_training(job, data, state, count);
        const std::size_t n = job.spec.dof, parameters = model_shape(job.spec).parameters, samples = data.samples;
        const std::size_t order = data.order.empty() ? 0 : count * job.batch;
        TrainReport report;
        report.loss.resize(job.models * count);
        report.grad_norm.resize(job.models * count);
        report.skipped.resize(job.models);
        report.truncated.resize(job.models);
        report.condition.resize(job.models * condition_bins);
        const TrainShape shape{job.spec, job.solve, job.loss, job.batch, data.samples, first, count};
        const BlockLayout layout = cuda::train_layout<T>(card_, shape);
        const std::size_t bytes = 4 * parameters * sizeof(T) + 3 * n * samples * sizeof(double) +
                                  order * sizeof(std::int32_t) + (2 * count + condition_bins + 1) * sizeof(double) +
                                  layout.global_bytes + sizeof(TrainModel<T>);
        std::vector<std::function<void()>> into_state;
        in_pieces(job.models, 1, {.model = bytes}, job.models, [&](std::int64_t m, std::int64_t models, auto, auto) {
            const auto own = [&](auto all, std::size_t size) { return all.subspan(m * size, models * size); };
            const auto weights = narrowed<T>(own(state.weights, parameters)),
                       first_moment = narrowed<T>(own(state.first, parameters)),
                       second_moment = narrowed<T>(own(state.second, parameters)),
                       average = narrowed<T>(own(state.average.empty() ? state.weights : state.average, parameters));
            const DeviceBuffer<double> states(own(data.states, 2 * n * samples)),
                targets(own(data.targets, n * samples)), loss(models * count), norm(models * count);
            const DeviceBuffer<std::int32_t> orders(own(data.order, order));
            const std::size_t counters = condition_bins + 1;
            DeviceBuffer<std::int64_t> counts(models * counters);
            counts.clear();
            std::vector<TrainModel<T>> list;
            for (std::int64_t k = 0; k < models; ++k)
                list.push_back({job.adam[m + k],
                                {state.applied[m + k], state.failed[m + k], 0},
                                states.get() + k * 2 * n * samples,
                                targets.get() + k * n * samples,
                                order ? orders.get() + k * order : nullptr,
                                weights.get() + k * parameters,
                                first_moment.get() + k * parameters,
                                second_moment.get() + k * parameters,
                                average.get() + k * parameters,
                                nullptr,  // a block has its own scratch
                                nullptr,
                                nullptr,
                                nullptr,
                                counts.get() + k * counters,
                                loss.get() + k * count,
                                norm.get() + k * count});
            const DeviceBuffer<TrainModel<T>> on_card{std::span<const TrainModel<T>>(list)};
            const DeviceBuffer<char> memory(models * layout.global_bytes);
            const auto start = std::chrono::steady_clock::now();
            cuda::train(card_, shape, layout, int(models), on_card.get(), memory.get());
            report.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

            loss.download(own(std::span(report.loss), count));
            norm.download(own(std::span(report.grad_norm), count));
            const auto counted = downloaded(counts);
            for (std::int64_t k = 0; k < models; ++k) {
                std::copy_n(counted.begin() + k * counters, condition_bins,
                            report.condition.begin() + (m + k) * condition_bins);
                report.truncated[m + k] = counted[k * counters + condition_bins];
            }
            const auto keep = [&](const DeviceBuffer<T>& numbers, std::span<double> to) {
                into_state.push_back(
                    [to, found = downloaded(numbers)] { std::copy(found.begin(), found.end(), to.begin()); });
            };
            keep(weights, own(state.weights, parameters));
            keep(first_moment, own(state.first, parameters));
            keep(second_moment, own(state.second, parameters));
            if (!state.average.empty()) keep(average, own(state.average, parameters));
            on_card.download(list);
            into_state.push_back([&state, &report, m, list] {
                for (std::size_t k = 0; k < list.size(); ++k) {
                    state.applied[m + k] = list[k].progress.applied;
                    state.failed[m + k] = list[k].progress.failed;
                    report.skipped[m + k] = list[k].progress.skipped;
                }
            });
        });
        for (const auto& put : into_state) put();
        return report;
    }
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(const BackendOptions& options) {
    return std::make_unique<CudaBackend>(options);
}

}  // namespace lnn
