// The arguments of a command: what it declares here is read from the command line into its own variables, and --help
// shows it. CLI11, which does both, costs seconds in every file that includes it, so arguments.cpp alone does.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lnn {

struct Word;

// a condition on the text of a value
struct Check {
    std::string shown;                                         // by --help, behind the type of the value
    std::function<std::string(const std::string&)> complaint;  // what is wrong with a text; empty: nothing
};

// One argument that was declared. Each member says more of it and returns it.
class Argument {
  public:
    explicit Argument(CLI::Option* option) : option_(option) {}

    Argument type(const std::string& name);   // of its value, in --help
    Argument group(const std::string& name);  // its heading in --help
    Argument required();
    Argument repeatable();  // a list that takes one value each time it is given, not all words that follow
    Argument check(const Check&);
    Argument one_of(const std::vector<std::string>& words);
    Argument between(int low, int high);
    Argument excludes(const std::string& other);  // "--out" or "FILE", declared before
    Argument show_default();                      // what its variable holds now, in --help

  private:
    CLI::Option* option_;
};

// A copy is the same command. A declaration refers to variables that must outlive the parsing.
class Arguments {
  public:
    Arguments(const std::string& program, const std::string& summary);

    void examples(const std::string& lines);  // --help shows them first

    // "-c,--config" takes a value, "FILE" is one by its place. T is a string, double, int, std::int64_t, or a list of
    // strings or paths.
    template <class T>
    Argument option(const std::string& names, T& value, const std::string& meaning);
    Argument flag(const std::string& names, bool& value, const std::string& meaning);

    // an option whose values go to `take`: each of them, or of those given the last
    using Take = std::function<void(const std::string&)>;
    Argument each_value(const std::string& names, Take take, const std::string& meaning);
    Argument last_value(const std::string& names, Take take, const std::string& meaning);

    Arguments subcommand(const std::string& name, const std::string& summary);  // one of all must be given
    bool given() const;                                                         // of a subcommand, once parsed

    std::string name() const, summary() const;
    std::vector<Word> flags() const;  // those with a long name: "--config" and its meaning
    std::vector<Arguments> subcommands() const;

    // The text of --help where that was asked for, else the variables are set. Exit::usage says what is wrong, with the
    // nearest name.
    std::optional<std::string> parse(std::vector<std::string> words);

  private:
    explicit Arguments(std::shared_ptr<CLI::App> app) : app_(std::move(app)) {}

    std::shared_ptr<CLI::App> app_;  // that of a subcommand keeps all of the command
};

}  // namespace lnn
