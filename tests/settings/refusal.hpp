// What a person reads where a configuration is refused.
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "lnn/error.hpp"

namespace lnn {

// the line of a refusal, with DIR for the directory of a temporary file
inline std::string refusal(const std::function<void()>& f, Exit exit = Exit::usage) {
    try {
        f();
        return "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.exit(), exit);
        std::string line = error.what();
        if (const auto at = line.find("/c.toml"); at != line.npos) line.replace(0, at, "DIR");
        return line;
    }
}

inline bool says(const std::string& line, const std::string& part) { return line.find(part) != line.npos; }

}  // namespace lnn
