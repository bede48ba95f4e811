# Puts files into a room's library, to be read as string views.
#
#   esc_embed(wire NAME models FILES a.json b.json)
#
# makes the header-less function
#   std::span<const escapement::base::EmbeddedFile> escapement::embedded::models();
# (declare it where it is used), one entry a file, named by the file's name.
function(esc_embed room)
  cmake_parse_arguments(ARG "" "NAME" "FILES" ${ARGN})
  set(out "${CMAKE_BINARY_DIR}/embedded/${room}_${ARG_NAME}")
  set(asm ".section .rodata\n")
  set(decls "")
  set(entries "")
  set(index 0)
  foreach(file ${ARG_FILES})
    get_filename_component(absolute "${file}" ABSOLUTE)
    get_filename_component(name "${file}" NAME)
    set(symbol "esc_embedded_${room}_${ARG_NAME}_${index}")
    string(APPEND asm ".global ${symbol}\n.global ${symbol}_end\n.balign 16\n${symbol}:\n.incbin \"${absolute}\"\n${symbol}_end:\n.byte 0\n")
    string(APPEND decls "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
    string(APPEND entries "    {\"${name}\", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}},\n")
    list(APPEND inputs "${absolute}")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND asm ".section .note.GNU-stack,\"\",@progbits\n")
  file(CONFIGURE OUTPUT "${out}.S" CONTENT "${asm}" @ONLY)
  file(CONFIGURE OUTPUT "${out}.cc" CONTENT
"#include <span>
#include \"base/embedded.h\"
${decls}
namespace escapement::embedded {
std::span<const base::EmbeddedFile> ${ARG_NAME}() {
  static const base::EmbeddedFile files[] = {
${entries}  };
  return files;
}
}  // namespace escapement::embedded
" @ONLY)
  set_source_files_properties("${out}.S" PROPERTIES OBJECT_DEPENDS "${inputs}")
  target_sources(${room} PRIVATE "${out}.S" "${out}.cc")
endfunction()
