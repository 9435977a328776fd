#include "problem/network.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "lnn/models/list.hpp"
#include "settings/catalog.hpp"

namespace lnn {

namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
    throw Error(Exit::file,
                fmt::format("{}: {}; write the file again, with lnn_gpu or tools/seed_model.py", where, what));
}

double number(const std::string& where, const std::string& key, const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        refuse(where, fmt::format("metadata {} = \"{}\" is not a number", key, text));
    return value;
}

std::vector<int> integers(const std::string& where, const std::string& key, const std::string& text) {
    std::vector<int> list;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const double value = number(where, key, text.substr(at, comma - at));
        if (value < 0 || value > 1e6 || value != int(value))
            refuse(where, fmt::format("metadata {} = \"{}\" is not a list of whole numbers", key, text));
        list.push_back(int(value));
        at = comma + 1;
    }
    return list;
}

std::string layers_text(const MlpShape& s) {
    std::string text = fmt::to_string(s.widths[0]);
    for (int l = 1; l <= s.depth + 1; ++l) text += fmt::format(",{}", s.widths[l]);
    return text;
}

// where the matrix of the damping is kept in a file
const std::string damping_name = "damping";

// fc1.weight, fc1.bias, fc2.weight, ...: files may hold them in any order
Safetensors in_layer_order(Safetensors file) {
    const auto layer = [](const Tensor& t) {
        return std::atoi(t.name.c_str() + std::min<std::size_t>(2, t.name.size()));
    };
    std::stable_sort(file.tensors.begin(), file.tensors.end(), [&](const Tensor& a, const Tensor& b) {
        return std::pair(layer(a), a.name.ends_with(".bias")) < std::pair(layer(b), b.name.ends_with(".bias"));
    });
    return file;
}

// widths of inputs, hidden layers and output, from the shapes of fc1, fc2, ...
std::vector<int> widths_of(const Safetensors& file, const std::string& where) {
    std::vector<int> widths;
    if (file.tensors.empty() || file.tensors.size() % 2)
        refuse(where, "expected fc1.weight, fc1.bias, fc2.weight, ... and nothing else");
    for (std::size_t l = 0; l < file.tensors.size() / 2; ++l) {
        const Tensor &weight = file.tensors[2 * l], &bias = file.tensors[2 * l + 1];
        const std::string layer = fmt::format("fc{}", l + 1);
        if (weight.name != layer + ".weight" || bias.name != layer + ".bias")
            refuse(where,
                   fmt::format("expected {0}.weight and {0}.bias, found {1} and {2}", layer, weight.name, bias.name));
        if (weight.shape.size() != 2 || bias.shape.size() != 1 || bias.shape[0] != weight.shape[0] ||
            bias.shape[0] == 0)
            refuse(where, fmt::format("{0}.weight must be [out, in] and {0}.bias [out], neither empty", layer));
        if (widths.empty()) widths.push_back(int(weight.shape[1]));
        if (weight.shape[1] != std::size_t(widths.back()))
            refuse(where, fmt::format("{}.weight has {} inputs, the layer before has {} outputs", layer,
                                      weight.shape[1], widths.back()));
        widths.push_back(int(weight.shape[0]));
    }
    return widths;
}

int kind_of(const std::string& where, const std::string& name) {
    const ModelInfo* model = find_model(name);
    if (!model) refuse(where, fmt::format("metadata model = \"{}\" is none of this version; see lnn_gpu models", name));
    return int(model - models().data());
}

// degrees of freedom and angles (a flag for each coordinate; all of them where `angles` is empty) from the inputs
void find_dof(const std::string& where, int inputs, bool sincos, const std::vector<int>& angles, ModelSpec& spec) {
    for (spec.dof = 1; spec.dof <= max_dof; ++spec.dof) {
        spec.angles = 0;
        for (int i = 0; sincos && i < spec.dof; ++i)
            if (angles.empty() || (i < int(angles.size()) && angles[i])) spec.angles |= 1u << i;
        const auto beyond = std::find_if(angles.begin() + std::min<std::size_t>(spec.dof, angles.size()), angles.end(),
                                         [](int flag) { return flag != 0; });
        if (beyond == angles.end() && input_count(spec) == inputs) return;
    }
    refuse(where, fmt::format("{} inputs{} are those of no number of degrees of freedom, of the model {} and up to {}",
                              inputs, angles.empty() ? "" : " with these angles", model_table(spec).name, max_dof));
}

}  // namespace

std::size_t parameter_count(const ModelSpec& spec) { return model_shape(spec).parameters; }
int input_count(const ModelSpec& spec) { return model_shape(spec).widths[0]; }

