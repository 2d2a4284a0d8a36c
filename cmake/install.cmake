# What `cmake --install BUILD --prefix DIR` puts in place: the command, its man pages, and the licence.
include(GNUInstallDirs)
install(TARGETS cordon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(section 1 5)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
