// Arbitrary requests through everything that runs before a signature is known to be good, and the readers behind it.
// The input is a request in HTTP's own form, without the carriage returns: request line, fields, empty line, body.
#include <cstdint>
#include <memory>

#include "wire/protocol.h"
#include "wire/validate.h"

namespace {

using namespace escapement;

class NoKeys final : public identity::CredentialSource {
 public:
  std::shared_ptr<const identity::Credentials> find_credentials(std::string_view) const override {
    static const auto kCredentials = [] {
      auto made = std::make_shared<identity::Credentials>();
      made->secret_access_key = "secret";
      return made;
    }();
    return kCredentials;
  }
};

http::Request parse(std::string_view text) {
  http::Request request;
  const auto line = [&] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view got = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return got;
  };
  const std::string_view first = line();
  const std::size_t blank = std::min(first.find(' '), first.size());
  request.method = first.substr(0, blank);
  request.target = first.substr(std::min(blank + 1, first.size()));
  if (request.target.empty() || request.target.front() != '/') request.target.insert(0, "/");
  for (std::string_view field = line(); !field.empty(); field = line()) {
    const std::size_t colon = std::min(field.find(':'), field.size());
    request.fields.add(field.substr(0, colon), field.substr(std::min(colon + 1, field.size())));
  }
  request.body = text;
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const NoKeys keys;
  static const wire::SigV4Verifier verifier(keys, {});
  const http::Request request = parse({reinterpret_cast<const char*>(data), size});
  const auto verified = verifier.verify(request, base::Timestamp::from_seconds(1'440'938'160));
  const auto recognised = wire::recognise(request, wire::find_credential_scope(request));
  if (recognised.operation == nullptr) return 0;
  const auto input = wire::read_input(recognised, request, 64);
  if (!input) return 0;
  if (recognised.operation->input != nullptr) {
    const auto valid = wire::validate(*input, *recognised.operation->input, *recognised.model);
    (void)valid;
  }
  wire::render_output(*recognised.model, *recognised.operation, *input, "id");
  return 0;
}
