#include "settings/catalog.hpp"

#include "lnn/models/list.hpp"
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

SystemInfo measured_coordinates(int dof, std::uint32_t angles) {
    SystemInfo info{no_system, "no equations known: the coordinates of a measured file", dof, {}, angles, {}};
    if (dof > 0 && angles == (std::uint64_t(1) << dof) - 1) info.picture = Picture::chain;
    for (int i = 1; i <= dof; ++i) info.coordinates.push_back("q" + std::to_string(i));
    return info;
}

const ModelInfo* find_model(std::string_view name) {
    for (const ModelInfo& model : models())
        if (model.name == name) return &model;
    return nullptr;
}

const SystemInfo* find_system(std::string_view name) {
    for (const SystemInfo& system : systems())
        if (system.name == name) return &system;
    static const SystemInfo none = measured_coordinates(0, 0);
    return name == no_system ? &none : nullptr;
}

const ParameterInfo* find_parameter(const SystemInfo& system, std::string_view name) {
    for (const ParameterInfo& parameter : system.parameters)
        if (parameter.name == name) return &parameter;
    return nullptr;
}

}  // namespace lnn
