// Beast's parser, driven by hand and filling this room's messages. Private to this room.
#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "http/loop_core.h"
#include "http/message.h"

namespace escapement::http {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;

// The header bytes are counted here, since Beast bounds a single piece of the header and not their sum.
template <bool is_request>
class MessageParser : public beast_http::basic_parser<is_request> {
 public:
  MessageParser(Fields& fields, std::string& body, std::size_t header_bytes_max, std::size_t body_bytes_max)
      : fields_(fields), body_(body), header_left_(header_bytes_max) {
    this->header_limit(static_cast<std::uint32_t>(header_bytes_max));
    this->body_limit(body_bytes_max);
    this->eager(true);
  }

  // Parses from the front of `bytes`; answers how many were used. `error` is clear where more bytes are wanted.
  std::size_t feed(std::string_view bytes, error_code& error) {
    std::size_t used = 0;
    while (used < bytes.size() && !this->is_done()) {
      if (this->is_header_done() && this->chunked() && bytes.size() - used < kLastChunkBytes) return used;
      const bool in_header = !this->is_header_done();
      const std::size_t step = this->put(asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
      used += step;
      if (in_header && !this->is_header_done()) {
        if (step > header_left_) error = beast_http::error::header_limit;
        header_left_ -= std::min(step, header_left_);
        if (!error || error == beast_http::error::need_more) {
          error.clear();
          if (bytes.size() - used > header_left_) error = beast_http::error::header_limit;
          return used;
        }
      }
      if (error == beast_http::error::need_more) {
        error.clear();
        return used;
      }
      if (error || step == 0) return used;
    }
    return used;
  }

 protected:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast_http::field, string_view name, string_view value, error_code&) override {
    if (header_complete_) return;  // Trailers carry nothing that this program wants.
    fields_.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code&) override { header_complete_ = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const& size, error_code&) override {
    if (!size) return;
    declared_ = static_cast<std::size_t>(*size);
    body_.reserve(std::min(declared_, kReserveMax));
  }
  std::size_t on_body_impl(string_view bytes, error_code&) override {
    grow_for(body_.size() + bytes.size());
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}

 private:
  // "0", CRLF, CRLF. Beast asserts that it sees no less of a last chunk that it has looked at before, so the parser is
  // not asked until that much is there; no chunked body can end with less.
  static constexpr std::size_t kLastChunkBytes = 5;
  // A declared length is only a promise: no more than this is set aside before bytes arrive.
  static constexpr std::size_t kReserveMax = 64 * 1024;

  // By doubling, but not beyond what was declared; a string's own reserve() would double regardless.
  void grow_for(std::size_t size) {
    if (size <= body_.capacity()) return;
    std::string grown;
    grown.reserve(std::max(size, std::min(declared_, 2 * body_.capacity())));
    grown.append(body_);
    body_.swap(grown);
  }

  Fields& fields_;
  std::string& body_;
  std::size_t header_left_;
  std::size_t declared_ = std::numeric_limits<std::size_t>::max();  // until the body begins, and where it has no length
  bool header_complete_ = false;
};

class RequestParser final : public MessageParser<true> {
 public:
  RequestParser(Request& request, std::size_t header_bytes_max, std::size_t body_bytes_max)
      : MessageParser(request.fields, request.body, header_bytes_max, body_bytes_max), request_(request) {}

  int version() const { return version_; }  // 10 or 11

 private:
  void on_request_impl(beast_http::verb, string_view method, string_view target, int version, error_code&) override {
    version_ = version;
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
  }

  // Who is in front of this server must see the same end of a body as it does. So "chunked" is the only coding, once,
  // and HTTP/1.0 knows none (RFC 9112, section 6.1); Beast passes over those that it does not know.
  void on_header_impl(error_code& error) override {
    MessageParser::on_header_impl(error);
    bool coded = false;
    for (std::size_t i = 0; i < request_.fields.size(); ++i) {
      const Fields::Field field = request_.fields[i];
      if (!equals_ignoring_case(field.name, "transfer-encoding")) continue;
      if (coded || version_ == 10 || !equals_ignoring_case(field.value, "chunked")) {
        error = beast_http::error::bad_transfer_encoding;
        return;
      }
      coded = true;
    }
  }

  Request& request_;
  int version_ = 11;
};

}  // namespace escapement::http
