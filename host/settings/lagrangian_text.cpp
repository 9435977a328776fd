#include "settings/lagrangian_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "terminal/did_you_mean.hpp"

namespace lnn {

namespace {

struct Function {
    const char* name;
    Op op;
    double (*of_constant)(double);
};
constexpr Function functions[] = {
    {"sin", Op::sin, std::sin},    {"cos", Op::cos, std::cos},    {"tan", Op::tan, std::tan},
    {"asin", Op::asin, std::asin}, {"acos", Op::acos, std::acos}, {"atan", Op::atan, std::atan},
    {"exp", Op::exp, std::exp},    {"log", Op::log, std::log},    {"sqrt", Op::sqrt, std::sqrt},
    {"tanh", Op::tanh, std::tanh}, {"abs", Op::abs, std::fabs},
};

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool goes_on(char c) { return starts_name(c) || std::isdigit(static_cast<unsigned char>(c)); }

// A value on its way: a constant, or a node of the graph below.
struct Value {
    std::optional<double> constant;
    int node = -1;
};

// An operation on nodes a and b, or on a node and a constant. Equal nodes are one.
struct Node {
    Op op;
    int a = -1, b = -1;
    double constant = 0;
    bool operator==(const Node&) const = default;
};

class Graph {
  public:
    Value constant(double c) const { return {c, -1}; }
    Value variable(int number) { return node({Op::variable, number}); }

    Value add(Value x, Value y) {
        if (x.constant && y.constant) return constant(*x.constant + *y.constant);
        if (x.constant) std::swap(x, y);
        if (y.constant) return *y.constant == 0 ? x : node({Op::add_constant, x.node, -1, *y.constant});
        return node({Op::add, x.node, y.node});
    }
    Value subtract(Value x, Value y) {
        if (y.constant) return add(x, constant(-*y.constant));
        if (x.constant) return add(multiply(constant(-1), y), x);
        return node({Op::subtract, x.node, y.node});
    }
    Value multiply(Value x, Value y) {
        if (x.constant && y.constant) return constant(*x.constant * *y.constant);
        if (x.constant) std::swap(x, y);
        if (!y.constant) return node({Op::multiply, x.node, y.node});
        if (*y.constant == 1) return x;
        if (*y.constant == 0) return y;
        if (nodes_[x.node].op == Op::multiply_constant)  // c (d x)
            return node({Op::multiply_constant, nodes_[x.node].a, -1, nodes_[x.node].constant * *y.constant});
        return node({Op::multiply_constant, x.node, -1, *y.constant});
    }
    Value divide(Value x, Value y) {
        if (x.constant && y.constant) return constant(*x.constant / *y.constant);
        if (y.constant) return multiply(x, constant(1 / *y.constant));
        if (x.constant) return node({Op::divide_constant, y.node, -1, *x.constant});
        return node({Op::divide, x.node, y.node});
    }
    Value power(Value x, Value y) {
        if (x.constant && y.constant) return constant(std::pow(*x.constant, *y.constant));
        if (y.constant) {
            if (*y.constant == 0) return constant(1);
            return *y.constant == 1 ? x : node({Op::power, x.node, -1, *y.constant});
        }
        // x^y = e^(y log x)
        const Value logarithm = x.constant ? constant(std::log(*x.constant)) : node({Op::log, x.node});
        const Value product = multiply(y, logarithm);
        return product.constant ? constant(std::exp(*product.constant)) : node({Op::exp, product.node});
    }
    Value apply(const Function& f, Value x) {
        return x.constant ? constant(f.of_constant(*x.constant)) : node({f.op, x.node});
    }

    const std::vector<Node>& nodes() const { return nodes_; }

  private:
    std::vector<Node> nodes_;

    Value node(const Node& wanted) {
        const auto found = std::find(nodes_.begin(), nodes_.end(), wanted);
        if (found == nodes_.end()) {
            nodes_.push_back(wanted);
            return {std::nullopt, int(nodes_.size()) - 1};
        }
        return {std::nullopt, int(found - nodes_.begin())};
    }
};

class Parser {
  public:
    Parser(const std::string& text, const std::vector<std::string>& coordinates,
           const std::map<std::string, double>& parameters)
        : text_(text), coordinates_(coordinates), parameters_(parameters) {}

    // of the whole text
    Value parse(Graph& graph) {
        graph_ = &graph;
        skip_blanks();
        if (at_ == text_.size()) refuse(0, "a Lagrangian is missing");
        const Value value = sum();
        if (at_ < text_.size()) refuse(at_, text_[at_] == ')' ? "this ')' closes nothing" : "an operator is missing");
        return value;
    }

