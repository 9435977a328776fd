// States as files hold them, (N, 2n) rows of q and v, to and from what the backend takes, (2n, N).
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "problem/network.hpp"
#include "settings/catalog.hpp"

namespace lnn {

// rows x columns to columns x rows
std::vector<double> transposed(std::span<const double> values, std::size_t rows, std::size_t columns);

// finite (N, 2 dof), as (2 dof, N); Exit::file otherwise
std::vector<double> load_states(const std::filesystem::path&, int dof);

// finite (samples, dof), as (dof, samples): what each of some states has beside it, `what`; Exit::file otherwise
std::vector<double> load_beside(const std::filesystem::path&, const char* what, std::size_t samples, int dof);

// Exit::usage where this machine has not so much; `what` is asked to be less
void require_memory(double bytes, const std::string& what);

// what --model and --system choose between
using Source = std::variant<Network, SystemSpec>;
inline int dof_of(const Source& source) {
    return std::visit(
        [](const auto& s) {
            if constexpr (requires { s.dof; })
                return s.dof;
            else
                return s.spec.dof;
        },
        source);
}

}  // namespace lnn
