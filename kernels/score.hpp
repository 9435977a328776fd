// How far the trajectory of a model is from the truth: paths that are there are compared instant by instant, always in
// float64, one trajectory a call. Beside the truth runs its twin, which starts twin_offset off in the first coordinate.
#pragma once

#include "jobs.hpp"
#include "lnn/elementary.hpp"

namespace lnn::inline LNN_ISA {

LNN_HD TrajectorySums sums_of(const TrajectoryScore& score) {
    return {1, score.diverged, score.diverged ? TrajectoryScore{} : score};
}
LNN_HD TrajectorySums operator+(const TrajectorySums& a, const TrajectorySums& b) {
    TrajectorySums s = a;
    s.trajectories += b.trajectories;
    s.diverged += b.diverged;
    for (int i = 0; i < max_system_dof; ++i) s.sum.mse[i] += b.sum.mse[i];
    s.sum.energy_error += b.sum.energy_error;
    s.sum.energy_drift += b.sum.energy_drift;
    s.sum.valid_time += b.sum.valid_time;
    s.sum.twin_valid_time += b.sum.twin_valid_time;
    s.sum.lyapunov += b.sum.lyapunov;
    return s;
}

// instants from + 1 .. to, of paths that begin at `from`: (instants + 1, 2n, stride) each, this trajectory's column first
LNN_HD void advance_score(const EvaluateJob& job, int n, std::int64_t from, std::int64_t to, const double* truth,
                          const double* twin, std::int64_t true_stride, const double* model, std::int64_t model_stride,
                          ScoreState& score) {
    for (std::int64_t k = from + 1; k <= to; ++k) {
        const std::int64_t row = (k - from) * 2 * n;
        double apart = 0;
        for (int i = 0; i < 2 * n; ++i) {
            const double off = twin[(row + i) * true_stride] - truth[(row + i) * true_stride];
            apart = mul_add(off, off, apart);
            if (i < n) score.twin_within = score.twin_within && absolute(off) < job.valid_below;
        }
        for (int i = 0; i < n; ++i) {
            const double e = model[(row + i) * model_stride] - truth[(row + i) * true_stride];
            score.squares[i] = mul_add(e, e, score.squares[i]);
            score.within = score.within && absolute(e) < job.valid_below;
            score.good = score.good && absolute(e) <= job.diverged_above;
        }
        const double t = double(k) * job.integration.dt;
        if (score.within) score.valid = t;
        if (score.twin_within) score.twin_valid = t, score.apart = apart;
    }
}

// energies: true ones, of the states that the truth and the model have come to
LNN_HD TrajectoryScore finish_score(const EvaluateJob& job, int n, const ScoreState& score, double true_energy,
                                    double model_energy) {
    TrajectoryScore out{};
    for (int i = 0; i < n; ++i) out.mse[i] = score.squares[i] / double(job.integration.instants);
    out.energy_error = absolute(model_energy - true_energy);
    out.energy_drift = absolute(true_energy - score.begin);
    out.valid_time = score.valid;
    out.twin_valid_time = score.twin_valid;
    if (out.twin_valid_time > 0)
        out.lyapunov = 0.5 * logarithm(score.apart * (1 / (twin_offset * twin_offset))) / out.twin_valid_time;
    out.diverged = !score.good || !std::isfinite(out.energy_error);
    return out;
}

// trajectory `sample` of model m of a job; what all models share is written with the first
LNN_HD void start_sample(const StartJob& job, int m, std::int64_t sample) {
    job.states[m * job.samples + sample] = {job.energies[sample],      {},   0,    0,
                                            twin_offset * twin_offset, true, true, true};
    for (int i = 0; i < 2 * job.dof && m == 0; ++i) {
        const double x = job.start[i * job.samples + sample];
        job.pair[2 * i * job.samples + sample] = x;
        job.pair[(2 * i + 1) * job.samples + sample] = i == 0 ? x + twin_offset : x;
    }
}
LNN_HD void compare_sample(const CompareJob& job, int m, std::int64_t sample) {
    const int n = job.job.system.dof;
    const std::int64_t instants = job.to - job.from, size = 2 * n * job.samples;
    const double *const truth = job.truth + sample, *const model = job.model + m * (instants + 1) * size + sample;
    advance_score(job.job, n, job.from, job.to, truth, truth + job.samples, 2 * job.samples, model, job.samples,
                  job.states[m * job.samples + sample]);
    for (int i = 0; i < 2 * n; ++i) {
        job.model_reached[m * size + i * job.samples + sample] = model[instants * size + i * job.samples];
        if (m > 0) continue;
        const double* const row = truth + (instants * size + i * job.samples) * 2;
        job.truth_reached[i * job.samples + sample] = job.pair[2 * i * job.samples + sample] = row[0];
        job.pair[(2 * i + 1) * job.samples + sample] = row[job.samples];
    }
}
LNN_HD void finish_sample(const FinishJob& job, int m, std::int64_t sample) {
    const std::int64_t at = m * job.samples + sample;
    job.scores[at] =
        finish_score(job.job, job.job.system.dof, job.states[at], job.true_energies[sample], job.model_energies[at]);
}

}  // namespace lnn::inline LNN_ISA