Safetensors network_file(const Network& network, bool f64) {
    const MlpShape s = model_shape(network.spec);
    Safetensors file;
    file.metadata = network.metadata;
    file.metadata["model"] = model_table(network.spec).name;
    file.metadata["layers"] = layers_text(s);
    file.metadata["activation"] = "softplus";
    file.metadata["inputs"] = network.spec.angles ? "sincos" : "raw";
    file.metadata["velocity_scale"] = fmt::format("{}", network.spec.velocity_scale);
    if (network.spec.angles) {
        std::string& text = file.metadata["angles"] = "";  // of a file that was read it holds them already
        for (int i = 0; i < network.spec.dof; ++i)
            text += fmt::format("{}{}", i ? "," : "", network.spec.angles >> i & 1);
    }
    if (network.spec.mass_prior != 0) file.metadata["mass_prior"] = fmt::format("{}", network.spec.mass_prior);
    for (int l = 1; l <= s.depth + 1; ++l) {
        const std::size_t out = s.widths[l], in = s.widths[l - 1];
        const double* w = network.weights.data() + s.weights[l];
        const double* b = network.weights.data() + s.bias(l);
        file.tensors.push_back({fmt::format("fc{}.weight", l), {out, in}, f64, {w, w + out * in}});
        file.tensors.push_back({fmt::format("fc{}.bias", l), {out}, f64, {b, b + out}});
    }
    if (const std::size_t n = s.beside) {
        const double* c = network.weights.data() + s.matrix_beside();
        file.tensors.push_back({damping_name, {n, n}, f64, {c, c + n * n}});
    }
    return file;
}

Network network_from(const Safetensors& given, const std::string& where, std::vector<std::string>& notes) {
    Safetensors file = in_layer_order(given);
    std::optional<Tensor> damping;
    const auto found =
        std::find_if(file.tensors.begin(), file.tensors.end(), [](const Tensor& t) { return t.name == damping_name; });
    if (found != file.tensors.end()) {
        damping = std::move(*found);
        file.tensors.erase(found);
    }
    const auto meta = [&](const char* key, const char* missing) {
        const auto at = file.metadata.find(key);
        return at == file.metadata.end() ? std::string(missing) : at->second;
    };
    if (file.metadata.empty()) notes.push_back(fmt::format("{}: no metadata; taken as softplus on raw inputs", where));
    if (meta("activation", "softplus") != "softplus")
        refuse(where, fmt::format("activation {} is not known; softplus is", meta("activation", "")));
    const std::vector<int> widths = widths_of(file, where);
    if (const std::string text = meta("layers", ""); !text.empty() && integers(where, "layers", text) != widths)
        refuse(where, fmt::format("metadata layers = \"{}\" does not fit the shapes of the tensors", text));
    Network network;
    ModelSpec& spec = network.spec;
    spec.kind = kind_of(where, meta("model", "lnn"));
    spec.depth = int(widths.size()) - 2;
    if (spec.depth < 1 || spec.depth > max_depth)
        refuse(where, fmt::format("{} hidden layers; 1 to {} are supported", spec.depth, max_depth));
    std::copy(widths.begin() + 1, widths.end() - 1, spec.hidden.begin());

    const std::string inputs = meta("inputs", "raw");
    if (inputs != "raw" && inputs != "sincos")
        refuse(where, fmt::format("inputs = \"{}\" is not raw or sincos", inputs));
    std::vector<int> angles;
    if (const std::string text = meta("angles", ""); inputs == "sincos" && !text.empty())
        angles = integers(where, "angles", text);
    find_dof(where, widths[0], inputs == "sincos", angles, spec);
    if (const int outputs = model_shape(spec).widths[spec.depth + 1]; widths.back() != outputs)
        refuse(where, fmt::format("{} outputs; the model {} of {} degrees of freedom has {}", widths.back(),
                                  model_table(spec).name, spec.dof, outputs));
    spec.velocity_scale = number(where, "velocity_scale", meta("velocity_scale", "1"));
    spec.mass_prior = number(where, "mass_prior", meta("mass_prior", "0"));
    if (spec.velocity_scale <= 0) refuse(where, "metadata velocity_scale must be above 0");
    if (!model_table(spec).lagrangian && (spec.mass_prior != 0 || damping))
        refuse(where, fmt::format("the model {} has neither mass prior nor damping", model_table(spec).name));

    if (damping) {
        if (damping->shape != std::vector<std::size_t>(2, spec.dof))
            refuse(where, fmt::format("{0} must be [{1}, {1}] for {1} degrees of freedom", damping_name, spec.dof));
        spec.damping = true;
        file.tensors.push_back(std::move(*damping));
    }

    for (const Tensor& tensor : file.tensors)
        network.weights.insert(network.weights.end(), tensor.values.begin(), tensor.values.end());
    network.metadata = file.metadata;
    return network;
}

Network load_network(const std::filesystem::path& path, std::vector<std::string>& notes) {
    return network_from(read_safetensors(path), path.string(), notes);
}

}  // namespace lnn
