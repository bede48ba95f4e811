// HTTP messages as values.
//
// A `Request` owns its bytes: one buffer holds the request line and the header fields, another the body. The views it
// gives out live until the request is moved from, cleared or destroyed. Field names are compared without regard to
// case; `find` answers the first field of that name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace escapement::http {

// True where both are equal but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// An ordered list of header fields in one buffer.
class Fields {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  void add(std::string_view name, std::string_view value);
  void clear();
  std::size_t size() const { return spans_.size(); }
  bool empty() const { return spans_.empty(); }
  Field operator[](std::size_t index) const;
  // nullopt: no such field.
  std::optional<std::string_view> find(std::string_view name) const;
  // The field's value, or an empty view.
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view{}); }

 private:
  struct Span {
    std::uint32_t name_at;
    std::uint32_t name_size;
    std::uint32_t value_at;
    std::uint32_t value_size;
  };
  std::string text_;
  std::vector<Span> spans_;
};

struct Request {
  std::string method;  // "POST"
  std::string target;  // as it stands in the request line: path and query, still percent-encoded
  Fields fields;
  std::string body;
  std::string peer;  // the client's address without port; empty on a Unix socket
  bool is_secure = false;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // What follows the first `?`; empty without one.
  std::string_view query() const;
  std::optional<std::string_view> find(std::string_view name) const { return fields.find(name); }
  std::string_view get(std::string_view name) const { return fields.get(name); }
  void clear();
};

// The server adds Date, Content-Length and, where it will close, Connection.
struct Response {
  int status = 200;
  std::string content_type;  // empty: no such field
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool close = false;  // close the connection after this answer
};

// "Not Found" for 404; "Unknown" for a code that RFC 9110 does not name.
std::string_view reason_phrase(int status);

}  // namespace escapement::http
