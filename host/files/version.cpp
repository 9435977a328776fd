#include "files/version.hpp"

#include <fmt/format.h>

namespace lnn {

std::string_view version() { return LNN_VERSION; }

std::string_view git_description() { return LNN_GIT; }

std::string version_text() {
    return fmt::format("lnn_gpu {}\ngit: {}\ncompiler: {}\n", version(),
                       git_description().empty() ? "not built in a repository" : git_description(), LNN_COMPILER);
}

}  // namespace lnn
