// Compiled once for each instruction set (LNN_ISA): the truth, always in float64. See lanes.hpp.
#include "cpu/lanes.hpp"
#include "dispatch.hpp"
#include "lnn/pack.hpp"
#include "rollout.hpp"

namespace lnn::inline LNN_ISA {
namespace {

constexpr int native = register_bytes / int(sizeof(double));
using Wide = Pack<double, native>;

void accelerate(const SystemAccelerateJob& job, std::int64_t first, std::int64_t count) {
    Systems::visit(job.system.kind, [&]<class System>() {
        for (std::int64_t i = first; i < first + count; i += native) accelerate_system<System, Wide>(job, i);
    });
}

void rollout_system(const SystemRolloutJob& job, std::int64_t first, std::int64_t count) {
    Systems::visit(job.system.kind, [&]<class System>() {
        const SystemField<System, Wide> field{job.system.parameters.data()};
        with_integrator(job.integration, [&]<Integrator I>() {
            for (std::int64_t i = first; i < first + count; i += native)
                rollout<Wide, I>(field, job.integration, job.samples, job.initial, job.out, i);
        });
    });
}

void draw(const Draw& draw, int dof, std::int64_t first, std::int64_t samples, std::int64_t sample, double* states) {
    draw_column(draw, dof, first, samples, sample, states);
}

}  // namespace

extern const SystemLaneKernels lanes_systems;
const SystemLaneKernels lanes_systems = {native, accelerate, rollout_system, draw};

}  // namespace lnn::inline LNN_ISA
