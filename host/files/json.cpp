#include "files/json.hpp"

#include <bit>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "files/json_depth.hpp"
#include "lnn/error.hpp"

namespace lnn {

using Json = nlohmann::ordered_json;

namespace {

constexpr int deepest = 64;  // no file of ours nests deeper than 8; copying and printing recurse

// as an error line shows it
std::string shown(const Json& value) {
    if (value.is_structured() && !value.empty()) return value.is_array() ? "a list" : "an object";
    const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

bool is_within(const Json& value, std::int64_t low, std::int64_t high) {
    const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= INT64_MAX : value.is_number_integer();
    return fits && value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= high;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where, const std::string& mend) {
    const auto refuse = [&](const std::string& why) {
        throw Error(Exit::file, fmt::format("{}: {}{}{}", where, why, mend.empty() ? "" : "; ", mend));
    };
    if (!json_depth_at_most(text, deepest))
        refuse(fmt::format("nests more than {} deep, which no file of ours does", deepest));
    try {
        return Json::parse(text);
    } catch (const Json::exception& error) {
        refuse(fmt::format("not JSON ({})", error.what()));
    }
    return {};
}

JsonField::JsonField(const Json& json, std::string where, std::string mend)
    : value_(&json), source_(std::make_shared<Source>(Source{std::move(where), std::move(mend)})) {}

JsonField::JsonField(const JsonField& parent, const Json& value, const std::string& name)
    : value_(&value), source_(parent.source_), path_(parent.path_.empty() ? name : parent.path_ + "/" + name) {}

void JsonField::refuse(const std::string& expected) const {
    throw Error(Exit::file, fmt::format("{}: {} is {}, but has to be {}; {}", source_->where,
                                        path_.empty() ? "what it holds" : "'" + path_ + "'", shown(*value_), expected,
                                        source_->mend));
}

const Json& JsonField::object() const {
    if (!value_->is_object()) refuse("an object");
    return *value_;
}

JsonField JsonField::at(const std::string& key) const {
    const auto found = object().find(key);
    if (found == value_->end())
        throw Error(Exit::file, fmt::format("{}: '{}{}{}' is missing; {}", source_->where, path_,
                                            path_.empty() ? "" : "/", key, source_->mend));
    return {*this, *found, key};
}

std::optional<JsonField> JsonField::find(const std::string& key) const {
    const auto found = object().find(key);
    if (found == value_->end()) return std::nullopt;
    return JsonField(*this, *found, key);
}

std::vector<JsonField> JsonField::items() const {
    if (!value_->is_array()) refuse("a list");
    std::vector<JsonField> fields;
    for (std::size_t i = 0; i < value_->size(); ++i) fields.push_back({*this, (*value_)[i], fmt::to_string(i)});
    return fields;
}

std::vector<JsonField> JsonField::items(std::size_t size) const {
    list(size);
    return items();
}

std::vector<std::string> JsonField::keys() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : object().items()) names.push_back(name);
    return names;
}

bool JsonField::is_null() const { return value_->is_null(); }

std::int64_t JsonField::integer(std::int64_t low, std::int64_t high) const {
    if (!is_within(*value_, low, high)) refuse(fmt::format("a whole number from {} to {}", low, high));
    return value_->get<std::int64_t>();
}

std::uint64_t JsonField::unsigned_integer() const {
    if (!value_->is_number_unsigned()) refuse("a whole number of at least 0");
    return value_->get<std::uint64_t>();
}

double JsonField::number() const {
    if (!value_->is_number()) refuse("a number");
    return value_->get<double>();
}

double JsonField::number(double low, double high) const {
    if (const double x = number(); x >= low && x <= high) return x;
    refuse(fmt::format("a number from {} to {}", low, high));
}

std::string JsonField::text() const {
    if (!value_->is_string()) refuse("text");
    return value_->get<std::string>();
}

bool JsonField::flag() const {
    if (!value_->is_boolean()) refuse("true or false");
    return value_->get<bool>();
}

const Json& JsonField::list(std::size_t size) const {
    if (!value_->is_array()) refuse("a list");
    if (value_->size() != size)
        throw Error(Exit::file, fmt::format("{}: '{}' is a list of {}, but has to be one of {}; {}", source_->where,
                                            path_, value_->size(), size, source_->mend));
    return *value_;
}

std::vector<std::int64_t> JsonField::integers(std::size_t size, std::int64_t low, std::int64_t high) const {
    std::vector<std::int64_t> numbers;
    for (const Json& item : list(size))
        numbers.push_back(JsonField(*this, item, fmt::to_string(numbers.size())).integer(low, high));
    return numbers;
}

std::vector<double> JsonField::bits(std::size_t size) const {
    std::vector<double> numbers;
    for (const Json& item : list(size))
        numbers.push_back(
            std::bit_cast<double>(JsonField(*this, item, fmt::to_string(numbers.size())).unsigned_integer()));
    return numbers;
}

std::vector<std::uint64_t> bits_of(const std::vector<double>& values) {
    std::vector<std::uint64_t> bits;
    for (const double value : values) bits.push_back(std::bit_cast<std::uint64_t>(value));
    return bits;
}

}  // namespace lnn