    [[noreturn]] void refuse(std::size_t at, const std::string& what) const {
        // the line that it is in
        const std::size_t begin = at == 0 ? 0 : text_.rfind('\n', at - 1) + 1;
        std::string line = text_.substr(begin, text_.find('\n', at) - begin);
        for (char& c : line)
            if (std::iscntrl(static_cast<unsigned char>(c))) c = ' ';
        throw Error(Exit::usage, "system.lagrangian: " + what, line.empty() ? " " : line, at - begin);
    }

  private:
    const std::string& text_;
    const std::vector<std::string>& coordinates_;
    const std::map<std::string, double>& parameters_;
    std::size_t at_ = 0;
    int depth_ = 0;
    Graph* graph_ = nullptr;

    void skip_blanks() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    }
    bool take(char c) {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        skip_blanks();
        return true;
    }

    Value sum() {
        Value value = product();
        while (true) {
            if (take('+'))
                value = graph_->add(value, product());
            else if (take('-'))
                value = graph_->subtract(value, product());
            else
                return value;
        }
    }
    Value product() {
        Value value = sign();
        while (true) {
            const std::size_t at = at_;
            if (take('*')) {
                if (at_ < text_.size() && text_[at_] == '*') refuse(at, "powers are written x^2");
                value = graph_->multiply(value, sign());
            } else if (take('/')) {
                const Value below = sign();
                if (below.constant && *below.constant == 0) refuse(at, "a division by 0");
                value = graph_->divide(value, below);
            } else {
                return finite(value, at);
            }
        }
    }
    Value sign() {
        constexpr int most_nested = 200;
        if (++depth_ > most_nested)
            refuse(at_, fmt::format("more than {} signs, powers and parentheses in each other", most_nested));
        const Value value = take('-') ? graph_->multiply(graph_->constant(-1), sign()) : take('+') ? sign() : power();
        --depth_;
        return value;
    }
    Value power() {
        const std::size_t at = at_;
        const Value base = operand();
        if (!take('^')) return base;
        const Value exponent = sign();
        if (base.constant && !exponent.constant && !(*base.constant > 0))
            refuse(at, "a power of what is not above 0, with an exponent that varies");
        return finite(graph_->power(base, exponent), at);
    }
    Value operand() {
        const std::size_t at = at_;
        if (at == text_.size()) refuse(at, "a value is missing at the end");
        if (graph_->nodes().size() > 16 * max_instructions)  // what is not needed is left out below
            refuse(at, fmt::format("more than {} operations", max_instructions));
        const char c = text_[at];
        if (take('(')) {
            const Value value = sum();
            if (!take(')'))
                refuse(at_ == text_.size() ? at : at_,
                       at_ == text_.size() ? "this '(' is not closed" : "an operator or a ')' is missing");
            return value;
        }
        if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
        if (starts_name(c)) return named();
        if (std::string(")+-*/^").find(c) != std::string::npos)
            refuse(at, fmt::format("a value is missing before '{}'", c));
        refuse(at, static_cast<unsigned char>(c) < 128 && std::isprint(c) ? fmt::format("'{}' has no meaning here", c)
                                                                          : "a character that has no meaning here");
    }
    Value number() {
        double value = 0;
        const char* const begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
        if (error != std::errc()) refuse(at_, "this is not a number");
        const std::size_t after = at_ + std::size_t(end - begin);
        if (after < text_.size() && (starts_name(text_[after]) || text_[after] == '.'))
            refuse(after, text_[after] == '.' ? "this is not a number" : "an operator is missing");
        at_ = after;
        skip_blanks();
        return graph_->constant(value);
    }
    Value named() {
        const std::size_t at = at_;
        while (at_ < text_.size() && goes_on(text_[at_])) ++at_;
        const std::string name = text_.substr(at, at_ - at);
        skip_blanks();
        const bool called = at_ < text_.size() && text_[at_] == '(';
        for (const Function& f : functions)
            if (name == f.name) {
                if (!take('(')) refuse(at, fmt::format("{} is a function: {}(...)", name, name));
                const Value inside = sum();
                if (at_ < text_.size() && text_[at_] == ',') refuse(at_, fmt::format("{} takes one value", name));
                if (!take(')')) refuse(at, fmt::format("the parenthesis of {} is not closed", name));
                return finite(graph_->apply(f, inside), at);
            }
        if (called) refuse(at, fmt::format("{} is no function{}", name, did_you_mean(name, function_names())));
        if (const auto found = parameters_.find(name); found != parameters_.end())
            return graph_->constant(found->second);
        if (name == "pi") return graph_->constant(std::numbers::pi);
        if (const int number = variable(name, at); number >= 0) return graph_->variable(number);
        if (name == "t") refuse(at, "an explicit time is not supported yet");
        std::vector<std::string> known;
        for (const std::string& coordinate : coordinates_) known.insert(known.end(), {coordinate, "v" + coordinate});
        for (const auto& [parameter, value] : parameters_) known.push_back(parameter);
        refuse(at, fmt::format("{} is neither coordinate, velocity nor parameter{}", name, did_you_mean(name, known)));
    }

