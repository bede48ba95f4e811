// What a function's folder is: which runtime it wants and where its handler is.
//
//   bootstrap                      provided.al2023, an executable that speaks the Runtime API
//   index.js .mjs .cjs             Node.js, index.handler; nodejs16.x where it requires `aws-sdk` (version 2)
//                                  and does not bring it along, since newer runtimes carry only version 3
//   lambda_function.py, index.py   Python; the handler is the first of lambda_handler, handler, main that it
//                                  defines
// A single source file stands for a folder with only that file; with one .js/.mjs/.py file of another name, that one is
// meant.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "escapement/client/archive.h"

namespace escapement::client {

struct FunctionKind {
  std::string runtime;
  std::string handler;
};

// Errors: invalid (nothing in there looks like a function; the message says what would), io.
base::Result<FunctionKind> detect_function(const std::vector<ArchiveEntry>& entries);

}  // namespace escapement::client
