#include "report/drawing.hpp"

#include <algorithm>
#include <cmath>

namespace lnn {

Drawing drawing_of(const Problem& problem, const Motions& motions) {
    const SystemInfo& system = problem.coordinates;
    Drawing drawing;
    drawing.kind = system.picture;
    if (drawing.kind != Picture::points) drawing.anchor = {0, 0};
    if (drawing.kind == Picture::chain) {
        drawing.lengths = of_each_body(problem, "l");
        if (!problem.system) {
            drawing.lengths.assign(std::size_t(system.dof), 1.0);
            drawing.unit = "rod";
        }
    } else if (drawing.kind == Picture::slider) {
        double furthest = 0.5;
        for (const Motion& motion : motions.all)
            for (double x : motion.along[truth][0]) furthest = std::max(furthest, std::abs(x));
        drawing.anchor = {-2 * furthest, 0};  // far enough for a spring that is pressed together
    }
    drawing.second = system.dof > 1 && is_angle(system, 0) == is_angle(system, 1);
    return drawing;
}

std::string_view Drawing::link() const {
    return kind == Picture::chain ? "rod" : kind == Picture::points ? "none" : "spring";
}

std::vector<Body> Drawing::bodies(const Motion& motion) const {
    std::vector<Body> all(kind == Picture::chain ? lengths.size() : 1);
    for (Path path : {truth, model})
        for (std::size_t k = 0; k < motion.instants.size(); ++k) {
            const auto q = [&](std::size_t i) { return motion.along[path][i][k]; };
            double x = 0, y = 0;
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (kind == Picture::chain)
                    x += lengths[i] * std::sin(q(i)), y -= lengths[i] * std::cos(q(i));
                else if (kind == Picture::polar)
                    x = q(0) * std::sin(q(1)), y = -q(0) * std::cos(q(1));
                else
                    x = q(0), y = second ? q(1) : 0;
                all[i].x[path].push_back(x);
                all[i].y[path].push_back(y);
            }
        }
    return all;
}

}  // namespace lnn
