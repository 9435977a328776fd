#include "settings/toml_text.hpp"

#include <optional>
#include <string>

#include <fmt/format.h>

#include "lnn/error.hpp"

namespace lnn {

namespace {

constexpr int most_parts = 32;  // of a dotted key: each is a table in a table

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// What the parser cannot be given: toml++ 3.3 has undefined behaviour where it asks whether some letters beyond ASCII are
// blanks, and walks nested tables by recursion. Strings and comments, where any letter may stand, are passed over.
class Check {
  public:
    explicit Check(std::string_view text) : text_(text) {}

    struct Fault {
        std::size_t at;
        const char* what;
    };

    std::optional<Fault> fault() {
        if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (!is_ascii(c)) return Fault{at_, "letters beyond ASCII stand in quotes, in keys as in values"};
            if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n') ++at_;
            } else if (c == '"' || c == '\'') {
                if (!pass_string(c))
                    return Fault{at_, "a letter beyond ASCII after a backslash, or in quotes that do not begin a word"};
                in_word_ = true;
            } else {
                take(c);
                if (dots_ >= most_parts) return Fault{at_, "a key of more than 32 parts"};
                ++at_;
            }
        }
        return {};
    }

  private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    // a letter of a key or a value outside of strings, or what parts them
    void take(char c) {
        dots_ = c == '.' ? dots_ + 1 : c == '\n' || c == ',' || c == '=' || c == '{' || c == '[' ? 0 : dots_;
        if (c == '=' && !in_value_) {
            in_value_ = true;
            in_word_ = false;
        } else if (is_blank(c)) {
            in_word_ = false;
            if (c == '\n' && open_.empty()) in_value_ = false;
        } else if ((c == '[' || c == '{') && !in_word_) {
            open_ += c;
            in_value_ = in_value_ && c == '[';
        } else if (c == ']' || c == '}') {
            if (!open_.empty()) open_.pop_back();
            in_value_ = true;
            in_word_ = false;
        } else if (c == ',') {
            in_value_ = open_.empty() || open_.back() == '[';
            in_word_ = false;
        } else {
            in_word_ = true;
        }
    }

    // To behind the closing quote, or where the parser says that there is none; false at a letter it cannot be given. In
    // the middle of a word it may take the quote for a part of that.
    bool pass_string(char quote) {
        const bool begins = !in_word_;
        const std::string three(3, quote);
        const bool several_lines = text_.substr(at_).starts_with(three);
        at_ += several_lines ? 3 : 1;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\\' && quote == '"') {
                ++at_;
                if (!several_lines || !is_blank(peek())) {
                    if (!is_ascii(peek())) return false;
                    ++at_;
                }
                while (several_lines && is_blank(peek())) ++at_;
                if (several_lines && !is_ascii(peek())) return false;
            } else if (several_lines && text_.substr(at_).starts_with(three)) {
                at_ += 3;
                for (int more = 0; more < 2 && peek() == quote; ++more) ++at_;  // they belong to the string
                return true;
            } else if (!several_lines && (c == quote || c == '\n')) {
                at_ += c == quote;
                return true;
            } else {
                if (!begins && !is_ascii(c)) return false;
                ++at_;
            }
        }
        return true;
    }
    static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

    std::string_view text_;
    std::size_t at_ = 0;
    int dots_ = 0;                             // in a row, with no other punctuation
    std::string open_;                         // brackets
    bool in_value_ = false, in_word_ = false;  // of letters that the parser reads as one
};

// where the parser's assertion fails: it reads from left to right, so that it fails in every text that goes so far
std::size_t assertion_in(std::string_view text) {
    std::size_t good = 0, bad = text.size();
    while (bad - good > 1) {
        const std::size_t middle = good + (bad - good) / 2;
        try {
            static_cast<void>(toml::parse(text.substr(0, middle)));
            good = middle;
        } catch (const toml::parse_error&) {
            good = middle;
        } catch (const TomlAssertion&) {
            bad = middle;
        }
    }
    return good;
}

[[noreturn]] void refuse(std::string_view document, std::string_view text, std::size_t at, std::string_view what) {
    std::size_t line = 1, column = 1;
    for (const char c : text.substr(0, at)) {
        column += (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // a letter counts once
        if (c == '\n') ++line, column = 1;
    }
    throw Error(Exit::usage, fmt::format("{}:{}:{}: {}", document, line, column, what));
}

}  // namespace

toml::table parse_toml(std::string_view text, std::string_view document) {
    if (const auto fault = Check(text).fault()) refuse(document, text, fault->at, fault->what);
    try {
        return toml::parse(text, document);
    } catch (const toml::parse_error& error) {
        throw Error(Exit::usage, fmt::format("{}:{}:{}: {}", document, error.source().begin.line,
                                             error.source().begin.column, error.description()));
    } catch (const TomlAssertion&) {
        refuse(document, text, assertion_in(text), "no TOML from here on");
    }
}

}  // namespace lnn