    static std::vector<std::string> function_names() {
        std::vector<std::string> names;
        for (const Function& f : functions) names.emplace_back(f.name);
        return names;
    }
    // v and the name of the coordinate, or v and the number it ends with
    bool is_velocity(const std::string& name, std::size_t i) const {
        const std::string& coordinate = coordinates_[i];
        const std::size_t digits = coordinate.find_last_not_of("0123456789") + 1;
        return name == "v" + coordinate || (digits < coordinate.size() && name == "v" + coordinate.substr(digits));
    }
    // place of a coordinate or a velocity among both; -1: it is none
    int variable(const std::string& name, std::size_t at) const {
        const int n = int(coordinates_.size());
        int found = -1;
        for (int i = 0; i < n; ++i) {
            if (name == coordinates_[i]) return i;
            if (!is_velocity(name, i)) continue;
            if (name == "v" + coordinates_[i]) return n + i;
            if (found >= 0)
                refuse(at, fmt::format("{0} is the velocity of {1} and of {2}; write v{1} or v{2}", name,
                                       coordinates_[found - n], coordinates_[i]));
            found = n + i;
        }
        return found;
    }
    Value finite(Value value, std::size_t at) const {
        if (value.constant && !std::isfinite(*value.constant)) refuse(at, "this is not a finite number");
        return value;
    }
};

// registers for the nodes that `last` needs; one that is read for the last time is free after it
Program allocated(const Parser& parser, const std::vector<Node>& nodes, int last) {
    std::vector<int> last_use(nodes.size(), -1);
    last_use[last] = int(nodes.size());
    for (int i = last; i >= 0; --i)
        if (last_use[i] >= 0 && nodes[i].op != Op::variable)
            for (const int operand : {nodes[i].a, nodes[i].b})
                if (operand >= 0) last_use[operand] = std::max(last_use[operand], i);

    Program program;
    std::vector<int> where(nodes.size(), -1);
    std::array<bool, max_registers> taken{};
    int constants = 0;
    for (int i = 0; i <= last; ++i) {
        if (last_use[i] < 0) continue;
        const Node& node = nodes[i];
        const bool variable = node.op == Op::variable;
        Instruction step{node.op, 0, 0, 0};
        step.a = std::uint8_t(variable ? node.a : where[node.a]);
        if (node.b >= 0) step.b = std::uint8_t(where[node.b]);
        if (takes_constant(node.op)) {
            const auto end = program.constants.begin() + constants,
                       found = std::find(program.constants.begin(), end, node.constant);
            step.b = std::uint8_t(found - program.constants.begin());
            if (found == end) {
                if (constants == max_constants) parser.refuse(0, fmt::format("more than {} constants", max_constants));
                program.constants[constants++] = node.constant;
            }
        }
        const auto free = std::find(taken.begin(), taken.end(), false);
        if (free == taken.end())
            parser.refuse(
                0, fmt::format("more than {} values are needed at once; write it in another order", max_registers));
        *free = true;
        where[i] = int(free - taken.begin());
        if (!variable)
            for (const int operand : {node.a, node.b})
                if (operand >= 0 && last_use[operand] == i) taken[where[operand]] = false;
        step.to = std::uint8_t(where[i]);
        if (program.size == max_instructions)
            parser.refuse(0, fmt::format("more than {} operations", max_instructions));
        program.code[program.size++] = step;
    }
    program.result = where[last];
    return program;
}

}  // namespace

bool is_name(const std::string& name) {
    return !name.empty() && starts_name(name[0]) && std::all_of(name.begin(), name.end(), goes_on) && name != "pi" &&
           name != "t" &&
           std::none_of(std::begin(functions), std::end(functions), [&](const Function& f) { return name == f.name; });
}

Program lagrangian_program(const std::string& text, const std::vector<std::string>& coordinates,
                           const std::map<std::string, double>& parameters) {
    Parser parser(text, coordinates, parameters);
    Graph graph;
    const Value whole = parser.parse(graph);
    if (whole.constant) parser.refuse(0, "it depends on no coordinate and no velocity");
    Program program = allocated(parser, graph.nodes(), whole.node);
    const int n = int(coordinates.size());
    for (int i = 0; i < n; ++i) {
        const auto end = program.code.begin() + program.size;
        if (std::none_of(program.code.begin(), end,
                         [&](const Instruction& step) { return step.op == Op::variable && step.a == n + i; }))
            parser.refuse(0,
                          fmt::format("the velocity of {} is nowhere in it, so that nothing moves it", coordinates[i]));
    }
    return program;
}

}  // namespace lnn
