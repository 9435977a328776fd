// The one table of settings: dotted name, place in Config, what it may hold, one line of documentation.
// Reading, --set, checks, config.toml, `config show`, completion and "did you mean" all follow it.
// Parameters of physical systems (system.m, system.l, ...) are keys of their own kind, listed by catalog.hpp.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "settings/catalog.hpp"
#include "settings/config.hpp"

namespace lnn {

using Place = std::variant<int*, std::int64_t*, std::uint64_t*, double*, std::string*, std::vector<int>*,
                           std::vector<double>*, std::vector<std::string>*>;

// one allowed value of a setting that is a word
struct Word {
    std::string name, meaning;
};

// what a setting may hold
struct Rule {
    double low = -std::numeric_limits<double>::infinity();  // of a number, or of each number of a list
    double high = std::numeric_limits<double>::infinity();
    bool low_open = false, high_open = false;  // the bound itself is not allowed
    std::size_t shortest = 1, longest = 1;     // entries of a list
    std::vector<Word> words;                   // of a string; empty: any text
    std::vector<std::string> missing;          // words that are known, and that no backend offers yet
    std::string form;                          // of a string that is no word, what it must look like; empty: any text
    bool (*has_form)(std::string_view) = nullptr;

    bool allows(double x) const;  // false for inf and nan
};

struct Key {
    std::string name;  // "train.lr"
    Place (*at)(Config&);
    Rule rule;
    std::string doc;  // one line: meaning, unit

    bool is_integer() const;  // or a list of integers
    bool is_list() const;
    std::string expected() const;  // "an integer from 1 to 4096", `one of "mse", "l1", "huber"`
};

std::span<const Key> schema();                       // keys of a section together, in the order of config.toml
const Key* find_key(std::string_view name);          // null where there is none
std::vector<std::string> key_names();                // of the schema, then "system.m", ... of every system
std::string environment_name(std::string_view key);  // "LNN_GPU_TRAIN_LR"

// run.device as a number; nothing where the text is not that of one device
std::optional<int> device_number(std::string_view text);

std::string expected(const ParameterInfo&);  // "a list of 2 finite numbers"

// what is wrong with the value of a key ("train.lr must be a number above 0"); empty: nothing
std::string violation(const Key&, const Config&);

// names of the settings in which two configurations differ
std::vector<std::string> differences(const Config&, const Config&);

}  // namespace lnn
