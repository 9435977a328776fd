#include "run/options.hpp"

namespace lnn {

Config resolve(const Options& options) {
    return load({options.preset, options.config, options.settings, options.environment});
}

}  // namespace lnn
