// The verifier against the vectors of AWS's own signing library, and against every single-byte change of what is
// signed.
#include "wire/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "json/parse.h"
#include "wire/canonical.h"
#include "wire/signer.h"

namespace escapement::wire {
namespace {

using base::Duration;
using base::Timestamp;
using testing::HasSubstr;
using testing::StartsWith;

class OneKey final : public identity::CredentialSource {
 public:
  OneKey(std::string id, std::string secret, std::string token = {}) : id_(std::move(id)) {
    auto credentials = std::make_shared<identity::Credentials>();
    auto principal = std::make_shared<identity::Principal>();
    principal->access_key_id = id_;
    credentials->principal = principal;
    credentials->secret_access_key = std::move(secret);
    credentials->session_token = std::move(token);
    credentials_ = credentials;
  }
  std::shared_ptr<const identity::Credentials> find_credentials(std::string_view access_key_id) const override {
    return access_key_id == id_ ? credentials_ : nullptr;
  }
  std::shared_ptr<identity::Credentials> credentials_;

 private:
  std::string id_;
};

// The raw text of a vector as a request: header lines may be folded, and the target may hold blanks and raw UTF-8.
http::Request parse_raw(std::string_view text) {
  http::Request request;
  const auto line = [&] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view got = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return got;
  };
  const std::string_view first = line();
  const std::size_t blank = first.find(' ');
  const std::size_t last = first.rfind(' ');
  request.method = first.substr(0, blank);
  request.target = first.substr(blank + 1, last - blank - 1);
  std::string name;
  std::string value;
  const auto flush = [&] {
    if (!name.empty()) request.fields.add(name, value);
  };
  while (!text.empty()) {
    const std::string_view next = line();
    if (next.empty()) break;
    if (next.front() == ' ') {
      value.append("\n").append(next);
      continue;
    }
    flush();
    const std::size_t colon = next.find(':');
    name = next.substr(0, colon);
    value = next.substr(colon + 1);
  }
  flush();
  request.body = text;
  return request;
}

struct Vector {
  std::string id;
  OneKey keys;
  Timestamp time;
  http::Request header;
  http::Request query;
};

std::vector<Vector> load_vectors() {
  const char* set = std::getenv("ESC_CONFORMANCE_DIR");
  const std::string folder = set != nullptr ? set : ESC_SOURCE_DIR "/../shared/conformance";
  std::ifstream file(folder + "/sigv4/cases.json");
  std::vector<Vector> vectors;
  if (!file) return vectors;
  std::stringstream text;
  text << file.rdbuf();
  const json::Value cases = json::parse(text.str()).value();
  for (const json::Value& each : cases.items()) {
    const json::Value& context = *each.find("context");
    const json::Value& credentials = *context.find("credentials");
    const json::Value* token = credentials.find("token");
    vectors.push_back(
        {each.find("id")->as_string(),
         OneKey(credentials.find("access_key_id")->as_string(), credentials.find("secret_access_key")->as_string(),
                token != nullptr ? token->as_string() : ""),
         base::parse_rfc3339(context.find("timestamp")->as_string()).value(),
         parse_raw(each.find("header_signed_request")->as_string()),
         parse_raw(each.find("query_signed_request")->as_string())});
  }
  return vectors;
}

http::Request with_fields(const http::Request& request,
                          const std::function<void(std::string_view name, std::string& value)>& change) {
  http::Request copy = request;
  copy.fields.clear();
  for (std::size_t i = 0; i < request.fields.size(); ++i) {
    std::string value(request.fields[i].value);
    change(request.fields[i].name, value);
    copy.fields.add(request.fields[i].name, value);
  }
  return copy;
}

char other(char c) { return c == 'a' ? 'b' : 'a'; }

TEST(SigV4Vectors, AreAcceptedAndRefusedWhenASignedByteChanges) {
  const auto vectors = load_vectors();
  if (vectors.empty()) GTEST_SKIP() << "no vectors: set ESC_CONFORMANCE_DIR to a folder that holds sigv4/cases.json";
  std::size_t changes = 0;
  for (const Vector& vector : vectors) {
    SCOPED_TRACE(vector.id);
    const SigV4Verifier verifier(vector.keys, {});
    const auto refused = [&](const http::Request& request, std::string_view what) {
      ++changes;
      EXPECT_FALSE(verifier.verify(request, vector.time)) << what;
    };
    for (const http::Request* good : {&vector.header, &vector.query}) {
      const auto verified = verifier.verify(*good, vector.time);
      ASSERT_TRUE(verified) << verified.error().message;
      EXPECT_EQ(verified->region, "us-east-1");
      EXPECT_EQ(verified->service, "service");
      EXPECT_EQ(verified->credentials->principal->access_key_id, "AKIDEXAMPLE");

      http::Request changed = *good;
      changed.method = good->method == "GET" ? "PUT" : "GET";
      refused(changed, "method");
      changed = *good;
      changed.body.push_back('x');
      refused(changed, "body");
      for (std::size_t i = 0; i < good->body.size(); ++i) {
        changed = *good;
        changed.body[i] = other(changed.body[i]);
        refused(changed, "body byte");
      }
      // Each byte of the target but its separators; what only looks different (a dot segment) is skipped.
      std::string before;
      append_canonical_path(before, good->path(), true);
      for (std::size_t i = 1; i < good->target.size(); ++i) {
        changed = *good;
        changed.target[i] = other(changed.target[i]);
        std::string after;
        append_canonical_path(after, changed.path(), true);
        const std::string where = good->target.substr(0, i);
        const bool in_token =
            vector.id == "post-sts-header-after" && where.find("X-Amz-Security-Token=") != std::string::npos;
        if (i < good->path().size() && before == after) continue;
        if (!in_token) refused(changed, "target byte " + std::to_string(i));
      }
      // Each byte of each signed field, and of the signature.
      for (std::size_t f = 0; f < good->fields.size(); ++f) {
        const std::string name(good->fields[f].name);
        if (http::equals_ignoring_case(name, "x-amz-security-token") && vector.id == "post-sts-header-after") continue;
        const std::size_t size = good->fields[f].value.size();
        for (std::size_t i = 0; i < size; ++i) {
          std::size_t index = 0;
          bool blank = false;
          changed = with_fields(*good, [&](std::string_view, std::string& value) {
            if (index++ != f) return;
            blank = value[i] == ' ' || value[i] == '\n' || value[i] == ',';
            value[i] = other(value[i]);
          });
          if (!blank) refused(changed, name + " byte " + std::to_string(i));
        }
      }
      changed = *good;
      changed.target += good->target.find('?') == std::string::npos ? "?x=y" : "&x=y";
      refused(changed, "another parameter");
    }
  }
  RecordProperty("changes", static_cast<int>(changes));
  EXPECT_GT(changes, 10'000u);
}

class SigV4 : public testing::Test {
 protected:
  http::Request signed_request(base::Timestamp now, std::string token = {}) {
    http::ClientRequest request;
    request.origin = {"http", "127.0.0.1", 8000};
    request.method = "POST";
    request.target = "/a%20b/../c?x=%2F&empty=&b";
    request.fields = {{"Content-Type", "application/json"}, {"X-Amz-Target", "A.B"}, {"User-Agent", "changes"}};
    request.body = "{}";
    Signer("AKID" == keys_id_ ? SigningCredentials{"AKID", "secret", token}
                              : SigningCredentials{keys_id_, "secret", token},
           "eu-west-1", "states")
        .sign(request, now);
    http::Request received;
    received.method = request.method;
    received.target = request.target;
    for (const auto& [name, value] : request.fields) received.fields.add(name, value);
    received.body = request.body;
    return received;
  }
  SignatureError refused(const http::Request& request, Timestamp now) {
    const auto verified = SigV4Verifier(keys_, {}).verify(request, now);
    EXPECT_FALSE(verified);
    return verified ? SignatureError{} : verified.error();
  }

  std::string keys_id_ = "AKID";
  OneKey keys_{"AKID", "secret"};
  Timestamp now_ = Timestamp::from_seconds(1'700'000'000);  // 20231114T221320Z
};

TEST_F(SigV4, SignerAndVerifierAgree) {
  const auto verified = SigV4Verifier(keys_, {}).verify(signed_request(now_), now_);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->region, "eu-west-1");
  const http::Request request = signed_request(now_);
  const CredentialScope scope = find_credential_scope(request);
  EXPECT_EQ(scope.service, "states");
  EXPECT_EQ(scope.region, "eu-west-1");
}

TEST_F(SigV4, AnUnsignedFieldMayChange) {
  const auto changed = with_fields(signed_request(now_), [](std::string_view name, std::string& value) {
    if (name == "User-Agent") value = "another";
  });
  EXPECT_TRUE(SigV4Verifier(keys_, {}).verify(changed, now_));
}

TEST_F(SigV4, PresignedRequestsEnd) {
  http::ClientRequest request;
  request.origin = {"http", "127.0.0.1", 8000};
  request.target = "/?Action=GetCallerIdentity&Version=2011-06-15";
  http::Request received;
  received.method = "GET";
  received.target = Signer({"AKID", "secret", ""}, "us-east-1", "sts").presign(request, now_, Duration::seconds(600));
  received.fields.add("Host", "127.0.0.1:8000");
  const SigV4Verifier verifier(keys_, {});
  EXPECT_TRUE(verifier.verify(received, now_ + Duration::seconds(600)));
  EXPECT_EQ(refused(received, now_ + Duration::seconds(601)).fault, SignatureFault::stale);
  EXPECT_EQ(find_credential_scope(received).service, "sts");
  EXPECT_EQ(find_credential_scope(received).region, "us-east-1");
}

TEST_F(SigV4, EmptyParametersRepeatedBeforeTheRealOnesAreNothing) {
  http::ClientRequest request;
  request.origin = {"http", "127.0.0.1", 8000};
  request.target = "/?Action=GetCallerIdentity";
  http::Request received;
  received.method = "GET";
  received.target = Signer({"AKID", "secret", ""}, "us-east-1", "sts").presign(request, now_, Duration::seconds(600));
  received.fields.add("Host", "127.0.0.1:8000");
  std::string repeated;
  for (int i = 0; i < 100; ++i) repeated += "X-Amz-Signature=&";
  received.target.insert(received.target.find("X-Amz-Signature="), repeated);
  EXPECT_TRUE(SigV4Verifier(keys_, {}).verify(received, now_));
}

TEST_F(SigV4, ClocksMayDifferByFiveMinutes) {
  const auto request = signed_request(now_);
  const SigV4Verifier verifier(keys_, {});
  EXPECT_TRUE(verifier.verify(request, now_ + Duration::seconds(300)));
  EXPECT_TRUE(verifier.verify(request, now_ - Duration::seconds(300)));
  const auto late = refused(request, now_ + Duration::seconds(301));
  EXPECT_EQ(late.fault, SignatureFault::stale);
  EXPECT_EQ(late.message,
            "Signature expired: 20231114T221320Z is now earlier than 20231114T221321Z (20231114T221821Z - 5 min.)");
  const auto early = refused(request, now_ - Duration::seconds(301));
  EXPECT_EQ(
      early.message,
      "Signature not yet current: 20231114T221320Z is still later than 20231114T221319Z (20231114T220819Z + 5 min.)");
}

TEST_F(SigV4, ASessionNeedsItsOwnToken) {
  OneKey session("AKID", "secret", "the-token");
  const SigV4Verifier verifier(session, {});
  EXPECT_TRUE(verifier.verify(signed_request(now_, "the-token"), now_));
  EXPECT_EQ(verifier.verify(signed_request(now_, "another"), now_).error().fault, SignatureFault::unknown_key);
  EXPECT_EQ(verifier.verify(signed_request(now_), now_).error().fault, SignatureFault::unknown_key);
  EXPECT_EQ(refused(signed_request(now_, "a-token"), now_).fault, SignatureFault::unknown_key)
      << "a long-term key has none";
  session.credentials_->expiration = now_;
  EXPECT_EQ(verifier.verify(signed_request(now_, "the-token"), now_).error().fault, SignatureFault::expired_token);
}

TEST_F(SigV4, UnknownAndInactiveKeysAreRefusedAlike) {
  keys_id_ = "OTHER";
  EXPECT_EQ(refused(signed_request(now_), now_).message, "The security token included in the request is invalid.");
  keys_id_ = "AKID";
  keys_.credentials_->active = false;
  EXPECT_EQ(refused(signed_request(now_), now_).message, "The security token included in the request is invalid.");
}

TEST_F(SigV4, ANewSecretForTheSameIdIsNoticed) {
  EXPECT_TRUE(SigV4Verifier(keys_, {}).verify(signed_request(now_), now_));
  keys_.credentials_->secret_access_key = "rotated";
  EXPECT_EQ(refused(signed_request(now_), now_).fault, SignatureFault::mismatch);
}

TEST_F(SigV4, BrokenAuthorizationIsIncomplete) {
  const auto with_authorization = [&](std::string text) {
    return with_fields(signed_request(now_), [&](std::string_view name, std::string& value) {
      if (name == "Authorization") value = text;
    });
  };
  EXPECT_EQ(refused(with_authorization(""), now_).fault, SignatureFault::missing);
  EXPECT_EQ(refused(with_authorization("Basic dTpw"), now_).fault, SignatureFault::missing);
  const auto empty = refused(with_authorization("AWS4-HMAC-SHA256"), now_);
  EXPECT_EQ(empty.fault, SignatureFault::incomplete);
  EXPECT_THAT(
      empty.message,
      StartsWith(
          "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
          "Authorization header requires 'SignedHeaders' parameter. "));
  EXPECT_THAT(
      refused(with_authorization("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x"), now_).message,
      HasSubstr("at least 5 slash-delimited elements"));
  EXPECT_THAT(refused(with_authorization("AWS4-HMAC-SHA256 nonsense"), now_).message, HasSubstr("missing equal-sign"));
  EXPECT_THAT(refused(with_authorization("AWS4-HMAC-SHA512 Credential=x"), now_).message,
              HasSubstr("Unsupported AWS 'algorithm'"));
}

TEST_F(SigV4, TheScopeMustFitTheDate) {
  auto request = with_fields(signed_request(now_), [](std::string_view name, std::string& value) {
    if (name == "Authorization") value.replace(value.find("20231114"), 8, "20231113");
  });
  EXPECT_THAT(refused(request, now_).message, StartsWith("Date in Credential scope does not match"));
}

TEST(Canonical, DatesAreReadStrictly) {
  EXPECT_EQ(parse_amz_date("20150830T123600Z")->us, 1'440'938'160'000'000);
  for (const std::string_view bad : {"", "20150830", "20150830T123600", "20150830T123600+", "2015-08-30T12:36Z",
                                     "20151330T123600Z", "20150230T123600Z", "20150830T243600Z"}) {
    EXPECT_FALSE(parse_amz_date(bad)) << bad;
  }
}

}  // namespace
}  // namespace escapement::wire
