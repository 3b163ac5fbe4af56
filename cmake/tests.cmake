# Command tests: tests/commands/<verb>/<case>.sh, three to six lines each, run in a fresh folder with `tomograd` on the PATH.
# Exit 0 passed, 77 skipped (says why), anything else failed.
# Those that kill, wait for leases or train for more than some seconds are left out by `make test-fast`.
set(slow_commands
  experiment/brain_tumour_loo experiment/deepmedic_vs_unet experiment/killed_and_resumed experiment/halving experiment/python_trial experiment/nnunet_trial experiment/lost_is_not_failed experiment/no_orphans
  predict/store_exact_memory)
file(GLOB_RECURSE command_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/commands/*.sh)
foreach(script ${command_tests})
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/tests/commands ${script})
  string(REGEX REPLACE "[.]sh$" "" name ${name})
  get_filename_component(verb ${name} DIRECTORY)
  add_test(NAME commands.${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/support/run_command_test.sh ${script} ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
  set(labels commands ${verb})
  if(name IN_LIST slow_commands OR name MATCHES "/slow_")
    list(APPEND labels slow)
  endif()
  set_tests_properties(commands.${name} PROPERTIES LABELS "${labels}" SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()
add_test(NAME rooms COMMAND ${CMAKE_SOURCE_DIR}/tests/rooms_test.sh ${CMAKE_SOURCE_DIR})
add_test(NAME command_test_runner COMMAND ${CMAKE_SOURCE_DIR}/tests/support/runner_test.sh ${CMAKE_SOURCE_DIR})
add_test(NAME consumer COMMAND ${CMAKE_SOURCE_DIR}/tests/consumer/consumer_test.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(consumer PROPERTIES LABELS slow TIMEOUT 300)
# Arrays on a private SLURM; skipped where there is none. The same as `make test-slurm`.
add_executable(tomograd_drive_array ${CMAKE_SOURCE_DIR}/tests/slurm/drive_array.cpp)
target_link_libraries(tomograd_drive_array PRIVATE tomograd_cluster)
add_executable(tomograd_slurm_tests ${CMAKE_SOURCE_DIR}/tests/slurm/slurm_test.cpp)
target_link_libraries(tomograd_slurm_tests PRIVATE tomograd_cluster GTest::gtest GTest::gtest_main)
add_test(NAME slurm COMMAND ${CMAKE_SOURCE_DIR}/scripts/test_slurm.sh ${CMAKE_BINARY_DIR})
set_tests_properties(slurm PROPERTIES LABELS "slurm;slow" SKIP_RETURN_CODE 77 TIMEOUT 900)
set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_SOURCE_DIR}/cmake/slow_tests.cmake)
