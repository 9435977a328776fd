#include "report.hpp"

#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "report/figures.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

// a section from JSON, or one line where a field is absent or of another kind
template <class F>
std::string from_json(const std::filesystem::path& path, std::vector<std::string>& notes, F make) {
    try {
        return make();
    } catch (const Json::exception& error) {
        notes.push_back(fmt::format("{}: not as this version writes it ({}); evaluate the run again",
                                    path.string(), error.what()));
        return paragraph(notes.back(), "absent");
    }
}

std::string protocols(const Contents& c, std::vector<std::string>& notes) {
    std::string html;
    if (c.box) html += from_json(c.run / "eval/box.json", notes, [&] { return protocol(*c.box); });
    if (c.energy) html += from_json(c.run / "eval/energy.json", notes, [&] { return protocol(*c.energy); });
    for (const auto* part : {&c.box, &c.energy})
        if (part->broken) html += paragraph(part->reason, "absent");
    return html.empty()
               ? ""
               : section("Published protocols", fmt::format("<div class=\"wide cards\">\n{}</div>\n", html));
}

std::string figures(const Contents& c, std::vector<std::string>& notes) {
    std::vector<std::string> left_out, trouble;
    std::vector<Figure> all = motion(c.config, c.samples, left_out);
    for (Figure& figure : curves(c.metrics, left_out)) all.push_back(std::move(figure));
    const auto pictures = draw(all, c.run / "figures", trouble);
    std::string html;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (pictures[i])
            html +=
                fmt::format("<figure>\n<h3 id=\"{}\">{}</h3>\n{}\n<figcaption>{}</figcaption>\n</figure>\n",
                            all[i].name, escape(all[i].title), *pictures[i], escape(all[i].meaning));
    if (!html.empty()) html = fmt::format("<div class=\"wide cards\">\n{}</div>\n", html);
    for (const std::string& line : trouble) html += paragraph(line, "absent");
    for (const std::string& line : left_out) html += paragraph(line, "absent");
    notes.insert(notes.end(), trouble.begin(), trouble.end());
    return section("Figures", html);
}

}  // namespace

std::vector<std::string> write_report(const std::filesystem::path& run) {
    const Contents c = read_contents(run);
    std::vector<std::string> notes;
    const auto note = [&](const auto& part) {
        if (part.broken) notes.push_back(part.reason);
    };
    note(c.config), note(c.record), note(c.metrics), note(c.summary), note(c.box), note(c.energy),
        note(c.samples);

    std::string html = header(c);
    html += section("Results", from_json(run / "eval/summary.json", notes, [&] { return results(c); }));
    html += protocols(c, notes) + figures(c, notes) + settings(c) + record(c);
    write_file(run / "report.html", page(title(c), html), true);
    return notes;
}

}  // namespace lnn
