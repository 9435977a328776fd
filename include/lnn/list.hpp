// A list of types, of which one is chosen at run time by its place.
#pragma once

#include <type_traits>

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

template <class... S>
struct TypeList {
    static constexpr int count = sizeof...(S);

    // the place of a type that is in the list
    template <class Type>
    static constexpr int place = [] {
        int at = 0;
        (void)((std::is_same_v<Type, S> || (++at, false)) || ...);
        return at;
    }();

    // f.template operator()<Type>() for the type at `place`
    template <class F>
    static void visit(int place, F&& f) {
        int at = 0;
        ((at++ == place ? f.template operator()<S>() : void()), ...);
    }
};

}  // namespace lnn::inline LNN_ISA
