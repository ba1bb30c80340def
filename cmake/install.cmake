# Installs everything to its place. Three components: `library` (library, headers, CMake and pkg-config
# files), `command` (the program, and completions for three shells) and `daemon` (units of systemd, the
# user, an example of the configuration).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rollcall)
set(package_build_dir ${PROJECT_BINARY_DIR}/package)

set_target_properties(rollcall PROPERTIES
  VERSION ${PROJECT_VERSION}
  # Before 1.0 any minor version may change the interface.
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
install(TARGETS rollcall EXPORT rollcallTargets COMPONENT library
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rollcall COMPONENT library
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# ---- find_package(rollcall)

install(EXPORT rollcallTargets NAMESPACE rollcall:: COMPONENT library DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/rollcallConfig.cmake.in
  ${package_build_dir}/rollcallConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${package_build_dir}/rollcallConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${package_build_dir}/rollcallConfig.cmake ${package_build_dir}/rollcallConfigVersion.cmake
  COMPONENT library DESTINATION ${package_dir})

# ---- pkg-config; relative to its own folder, so that the installation may be moved

file(RELATIVE_PATH pkgconfig_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pkgconfig_to_prefix ${pkgconfig_to_prefix})
configure_file(${CMAKE_CURRENT_LIST_DIR}/rollcall.pc.in ${package_build_dir}/rollcall.pc @ONLY)
install(FILES ${package_build_dir}/rollcall.pc COMPONENT library
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- the program

install(TARGETS rollcall_command COMPONENT command)
if(BUILD_SHARED_LIBS)
  set_target_properties(rollcall_command PROPERTIES
    INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR})
endif()

function(install_completion shell file)
  set(script ${PROJECT_BINARY_DIR}/completions/${file})
  cmake_path(GET script PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${script} COMMAND rollcall_command completion ${shell} > ${script} VERBATIM)
  add_custom_target(rollcall_completion_${shell} ALL DEPENDS ${script})
  cmake_path(GET file PARENT_PATH place)
  install(FILES ${script} COMPONENT command DESTINATION ${CMAKE_INSTALL_DATADIR}/${place})
endfunction()
install_completion(bash bash-completion/completions/rollcall)
install_completion(zsh zsh/site-functions/_rollcall)
install_completion(fish fish/vendor_completions.d/rollcall.fish)

# ---- the daemon

set(unit_dir lib/systemd/system)
set(packaging ${PROJECT_SOURCE_DIR}/packaging)
# The unit names the program where it is installed, which only the installation knows.
install(CODE "
  set(bin_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(data_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
  set(doc_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  configure_file(\"${packaging}/systemd/rollcall.service.in\" \"${package_build_dir}/rollcall.service\" @ONLY)
  " COMPONENT daemon)
install(FILES ${package_build_dir}/rollcall.service ${packaging}/systemd/rollcall.socket COMPONENT daemon
  DESTINATION ${unit_dir})
install(FILES ${packaging}/systemd/rollcall.sysusers COMPONENT daemon DESTINATION lib/sysusers.d
  RENAME rollcall.conf)
install(FILES ${packaging}/systemd/rollcall.tmpfiles COMPONENT daemon DESTINATION lib/tmpfiles.d
  RENAME rollcall.conf)
# What an administrator may put into rollcall.service.d, and a configuration to begin with.
install(FILES ${packaging}/systemd/host-sockets.conf ${packaging}/systemd/engines.conf
  ${packaging}/rollcall.yaml COMPONENT daemon DESTINATION ${CMAKE_INSTALL_DATADIR}/rollcall)
install(FILES ${PROJECT_SOURCE_DIR}/docs/daemon.md COMPONENT daemon DESTINATION ${CMAKE_INSTALL_DOCDIR})
