// lnn_gpu completion bash|zsh|fish: a script for the shell, generated from the table of commands and the
// schema. All three ask the same three things: which subcommands and flags follow a command, and which words
// follow a flag.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "commands/command_line.hpp"
#include "settings/presets.hpp"
#include "settings/schema.hpp"

namespace lnn {

namespace {

using Words = std::vector<Word>;

// what may follow a command (or its subcommand)
struct Stage {
    std::string path;  // "config" or "config show"
    std::string summary;
    Words words, flags;
};

std::vector<Stage> stages() {
    std::vector<Stage> list;
    for (const Command& command : commands()) {
        const BuiltCommand built = build(command);
        Stage stage{std::string(command.name), std::string(command.summary), {}, built.arguments.flags()};
        std::vector<Stage> below;
        for (const Arguments& sub : built.arguments.subcommands()) {
            stage.words.push_back({sub.name(), sub.summary()});
            below.push_back({stage.path + " " + sub.name(), sub.summary(), {}, sub.flags()});
        }
        list.push_back(stage);
        list.insert(list.end(), below.begin(), below.end());
    }
    return list;
}

// flags whose values are known words
std::vector<std::pair<std::string, Words>> values() {
    Words names, keys;
    for (const Preset& preset : presets()) names.push_back({std::string(preset.name), ""});
    for (const std::string& key : key_names()) keys.push_back({key + "=", find_key(key) ? find_key(key)->doc : ""});
    std::vector<std::pair<std::string, Words>> list = {{"--preset", names}, {"--set", keys}};
    std::set<std::string> flags;
    for (const Stage& stage : stages())
        for (const Word& flag : stage.flags) flags.insert(flag.name);
    for (const Key& key : schema()) {
        if (!key.name.starts_with("run.") || key.rule.words.empty()) continue;
        const std::string flag = "--" + key.name.substr(4);
        if (flags.contains(flag)) list.push_back({flag, key.rule.words});
    }
    return list;
}

std::string names(const Words& words) {
    std::string text;
    for (const Word& word : words) text += (text.empty() ? "" : " ") + word.name;
    return text;
}

// inside single quotes of a shell
std::string in_quotes(const std::string& text) {
    std::string out = "'";
    for (const char c : text)
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    return out + "'";
}

Words command_words() {
    Words words;
    for (const Command& command : commands())
        words.push_back({std::string(command.name), std::string(command.summary)});
    return words;
}

// zsh runs the same function through its bashcompinit
std::string bash() {
    std::string values_of_flags, subcommands, words_of_stages;
    for (const auto& [flag, words] : values())
        values_of_flags += fmt::format("        {}) words={} ;;\n", flag, in_quotes(names(words)));
    for (const Stage& stage : stages()) {
        if (stage.path.find(' ') != stage.path.npos) subcommands += "|" + in_quotes(stage.path);
        words_of_stages += fmt::format("            {}) words={} ;;\n", in_quotes(stage.path),
                                       in_quotes(names(stage.words) + " " + names(stage.flags)));
    }
    return R"(_lnn_gpu() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}" stage="${COMP_WORDS[1]}" words="" i
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W )" +
           in_quotes(names(command_words()) + " --help --version") + R"( -- "$word"))
        return
    fi
    case "$before" in
)" + values_of_flags +
           R"(    esac
    if [ -z "$words" ]; then
        # a subcommand further back narrows the flags
        for ((i = 2; i < COMP_CWORD; i++)); do
            case "$stage ${COMP_WORDS[i]}" in
                none)" +
           subcommands + R"() stage="$stage ${COMP_WORDS[i]}"; break ;;
            esac
        done
        case "$stage" in
)" + words_of_stages +
           R"(        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    # a key is followed by its value, not by a space
    case "${COMPREPLY[*]}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -o default -F _lnn_gpu lnn_gpu
)";
}

std::string fish() {
    std::string text = "function __lnn_gpu_none\n    test (count (commandline -opc)) -eq 1\nend\n";
    for (const Word& word : command_words())
        text +=
            fmt::format("complete -c lnn_gpu -n __lnn_gpu_none -f -a {} -d {}\n", word.name, in_quotes(word.meaning));
    const auto known = values();
    for (const Stage& stage : stages()) {
        std::string condition;
        for (std::size_t from = 0; from < stage.path.size();) {
            const std::size_t space = std::min(stage.path.find(' ', from), stage.path.size());
            condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                                     stage.path.substr(from, space - from));
            from = space + 1;
        }
        for (const Word& word : stage.words)
            text += fmt::format("complete -c lnn_gpu -n {} -a {} -d {}\n", in_quotes(condition), word.name,
                                in_quotes(word.meaning));
        for (const Word& flag : stage.flags) {
            text += fmt::format("complete -c lnn_gpu -n {} -l {} -d {}", in_quotes(condition), flag.name.substr(2),
                                in_quotes(flag.meaning));
            for (const auto& [name, words] : known)
                if (name == flag.name) text += fmt::format(" -x -a {}", in_quotes(names(words)));
            text += '\n';
        }
    }
    return text;
}

}  // namespace

Action completion_command(Arguments& arguments) {
    arguments.examples(
        "source <(lnn_gpu completion bash)\n"
        "lnn_gpu completion zsh > ~/.zfunc/_lnn_gpu\n"
        "lnn_gpu completion fish > ~/.config/fish/completions/lnn_gpu.fish");
    const Arguments in_bash = arguments.subcommand("bash", "a script for bash");
    const Arguments in_zsh = arguments.subcommand("zsh", "a script for zsh");
    arguments.subcommand("fish", "a script for fish");
    return [in_bash, in_zsh] {
        if (in_bash.given())
            fmt::print("{}", bash());
        else if (in_zsh.given())
            fmt::print("#compdef lnn_gpu\nautoload -U +X bashcompinit && bashcompinit\n{}", bash());
        else
            fmt::print("{}", fish());
        return Exit::ok;
    };
}

}  // namespace lnn
