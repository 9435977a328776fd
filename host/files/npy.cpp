#include "files/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "files/atomic_file.hpp"
#include "files/memory.hpp"
#include "lnn/error.hpp"

namespace lnn {

static_assert(std::endian::native == std::endian::little, "files are little-endian and copied as they are");

namespace {

constexpr std::string_view magic = "\x93NUMPY";

template <class... T>
[[noreturn]] void refuse(const std::string& where, fmt::format_string<T...> format, T&&... values) {
    throw Error(Exit::file, where + ": " + fmt::format(format, std::forward<T>(values)...));
}

constexpr std::int64_t largest_integer = std::int64_t(1) << 53;
constexpr std::size_t longest_header = 1 << 20;  // numpy's own take a hundred bytes
constexpr std::size_t most_dimensions = 32;      // as of numpy's arrays

// the few Python literals that numpy writes: a dict of strings to a string, True or False, and a tuple of
// integers
class HeaderParser {
  public:
    HeaderParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    NpyHeader parse() {
        std::optional<std::string> descr;
        std::optional<bool> fortran_order;
        std::optional<std::vector<std::size_t>> shape;
        need('{');
        while (!take('}')) {
            const std::string key = string();
            need(':');
            if (key == "descr" && !descr) {
                if (peek() == '[')
                    refuse(where_, "a structured array (several fields a row); save plain columns as float64");
                descr = string();
            } else if (key == "fortran_order" && !fortran_order) {
                fortran_order = take("True");
                if (!*fortran_order && !take("False")) malformed();
            } else if (key == "shape" && !shape) {
                shape = tuple();
            } else {
                malformed();
            }
            if (!take(',') && peek() != '}') malformed();
        }
        if (peek() != '\0' || !descr || !fortran_order || !shape) malformed();
        return {*descr, *fortran_order, *shape};
    }

  private:
    [[noreturn]] void malformed() {
        refuse(where_, "the .npy header is malformed at its character {}; write the file again with numpy.save",
               at_ + 1);
    }
    char peek() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    bool take(std::string_view word) {
        peek();
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }
    void need(char c) {
        if (!take(c)) malformed();
    }
    std::string string() {
        const char quote = peek();
        if (quote != '\'' && quote != '"') malformed();
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) malformed();
        std::string value(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return value;
    }
    std::vector<std::size_t> tuple() {
        std::vector<std::size_t> values;
        need('(');
        while (!take(')')) {
            std::size_t value = 0;
            peek();
            const char* const end = text_.data() + text_.size();
            const auto [next, error] = std::from_chars(text_.data() + at_, end, value);
            if (error != std::errc()) malformed();
            at_ = static_cast<std::size_t>(next - text_.data());
            take('L');  // Python 2 wrote 3L
            if (values.size() == most_dimensions)
                refuse(where_, "an array of more than {} dimensions; save one row a sample", most_dimensions);
            values.push_back(value);
            if (!take(',') && peek() != ')') malformed();
        }
        return values;
    }

