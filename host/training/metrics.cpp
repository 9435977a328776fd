#include "training/metrics.hpp"

#include <charconv>

#include <fmt/format.h>

#include "files/atomic_file.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

constexpr const char* metrics_header =
    "step,epoch,seed,loss,lr,grad_norm,skipped,rolled_back,truncated,truncated_share,cond_p50,cond_p99,cond_max,"
    "cost,damping,accepted,seconds\n";

}  // namespace

std::string metrics_csv(const std::vector<Metrics>& rows) {
    std::string text = metrics_header;
    for (const Metrics& m : rows)
        text += fmt::format(
            "{},{:.6g},{},{:.9g},{:.9g},{:.9g},{},{},{},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{},{:.3f}\n", m.step,
            m.epoch, m.seed, m.loss, m.lr, m.grad_norm, m.skipped, m.rolled_back, m.truncated, m.truncated_share,
            m.cond_p50, m.cond_p99, m.cond_max, m.cost, m.damping, m.accepted, m.seconds);
    return text;
}

std::vector<Metrics> parse_metrics(std::string_view text, const std::string& where) {
    if (!text.starts_with(metrics_header))
        throw Error(Exit::file,
                    fmt::format("{}: not a metrics file of this version; start the run anew with --force", where));
    std::vector<Metrics> rows;
    const char* at = text.data() + std::string_view(metrics_header).size();
    const char* const end = text.data() + text.size();
    const auto field = [&](auto& value, char after) {
        const auto [next, error] = std::from_chars(at, end, value);
        if (error != std::errc() || next == end || *next != after)
            throw Error(Exit::file,
                        fmt::format("{}:{}: malformed row; start the run anew with --force", where, rows.size() + 2));
        at = next + 1;
    };
    while (at < end) {
        Metrics m{};
        field(m.step, ','), field(m.epoch, ','), field(m.seed, ','), field(m.loss, ','), field(m.lr, ',');
        field(m.grad_norm, ','), field(m.skipped, ','), field(m.rolled_back, ','), field(m.truncated, ',');
        field(m.truncated_share, ','), field(m.cond_p50, ','), field(m.cond_p99, ','), field(m.cond_max, ',');
        field(m.cost, ','), field(m.damping, ','), field(m.accepted, ','), field(m.seconds, '\n');
        rows.push_back(m);
    }
    return rows;
}

std::vector<Metrics> read_metrics(const std::filesystem::path& path) {
    return parse_metrics(read_file(path), path.string());
}

}  // namespace lnn
