# Precompiled headers that the compiler cache can share between checkouts.
#
# The cache would hash the precompiled file itself, which holds the folder in which it was made. It takes the file of the
# same name with ".sum" instead where there is one: here what the headers are made of, by version.
# It knows the path behind -include-pch as one, and makes it relative; CMake's own words for clang hide two behind -Xclang.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include-pch <PCH_FILE>)
  # Nor may the time of the headers be kept in the file.
  set(precompile_options "SHELL:-Xclang -fno-pch-timestamp")
endif()
execute_process(
  COMMAND dpkg-query --show libstdc++-12-dev libboost1.81-dev libfmt-dev libgtest-dev libgmock-dev libc6-dev linux-libc-dev
  OUTPUT_VARIABLE precompiled_packages ERROR_QUIET)

# precompile(TARGET HEADER...): all sources of a target read headers of this folder first.
function(precompile target)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/cmake/ OUTPUT_VARIABLE headers)
  target_precompile_headers(${target} PRIVATE ${headers})
  target_compile_options(${target} PRIVATE ${precompile_options})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})
  set(made_of ${precompiled_packages} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${ROLLCALL_SANITIZE})
  foreach(header ${headers})
    file(READ ${header} text)
    list(APPEND made_of ${text})
  endforeach()
  string(SHA256 sum "${made_of}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.pch.sum ${sum})
endfunction()

# Targets that are compiled alike share what one of them has.
function(precompile_as owner)
  foreach(target ${ARGN})
    target_precompile_headers(${target} REUSE_FROM ${owner})
    target_compile_options(${target} PRIVATE ${precompile_options})
  endforeach()
endfunction()
