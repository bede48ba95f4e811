#include "connectors/s3_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/codec.h"
#include "connectors/xml_records.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::size_t kPageMax = 1'000;  // keys in one ListObjectsV2 answer

base::Error no_such_bucket() {
  return make_error(ErrorCode::not_found, "NoSuchBucket", "The specified bucket does not exist");
}

// What an answer other than 2xx says; an endpoint that says nothing readable is known by its status.
base::Error refusal(const http::ClientResponse& response) {
  const auto error = read_xml_records(response.body, "Error");
  std::string name = fmt::format("S3.{}", response.status);
  std::string message = fmt::format("the endpoint answered {}", response.status);
  if (error && !error->records.empty()) {
    const XmlRecord& said = error->records.front();
    if (const auto code = said.find("Code"); code != said.end()) name = code->second;
    if (const auto text = said.find("Message"); text != said.end()) message = text->second;
  }
  const ErrorCode code = response.status == 404   ? ErrorCode::not_found
                         : response.status == 403 ? ErrorCode::denied
                                                  : ErrorCode::unavailable;
  return make_error(code, std::move(name), std::move(message));
}

ObjectSummary summary_of(const XmlRecord& record) {
  const auto member = [&](const char* name) {
    const auto found = record.find(name);
    return found == record.end() ? std::string() : found->second;
  };
  ObjectSummary object{.key = member("Key"), .etag = member("ETag")};
  const std::string size = member("Size");
  std::from_chars(size.data(), size.data() + size.size(), object.size);
  if (const auto modified = base::parse_rfc3339(member("LastModified"))) object.modified = *modified;
  return object;
}

}  // namespace

base::Result<std::string> S3Objects::call(std::string_view method, std::string_view bucket, const std::string& target,
                                          std::string body) const {
  const auto found = buckets_.find(bucket);
  if (found == buckets_.end()) return no_such_bucket();
  const S3Bucket& at = found->second;
  ESC_TRY(const http::Url url, http::parse_url(at.url));
  http::ClientRequest request;
  request.origin = url.origin;
  request.method = method;
  const std::string_view base = url.target == "/" ? std::string_view() : std::string_view(url.target);
  request.target = fmt::format("{}/{}{}", base, base::percent_encode(bucket), target);
  request.body = std::move(body);
  wire::Signer(at.credentials, at.region, "s3").sign(request, clock_.now(), true);
  ESC_TRY(http::ClientResponse response, client_.send_and_wait(std::move(request)));
  if (response.status / 100 != 2) return refusal(response);
  return std::move(response.body);
}

base::Result<std::string> S3Objects::read(std::string_view bucket, std::string_view key) const {
  return call("GET", bucket, "/" + base::percent_encode(key, true));
}

base::Result<void> S3Objects::write(std::string_view bucket, std::string_view key, std::string_view content) {
  ESC_CHECK(call("PUT", bucket, "/" + base::percent_encode(key, true), std::string(content)));
  return {};
}

base::Result<std::vector<ObjectSummary>> S3Objects::list(std::string_view bucket, std::string_view prefix,
                                                         std::size_t count_max) const {
  std::vector<ObjectSummary> objects;
  std::string token;
  while (objects.size() < count_max) {
    std::string query = "?list-type=2";
    if (!token.empty()) query += "&continuation-token=" + base::percent_encode(token);
    query += fmt::format("&max-keys={}", std::min(kPageMax, count_max - objects.size()));
    if (!prefix.empty()) query += "&prefix=" + base::percent_encode(prefix);
    ESC_TRY(const std::string answer, call("GET", bucket, query));
    ESC_TRY(const XmlRecords page, read_xml_records(answer, "Contents"));
    for (const XmlRecord& record : page.records) objects.push_back(summary_of(record));
    const auto next = page.fields.find("NextContinuationToken");
    if (page.records.empty() || next == page.fields.end() || next->second == token) break;
    token = next->second;
  }
  if (objects.size() > count_max) objects.resize(count_max);
  return objects;
}

base::Result<std::string> BucketMap::read(std::string_view bucket, std::string_view key) const {
  auto answer = folders_.read(bucket, key);
  if (answer || answer.error().name != "NoSuchBucket" || endpoints_ == nullptr) return answer;
  return endpoints_->read(bucket, key);
}

base::Result<std::vector<ObjectSummary>> BucketMap::list(std::string_view bucket, std::string_view prefix,
                                                         std::size_t count_max) const {
  auto answer = folders_.list(bucket, prefix, count_max);
  if (answer || answer.error().name != "NoSuchBucket" || endpoints_ == nullptr) return answer;
  return endpoints_->list(bucket, prefix, count_max);
}

base::Result<void> BucketMap::write(std::string_view bucket, std::string_view key, std::string_view content) {
  auto answer = folders_.write(bucket, key, content);
  if (answer || answer.error().name != "NoSuchBucket" || endpoints_ == nullptr) return answer;
  return endpoints_->write(bucket, key, content);
}

}  // namespace escapement::connectors
