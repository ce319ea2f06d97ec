# Run as a script: -DOUTPUT=<.cpp> -DFOLDER=<web> "-DFILES=a;b": writes the files as C++ arrays.
set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_webmanifest "application/manifest+json")

set(arrays "")
set(entries "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ ${FOLDER}/${file} hex HEX)
  file(SHA256 ${FOLDER}/${file} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  # Pieces, because compilers limit the length of one literal.
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f]))"
    "\\1\"\n    \"" escaped "${escaped}")
  string(REGEX MATCH "[^.]+$" extension ${file})
  string(APPEND arrays "constexpr std::string_view kFile${index}(\n    \"${escaped}\",\n    sizeof(\"${escaped}\") - 1);\n")
  string(APPEND entries "      {\"${file}\", \"${types_${extension}}\", kFile${index}, \"\\\"${hash}\\\"\"},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include \"serve/web_page.h\"

namespace rearview {
namespace {

${arrays}
}  // namespace

const std::vector<WebFile>& web_files() {
  static const std::vector<WebFile> files{
${entries}  };
  return files;
}

}  // namespace rearview
")
