#include "evaluation/published.hpp"

#include <fmt/format.h>

#include "lnn/error.hpp"

namespace lnn {

Draw pendulum_draw(const SystemInfo& system, double angle, double speed) {
    if (system.angles != (1u << system.dof) - 1)
        throw Error(Exit::usage,
                    fmt::format("the published protocols are for pendulums; {} has coordinates that are not "
                                "angles",
                                system.name));
    Draw draw;
    for (int i = 0; i < system.dof; ++i) {
        draw.high[i] = angle;
        draw.low[system.dof + i] = -speed;
        draw.high[system.dof + i] = speed;
    }
    return draw;
}

}  // namespace lnn
