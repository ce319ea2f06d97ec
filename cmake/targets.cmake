# Flags and helper functions for every target of the project.
add_library(rearview_flags INTERFACE)
target_compile_options(rearview_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wduplicated-cond -Wcast-qual
  # Designated initialisers name what they set; the rest keeps its in-class default.
  -Wno-missing-field-initializers)
# A newer compiler or library may know new warnings; they stop those who develop, never those who only build.
if(REARVIEW_WERROR)
  target_compile_options(rearview_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(rearview_flags INTERFACE
    -Wthread-safety -Wno-unknown-warning-option -Wno-unused-command-line-argument)
endif()
# GCC 12 reports false positives inside the standard library and Asio when it inlines at -O2.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rearview_flags INTERFACE -Wno-null-dereference -Wno-restrict)
endif()

# Of sources that are compiled together GCC takes all but the first for headers.
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rearview_flags INTERFACE -Wno-subobject-linkage)
endif()

# GCC warns of each fence that TSan doesn't model; Asio has some.
if(REARVIEW_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rearview_flags INTERFACE -Wno-tsan)
endif()

# With sanitizers it takes what others' headers hold (std::regex, boost::optional) for uninitialised.
if(REARVIEW_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rearview_flags INTERFACE -Wno-maybe-uninitialized)
endif()

if(REARVIEW_SANITIZE)
  add_compile_options(-fsanitize=${REARVIEW_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${REARVIEW_SANITIZE})
endif()
# Asserts in the standard library's containers cost little and stop a memory error before it spreads.
add_compile_definitions(_GLIBCXX_ASSERTIONS)

# rearview_library(<room> SOURCES ... DEPENDS ... PRIVATE ...): one static library per room, alias
# rearview::<room>. DEPENDS are seen through its headers, PRIVATE are not.
function(rearview_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(rearview_${name} STATIC ${ARG_SOURCES})
  add_library(rearview::${name} ALIAS rearview_${name})
  target_include_directories(rearview_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(rearview_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE} rearview_flags)
endfunction()

# rearview_web(<name> FILES...): makes <name>.cpp in the binary folder, whose function <name>() gives these files of the
# folder web (site/site.h).
function(rearview_web name)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/web)
  list(TRANSFORM ARGN PREPEND ${folder}/ OUTPUT_VARIABLE paths)
  set(embed ${CMAKE_SOURCE_DIR}/src/site/embed.cmake)
  add_custom_command(
    OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp -DNAME=${name} -DFOLDER=${folder}
      "-DFILES=${ARGN}" -P ${embed}
    DEPENDS ${paths} ${embed}
    COMMENT "Embedding the web page ${name}"
    VERBATIM)
endfunction()

# rearview_test(<name> LABEL unit|e2e SOURCES ... LIBS ...): one GoogleTest program, each of its tests
# known to CTest. TIMEOUT ends what hangs: many times what any test takes on a slow and busy machine.
function(rearview_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gmock GTest::gtest_main rearview_flags)
  # A parameter's value may print as an address, which differs from run to run: no part of a name.
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300 SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()
