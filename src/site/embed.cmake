# Run as a script: -DOUTPUT=<.cpp> -DNAME=<function> -DFOLDER=<web> "-DFILES=a;b": writes a function that gives the files
# (site/site.h). In worker.js @FILES@ becomes the addresses of the others, @VERSION@ what changes with any of them.
cmake_minimum_required(VERSION 3.25)

set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_png "image/png")
set(types_svg "image/svg+xml")
set(types_webmanifest "application/manifest+json")

set(hashes "")
foreach(file IN LISTS FILES)
  file(SHA256 ${FOLDER}/${file} hash)
  string(APPEND hashes ${hash})
endforeach()
string(SHA256 VERSION "${hashes}")
string(SUBSTRING ${VERSION} 0 16 VERSION)

set(arrays "")
set(entries "")
set(index 0)
foreach(file IN LISTS FILES)
  set(path ${FOLDER}/${file})
  if(file STREQUAL worker.js)
    set(shell ${FILES})
    list(REMOVE_ITEM shell index.html worker.js)
    list(PREPEND shell ./)
    list(JOIN shell " " addresses)
    file(READ ${path} worker)
    string(REPLACE "@VERSION@" ${VERSION} worker "${worker}")
    string(REPLACE "@FILES@" "${addresses}" worker "${worker}")
    set(path ${OUTPUT}.worker.js)
    file(WRITE ${path} "${worker}")
  endif()
  file(READ ${path} hex HEX)
  file(SHA256 ${path} hash)
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
#include <vector>

#include \"site/site.h\"

namespace rearview {
namespace {

${arrays}
}  // namespace

const std::vector<WebFile>& ${NAME}();
const std::vector<WebFile>& ${NAME}() {
  static const std::vector<WebFile> files{
${entries}  };
  return files;
}

}  // namespace rearview
")
