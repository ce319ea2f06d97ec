/* Debian's OpenCV can draw into windows of OpenGL, and so its archives ask GLX for functions, whose library brings a
   graphics driver and a compiler along: 190 MB. Whoever links the archives (REARVIEW_OPENCV_INSIDE) opens no window. */

typedef void (*Function)(void);

Function glXGetProcAddressARB(const unsigned char* name) {
  (void)name;
  return 0;
}

void* glXGetCurrentContext(void) {
  return 0;
}

void* glXGetCurrentDisplay(void) {
  return 0;
}
