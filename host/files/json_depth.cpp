#include "files/json_depth.hpp"

namespace lnn {

bool json_depth_at_most(std::string_view text, int most) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\') ++i;
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if ((c == '[' || c == '{') && ++depth > most) return false;
        if (c == ']' || c == '}') --depth;
    }
    return true;
}

}  // namespace lnn
