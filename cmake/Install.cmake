# The package: headers, library, cowarpConfig.cmake and cowarp_add_coroutine_executable.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/cowarp")

install(TARGETS cowarp EXPORT cowarpTargets FILE_SET HEADERS)
install(EXPORT cowarpTargets NAMESPACE cowarp:: DESTINATION "${package_dir}")
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/cowarpConfig.cmake.in" "${PROJECT_BINARY_DIR}/cowarpConfig.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/cowarpConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(
  FILES "${PROJECT_BINARY_DIR}/cowarpConfig.cmake"
        "${PROJECT_BINARY_DIR}/cowarpConfigVersion.cmake"
        "${CMAKE_CURRENT_LIST_DIR}/CowarpCoroutine.cmake"
  DESTINATION "${package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
