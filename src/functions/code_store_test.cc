#include "functions/code_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "functions/test_service.h"

namespace escapement::functions {
namespace {

namespace fs = std::filesystem;

class CodeStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/esc-code-XXXXXX";
    directory = ::mkdtemp(name);
    store.emplace(*CodeStore::open(
        directory / "code",
        {.packed_bytes_max = 1 << 20, .unpacked_bytes_max = 1 << 20, .entries_max = 50, .path_bytes_max = 200}));
  }
  void TearDown() override { fs::remove_all(directory); }

  // An archive with one entry that is a symbolic link.
  static std::string with_link(const std::string& name, const std::string& target) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* const buffer = zip_source_buffer_create(nullptr, 0, 0, &error);
    zip_source_keep(buffer);
    zip_t* const archive = zip_open_from_source(buffer, ZIP_TRUNCATE, &error);
    const auto index =
        zip_file_add(archive, name.c_str(), zip_source_buffer(archive, target.data(), target.size(), 0), 0);
    zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX, 0120777u << 16);
    const auto below = zip_file_add(archive, (name + "/file").c_str(), zip_source_buffer(archive, "x", 1, 0), 0);
    (void)below;
    zip_close(archive);
    zip_source_open(buffer);
    zip_source_seek(buffer, 0, SEEK_END);
    std::string bytes(static_cast<std::size_t>(zip_source_tell(buffer)), '\0');
    zip_source_seek(buffer, 0, SEEK_SET);
    zip_source_read(buffer, bytes.data(), bytes.size());
    zip_source_close(buffer);
    zip_source_free(buffer);
    return bytes;
  }

  std::size_t left_over() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fs::directory_iterator(directory / "code"),
                              [](const auto& entry) { return entry.path().filename().string().starts_with("new-"); }));
  }

  fs::path directory;
  std::optional<CodeStore> store;
};

TEST_F(CodeStoreTest, KeepsArchivesByContent) {
  const std::string zip = make_zip({{"index.js", "1"}, {"lib/a.js", "2"}});
  const auto stored = store->put(zip);
  ASSERT_TRUE(stored) << stored.error().to_string();
  EXPECT_EQ(stored->packed_bytes, zip.size());
  EXPECT_EQ(stored->unpacked_bytes, 2u);
  EXPECT_EQ(store->put(zip)->sha256_hex, stored->sha256_hex);
  EXPECT_EQ(*store->archive(stored->sha256_hex), zip);
  std::ifstream in(store->tree(stored->sha256_hex) / "lib" / "a.js");
  std::string text;
  in >> text;
  EXPECT_EQ(text, "2");
  EXPECT_EQ(store->list(), std::vector<std::string>{stored->sha256_hex});
  EXPECT_TRUE(store->erase(stored->sha256_hex));
  EXPECT_FALSE(store->archive(stored->sha256_hex));
}

TEST_F(CodeStoreTest, FilesAreReadOnlyAndExecutableWhereTheArchiveSaysSo) {
  const auto stored = store->put(make_zip({{"bootstrap", "#!/bin/sh"}}));
  struct stat info{};
  ASSERT_EQ(::stat((store->tree(stored->sha256_hex) / "bootstrap").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0555u);
}

TEST_F(CodeStoreTest, RefusesWhatIsNoArchive) {
  for (const std::string& bytes :
       {std::string(), std::string("not a zip"), std::string(100, '\0'), make_zip({{"a", "b"}}).substr(0, 30)}) {
    const auto stored = store->put(bytes);
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().name, "InvalidParameterValueException");
  }
  EXPECT_EQ(store->put(std::string(2 << 20, 'x')).error().code, base::ErrorCode::limit_exceeded);
}

TEST_F(CodeStoreTest, RefusesPathsThatLeaveTheTree) {
  for (const char* const path : {"../evil", "/etc/evil", "a/../../evil", "a//b", "..", "a\\b", "x/.."}) {
    const auto stored = store->put(make_zip({{path, "x"}}));
    EXPECT_FALSE(stored) << path;
  }
  EXPECT_FALSE(fs::exists(directory / "evil"));
  EXPECT_EQ(left_over(), 0u);
}

TEST_F(CodeStoreTest, LinksMayNotLeadOutAndNothingIsWrittenThroughThem) {
  EXPECT_FALSE(store->put(with_link("link", "/tmp")));
  EXPECT_FALSE(store->put(with_link("link", "../..")));
  EXPECT_FALSE(store->put(with_link("link", "a/b"))) << "a path below a link";
  EXPECT_EQ(left_over(), 0u);
}

TEST_F(CodeStoreTest, RefusesBombs) {
  EXPECT_FALSE(store->put(make_zip({{"big", std::string(2 << 20, 'x')}})));
  Files many;
  for (int i = 0; i < 60; ++i) many.emplace_back("f" + std::to_string(i), "x");
  EXPECT_FALSE(store->put(make_zip(many)));
  EXPECT_FALSE(store->put(make_zip({{std::string(300, 'a'), "x"}})));
}

TEST_F(CodeStoreTest, LeftOversOfAnInterruptedPutAreRemoved) {
  fs::create_directories(directory / "code" / "new-abc" / "tree");
  ASSERT_TRUE(CodeStore::open(directory / "code"));
  EXPECT_EQ(left_over(), 0u);
}

}  // namespace
}  // namespace escapement::functions
