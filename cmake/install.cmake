# The installed package: find_package(photo51 CONFIG REQUIRED) and the target photo51::photo51.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/photo51)

install(TARGETS photo51 EXPORT photo51Targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS photo51_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/photo51 DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT photo51Targets NAMESPACE photo51:: DESTINATION ${package_dir})
configure_package_config_file(cmake/photo51Config.cmake.in photo51Config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(photo51ConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/photo51Config.cmake ${CMAKE_BINARY_DIR}/photo51ConfigVersion.cmake
              cmake/FindLibTorch.cmake DESTINATION ${package_dir})
install(DIRECTORY models configs DESTINATION ${CMAKE_INSTALL_DATADIR}/photo51)
