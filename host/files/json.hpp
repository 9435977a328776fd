// JSON of a file: text that no nesting can bring down, then values read one by one, each checked for its type and range.
// What is wrong is Exit::file, one line: the file, the field, what it is and what it has to be, how to mend it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace lnn {

// `where` names the file in errors, `mend` ends them
nlohmann::ordered_json parse_json(std::string_view text, const std::string& where, const std::string& mend = "");

// A value in a text, and the way to it. It lives as long as the JSON that it was made of.
class JsonField {
  public:
    JsonField(const nlohmann::ordered_json& json, std::string where, std::string mend);

    JsonField at(const std::string& key) const;                   // of an object that has it
    std::optional<JsonField> find(const std::string& key) const;  // nothing where it is absent
    std::vector<JsonField> items() const;                         // of a list
    std::vector<JsonField> items(std::size_t size) const;         // of a list of so many
    std::vector<std::string> keys() const;                        // of an object, in order
    const nlohmann::ordered_json& object() const;
    bool is_null() const;

    std::int64_t integer(std::int64_t low, std::int64_t high) const;
    std::int64_t count() const { return integer(0, most_counted); }
    std::uint64_t unsigned_integer() const;
    double number() const;  // finite, as all of JSON are
    double number(double low, double high) const;
    std::string text() const;
    bool flag() const;
    // lists of so many
    std::vector<std::int64_t> integers(std::size_t size, std::int64_t low, std::int64_t high) const;
    std::vector<std::int64_t> counts(std::size_t size) const { return integers(size, 0, most_counted); }
    std::vector<double> bits(std::size_t size) const;  // as bits_of writes them

    [[noreturn]] void refuse(const std::string& expected) const;  // "'PATH' is VALUE, but has to be EXPECTED"

  private:
    static constexpr std::int64_t most_counted = std::int64_t(1) << 53;  // steps, samples: sums of many are no overflow

    struct Source {
        std::string where, mend;
    };
    const nlohmann::ordered_json* value_;
    std::shared_ptr<const Source> source_;
    std::string path_;  // "shard/count"; empty: the whole text

    JsonField(const JsonField& parent, const nlohmann::ordered_json& value, const std::string& name);
    const nlohmann::ordered_json& list(std::size_t size) const;
};

// JSON has no word for inf and nan, which a sum of losses may be
std::vector<std::uint64_t> bits_of(const std::vector<double>&);

}  // namespace lnn
