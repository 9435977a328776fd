#include "settings/schema.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <type_traits>

#include <fmt/format.h>

#include "files/columns.hpp"
#include "lnn/error.hpp"
#include "lnn/runge_kutta.hpp"
#include "settings/text_system.hpp"

namespace lnn {

namespace {

// --- rules, as the table below reads them

Rule at_least(double low) {
    Rule rule;
    rule.low = low;
    return rule;
}

Rule above(double low) {
    Rule rule = at_least(low);
    rule.low_open = true;
    return rule;
}

Rule between(double low, double high) {
    Rule rule = at_least(low);
    rule.high = high;
    return rule;
}

Rule below(double low, double high) {
    Rule rule = between(low, high);
    rule.high_open = true;
    return rule;
}

Rule list(std::size_t shortest, std::size_t longest, Rule each) {
    each.shortest = shortest;
    each.longest = longest;
    return each;
}

Word word_of(const ModelInfo& model) { return {model.name, model.summary}; }
Word word_of(const LossInfo& loss) { return {loss.name, loss.meaning}; }
Word word_of(const Integrator& integrator) { return {integrator.name, integrator.meaning}; }

template <class Rows>
std::vector<Word> words_of(const Rows& rows) {
    std::vector<Word> words;
    for (const auto& row : rows) words.push_back(word_of(row));
    return words;
}

// each once, whoever has it
std::vector<Word> words_of_first_weights() {
    std::vector<Word> words = {{"auto", "the model's own"}};
    for (const ModelInfo& model : models())
        for (const auto& [name, meaning] : model.init_rules)
            if (std::none_of(words.begin(), words.end(), [&](const Word& word) { return word.name == name; }))
                words.push_back({name, meaning});
    return words;
}

Rule one_of(std::vector<Word> words, std::vector<std::string> missing = {}) {
    Rule rule;
    rule.words = std::move(words);
    rule.missing = std::move(missing);
    return rule;
}

Rule of_form(std::string form, bool (*has_form)(std::string_view)) {
    Rule rule;
    rule.form = std::move(form);
    rule.has_form = has_form;
    return rule;
}

Rule name_of_a_system() {
    Rule rule;
    for (const SystemInfo& system : systems()) rule.words.push_back({system.name, system.summary});
    rule.words.push_back({text_system_name, "the system that system.lagrangian says"});
    rule.words.push_back({no_system, measured_coordinates(0, 0).summary});
    return rule;
}

bool says_which_are_angles(std::string_view text) {
    if (text == "auto") return true;
    try {
        coordinate_numbers(std::string(text), "");
    } catch (const Error&) {
        return false;
    }
    return true;
}

// the dotted name of a key is its path in Config, written once
#define LNN_KEY(path) #path, [](Config & c) -> Place { return &c.path; }

std::vector<Key> make_schema() {
    const Rule text, number;
    return {
        {LNN_KEY(run.seed), between(0, double(INT64_MAX)), "keys every random stream of the run"},
        {LNN_KEY(run.seeds), between(1, most_seeds), "models trained side by side, with seeds seed, seed + 1, ..."},
        {LNN_KEY(run.backend),
         one_of({{"auto", "cuda where a device answers, else cpu"},
                 {"cpu", "SIMD lanes and threads of the processor"},
                 {"cuda", "CUDA threads of a card"}}),
         "what computes"},
        {LNN_KEY(run.device),
         of_form("the number of one device, as in \"0\" (a process uses one)",
                 [](std::string_view device) { return device_number(device).has_value(); }),
         "CUDA device that computes, by its number"},
        {LNN_KEY(run.threads), between(0, 4096), "CPU threads; 0: all cores"},
        {LNN_KEY(run.isa),
         one_of({{"auto", "the widest the processor has"},
                 {"avx512", "registers of 512 bits"},
                 {"avx2", "registers of 256 bits"},
                 {"portable", "any processor"}}),
         "instruction set of the CPU backend"},
        {LNN_KEY(run.precision), one_of({{"f32", "float"}, {"f64", "double"}}, {"tf32x3"}),
         "arithmetic of the network"},
        {LNN_KEY(run.state), one_of({{"f64", "double"}, {"f32", "float"}}), "arithmetic of an integration"},

        {LNN_KEY(system.kind), name_of_a_system(), "physical system; its parameters follow by name"},
        {LNN_KEY(system.lagrangian), text,
         "of kind text: L of the coordinates, their velocities (vx of x), and the numbers of the table parameters"},
        {LNN_KEY(system.coordinates), list(0, max_system_dof, text), "of kind text: names of the coordinates"},
        {LNN_KEY(system.angles), list(0, max_system_dof, text), "of kind text: the coordinates that are angles"},

        {LNN_KEY(model.kind), one_of(words_of(models())), "what is learned"},
        {LNN_KEY(model.hidden), list(1, 8, between(1, 4096)), "widths of the hidden layers"},
        {LNN_KEY(model.inputs),
         one_of({{"raw", "q and v as they are"}, {"sincos", "coordinates that are angles enter as cos q, sin q"}}),
         "what the network sees"},
        {LNN_KEY(model.velocity_scale), at_least(0),
         "velocities enter divided by it; in units of v; 0: half the largest velocity of a file"},
        {LNN_KEY(model.init), one_of(words_of_first_weights()), "initial weights"},
        {LNN_KEY(model.mass_prior), at_least(0), "c of a base term 1/2 c |v|^2 added to L; 0: none"},
        {LNN_KEY(model.damping),
         one_of({{"none", "no forces but those of L"}, {"linear", "forces -C C^T v, the matrix C learned"}}),
         "friction of a measured system"},

        {LNN_KEY(data.source), text,
         "box: states drawn directly, fresh every step; trajectories: integrated, as below; file:PATH"},
        {LNN_KEY(data.trajectories), between(1, most_trajectories), "trajectories generated"},
        {LNN_KEY(data.points), between(2, 1e6), "recorded instants of a trajectory, from 0 to t_end inclusive"},
        {LNN_KEY(data.t_end), above(0), "length of a trajectory; s"},
        {LNN_KEY(data.dt), above(0), "largest RK4 step of the generator; s"},
        {LNN_KEY(data.distribution),
         one_of({{"uniform", "evenly drawn within the ranges below"},
                 {"normal", "the middle of a range is the mean, half its width the deviation: [-1, 1] is N(0, 1)"}}),
         "how initial states are drawn"},
        {LNN_KEY(data.angle), list(2, 2, number), "range of angles; rad"},
        {LNN_KEY(data.position), list(2, 2, number), "range of coordinates that are not angles; m"},
        {LNN_KEY(data.velocity), list(2, 2, number), "range of every velocity; rad/s or m/s"},
        {LNN_KEY(data.shuffle),
         one_of({{"once", "one order of the samples, the same in every epoch"}, {"epoch", "a new order every epoch"}}),
         "order of the samples"},
        {LNN_KEY(data.hold_out), below(0, 1),
         "files: share of their time that training does not see and the evaluation asks for"},
        {LNN_KEY(data.hold_out_at),
         one_of({{"end", "the last of it: a model predicts what comes"}, {"start", "the first of it"}}),
         "files: which of their time that is"},
        {LNN_KEY(data.dof), between(0, max_dof),
         "files, system.kind = \"none\": coordinates; 0: as many as the file has"},
        {LNN_KEY(data.angles), of_form("\"auto\", \"none\" or coordinates as in \"q1,q2\"", says_which_are_angles),
         "files, system.kind = \"none\": coordinates that are angles, as in q1,q2; none; auto: as the file says"},

        {LNN_KEY(train.optimizer),
         one_of({{"adam", "Adam (Kingma & Ba 2015)"},
                 {"lm", "Levenberg-Marquardt, after epochs or steps of Adam: see train.lm"}}),
         "how weights are found"},
        {LNN_KEY(train.epochs), between(0, 1e8),
         "passes through trajectories or a file; exactly one of epochs and steps is positive (lm: at most one), "
         "the later setting counts"},
        {LNN_KEY(train.steps), between(0, 1e11), "steps of the optimizer, in place of epochs"},
        {LNN_KEY(train.batch), between(1, 1e8), "samples in a step"},
        {LNN_KEY(train.lr), above(0), "learning rate at its highest"},
        {LNN_KEY(train.beta1), below(0, 1), "Adam: decay of the mean gradient"},
        {LNN_KEY(train.beta2), below(0, 1), "Adam: decay of the mean squared gradient"},
        {LNN_KEY(train.eps), above(0), "Adam: added to the root of the mean squared gradient"},
        {LNN_KEY(train.loss), one_of(words_of(losses())), "what is made small"},
        {LNN_KEY(train.delta), above(0), "huber: where it turns from square to linear; in units of a"},
        {LNN_KEY(train.balance),
         one_of({{"none", "components as they are"},
                 {"scale", "each divided by its standard deviation in the data"},
                 {"large", "root mean square of the components' losses: the worse one weighs more"}}),
         "weight of the components of the acceleration"},
        {LNN_KEY(train.clip), at_least(0), "largest norm of a gradient; 0: no clipping"},
        {LNN_KEY(train.ema), below(0, 1), "decay of the running average of the weights; 0: none"},
        {LNN_KEY(train.guard),
         one_of({{"skip", "a step with a non-finite gradient is left out and counted"},
                 {"rollback", "skip; after a bad hundredth of the steps back to before it, at half the lr"},
                 {"none", "a model stops at its first non-finite gradient"}}),
         "what a bad step does"},
        {LNN_KEY(train.rollback_above), above(1),
         "rollback: a hundredth of the steps is bad where its loss is more than so many times the best before"},
        {LNN_KEY(train.checkpoint_every), between(1, 1e8),
         "epochs between checkpoints (steps / 100 where there are no epochs)"},
        {LNN_KEY(train.keep), between(1, 1e6), "checkpoints kept besides the best"},
        {LNN_KEY(train.schedule.kind),
         one_of(
             {{"step", "lr times gamma after every `every` epochs"}, {"cosine", "warm-up, then half a cosine down"}}),
         "course of the learning rate"},
        {LNN_KEY(train.schedule.every), between(1, 1e8),
         "step: epochs between decays (steps / 100 where there are no epochs)"},
        {LNN_KEY(train.schedule.gamma), between(0, 1), "step: factor of a decay"},
        {LNN_KEY(train.schedule.warmup), below(0, 1), "cosine: share of the steps in which lr rises from 0"},
        {LNN_KEY(train.schedule.floor), between(0, 1), "cosine: share of lr left at the end"},

        {LNN_KEY(train.lm.iterations), between(1, 1e8), "lm: iterations after Adam; each counts as an epoch"},
        {LNN_KEY(train.lm.samples), list(2, 2, between(1, 1e8)),
         "lm: samples of the first and the last batch, between them in geometric progression; the whole set where "
         "it has no more"},
        {LNN_KEY(train.lm.delta), at_least(0),
         "lm: from about here on a residual counts linearly; in units of a (train.balance = \"scale\": of its "
         "deviation); 0: all "
         "squared"},
        {LNN_KEY(train.lm.damping), above(0), "lm: first damping, relative to the diagonal of J^T J"},
        {LNN_KEY(train.lm.decay), at_least(0),
         "lm: weight decay, this times the sum of squared weights is added to the mean squared residual; 0: none"},

        {LNN_KEY(solve.pinv), one_of({{"fused", "in the kernel of the network"}, {"cusolver", "batched, by cuSOLVER"}}),
         "what solves M a = f"},
        {LNN_KEY(solve.rcond), below(0, 1), "eigenvalues of M below rcond times the largest in modulus are dropped"},
        {LNN_KEY(solve.floor), at_least(0),
         "eigenvalues of M smaller than it in modulus are damped: 1 / lambda becomes lambda / floor^2; 0: none"},

        {LNN_KEY(eval.trajectories), between(1, most_trajectories), "trajectories of an evaluation"},
        {LNN_KEY(eval.repeats), between(1, most_repeats), "evaluations, each with trajectories of its own"},
        {LNN_KEY(eval.t_end), above(0), "length of a trajectory; s"},
        {LNN_KEY(eval.film), above(0), "length of the few trajectories that the report shows; s"},
        {LNN_KEY(eval.dt), above(0), "instants are this far apart; s"},
        {LNN_KEY(eval.integrator), one_of(words_of(integrators)), "what integrates model and truth"},
        {LNN_KEY(eval.tolerance), between(1e-14, 0.1),
         "dormand-prince: error allowed a step in each component, relative to 1 + its size"},
        {LNN_KEY(eval.diverged_above), above(0), "a coordinate further from the truth counts as diverged; rad or m"},
        {LNN_KEY(eval.valid_below), above(0),
         "a trajectory is valid until a coordinate is further from the truth; rad or m"},

        {LNN_KEY(sweep.grid), text,
         "lnn_gpu sweep: settings of which every combination is trained, as in train.lr=1e-2,1e-3; train.batch=4,16"},
        {LNN_KEY(sweep.space), text,
         "lnn_gpu sweep: what random points are drawn from: log(a,b), uniform(a,b), int(a,b), layers(a:b,c:d), or "
         "choices"},
        {LNN_KEY(sweep.random), between(0, 1e6), "lnn_gpu sweep: random points; 0: none"},
        {LNN_KEY(sweep.halving), between(1, most_rungs),
         "lnn_gpu sweep: rungs of successive halving: on each the better half of the models is trained anew, twice as "
         "long, on the "
         "last for all steps; 1: every model for all steps"},
        {LNN_KEY(sweep.keep), between(0, 1e6), "lnn_gpu sweep: the weights of so many models are kept, the best"},
    };
}

#undef LNN_KEY

std::string join_words(const std::vector<Word>& words) {
    std::string text;
    for (const Word& word : words) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", word.name);
    return text;
}

// "from 1 to 4096", "above 0", "" without bounds
std::string bounds(const Rule& rule) {
    const bool low = std::isfinite(rule.low), high = std::isfinite(rule.high);
    if (low && high) return fmt::format(" from {} to {}{}", rule.low, rule.high_open ? "below " : "", rule.high);
    if (low) return fmt::format(" {} {}", rule.low_open ? "above" : "of at least", rule.low);
    return "";
}

}  // namespace

bool Rule::allows(double x) const {
    return std::isfinite(x) && (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
}

bool Key::is_integer() const {
    Config config;
    const Place place = at(config);
    return std::holds_alternative<int*>(place) || std::holds_alternative<std::int64_t*>(place) ||
           std::holds_alternative<std::uint64_t*>(place) || std::holds_alternative<std::vector<int>*>(place);
}

bool Key::is_list() const {
    Config config;
    const Place place = at(config);
    return std::holds_alternative<std::vector<int>*>(place) || std::holds_alternative<std::vector<double>*>(place) ||
           std::holds_alternative<std::vector<std::string>*>(place);
}

std::string Key::expected() const {
    Config config;
    if (std::holds_alternative<std::string*>(at(config))) {
        if (!rule.form.empty()) return rule.form;
        return rule.words.empty() ? "a string" : "one of " + join_words(rule.words);
    }
    if (!is_list()) return (is_integer() ? "an integer" : "a finite number") + bounds(rule);
    const std::string count = rule.shortest == rule.longest ? fmt::to_string(rule.longest)
                                                            : fmt::format("{} to {}", rule.shortest, rule.longest);
    if (std::holds_alternative<std::vector<std::string>*>(at(config)))
        return fmt::format("a list of {} strings", count);
    return fmt::format("a list of {} {}{}", count, is_integer() ? "integers" : "finite numbers", bounds(rule));
}

std::span<const Key> schema() {
    static const std::vector<Key> keys = make_schema();
    return keys;
}

const Key* find_key(std::string_view name) {
    for (const Key& key : schema())
        if (key.name == name) return &key;
    return nullptr;
}

std::vector<std::string> key_names() {
    std::vector<std::string> names;
    for (const Key& key : schema()) names.push_back(key.name);
    names.emplace_back(text_parameters);
    for (const SystemInfo& system : systems())
        for (const ParameterInfo& parameter : system.parameters) {
            const std::string name = "system." + parameter.name;
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        }
    return names;
}

std::string environment_name(std::string_view key) {
    std::string name = "LNN_GPU_";
    for (const char c : key) name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

std::optional<int> device_number(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && text[0] != '-' ? std::optional(number) : std::nullopt;
}

std::string expected(const ParameterInfo& parameter) {
    const std::size_t count = parameter.defaults.size();
    return count == 1 ? "a finite number" : fmt::format("a list of {} finite numbers", count);
}

std::string violation(const Key& key, const Config& config) {
    const Rule& rule = key.rule;
    Config copy = config;
    const bool fine = std::visit(
        [&](const auto* value) {
            using Value = std::remove_cvref_t<decltype(*value)>;
            if constexpr (std::is_same_v<Value, std::string>) {
                const auto same = [&](const Word& word) { return word.name == *value; };
                if (rule.has_form) return rule.has_form(*value);
                return rule.words.empty() || std::any_of(rule.words.begin(), rule.words.end(), same);
            } else if constexpr (std::is_arithmetic_v<Value>) {
                return rule.allows(static_cast<double>(*value));
            } else {
                const auto allowed = [&](const auto& x) {
                    if constexpr (std::is_same_v<Value, std::vector<std::string>>)
                        return true;
                    else
                        return rule.allows(x);
                };
                return value->size() >= rule.shortest && value->size() <= rule.longest &&
                       std::all_of(value->begin(), value->end(), allowed);
            }
        },
        key.at(copy));
    return fine ? "" : key.name + " must be " + key.expected();
}

std::vector<std::string> differences(const Config& a, const Config& b) {
    Config x = a, y = b;
    std::vector<std::string> names;
    for (const Key& key : schema()) {
        const Place other = key.at(y);
        if (!std::visit([&](auto* value) { return *value == *std::get<decltype(value)>(other); }, key.at(x)))
            names.push_back(key.name);
    }
    for (const auto& [name, values] : a.system.parameters)
        if (!b.system.parameters.contains(name) || b.system.parameters.at(name) != values)
            names.push_back("system." + name);
    for (const auto& [name, values] : b.system.parameters)
        if (!a.system.parameters.contains(name)) names.push_back("system." + name);
    return names;
}

}  // namespace lnn
