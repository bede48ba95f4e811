// Base64 and percent-encoding.
#include <string>

#include "base/codec.h"
#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::string_view kUnreserved = "-_.!~*'()";
constexpr std::string_view kReserved = ";/?:@&=+$,#";

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// One byte a UTF-16 unit, its lower half: text is taken for bytes.
Value base64_encode(const Call& call) {
  if (call[0].is_undefined()) return {};
  const std::string_view text = call[0].text();
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c >= 0x10000) {
      bytes.push_back(static_cast<char>((0xd800 + ((c - 0x10000) >> 10)) & 0xff));
      bytes.push_back(static_cast<char>((0xdc00 + ((c - 0x10000) & 0x3ff)) & 0xff));
    } else {
      bytes.push_back(static_cast<char>(c & 0xff));
    }
  }
  return call.evaluation.text(base::to_base64(bytes));
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

// Lenient, as the reference: what is no digit is skipped, `=` ends the text, the URL alphabet is read too.
Value base64_decode(const Call& call) {
  if (call[0].is_undefined()) return {};
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : call[0].text()) {
    if (c == '=') break;
    const int digit = base64_digit(c);
    if (digit < 0) continue;
    bits = ((bits << 6) | static_cast<unsigned>(digit)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    base::append_utf8(out, (bits >> count) & 0xff);
  }
  return call.evaluation.text(out);
}

[[noreturn]] void fail_malformed(std::string_view function, std::string_view text) {
  Failure failure = Failure::of("D3140", json::Value(text));
  failure.function_name = function;
  throw failure;
}

Value encode(const Call& call, std::string_view function, bool keep_reserved) {
  if (call[0].is_undefined()) return {};
  const std::string_view text = call[0].text();
  if (has_lone_surrogate(text)) fail_malformed(function, text);
  std::string out;
  for (const char c : text) {
    const bool plain = is_alphanumeric(c) || kUnreserved.find(c) != std::string_view::npos ||
                       (keep_reserved && kReserved.find(c) != std::string_view::npos);
    if (plain) {
      out.push_back(c);
      continue;
    }
    out.push_back('%');
    out.push_back("0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4]);
    out.push_back("0123456789ABCDEF"[static_cast<unsigned char>(c) & 15]);
  }
  return call.evaluation.text(out);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Value decode(const Call& call, std::string_view function, bool keep_reserved) {
  if (call[0].is_undefined()) return {};
  const std::string_view text = call[0].text();
  std::string out;
  std::string decoded;  // the run of escaped bytes, which must be UTF-8 by itself
  const auto flush = [&] {
    if (!base::is_valid_utf8(decoded)) fail_malformed(function, text);
    out += decoded;
    decoded.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      flush();
      out.push_back(text[i]);
      continue;
    }
    const bool whole = i + 2 < text.size();
    const int high = whole ? hex_digit(text[i + 1]) : -1;
    const int low = whole ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) fail_malformed(function, text);
    const char byte = static_cast<char>(high * 16 + low);
    if (keep_reserved && kReserved.find(byte) != std::string_view::npos) {
      flush();
      out.append(text.substr(i, 3));
    } else {
      decoded.push_back(byte);
    }
    i += 2;
  }
  flush();
  return call.evaluation.text(out);
}

Value encode_url_component(const Call& call) { return encode(call, "encodeUrlComponent", false); }
Value encode_url(const Call& call) { return encode(call, "encodeUrl", true); }
Value decode_url_component(const Call& call) { return decode(call, "decodeUrlComponent", false); }
Value decode_url(const Call& call) { return decode(call, "decodeUrl", true); }

constexpr NativeFunction kFunctions[] = {
    {"base64encode", "<s-:s>", 1, base64_encode},
    {"base64decode", "<s-:s>", 1, base64_decode},
    {"encodeUrlComponent", "<s-:s>", 1, encode_url_component},
    {"encodeUrl", "<s-:s>", 1, encode_url},
    {"decodeUrlComponent", "<s-:s>", 1, decode_url_component},
    {"decodeUrl", "<s-:s>", 1, decode_url},
};

}  // namespace

std::span<const NativeFunction> encoding_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
