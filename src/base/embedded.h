// A file that the build put into the program (see cmake/Embed.cmake). The views live as long as the process.
#pragma once

#include <string_view>

namespace escapement::base {

struct EmbeddedFile {
  std::string_view name;
  std::string_view content;
};

}  // namespace escapement::base
