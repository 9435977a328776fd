#include "settings/catalog.hpp"

#include <algorithm>

#include "lnn/loss.hpp"
#include "lnn/models/list.hpp"
#include "lnn/runge_kutta.hpp"

namespace lnn {

std::span<const ModelInfo> models() {
    static const std::vector<ModelInfo> list = [] {
        std::vector<ModelInfo> all;
        for (int kind = 0; kind < ModelKinds::count; ++kind)
            ModelKinds::visit(kind, [&]<class Model>() {
                ModelInfo info{Model::table.name, Model::table.summary, Model::table.lagrangian, {}};
                for (const WeightRule& rule : Model::table.first_weights)
                    if (rule.name) info.init_rules.emplace_back(rule.name, rule.meaning);
                all.push_back(std::move(info));
            });
        return all;
    }();
    return list;
}

std::span<const LossInfo> losses() {
    static const std::vector<LossInfo> list = [] {
        std::vector<LossInfo> all;
        for (int kind = 0; kind < Losses::count; ++kind)
            Losses::visit(kind, [&]<class Loss>() { all.push_back({Loss::name, Loss::meaning}); });
        return all;
    }();
    return list;
}

template <class Rows>
static auto find(const Rows& rows, std::string_view name) -> decltype(rows.data()) {
    const auto at = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    return at == rows.end() ? nullptr : &*at;
}

const ModelInfo* find_model(std::string_view name) { return find(models(), name); }

const Integrator* find_integrator(std::string_view name) { return find(std::span(integrators), name); }

const LossInfo* find_loss(std::string_view name) { return find(losses(), name); }

}  // namespace lnn
