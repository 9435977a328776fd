#include "settings/toml_text.hpp"

#include <gtest/gtest.h>

#include "lnn/error.hpp"

namespace lnn {

// what a document is refused with, or "read"
static std::string outcome(const std::string& text) {
    try {
        parse_toml(text, "c.toml");
        return "read";
    } catch (const Error& error) {
        EXPECT_EQ(error.exit(), Exit::usage);
        return error.what();
    }
}

static bool begins(const std::string& line, const std::string& start) { return line.starts_with(start); }

// the parser's own assertions would stop the process at these
TEST(TomlText, NoAssertionStopsTheProcess) {
    EXPECT_PRED2(begins, outcome("[("), "c.toml:1:2: no TOML from here on");
    EXPECT_PRED2(begins, outcome("a = 1\n [("), "c.toml:2:3: no TOML from here on");
    EXPECT_PRED2(begins, outcome("[!\n[x]\n"), "c.toml:1:2: no TOML from here on");
    EXPECT_PRED2(begins, outcome("[[ \t."), "c.toml:1:5: no TOML from here on");
    EXPECT_PRED2(begins, outcome("[\n"), "c.toml:1:2: no TOML from here on");
    EXPECT_PRED2(begins, outcome("x = \"\"\"\n[(\"\"\"\"\"\n[("), "c.toml:3:2: no TOML from here on");
    EXPECT_PRED2(begins, outcome("[a]\nb = 1979-05-27T@7:54:00Z\nc = [1, 2.0, inf, n\n]]22222"), "c.toml:2:");
    EXPECT_PRED2(begins, outcome("[Übung]"), "c.toml:1:2: letters beyond ASCII");
    EXPECT_PRED2(begins, outcome("[]"), "c.toml:1:");
    EXPECT_PRED2(begins, outcome("["), "c.toml:1:");
    EXPECT_PRED2(begins, outcome("[[a]\n"), "c.toml:1:");
}

TEST(TomlText, LettersBeyondAsciiStandInQuotes) {
    for (const char* letter : {"\u00a0", "\u1680", "\u2003", "\u200d", "\ufeff", "\U0001f600", "\u0141"}) {
        EXPECT_PRED2(begins, outcome("é = 1"), "c.toml:1:1: letters beyond ASCII");
        EXPECT_PRED2(begins, outcome(std::string("'é' = 1 ") + letter), "c.toml:1:9: letters beyond ASCII");
        EXPECT_PRED2(begins, outcome(std::string("x = \"\"\"\\\n\t ") + letter + "\"\"\""), "c.toml:2:3: a letter");
        EXPECT_PRED2(begins, outcome(std::string("x = \"\"\"\\") + letter + "\"\"\""), "c.toml:1:9: a letter");
        EXPECT_EQ(outcome(std::string("# ") + letter), "read");
        EXPECT_EQ(outcome(std::string("\"") + letter + "\" = '" + letter + "'"), "read");
        EXPECT_EQ(outcome(std::string("x = \"\"\"\n") + letter + "\n\"\"\""), "read");
    }
    EXPECT_EQ(outcome("\xef\xbb\xbfx = 1"), "read");  // a byte order mark
}

TEST(TomlText, NestsOnlySoDeep) {
    const auto key = [](int parts) {
        std::string text = "a";
        for (int i = 1; i < parts; ++i) text += ". b";
        return text;
    };
    EXPECT_EQ(outcome(key(32) + " = 1"), "read");
    EXPECT_EQ(outcome("[" + key(32) + "]"), "read");
    for (const int parts : {33, 1000000}) {
        EXPECT_PRED2(begins, outcome(key(parts) + " = 1"), "c.toml:1:");
        EXPECT_PRED2(begins, outcome("[x]\n[" + key(parts) + "]"), "c.toml:2:");
        EXPECT_PRED2(begins, outcome("x = {" + key(parts) + " = 1}"), "c.toml:1:");
    }
    EXPECT_PRED2(begins, outcome("x = " + std::string(100000, '[')), "c.toml:1:");
    std::string numbers = "x = [0.5";
    for (int i = 0; i < 100; ++i) numbers += ", 0.5";
    EXPECT_EQ(outcome(numbers + "]"), "read");
}

// a quote within a word begins no string for the parser, which goes on to the next blank
TEST(TomlText, QuotesBeginWords) {
    EXPECT_PRED2(begins, outcome("[a]\nb = 1979-05-27%T0-05-27T0'7:3\xce\x99]em.ld]]\n"),
                 "c.toml:2:30: a letter beyond");
    EXPECT_PRED2(begins, outcome("value = [4,4['0n.lr=\xcf\xa1-"), "c.toml:1:21: a letter beyond");
    EXPECT_PRED2(begins, outcome("a = 1='é'"), "c.toml:1:8: a letter beyond");
    EXPECT_PRED2(begins, outcome("a = {b = 1, c = 2{'é' = 1}}"), "c.toml:1:20: a letter beyond");
    EXPECT_EQ(outcome("'é'='é'\nb=['é',[ 'é'],{c='é','é'='é'}]\n[['è']]\nc=\"é\"\n"), "read");
    EXPECT_PRED2(begins, outcome("a = 1.'é'"), "c.toml:1:8: a letter beyond");
    EXPECT_PRED2(begins, outcome("a.'x\"y' = é"), "c.toml:1:11: letters beyond");
    EXPECT_PRED2(begins, outcome("a.' \"' = é"), "c.toml:1:10: letters beyond");
    EXPECT_EQ(outcome("a.'x\"y' = 'é'\n[b.'#']\n'c'.\"d\" = [ 'é','é',{'é'='é'} ]\n"), "read");
}

// what the check passes over is what the parser takes for strings
TEST(TomlText, StringsMayHoldAnything) {
    EXPECT_EQ(outcome("a = '[('\nb = \"[(\\\"é\"\n'[(' = '''\n[(\n'''''\n\"[é\" = \"\"\"\n[é\\\"\"\"\"\n[c.\"[(\"]\n"),
              "read");
    EXPECT_EQ(outcome("a = [ # [(\n'[(', {b = \"[(\"}\n]\n[[d]]\n[[ d ]]\n"), "read");
}

}  // namespace lnn
