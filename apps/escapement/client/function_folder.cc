#include "escapement/client/function_folder.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace escapement::client {
namespace {

const ArchiveEntry* find_entry(const std::vector<ArchiveEntry>& entries, std::string_view name) {
  const auto it = std::ranges::find(entries, name, &ArchiveEntry::name);
  return it == entries.end() ? nullptr : &*it;
}

// The only file at the top with that ending; nullptr if there are none or several.
const ArchiveEntry* only_entry(const std::vector<ArchiveEntry>& entries, std::string_view ending) {
  const ArchiveEntry* found = nullptr;
  for (const ArchiveEntry& entry : entries) {
    if (entry.name.find('/') != std::string::npos || !entry.name.ends_with(ending)) continue;
    if (found != nullptr) return nullptr;
    found = &entry;
  }
  return found;
}

std::string stem(const std::string& name) { return name.substr(0, name.rfind('.')); }

base::Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return base::make_error(base::ErrorCode::io, "cannot read " + path);
  return std::move(text).str();
}

bool requires_sdk_v2(const std::string& source) {
  return source.find("require('aws-sdk')") != source.npos || source.find("require(\"aws-sdk\")") != source.npos ||
         source.find("from 'aws-sdk'") != source.npos || source.find("from \"aws-sdk\"") != source.npos;
}

base::Result<FunctionKind> node_function(const std::vector<ArchiveEntry>& entries, const ArchiveEntry& entry) {
  ESC_TRY(const std::string source, read_text(entry.path));
  const bool brings_sdk = find_entry(entries, "node_modules/aws-sdk/package.json") != nullptr;
  return FunctionKind{requires_sdk_v2(source) && !brings_sdk ? "nodejs16.x" : "nodejs20.x",
                      stem(entry.name) + ".handler"};
}

base::Result<FunctionKind> python_function(const ArchiveEntry& entry) {
  ESC_TRY(const std::string source, read_text(entry.path));
  for (const char* name : {"lambda_handler", "handler", "main"}) {
    if (source.find(std::string("def ") + name + "(") != source.npos) {
      return FunctionKind{"python3.11", stem(entry.name) + '.' + name};
    }
  }
  return base::make_error(base::ErrorCode::invalid,
                          entry.path + " defines none of lambda_handler, handler, main; name it with --handler " +
                              stem(entry.name) + ".FUNCTION --runtime python3.11");
}

}  // namespace

base::Result<FunctionKind> detect_function(const std::vector<ArchiveEntry>& entries) {
  if (const ArchiveEntry* bootstrap = find_entry(entries, "bootstrap")) {
    if (bootstrap->mode != 0755) {
      return base::make_error(base::ErrorCode::invalid, bootstrap->path + " is not executable; run `chmod +x` on it");
    }
    return FunctionKind{"provided.al2023", "bootstrap"};
  }
  for (const char* name : {"index.js", "index.mjs", "index.cjs"}) {
    if (const ArchiveEntry* entry = find_entry(entries, name)) return node_function(entries, *entry);
  }
  for (const char* name : {"lambda_function.py", "index.py"}) {
    if (const ArchiveEntry* entry = find_entry(entries, name)) return python_function(*entry);
  }
  for (const char* ending : {".js", ".mjs", ".cjs"}) {
    if (const ArchiveEntry* entry = only_entry(entries, ending)) return node_function(entries, *entry);
  }
  if (const ArchiveEntry* entry = only_entry(entries, ".py")) return python_function(*entry);
  return base::make_error(
      base::ErrorCode::invalid,
      "nothing here looks like a function: expected index.js (.mjs, .cjs), lambda_function.py or an executable "
      "`bootstrap`; or say what it is with --runtime and --handler");
}

}  // namespace escapement::client
