#include "settings/catalog.hpp"

#include <algorithm>

#include "lnn/loss.hpp"
#include "lnn/models/list.hpp"
#include "lnn/runge_kutta.hpp"
#include "lnn/systems/list.hpp"

namespace lnn {

std::span<const SystemInfo> systems() {
    static const std::vector<SystemInfo> list = [] {
        std::vector<SystemInfo> all;
        for (int kind = 0; kind < Systems::count; ++kind)
            Systems::visit(kind, [&]<class System>() {
                const SystemTable& t = System::table;
                SystemInfo info{t.name, t.summary, System::dof, {}, t.angles, {}};
                for (int i = 0; i < System::dof; ++i) info.coordinates.emplace_back(t.coordinates[i]);
                for (int i = 0; i < t.rows; ++i) {
                    const ParameterRow& p = t.parameters[i];
                    info.parameters.push_back({p.name, std::vector<double>(p.count, p.value), p.unit, p.meaning});
                }
                info.picture = t.picture;
                all.push_back(std::move(info));
            });
        return all;
    }();
    return list;
}

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

SystemInfo measured_coordinates(int dof, std::uint32_t angles) {
    SystemInfo info{no_system, "no equations known: the coordinates of a measured file", dof, {}, angles, {}};
    if (dof > 0 && angles == (std::uint64_t(1) << dof) - 1) info.picture = Picture::chain;
    for (int i = 1; i <= dof; ++i) info.coordinates.push_back("q" + std::to_string(i));
    return info;
}

template <class Rows>
static auto find(const Rows& rows, std::string_view name) -> decltype(rows.data()) {
    const auto at = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    return at == rows.end() ? nullptr : &*at;
}

const ModelInfo* find_model(std::string_view name) { return find(models(), name); }

const Integrator* find_integrator(std::string_view name) { return find(std::span(integrators), name); }

const LossInfo* find_loss(std::string_view name) { return find(losses(), name); }

const SystemInfo* find_system(std::string_view name) {
    static const SystemInfo none = measured_coordinates(0, 0);
    return name == no_system ? &none : find(systems(), name);
}

const ParameterInfo* find_parameter(const SystemInfo& system, std::string_view name) {
    return find(system.parameters, name);
}

}  // namespace lnn
