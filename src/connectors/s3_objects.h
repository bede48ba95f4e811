// Buckets at S3-compatible endpoints, reached with signed requests in the path style (URL/BUCKET/KEY).
//
// Rules: "GetObject", "PutObject" and "ListObjectsV2" of the Amazon S3 API reference.
// Threading: any thread but the client's loop; calls block for the answer.
// Errors:    not_found ("NoSuchBucket", "NoSuchKey") and the endpoint's other errors under their own names;
// limit_exceeded
//            (an object beyond the client's bound); unavailable (the endpoint cannot be reached).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "connectors/objects.h"
#include "http/client.h"
#include "wire/signer.h"

namespace escapement::connectors {

struct S3Bucket {
  std::string url;  // "https://s3.eu-central-1.amazonaws.com", without the bucket
  std::string region = "us-east-1";
  wire::SigningCredentials credentials;
};

class S3Objects final : public Objects {
 public:
  // `client` and `clock` are borrowed and must outlive this. `clock` must be the wall clock.
  S3Objects(std::map<std::string, S3Bucket, std::less<>> buckets, http::Client& client, const base::Clock& clock)
      : buckets_(std::move(buckets)), client_(client), clock_(clock) {}

  base::Result<std::string> read(std::string_view bucket, std::string_view key) const override;
  base::Result<std::vector<ObjectSummary>> list(std::string_view bucket, std::string_view prefix,
                                                std::size_t count_max) const override;
  base::Result<void> write(std::string_view bucket, std::string_view key, std::string_view content) override;

 private:
  // `target` begins after the bucket: "/KEY" or "?QUERY".
  base::Result<std::string> call(std::string_view method, std::string_view bucket, const std::string& target,
                                 std::string body = {}) const;

  std::map<std::string, S3Bucket, std::less<>> buckets_;
  http::Client& client_;
  const base::Clock& clock_;
};

// Each bucket where it is: the folders first, then the endpoints.
class BucketMap final : public Objects {
 public:
  // Borrowed; they must outlive this. `endpoints` may be nullptr.
  BucketMap(Objects& folders, Objects* endpoints) : folders_(folders), endpoints_(endpoints) {}

  base::Result<std::string> read(std::string_view bucket, std::string_view key) const override;
  base::Result<std::vector<ObjectSummary>> list(std::string_view bucket, std::string_view prefix,
                                                std::size_t count_max) const override;
  base::Result<void> write(std::string_view bucket, std::string_view key, std::string_view content) override;

 private:
  Objects& folders_;
  Objects* endpoints_;
};

}  // namespace escapement::connectors
