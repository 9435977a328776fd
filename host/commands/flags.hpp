// The flags that commands share, by groups.
// A command takes the groups that make sense for it; flags of its own it declares beside them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "commands/arguments.hpp"
#include "run/options.hpp"

namespace lnn {

// each declares its flags on a command; options must outlive the parsing
// -c --preset --set --backend --device --threads --precision --state --seed
void add_setting_flags(Arguments&, Options&);
void add_target_flags(Arguments&, Options&, const std::string& what_out_is);  // --out --force --dry-run
void add_talk_flags(Arguments&, Options&);                                    // --json -q -v --no-progress
void add_json_flag(Arguments&, Options&);

// --seeds A:B, which is run.seed and run.seeds; "": not given
void take_seeds(const std::string& seeds, Options&);
// two whole numbers with a character between them; Exit::usage with `expected` where they are not
std::pair<std::int64_t, std::int64_t> pair_of(const std::string& text, char between, const char* expected);

// a finite number above 0
Check positive_number();

// the words that a key of the configuration may have
std::vector<std::string> allowed_words(const std::string& key);

// a whole number from 1 to `most`; CLI11 alone reads what is larger than 2^63 - 1 as that
Check count_up_to(std::int64_t most);
inline constexpr std::int64_t beyond_any_memory =
    100'000'000'000'000'000;  // where the estimate of memory refuses sooner

}  // namespace lnn
