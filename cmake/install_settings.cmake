# Run by `cmake --install` with `source` set: settings and systemd units, which depend on the prefix. That
# is known only now (--prefix), so install(FILES) can't place them.

# GNUInstallDirs' rule: what goes to /usr has its settings in /etc.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(settings /etc/rearview)
else()
  set(settings ${CMAKE_INSTALL_PREFIX}/etc/rearview)
endif()

set(schemas ${CMAKE_INSTALL_PREFIX}/share/rearview)
file(INSTALL ${source}/config/camera.schema.json ${source}/config/rearview.schema.json DESTINATION ${schemas})
foreach(file camera.json rearview.json)
  # What the user changed is the user's.
  if(EXISTS $ENV{DESTDIR}${settings}/${file})
    message(STATUS "Kept: $ENV{DESTDIR}${settings}/${file}")
  else()
    file(READ ${source}/config/${file} text)
    string(REPLACE "\"$schema\": \"" "\"$schema\": \"${schemas}/" text "${text}")
    file(WRITE $ENV{DESTDIR}${settings}/${file} "${text}")
    message(STATUS "Installing: $ENV{DESTDIR}${settings}/${file}")
  endif()
endforeach()

foreach(unit rearview-camera.service rearview.service)
  file(READ ${source}/config/systemd/${unit} text)
  string(REPLACE /usr/bin/ ${CMAKE_INSTALL_PREFIX}/bin/ text "${text}")
  string(REPLACE /etc/rearview/ ${settings}/ text "${text}")
  file(WRITE $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${unit} "${text}")
  message(STATUS "Installing: $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${unit}")
endforeach()

# Whatever a system does with units by default, these are off until somebody has set them up.
file(INSTALL ${source}/config/systemd/80-rearview.preset ${source}/config/systemd/80-rearview-camera.preset
  DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system-preset)
