#include "report/html.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lnn {

namespace {

// gnuplot draws in black on white; on the page its ink follows the text and its paper the page
constexpr std::string_view style_sheet = R"css(
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d2126; --soft: #5d6670; --line: #dedad3;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --card: #1b1f23; --ink: #e6e4df; --soft: #9aa3ad; --line: #333a41;
    }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 76rem; background: var(--paper);
    color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0 0 .5rem; font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; font-weight: 650; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem; font-weight: 650; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; font-weight: 600; }
p { margin: .5rem 0; max-width: 46rem; }
.facts { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; color: var(--soft); font-size: .92rem;
    max-width: none; }
.facts b { color: var(--ink); font-weight: 600; }
.lead { font-size: 1.08rem; margin-top: 1.1rem; }
.note, figcaption { color: var(--soft); font-size: .9rem; }
.absent { color: var(--soft); font-style: italic; }
.scroll { overflow-x: auto; margin: .75rem 0; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .42rem .8rem; text-align: left; vertical-align: baseline;
    border-top: 1px solid var(--line); }
tr:first-child > * { border-top: 0; }
th { font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; font-size: .82rem; }
table.numbers { overflow-wrap: normal; }
table.numbers :is(td, th) { white-space: nowrap; text-align: right; }
table.numbers :is(td, th):first-child, table.numbers td[colspan] { text-align: left; }
table.numbers :is(td, th):first-child { position: sticky; left: 0; background: var(--card); }
table.numbers thead th[colspan] { text-align: center; }
tr.pooled > * { font-weight: 650; border-top: 2px solid var(--line); }
tr.pooled ~ tr.pooled > * { border-top-width: 1px; }
table.pairs th { width: 11rem; font-weight: 500; color: var(--soft); overflow-wrap: normal; }
tr.changed td { font-weight: 650; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr));
    gap: 0 1.25rem;
  align-items: start; }
.wide.cards { grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: 1.25rem; }
figure { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--line);
    border-radius: 8px; }
figure h3 { margin: 0 0 .5rem; }
figcaption { margin-top: .5rem; }
figure svg { display: block; width: 100%; height: auto; }
figure svg text, figure svg tspan { font-family: inherit; }
figure svg text { fill: var(--ink); }
figure svg [color="black"] { color: var(--ink); }
figure svg :is([stroke="black"], [stroke="rgb(  0,   0,   0)"]) { stroke: var(--ink); }
figure svg [fill="#ffffff"] { fill: none; }
pre { margin: 0; padding: .8rem; font-size: .82rem; overflow-x: auto; white-space: pre; }
@media (max-width: 32rem) { body { padding: 1.5rem .9rem 3rem; } figure { padding: .75rem .6rem; } }
@media print { body { max-width: none; } figure, .scroll { break-inside: avoid; } }
)css";

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

std::string number(const nlohmann::ordered_json& x) {
    if (x.is_number_integer()) return x.dump();
    if (x.is_number()) return fmt::format("{:.4g}", x.get<double>());
    return x.is_null() ? "not finite" : "-";
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
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
        escape(title), style_sheet, html);
}

}  // namespace lnn
