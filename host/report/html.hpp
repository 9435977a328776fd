// The page: escaping, tables, and the frame with its one style sheet and one script. Nothing is fetched.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace lnn {

std::string escape(std::string_view text);  // for text and for attributes in double quotes

std::string number(double);         // four digits, or "not finite"
std::string percent(double share);  // three digits, or "not finite"
// the same, whole ones with all digits; null is how JSON holds infinity; "-" for what is no number
std::string number(const nlohmann::ordered_json&);

// any value on one line: words without quotes, lists parted by blanks
std::string value_line(const nlohmann::ordered_json&);

// cells are text and become escaped; the first one of a row is its heading
std::string heading_row(const std::vector<std::string>& cells);
std::string row(const std::vector<std::string>& cells, std::string_view style = {});
std::string table(std::string_view rows, std::string_view style = {});  // scrolls sideways where it is too wide

std::string paragraph(std::string_view text, std::string_view style = {});
std::string section(std::string_view title, std::string_view html);
std::string page(std::string_view title, std::string_view html);

}  // namespace lnn
