// lnn_gpu models: what can be learned, and the choices a model has.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/flags.hpp"
#include "settings/schema.hpp"
#include "terminal/json_text.hpp"

namespace lnn {

Action models_command(Arguments& arguments) {
    auto options = std::make_shared<Options>();
    arguments.examples("lnn_gpu models\nlnn_gpu run --preset plain\nlnn_gpu run --set model.inputs=raw");
    add_json_flag(arguments, *options);
    return [options] {
        nlohmann::ordered_json json;
        for (const char* name : {"model.kind", "model.inputs", "model.init"}) {
            const Key& key = *find_key(name);
            if (!options->json) fmt::print("{}: {}\n", key.name, key.doc);
            for (const Word& word : key.rule.words) {
                json[key.name].push_back({{"name", word.name}, {"summary", word.meaning}});
                if (!options->json) fmt::print("  {:<10} {}\n", word.name, word.meaning);
            }
        }
        if (options->json) print_json(json);
        return Exit::ok;
    };
}

}  // namespace lnn
