#include "sweep/space.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "lnn/random.hpp"
#include "lnn/spec.hpp"
#include "run/work.hpp"
#include "settings/write.hpp"

namespace lnn {

namespace {

std::string trimmed(const std::string& text) {
    const std::size_t from = text.find_first_not_of(' ');
    return from == text.npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

// parts between separators that stand outside of brackets and quotes
std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    int depth = 0;
    char quote = 0;
    bool escaped = false;  // by the backslash before, in a TOML string
    for (const char c : text) {
        if (quote ? c == quote && !escaped : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else if (!quote && (c == '[' || c == '(' || c == '{'))
            ++depth;
        else if (!quote && (c == ']' || c == ')' || c == '}'))
            --depth;
        if (c == separator && depth == 0 && !quote)
            parts.emplace_back();
        else
            parts.back() += c;
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    for (std::string& part : parts) part = trimmed(part);
    return parts;
}

struct Law {
    const char *name, *form;
    std::size_t numbers;
};
constexpr Law laws[] = {
    {"log", "log(a,b)", 2}, {"uniform", "uniform(a,b)", 2}, {"int", "int(a,b)", 2}, {"layers", "layers(a:b,c:d)", 4}};

// number of two that key a draw, by the name of its dimension: others may come or go (FNV-1a)
std::uint32_t number_of(const std::string& key) {
    std::uint32_t hash = 2166136261u;
    for (const char c : key) hash = (hash ^ std::uint8_t(c)) * 16777619u;
    return hash & ~1u;
}

}  // namespace

std::vector<Dimension> parse_space(const std::string& text, const std::string& flag) {
    std::vector<Dimension> space;
    if (trimmed(text).empty()) return space;
    for (const std::string& part : split(text, ';')) {
        const auto refuse = [&](const std::string& why) {
            throw Error(Exit::usage, fmt::format("{} {}: {}", flag, part, why));
        };
        const std::size_t equals = part.find('=');
        if (equals == part.npos || equals == 0) refuse("expected KEY=VALUES, as in train.lr=1e-2,1e-3");
        Dimension d{trimmed(part.substr(0, equals)), "", {}, {}};
        const std::string values = trimmed(part.substr(equals + 1));
        for (const Dimension& other : space)
            if (other.key == d.key) refuse(d.key + " is given twice");
        for (const char* fixed : {"run.seed", "run.seeds", "run.backend", "run.device", "run.threads", "run.isa"})
            if (d.key == fixed) refuse(d.key + " is of the whole sweep; use --seeds, or a flag of its own");
        if (d.key.starts_with("sweep.")) refuse("a sweep does not vary itself");
        for (const Law& law : laws) {
            const std::string open = std::string(law.name) + "(";
            if (!values.starts_with(open) || !values.ends_with(')')) continue;
            if (flag == "--grid") refuse(fmt::format("{} is for --space, with --random N", law.form));
            d.law = law.name;
            for (std::string number : split(values.substr(open.size(), values.size() - open.size() - 1), ','))
                for (const std::string& end : d.law == "layers" ? split(number, ':') : std::vector{number}) {
                    double x = 0;
                    const auto [next, error] = std::from_chars(end.data(), end.data() + end.size(), x);
                    if (error != std::errc() || next != end.data() + end.size() || !std::isfinite(x))
                        refuse(fmt::format("'{}' is not a number; expected {}", end, law.form));
                    d.range.push_back(x);
                }
            bool good = d.range.size() == law.numbers;
            for (std::size_t i = 0; good && i < d.range.size(); i += 2) good = d.range[i] <= d.range[i + 1];
            if (d.law == "int" || d.law == "layers")
                for (const double x : d.range) good &= x == std::floor(x) && std::abs(x) < 1e9;
            if (good && d.law == "layers" && d.range[1] > max_depth)
                refuse(fmt::format("expected {} with b up to {}", law.form, max_depth));
            if (good && (d.law == "log" || d.law == "layers"))
                good = d.range[0] > 0 && (d.law == "log" || d.range[2] > 0);
            if (!good)
                refuse(fmt::format("expected {} with a <= b{}", law.form, d.law == "log" ? ", both above 0" : ""));
        }
        if (d.law.empty()) d.choices = split(values, ',');
        for (const std::string& choice : d.choices)
            if (choice.empty()) refuse("an empty value");
        space.push_back(std::move(d));
    }
    return space;
}

std::string with_absolute_files(const std::string& text) {
    std::vector<std::string> parts = split(text, ';');
    for (std::string& part : parts) {
        const std::size_t equals = part.find('=');
        if (equals == part.npos || trimmed(part.substr(0, equals)) != "data.source") continue;
        std::vector<std::string> choices = split(part.substr(equals + 1), ',');
        for (std::string& choice : choices) {
            const std::string source = string_value({"data.source", choice, part});
            if (const std::string absolute = absolute_source(source); absolute != source)
                choice = toml_string(absolute);
        }
        part = fmt::format("data.source={}", fmt::join(choices, ","));
    }
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string draw_value(const Dimension& d, std::uint64_t seed, std::int64_t point) {
    const auto u = [&](std::uint32_t k) {
        return uniform(seed, Stream::sweep, std::uint64_t(point), number_of(d.key) + k);
    };
    const auto whole = [&](double low, double high, double share) {
        return std::int64_t(low + std::floor(share * (high - low + 1)));
    };
    const auto& r = d.range;
    if (d.law.empty()) return d.choices[std::size_t(u(0) * double(d.choices.size()))];
    if (d.law == "int") return fmt::to_string(whole(r[0], r[1], u(0)));
    if (d.law == "layers") {
        const std::int64_t depth = whole(r[0], r[1], u(0));
        const std::int64_t width =
            std::clamp(std::llround(r[2] * std::pow(r[3] / r[2], u(1))), (long long)r[2], (long long)r[3]);
        return fmt::format("[{}]", fmt::join(std::vector<std::int64_t>(depth, width), ","));
    }
    const double x = d.law == "log" ? r[0] * std::pow(r[1] / r[0], u(0)) : r[0] + u(0) * (r[1] - r[0]);
    return fmt::to_string(std::clamp(std::strtod(fmt::format("{:.4g}", x).c_str(), nullptr), r[0], r[1]));
}

}  // namespace lnn
