# cordon_folder(name): the static library cordon_<name> from cordon/<name>/*.cc, linked with the folders
# LAYERS lets it include, and the unit tests beside the code as the program cordon_<name>_test.
file(STRINGS ${CMAKE_SOURCE_DIR}/LAYERS CORDON_LAYERS REGEX "^[a-z]+:")

function(cordon_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cordon/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  set(allowed "")
  foreach(line IN LISTS CORDON_LAYERS)
    if(line MATCHES "^${name}:[ ]*(.*)$")
      string(REPLACE " " ";" allowed "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  list(TRANSFORM allowed PREPEND cordon_)

  if(sources)
    add_library(cordon_${name} STATIC ${sources})
    target_link_libraries(cordon_${name} PUBLIC ${allowed} PRIVATE fmt)
  else()
    add_library(cordon_${name} INTERFACE)
    target_link_libraries(cordon_${name} INTERFACE ${allowed})
  endif()

  if(CORDON_TESTS AND tests)
    add_executable(cordon_${name}_test ${tests})
    target_link_libraries(cordon_${name}_test PRIVATE cordon_${name} GTest::gtest_main)
    # CORDON_TEST_LIBS_<folder> may be set by the caller for a test that reads through another folder.
    gtest_discover_tests(cordon_${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST)
  endif()
endfunction()
