// The models there are. A new one: its header, and a line here; training, roll-outs, files, command-line name and tests
// come with it.
//
// A model has a table (models/table.hpp), the shape of its network, and a Pass: one sample's way through it, in stages
// (models/lnn.hpp), whose Answer gives accelerations and, from dl/da, the directions of the gradient.
#pragma once

#include <utility>

#include "lnn/list.hpp"
#include "lnn/models/delan.hpp"
#include "lnn/models/lnn.hpp"
#include "lnn/models/plain.hpp"

namespace lnn::inline LNN_ISA {

// the order is ModelSpec::kind
using ModelKinds = TypeList<Lnn, Plain, Delan>;

// f.template operator()<Model, N>() for the model and the degrees of freedom of a spec
template <class F>
void with_model(const ModelSpec& spec, F&& f) {
    ModelKinds::visit(spec.kind, [&]<class Model>() {
        const auto choose = [&]<int... before>(std::integer_sequence<int, before...>) {
            const bool exact = ((spec.dof == before + 1 && (f.template operator()<Model, before + 1>(), true)) || ...);
            if (!exact) f.template operator()<Model, any_dof>();
        };
        choose(std::make_integer_sequence<int, Model::exact_dof>());
    });
}

inline MlpShape model_shape(const ModelSpec& spec) {
    MlpShape shape;
    ModelKinds::visit(spec.kind, [&]<class Model>() { shape = Model::shape(spec); });
    return shape;
}

inline const ModelTable& model_table(const ModelSpec& spec) {
    const ModelTable* table = &Lnn::table;
    ModelKinds::visit(spec.kind, [&]<class Model>() { table = &Model::table; });
    return *table;
}

}  // namespace lnn::inline LNN_ISA