    std::string_view text_;
    const std::string& where_;
    std::size_t at_ = 0;
};

[[noreturn]] void refuse_data(const NpyHeader& header, std::uint64_t there, const std::string& where) {
    refuse(where,
           "the header promises {} values of '{}', but {} bytes of data follow; it is truncated or corrupt: copy or "
           "write it again",
           shape_text(header.shape), header.descr, there);
}

// in pieces: neither the bytes nor the narrow values are in memory as a whole
template <class T>
std::vector<double> read_values(const Stream& stream, const NpyHeader& header, const std::string& where) {
    constexpr std::size_t most = 8192;
    std::vector<T> piece(std::min(header.count, most));
    std::vector<double> values;
    values.reserve(header.count);
    while (values.size() < header.count) {
        const std::size_t wanted = std::min(header.count - values.size(), most) * sizeof(T);
        const std::size_t got = stream.read(reinterpret_cast<char*>(piece.data()), wanted);
        if (got < wanted) refuse_data(header, values.size() * sizeof(T) + got, where);
        if constexpr (std::is_same_v<T, std::int64_t>)
            for (const T value : std::span(piece).first(wanted / sizeof(T)))
                if (value > largest_integer || value < -largest_integer)
                    refuse(where, "an integer beyond 2^53 is not exact in float64; save the array with .astype('<f8')");
        values.insert(values.end(), piece.begin(), piece.begin() + wanted / sizeof(T));
    }
    return values;
}

std::vector<double> read_values_of_type(const Stream& stream, const NpyHeader& header, const std::string& where) {
    if (header.descr == "<f8") return read_values<double>(stream, header, where);
    if (header.descr == "<f4") return read_values<float>(stream, header, where);
    if (header.descr == "<i4") return read_values<std::int32_t>(stream, header, where);
    return read_values<std::int64_t>(stream, header, where);
}

std::size_t item_size(const std::string& descr, const std::string& where) {
    if (descr == "<f8" || descr == "<i8") return 8;
    if (descr == "<f4" || descr == "<i4") return 4;
    if (descr.find('O') != std::string::npos)
        refuse(where, "holds pickled Python objects, which are never loaded; save a plain array of float64");
    if (descr.starts_with('>'))
        refuse(where, "big-endian values ('{0}'); save the array with .astype('<{1}')", descr, descr.substr(1));
    refuse(where, "type '{}' is not read; save the array with .astype('<f8') or .astype('<f4')", descr);
}

// first index fastest -> last index fastest
std::vector<double> to_c_order(const std::vector<double>& from, const std::vector<std::size_t>& shape) {
    std::vector<double> to(from.size());
    std::vector<std::size_t> index(shape.size(), 0);
    for (double& value : to) {
        std::size_t at = 0;
        for (std::size_t d = shape.size(); d-- > 0;) at = at * shape[d] + index[d];
        value = from[at];
        for (std::size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
    }
    return to;
}

}  // namespace

NpyHeader read_npy_header(const Stream& stream, const std::string& where) {
    char start[12];
    const std::size_t started = stream.read(start, 10);
    if (!std::string_view(start, started).starts_with(magic))
        refuse(where, "not a .npy file (it does not begin with \\x93NUMPY); write it with numpy.save");
    const auto truncated = [&] { refuse(where, "truncated within the .npy header; copy or write it again"); };
    if (started < 10) truncated();
    const int version = static_cast<unsigned char>(start[6]);
    if (version < 1 || version > 3) refuse(where, ".npy version {} is not read, versions 1 to 3 are", version);

    std::uint32_t length = 0;
    const std::size_t length_bytes = version == 1 ? 2 : 4, before = 8 + length_bytes;
    if (stream.read(start + 10, before - 10) < before - 10) truncated();
    std::memcpy(&length, start + 8, length_bytes);
    const std::uint64_t left = stream.size - std::min<std::uint64_t>(stream.size, before);
    if (length > left)
        refuse(where, "truncated: the .npy header claims {} bytes, {} are left; copy or write it again", length, left);
    if (length > longest_header)
        refuse(where, "a .npy header of {} bytes, more than {}; write it with numpy.save", length, longest_header);
    std::string text(length, '\0');
    if (stream.read(text.data(), length) < length) truncated();

    NpyHeader header = HeaderParser(text, where).parse();
    const std::size_t size = item_size(header.descr, where);
    const std::optional<std::size_t> count = element_count(header.shape);
    std::size_t need = 0;
    if (!count || __builtin_mul_overflow(*count, size, &need) || need != left - length)
        refuse_data(header, left - length, where);
    header.count = *count;
    return header;
}

Array read_npy_values(const Stream& stream, const NpyHeader& header, const std::string& where) {
    Array array{header.shape, read_values_of_type(stream, header, where)};
    if (char more = 0; stream.read(&more, 1) > 0)
        refuse(where, "bytes follow the {} values that the header promises; it is corrupt: copy or write it again",
               shape_text(header.shape));
    if (header.fortran_order) array.values = to_c_order(array.values, array.shape);
    return array;
}

Array decode_npy(std::string_view bytes, const std::string& where) {
    const Stream stream{bytes.size(), [bytes](char* to, std::size_t size) mutable {
                            size = bytes.copy(to, size);
                            bytes.remove_prefix(size);
                            return size;
                        }};
    const NpyHeader header = read_npy_header(stream, where);
    return read_npy_values(stream, header, where);
}

std::string encode_npy(const Array& array) {
    assert(element_count(array.shape) == array.values.size());
    std::string header =
        fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}", shape_text(array.shape));
    // magic, version and length take 10 bytes; the values begin at a multiple of 64, after a newline
    header.append(63 - (10 + header.size()) % 64, ' ');
    header += '\n';

    const auto length = static_cast<std::uint16_t>(header.size());
    std::string bytes(magic);
    bytes.append("\x01\x00", 2);
    bytes.append(reinterpret_cast<const char*>(&length), 2);
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(array.values.data()), array.values.size() * sizeof(double));
    return bytes;
}

Array read_npy(const std::filesystem::path& path) {
    return within_memory(path, [&] { return decode_npy(read_file(path), path.string()); });
}

void write_npy(const std::filesystem::path& path, const Array& array, bool force) {
    write_file(path, encode_npy(array), force);
}

}  // namespace lnn
