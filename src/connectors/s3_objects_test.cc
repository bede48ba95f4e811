// Against an S3 endpoint made of the http room's own server, and AWS's published signature examples.
#include "connectors/s3_objects.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/codec.h"
#include "connectors/xml_records.h"
#include "http/server.h"

namespace escapement::connectors {
namespace {

class FakeS3 {
 public:
  FakeS3() { port = *server.listen_tcp("127.0.0.1", 0); }

  std::map<std::string, std::string> objects;  // guarded by mutex
  std::vector<std::string> targets;            // the same
  std::mutex mutex;
  std::uint16_t port = 0;

 private:
  http::Response answer(const http::Request& request) {
    const std::lock_guard lock(mutex);
    targets.push_back(request.method + " " + request.target);
    if (!request.get("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AK/") ||
        request.get("x-amz-content-sha256").size() != 64) {
      return {.status = 403, .body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"};
    }
    const std::string path = base::percent_decode(request.path()).value_or("");
    if (!path.starts_with("/far")) {
      return {.status = 404, .body = "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>"};
    }
    if (path == "/far") return page(request);
    const std::string key = path.substr(5);
    if (request.method == "PUT") {
      objects[key] = request.body;
      return {};
    }
    const auto found = objects.find(key);
    if (found == objects.end()) {
      return {.status = 404,
              .body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no &amp; no</Message></Error>"};
    }
    return {.body = found->second};
  }

  // Two keys a page, the last key of a page as the token.
  http::Response page(const http::Request& request) {
    const std::string query = std::string(request.query());
    const std::size_t at = query.find("continuation-token=");
    const std::string after =
        at == std::string::npos ? "" : *base::percent_decode(query.substr(at + 19, query.find('&', at) - at - 19));
    std::string body = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>far</Name>";
    std::string last;
    int count = 0;
    bool more = false;
    for (const auto& [key, content] : objects) {
      if (key <= after) continue;
      if (count++ == 2) {
        more = true;
        break;
      }
      body += "<Contents><Key>" + key +
              "</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>" +
              std::to_string(content.size()) + "</Size></Contents>";
      last = key;
    }
    if (more) body += "<NextContinuationToken>" + last + "</NextContinuationToken>";
    return {.body = body + "</ListBucketResult>"};
  }

  http::Server server{{},
                      [this](http::Request&& request, http::Responder responder) { responder.send(answer(request)); }};
};

class S3ObjectsTest : public testing::Test {
 protected:
  FakeS3 s3;
  http::Loop loop;
  http::Client client{loop, {}};
  base::SystemClock clock;
  S3Objects objects{{{"far", {"http://127.0.0.1:" + std::to_string(s3.port), "eu-west-1", {"AK", "secret", ""}}},
                     {"lost", {"http://127.0.0.1:" + std::to_string(s3.port), "eu-west-1", {"AK", "secret", ""}}},
                     {"barred", {"http://127.0.0.1:" + std::to_string(s3.port), "eu-west-1", {"other", "secret", ""}}}},
                    client,
                    clock};
};

TEST_F(S3ObjectsTest, WritesReadsAndListsOverPages) {
  for (const char* key : {"a b/1.json", "c", "d", "e", "f"}) ASSERT_TRUE(objects.write("far", key, key)) << key;
  EXPECT_EQ(*objects.read("far", "a b/1.json"), "a b/1.json");
  const auto listed = objects.list("far", "", 100);
  ASSERT_TRUE(listed) << listed.error().to_string();
  ASSERT_EQ(listed->size(), 5u);
  EXPECT_EQ((*listed)[0].key, "a b/1.json");
  EXPECT_EQ((*listed)[0].etag, "\"e\"");
  EXPECT_EQ((*listed)[0].size, 10u);
  EXPECT_EQ(base::to_iso8601((*listed)[0].modified), "2026-01-02T03:04:05.000Z");
  EXPECT_EQ(objects.list("far", "", 3)->size(), 3u);
  const std::lock_guard lock(s3.mutex);
  EXPECT_EQ(s3.targets.front(), "PUT /far/a%20b/1.json");
}

TEST_F(S3ObjectsTest, ErrorsKeepTheirNames) {
  EXPECT_EQ(objects.read("far", "nothing").error().name, "NoSuchKey");
  EXPECT_EQ(objects.read("far", "nothing").error().message, "no & no");
  EXPECT_EQ(objects.read("lost", "x").error().name, "NoSuchBucket");
  EXPECT_EQ(objects.read("unknown", "x").error().name, "NoSuchBucket");
  EXPECT_EQ(objects.write("barred", "x", "y").error().name, "AccessDenied");
}

// The examples of "Signature Calculations for the Authorization Header" (Amazon S3 API reference).
TEST(S3Signatures, AgreeWithThePublishedExamples) {
  const base::Timestamp may = *base::parse_rfc3339("2013-05-24T00:00:00Z");
  wire::Signer signer({"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}, "us-east-1", "s3");
  const auto signature = [&](http::ClientRequest request) {
    request.fields.emplace_back("Host", "examplebucket.s3.amazonaws.com");
    signer.sign(request, may, true);
    const std::string& authorization = request.fields.back().second;
    return authorization.substr(authorization.find("Signature=") + 10);
  };
  http::ClientRequest get;
  get.target = "/test.txt";
  get.fields.emplace_back("Range", "bytes=0-9");
  EXPECT_EQ(signature(get), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  http::ClientRequest put;
  put.method = "PUT";
  put.target = "/test%24file.text";
  put.fields.emplace_back("Date", "Fri, 24 May 2013 00:00:00 GMT");
  put.fields.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");
  put.body = "Welcome to Amazon S3.";
  EXPECT_EQ(signature(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(XmlRecords, RefuseWhatIsNotAPlainAnswer) {
  EXPECT_FALSE(read_xml_records("{}", "Contents"));
  EXPECT_FALSE(read_xml_records("<a><b></a>", "b"));
  EXPECT_FALSE(read_xml_records("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "a"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  EXPECT_FALSE(read_xml_records(deep, "b"));
}

}  // namespace
}  // namespace escapement::connectors
