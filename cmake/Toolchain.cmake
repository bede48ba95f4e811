# Warnings as errors, sanitizers, and the fastest linker and compiler cache that are installed.
add_library(esc_options INTERFACE)
target_compile_options(esc_options INTERFACE
  # Members that a designated initialiser leaves out have defaults; that is what it is for.
  -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wimplicit-fallthrough
  -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports impossible overlaps and null accesses inside the standard library's own inlined string code.
  target_compile_options(esc_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Clang calls std::stable_sort of GCC 12's library deprecated, for what that uses inside.
  target_compile_options(esc_options INTERFACE -Wno-deprecated-declarations)
endif()

if(ESC_SANITIZE)
  add_compile_options(-fsanitize=${ESC_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ESC_SANITIZE})
endif()

find_program(ESC_CCACHE ccache)
if(ESC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ESC_CCACHE})
endif()
find_program(ESC_MOLD mold)
if(ESC_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
