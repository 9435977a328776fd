#include "report/html.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/page.hpp"

namespace lnn {

namespace {

std::string cells_of(const std::vector<std::string>& cells) {
    std::string html;
    for (std::size_t i = 0; i < cells.size(); ++i)
        html += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", escape(cells[i]))
                       : fmt::format("<td>{}</td>", escape(cells[i]));
    return html;
}

}  // namespace

std::string escape(std::string_view text) {
    std::string html;
    for (char c : text) switch (c) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            case '\'':
                html += "&#39;";
                break;
            default:
                html += c;
        }
    return html;
}

std::string number(double x) { return std::isfinite(x) ? fmt::format("{:.4g}", x) : "not finite"; }

std::string percent(double share) {
    return std::isfinite(share) ? fmt::format("{:.3g} %", 100 * share) : number(share);
}

std::string number(const nlohmann::ordered_json& x) {
    if (x.is_number_integer()) return x.dump();
    if (x.is_number()) return number(x.get<double>());
    return x.is_null() ? "not finite" : "-";
}

std::string value_line(const nlohmann::ordered_json& value) {
    if (value.is_string()) return value.get<std::string>();
    const bool list =
        value.is_array() && std::none_of(value.begin(), value.end(), [](const auto& x) { return x.is_structured(); });
    if (!list) return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::string text;
    for (const auto& x : value) text += (text.empty() ? "" : " ") + value_line(x);
    return text;
}

std::string heading_row(const std::vector<std::string>& cells) {
    std::string html;
    for (const std::string& cell : cells) html += fmt::format("<th scope=\"col\">{}</th>", escape(cell));
    return fmt::format("<thead><tr>{}</tr></thead>\n", html);
}

std::string row(const std::vector<std::string>& cells, std::string_view style) {
    const std::string attribute = style.empty() ? "" : fmt::format(" class=\"{}\"", style);
    return fmt::format("<tr{}>{}</tr>\n", attribute, cells_of(cells));
}

std::string table(std::string_view rows, std::string_view style) {
    return fmt::format("<div class=\"scroll\"><table class=\"{}\">\n{}</table></div>\n", style, rows);
}

std::string paragraph(std::string_view text, std::string_view style) {
    const std::string attribute = style.empty() ? "" : fmt::format(" class=\"{}\"", style);
    return fmt::format("<p{}>{}</p>\n", attribute, escape(text));
}

std::string section(std::string_view title, std::string_view html) {
    return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", escape(title), html);
}

std::string page(std::string_view title, std::string_view html) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}<script>\n{}</script>\n</body>\n</html>\n",
        escape(title), page_style(), html, page_script());
}

}  // namespace lnn
