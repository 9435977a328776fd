#include "config/toml_text.hpp"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "lnn/error.hpp"

namespace lnn {

namespace {

constexpr int most_parts = 32;  // of a dotted key: each is a table in a table

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool begins_key(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '"' || c == '\'';
}

// What the parser cannot be given. toml++ 3.3 stops the process at a header that begins with no letter of a key, has
// undefined behaviour at some letters beyond ASCII, and walks nested tables by recursion. Strings and comments, where any
// letter may stand, are passed over.
class Check {
  public:
    explicit Check(std::string_view text) : text_(text) {}

    struct Fault {
        std::size_t at;
        const char* what;
    };

    std::optional<Fault> fault() {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark
        int depth = 0, dots = 0;                         // of open brackets; in a row, with no other punctuation
        bool begin = true;                               // of a line that may be a header
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (!is_ascii(c)) return Fault{at_, "letters beyond ASCII stand in quotes, in keys as in values"};
            if (c == '#') {
                pass_comment();
            } else if (c == '"' || c == '\'') {
                pass_string(c);
                begin = false;
            } else if (c == '[' && begin && depth == 0) {
                ++at_;
                if (peek() == '[') ++at_;
                while (peek() == ' ' || peek() == '\t') ++at_;
                if (at_ < text_.size() && is_ascii(peek()) && peek() != ']' && !begins_key(peek()))
                    return Fault{at_, "a header begins with a letter, a digit, '_', '-' or a quote, as in [train]"};
                begin = false;
            } else {
                depth += c == '[' || c == '{';
                if ((c == ']' || c == '}') && depth > 0) --depth;
                dots = c == '.' ? dots + 1 : c == '\n' || c == ',' || c == '=' || c == '{' || c == '[' ? 0 : dots;
                if (dots >= most_parts) return Fault{at_, "a key of more than 32 parts"};
                if (c == '\n') begin = true;
                if (c != '\n' && c != '\r' && c != ' ' && c != '\t') begin = false;
                ++at_;
            }
        }
        return {};
    }

  private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void pass_comment() {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    }
    // to behind the closing quote, or where the parser says that there is none
    void pass_string(char quote) {
        const std::string three(3, quote);
        const bool several_lines = text_.substr(at_).starts_with(three);
        at_ += several_lines ? 3 : 1;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\\' && quote == '"') {
                ++at_;
            } else if (several_lines && text_.substr(at_).starts_with(three)) {
                at_ += 3;
                for (int more = 0; more < 2 && peek() == quote; ++more) ++at_;  // they belong to the string
                return;
            } else if (!several_lines && (c == quote || c == '\n')) {
                at_ += c == quote;
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

[[noreturn]] void refuse(std::string_view document, std::size_t line, std::size_t column, std::string_view what) {
    throw Error(Exit::usage, fmt::format("{}:{}:{}: {}", document, line, column, what));
}

}  // namespace

toml::table parse_toml(std::string_view text, std::string_view document) {
    if (const auto fault = Check(text).fault()) {
        const std::string_view before = text.substr(0, fault->at);
        std::size_t line = 1, column = 1;
        for (const char c : before) {
            column += (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // a letter counts once
            if (c == '\n') ++line, column = 1;
        }
        refuse(document, line, column, fault->what);
    }
    try {
        return toml::parse(text, document);
    } catch (const toml::parse_error& error) {
        refuse(document, error.source().begin.line, error.source().begin.column, error.description());
    }
}

}  // namespace lnn
