// Errors as values.
//
// `Result<T>` is what every operation that can fail returns. `Error` says what kind of failure it is (for code that
// decides), under which name AWS's APIs know it (for the answer to a caller), and a message that says what to do.
// Workflow failures (`States.Timeout`, a failed task) are data and never an `Error`.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace escapement::base {

enum class ErrorCode : std::uint8_t {
  invalid,  // the caller's input is wrong; nothing was changed
  not_found,
  already_exists,
  denied,          // authenticated but not allowed, or not authenticated
  conflict,        // a concurrent change won, or the state does not permit it
  limit_exceeded,  // a bound of the configuration
  unavailable,     // cannot serve now; a retry may succeed
  unsupported,     // a feature that is not there yet
  io,              // the disk or the network failed
  corrupt,         // stored bytes are not what was written
  internal,        // a bug or an unforeseen state
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string name;     // AWS's error name ("StateMachineDoesNotExist"); empty where no API is concerned
  std::string message;  // a sentence for people
  // Further members of AWS's error shape beside the message, such as Reason of TooManyRequestsException.
  std::vector<std::pair<std::string, std::string>> members = {};

  // "name: message", or the message alone.
  std::string to_string() const { return name.empty() ? message : name + ": " + message; }
};

template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(Error error) : std::expected<T, Error>(std::unexpect, std::move(error)) {}
};

inline Error make_error(ErrorCode code, std::string message) { return Error{code, {}, std::move(message)}; }
inline Error make_error(ErrorCode code, std::string name, std::string message) {
  return Error{code, std::move(name), std::move(message)};
}

// The same error with "context: " before its message.
inline Error with_context(std::string_view context, Error error) {
  error.message.insert(0, ": ").insert(0, context);
  return error;
}

}  // namespace escapement::base

#define ESC_CONCAT_INNER(a, b) a##b
#define ESC_CONCAT(a, b) ESC_CONCAT_INNER(a, b)

// ESC_TRY(declaration, expression): `declaration` receives the value, or the enclosing function returns the error.
#define ESC_TRY(declaration, ...)                                                                      \
  auto ESC_CONCAT(esc_result_, __LINE__) = (__VA_ARGS__);                                              \
  if (!ESC_CONCAT(esc_result_, __LINE__)) return std::move(ESC_CONCAT(esc_result_, __LINE__)).error(); \
  declaration = std::move(*ESC_CONCAT(esc_result_, __LINE__))

// ESC_CHECK(expression): for Result<void>, or where the value is not wanted.
#define ESC_CHECK(...) \
  if (auto esc_check_result = (__VA_ARGS__); !esc_check_result) return std::move(esc_check_result).error()
