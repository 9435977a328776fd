// Compiled once for each instruction set (LNN_ISA): the truth, always in float64. See lanes.hpp.
#include "cpu/lanes.hpp"
#include "lnn/pack.hpp"
#include "rollout.hpp"
#include "score.hpp"

namespace lnn::inline LNN_ISA {
namespace {

constexpr int native = register_bytes / int(sizeof(double));
using Wide = Pack<double, native>;

void accelerate(const SystemAccelerateJob& job, std::int64_t first, std::int64_t count) {
    with_system(job.system, [&]<class System>() {
        for (std::int64_t i = first; i < first + count; i += native) accelerate_system<System, Wide>(job, i);
    });
}

void rollout_system(const SystemRolloutJob& job, std::int64_t first, std::int64_t count) {
    with_system(job.system, [&]<class System>() {
        const SystemField<System, Wide> field{job.system};
        const auto take = job.table.adaptive() ? rollout<Wide, true, SystemField<System, Wide>>
                                               : rollout<Wide, false, SystemField<System, Wide>>;
        for (std::int64_t i = first; i < first + count; i += native)
            take(job.table, field, job.integration, job.samples, job.initial, job.out, job.steps, i);
    });
}

void draw(const Draw& draw, Stream stream, int dof, std::int64_t first, std::int64_t samples, std::int64_t sample,
          double* states) {
    draw_column(draw, stream, dof, first, samples, sample, states);
}

template <class Job, void (*score)(const Job&, int, std::int64_t)>
void each_sample(const Job& job, int models) {
    for (int m = 0; m < models; ++m)
        for (std::int64_t s = 0; s < job.samples; ++s) score(job, m, s);
}

}  // namespace

extern const SystemLaneKernels lanes_systems;
const SystemLaneKernels lanes_systems = {native,
                                         accelerate,
                                         rollout_system,
                                         draw,
                                         each_sample<StartJob, start_sample>,
                                         each_sample<CompareJob, compare_sample>,
                                         each_sample<FinishJob, finish_sample>};

}  // namespace lnn::inline LNN_ISA
