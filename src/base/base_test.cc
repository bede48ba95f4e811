#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/digest.h"
#include "base/glob.h"
#include "base/random.h"
#include "base/time.h"

namespace escapement::base {
namespace {

TEST(Time, PrintsAndParsesRfc3339) {
  const auto parsed = parse_rfc3339("2022-03-04T12:30:00.123456789Z");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->us % 1'000'000, 123'456);
  EXPECT_EQ(to_iso8601(*parsed), "2022-03-04T12:30:00.123Z");
  EXPECT_EQ(parse_rfc3339("2022-03-04T14:30:00+02:00")->us, parse_rfc3339("2022-03-04T12:30:00Z")->us);
}

TEST(Time, RefusesWhatTheStatesLanguageRefuses) {
  for (const char* text :
       {"2022-03-04 12:30:00Z", "2022-03-04T12:30:00", "2022-03-04t12:30:00Z", "2022-02-30T00:00:00Z",
        "2022-03-04T24:00:00Z", "2022-03-04T12:30:00.Z", "2022-03-04T12:30:00Zx", ""}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Codec, Base64RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
  EXPECT_EQ(to_base64("ab"), "YWI=");
  for (const char* bad : {"YWI", "Y===", "YW=I", "YW I", "===="}) EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Codec, PercentEncoding) {
  EXPECT_EQ(percent_encode("a/b c~"), "a%2Fb%20c~");
  EXPECT_EQ(percent_encode("a/b", true), "a/b");
  EXPECT_EQ(percent_decode("a+b%2f", true), "a b/");
  EXPECT_FALSE(percent_decode("%2"));
}

TEST(Codec, Utf8) {
  EXPECT_TRUE(is_valid_utf8("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(*digest("MD5", "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_FALSE(digest("SHA-2", "abc"));
}

TEST(Random, SeededUuidsRepeat) {
  SplitMix a(7), b(7);
  EXPECT_EQ(seeded_uuid(a), seeded_uuid(b));
  EXPECT_EQ(random_uuid().size(), 36u);
  EXPECT_EQ(random_text(20, "ab").size(), 20u);
}

TEST(Glob, RunsOnesAndEscapesAreThoseOfTheSyntax) {
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches_glob("a*b", "a-b-"));
  EXPECT_FALSE(matches_glob("a?c", "abc"));
  EXPECT_TRUE(matches_glob("a?c", "abc", {.run = '*', .one = '?', .escape = {}}));
  EXPECT_FALSE(matches_glob("a?c", "ac", {.run = '*', .one = '?', .escape = {}}));
  const GlobSyntax escaping{.run = '*', .one = {}, .escape = '\\'};
  EXPECT_TRUE(matches_glob("a\\*c", "a*c", escaping));
  EXPECT_FALSE(matches_glob("a\\*c", "abc", escaping));
  EXPECT_TRUE(matches_glob("a\\", "a\\", escaping));
}

}  // namespace
}  // namespace escapement::base
