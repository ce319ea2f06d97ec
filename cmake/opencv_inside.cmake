# opencv_inside: what programs with the property OPENCV_INSIDE link in place of OpenCV's shared libraries, whose Debian
# package brings the graphics driver of a desktop along. Their names stay inside, too: a stage from a shared library
# (docs/stages.md) that has OpenCV itself gets its own.
if(NOT REARVIEW_OPENCV_INSIDE)
  return()
endif()
set(archives "")
set(names "")
foreach(module calib3d features2d flann video dnn imgproc core)
  find_library(OPENCV_${module}_ARCHIVE libopencv_${module}.a)
  list(APPEND archives ${OPENCV_${module}_ARCHIVE})
  list(APPEND names libopencv_${module}.a)
endforeach()
list(JOIN names ":" names)
add_library(no_glx STATIC ${CMAKE_SOURCE_DIR}/cmake/no_glx.c)
set(libraries -Wl,--start-group ${archives} -Wl,--end-group protobuf lapack blas tbb z ${CMAKE_DL_LIBS})
set(options -Wl,--as-needed -Wl,--gc-sections -Wl,--exclude-libs,${names})

include(CheckSourceCompiles)
set(CMAKE_REQUIRED_INCLUDES ${OPENCV_INCLUDE_DIR})
set(CMAKE_REQUIRED_LIBRARIES ${libraries} Threads::Threads)
set(CMAKE_REQUIRED_LINK_OPTIONS ${options})
file(READ ${CMAKE_SOURCE_DIR}/cmake/no_glx.c no_glx)
check_source_compiles(CXX "
  #include <opencv2/calib3d.hpp>
  #include <opencv2/dnn.hpp>
  #include <opencv2/video.hpp>
  extern \"C\" {
  ${no_glx}
  }
  int main() {
    cv::Mat picture, found;
    cv::dnn::readNetFromONNX(\"\").forward();
    cv::calcOpticalFlowPyrLK(picture, picture, found, found, found, found);
    cv::findHomography(found, found);
  }" OPENCV_ARCHIVES_LINK)
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(NOT OPENCV_ARCHIVES_LINK)
  message(STATUS "OpenCV's archives can't be linked here: the programs use its shared libraries")
  return()
endif()
add_library(opencv_inside INTERFACE)
target_link_libraries(opencv_inside INTERFACE ${libraries} no_glx)
target_link_options(opencv_inside INTERFACE ${options})
