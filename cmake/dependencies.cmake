# Third-party libraries, all from Debian packages (scripts/setup installs them).
find_package(Threads REQUIRED)
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost brings its own package file
endif()
find_package(Boost 1.74 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBAV REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)
pkg_check_modules(LIBAVDEVICE REQUIRED IMPORTED_TARGET libavdevice)
pkg_check_modules(AVAHI REQUIRED IMPORTED_TARGET avahi-client)
pkg_check_modules(LIBGPS REQUIRED IMPORTED_TARGET libgps)
pkg_check_modules(GPIOD REQUIRED IMPORTED_TARGET libgpiodcxx)
find_package(SQLiteCpp REQUIRED)
find_package(sdbus-c++ REQUIRED)  # 1 or 2: src/radar/sdbus.h
pkg_check_modules(MOSQUITTO REQUIRED IMPORTED_TARGET libmosquitto)
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_package(CURL 7.88 REQUIRED)
find_package(OpenSSL REQUIRED)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)

# Not every release has it.
pkg_check_modules(NATS IMPORTED_TARGET libnats)
if(NOT NATS_FOUND)
  message(STATUS "Archives know no queue: libnats isn't there")
endif()

# Debian ships OpenCV's CMake package only with all of libopencv-dev; the narrow packages have headers and libraries.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
set(opencv_modules core imgproc video dnn calib3d)
if(REARVIEW_VIEW)
  list(APPEND opencv_modules highgui)
endif()
if(REARVIEW_BUILD_TESTS)
  list(APPEND opencv_modules imgcodecs)
endif()
foreach(module IN LISTS opencv_modules)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
  add_library(opencv::${module} UNKNOWN IMPORTED)
  set_target_properties(opencv::${module} PROPERTIES
    IMPORTED_LOCATION ${OPENCV_${module}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${OPENCV_INCLUDE_DIR})
endforeach()

# Runs networks two to three times as fast as OpenCV. Debian has it from 13 on; for 12, scripts/setup fetches it.
if(DEFINED ENV{XDG_CACHE_HOME})
  set(fetched "$ENV{XDG_CACHE_HOME}/rearview/onnxruntime")
else()
  set(fetched "$ENV{HOME}/.cache/rearview/onnxruntime")
endif()
set(REARVIEW_ONNXRUNTIME ${fetched} CACHE PATH "Folder with ONNX Runtime's include and lib, where the system has none")
find_path(ONNXRUNTIME_INCLUDE_DIR onnxruntime_cxx_api.h PATHS ${REARVIEW_ONNXRUNTIME}/include PATH_SUFFIXES onnxruntime)
find_library(ONNXRUNTIME_LIBRARY onnxruntime PATHS ${REARVIEW_ONNXRUNTIME}/lib)
if(ONNXRUNTIME_INCLUDE_DIR AND ONNXRUNTIME_LIBRARY)
  message(STATUS "Networks run on ONNX Runtime: ${ONNXRUNTIME_LIBRARY}")
  add_library(onnxruntime::onnxruntime UNKNOWN IMPORTED)
  set_target_properties(onnxruntime::onnxruntime PROPERTIES
    IMPORTED_LOCATION ${ONNXRUNTIME_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${ONNXRUNTIME_INCLUDE_DIR})
  cmake_path(IS_PREFIX REARVIEW_ONNXRUNTIME ${ONNXRUNTIME_LIBRARY} NORMALIZE is_fetched)
  if(is_fetched)  # no package brings it: it is installed beside the program
    install(FILES ${REARVIEW_ONNXRUNTIME}/lib/libonnxruntime.so.1 DESTINATION ${CMAKE_INSTALL_LIBDIR}/rearview)
    install(FILES ${REARVIEW_ONNXRUNTIME}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME onnxruntime.copyright)
    file(RELATIVE_PATH to_library ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/rearview)
    set(CMAKE_INSTALL_RPATH "$ORIGIN/${to_library}")
  endif()
else()
  message(STATUS "Networks run on OpenCV, two to three times slower: ONNX Runtime isn't there (scripts/setup gets it)")
endif()
